"""Sentences of the engine in Greek: each template with whatever fills it, and the sentences of real evenings."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dixis_tui import i18n
from dixis_tui.model import CheckState, Phase, Verdict
from dixis_tui.plan.checks import CATALOGUE, FLEET
from dixis_tui.plan.phases import TITLES
from dixis_tui.plan.sqlstates import told
from dixis_tui.sentence_templates import RAW, Template, template
from dixis_tui.sentences import LONGEST, Sentences, greek_number
from docs import make_locale, sentences
from docs.not_sentences import NOT_SENTENCES

REAL = Path(__file__).with_name("engine_sentences.txt")
"""What runs of the suite wrote into their journals, each kind once."""
FLOOR = 0.98
GREEK = re.compile(r"[Ͱ-Ͽἀ-῿]")


@pytest.fixture(autouse=True)
def greek() -> Iterator[None]:
    i18n.use("el")
    yield
    i18n.use("en")


@cache
def _messages() -> dict[str, str]:
    found: dict[str, str] = {}
    for domain in ("cli", "engine"):
        catalogue = gettext.translation(domain, str(make_locale.LOCALE), ["el"])
        found.update((key, text) for key, text in vars(catalogue)["_catalog"].items() if isinstance(key, str) and key)
    return found


@cache
def _templates() -> list[Template]:
    made = [template(msgid, text) for msgid, text in _messages().items() if "{" in msgid]
    return [one for one in made if one is not None]


def _english(one: Template, values: list[str]) -> str:
    between = zip(values, one.literals[1:], strict=True)
    return one.literals[0] + "".join(value + literal for value, literal in between)


def _greek(one: Template, values: list[str]) -> str:
    put = {
        name: greek_number(value) if number else value for (name, number), value in zip(one.fields, values, strict=True)
    }
    return "".join(put[part[1:]] if part.startswith("\0") else part for part in one.put)


# -- templates


AWKWARD = ("Ω.1", "«x»", "{z}", "a_b;c", "7,x", "Ελλάδα", "x'y", "d/e:f", '"Order"', "$1", "100%", "()", "\\n", "🦉_")


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_filled_template_is_told_with_the_same_values_inside(data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(_templates()))
    numbers = st.sampled_from(("0", "7", "1,234", "1,234.5", "0.07"))
    values = [data.draw(numbers if number else st.sampled_from(AWKWARD)) for _, number in one.fields]
    assert i18n.sentence(_english(one, values)) == _greek(one, values)


def test_every_template_is_told_and_none_stands_in_anothers_way() -> None:
    wrong = []
    for one in _templates():
        values = ["1,234.5" if number else AWKWARD[at % 8] for at, (_, number) in enumerate(one.fields)]
        if (told := i18n.sentence(_english(one, values))) != _greek(one, values):
            wrong.append((_english(one, values), told))
    assert wrong == [], "give messages of the same words the same translation"


@given(text=st.text(max_size=400))
@settings(max_examples=60, deadline=None)
def test_whatever_is_no_sentence_of_ours_is_left_as_it_is_or_told_in_time(text: str) -> None:
    told = i18n.sentence(text)
    assert isinstance(told, str)
    if not re.search(r"[A-Za-z]{2}", text):
        assert told == text


@pytest.mark.parametrize(
    "hostile",
    [
        "a, " * 1300,
        ": ".join(["x y"] * 900),
        "(" * 3000,
        "none of it is there: " * 150,
        "`" * 1999 + " set",
        "{name} not set " * 200,
    ],
)
def test_hostile_text_takes_no_time(hostile: str) -> None:
    made = _counting()
    made.put(hostile[:LONGEST])
    assert made.steps < 5000


class _Counted(Sentences):
    steps = 0

    def _core(self, core: str, depth: int, seen: dict[str, tuple[str, int]]) -> tuple[str, int]:
        self.steps += 1
        return super()._core(core, depth, seen)


def _counting() -> _Counted:
    return _Counted(_messages(), greek_number)


# -- what is never changed


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM \"Order\" WHERE state = 'not applied'; -- the database is passed",
        "ALTER TABLE public.passed ADD COLUMN failed text",
        "CREATE INDEX CONCURRENTLY done ON waiting (unknown)",
        "/srv/passed/failed and done.sql",
        "9f86d081884c7d659a2feaa0c55ad015",
        "passed_failed",
    ],
)
def test_sql_paths_names_and_hashes_stay(text: str) -> None:
    assert i18n.sentence(text) == text


def test_what_stands_in_quotation_marks_is_never_put_into_words() -> None:
    typed = "`npx prisma migrate resolve --rolled-back failed`"
    told = i18n.sentence(f"None of it is there: nothing of it shows. Type {typed}, and look again.")
    assert typed in told
    assert GREEK.search(told)
    assert '"passed"' in i18n.sentence('"passed" of "failed" is checked on every row at once.')


def test_a_name_that_is_one_of_our_words_stays_a_name() -> None:
    assert "done: δεν εφαρμόστηκε" in i18n.sentence("done: was not applied")
    assert i18n.sentence("ticked by failed").endswith("failed")


def test_versions_are_no_numbers_and_numbers_are_written_as_the_language_does() -> None:
    assert "PostgreSQL 18.6" in i18n.sentence("shop on PostgreSQL 18.6, as app")
    assert i18n.sentence("4 migrations applied in 1,012.3 s and verified.").startswith(
        "4 migrations εφαρμόστηκαν σε 1.012,3 δ"
    )


def test_the_journals_dates_have_the_languages_names() -> None:
    assert "Τρί 24 Νοε 21:06" in i18n.sentence("open now: Tue 24 Nov 21:06–22:06 Europe/Athens")


@pytest.mark.parametrize(
    ("english", "greek_text"),
    [
        ("DATABASE_URL is not set", "DATABASE_URL δεν έχει οριστεί"),
        ("2 dangers and 1 warning: a:1 DH100 x", "2 σοβαροί κίνδυνοι και 1 προειδοποίηση: a:1 DH100 x"),
        ("not touched: a and 3 more", "δεν αγγίχθηκαν: a και άλλα 3"),
        ("every row is changed", "αλλάζει κάθε γραμμή"),
        ("None of it is there: nothing of it shows", "Δεν υπάρχει τίποτα από αυτό: τίποτα από αυτό δεν φαίνεται"),
        (
            "Run ended: done. 4 migrations applied in 0.9 s and verified.",
            "Το run τελείωσε: ολοκληρώθηκε. 4 migrations εφαρμόστηκαν σε 0,9 δ και επαληθεύτηκαν.",
        ),
        (
            "recorded as failed: 3_c (begun 2026-11-24 19:16:53 UTC: ERROR: division by zero; none of it is there)",
            "καταγραμμένο ως αποτυχημένο: 3_c (άρχισε 2026-11-24 19:16:53 UTC: ERROR: division by zero; δεν υπάρχει τίποτα από αυτό)",  # noqa: E501
        ),
    ],
)
def test_sentences_that_are_made_of_several_are_told_in_parts(english: str, greek_text: str) -> None:
    assert i18n.sentence(english) == greek_text


def test_english_is_left_alone_without_a_look_into_a_catalogue() -> None:
    i18n.use("en")
    assert i18n.sentence("every row is changed") == "every row is changed"


# -- all or nothing


UNKNOWN = (
    "then mend the other one again",
    "look over there before you go on",
    "the phase was put to sleep",
    "whoever rang is told of this",
)
KNOWN = ("every row is changed", "none of it is there", "nothing of it shows", "a server is asked", "Roll back")
JOINTS = ("; ", ". ", ": ", ", ", " and ", " → ", "\n")


@given(
    halves=st.lists(st.sampled_from([*KNOWN, *UNKNOWN]), min_size=2, max_size=4),
    joint=st.sampled_from(JOINTS),
)
@settings(max_examples=100, deadline=None)
def test_a_text_is_told_whole_or_left_whole(halves: list[str], joint: str) -> None:
    text = joint.join(halves)
    told = i18n.sentence(text)
    assert told == text or not any(part in told for part in UNKNOWN)
    assert told == text or not re.search(r"\b[a-z]{2,} (the|is|of|then|you|again)\b", told)


@pytest.mark.parametrize(
    "text",
    [
        "See the log, then roll it all back once more.",
        "Roll back (x), or mend the lot and resolve.",
        "It is not known what production holds; look under it.",
    ],
)
def test_half_a_sentence_is_never_left_english(text: str) -> None:
    told = i18n.sentence(text)
    assert told == text or not re.search(r"[a-z]{2,} [a-z]{2,}", told)


@pytest.mark.parametrize(
    "text",
    [
        'relation "Order" does not exist',
        'type "text" does not exist',
        'ERROR: relation "Order" does not exist',
        'FATAL: role "app" is not there',
        "Process 12 waits for ShareLock on transaction 7; blocked by process 9.",
        "psql -c 'SELECT 1'; pg_restore --clean x",
        "SELECT 1; it is done",
    ],
)
def test_a_servers_words_and_commands_are_left_as_they_are(text: str) -> None:
    assert i18n.sentence(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "UPDATE or DELETE without WHERE",
        'UPDATE on "Order" has no WHERE: it changes every row.',
        'DELETE on "Order" has no WHERE: it removes every row.',
        'SET NOT NULL on total looks at every row of "Order".',
        "Renaming a view may break existing clients.",
    ],
)
def test_a_hazard_that_begins_as_sql_does_is_told(text: str) -> None:
    assert GREEK.search(i18n.sentence(text))
    assert not re.search(r"\b(every row|without|has no)\b", i18n.sentence(text))


def test_names_in_a_row_have_the_languages_and() -> None:
    told = i18n.sentence('One transaction takes ACCESS EXCLUSIVE on "Order" and q: "Order" from line 1; q from line 1.')
    assert '"Order" και q' in told


def test_verdicts_have_one_name_in_every_catalogue_and_some_words_are_in_none() -> None:
    verdicts = {"done": "ολοκληρώθηκε", "rolled back": "έγινε επαναφορά"}
    wrong = []
    for domain in make_locale.DOMAINS:
        for message in make_locale.read(domain):
            for text in [message.string] if isinstance(message.string, str) else message.string:
                if re.search(r"αναproduction|επιφυλακή|(?<!\w)ώς(?!\w)", text):
                    wrong.append(text)
                if message.id in verdicts and text != verdicts[str(message.id)]:
                    wrong.append(text)
    assert wrong == []


# -- completeness


def test_titles_states_and_looks_are_all_there() -> None:
    said = [text for spec in (*CATALOGUE, *FLEET) for text in (spec.title, spec.looks)]
    said += [*TITLES.values(), *CheckState, *Phase, *Verdict]
    words = [text for text in said if " " in text or (text.isalpha() and not text.isupper())]
    assert [text for text in words if text not in _messages()] == []


def test_every_sqlstate_that_is_explained_is_explained_in_greek() -> None:
    explained = [told(code) for code in ("55P03", "40P01", "23505", "42P01", "57014", "53100", "22P02")]
    assert [text for text in explained if not GREEK.search(i18n.sentence(text))] == []


def test_the_sentences_of_real_evenings_are_told() -> None:
    lines = REAL.read_text(encoding="utf-8").splitlines()
    untold = [line for line in lines if GREEK.search(i18n.sentence(line)) is None and not _same(line)]
    assert len(lines) > 350
    assert len(untold) <= len(lines) * (1 - FLOOR), untold


def _same(line: str) -> bool:
    """Whether it is told, in the same words: a name beside the name of a thing that Greeks call so too."""
    return Sentences(_messages(), greek_number)._whole(line, 0, {})[1] > 0


def test_the_extractor_finds_sentences_with_their_variants_and_leaves_code_alone() -> None:
    source = '''
QUERY = "SELECT a FROM b WHERE something is not there"
def look(rows, name):
    """A docstring is no sentence."""
    connect(url, purpose="lock sampler of ours")
    if rows:
        return passed(f"{len(rows)} row{'s' if len(rows) > 1 else ''} in {name or 'the whole table'}")
    return failed("there is nothing here" + "", f"{name!r}")
'''
    found = [text for text, _ in sentences.of_source(source)]
    assert found == [
        "{rows:n} rows in {name}",
        "{rows:n} rows in the whole table",
        "{rows:n} row in {name}",
        "{rows:n} row in the whole table",
        "there is nothing here",
    ]


def test_what_the_extractor_leaves_out_is_really_there_no_more_often_than_needed() -> None:
    assert not NOT_SENTENCES & _messages().keys()


def test_fields_for_names_are_named_so() -> None:
    assert all(RAW.match(name) for name in ("name", "name2", "query", "path", "table", "operator"))
    assert not any(RAW.match(name) for name in ("evidence", "why", "state", "reason"))
