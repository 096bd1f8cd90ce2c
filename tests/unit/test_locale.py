"""The interface's languages: no message is missing in Greek, none is left unmarked, and numbers and dates are right."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from dixis_tui import i18n
from dixis_tui.cli.language import settle
from dixis_tui.cli.main import run
from dixis_tui.model import Phase
from dixis_tui.plan import phases
from docs import make_locale
from screens import words
from tests.unit.shown_text import unmarked

ROOT = Path(__file__).parents[2]
MAKE = "run `python -m docs.make_locale`, and translate what is new there"


@pytest.fixture
def greek() -> Iterator[None]:
    i18n.use("el")
    yield
    i18n.use("en")


def _messages(domain: str) -> list[Message]:
    return [message for message in make_locale.read(domain) if message.id]


def _pairs(message: Message) -> list[tuple[str, str]]:
    """Each form that is asked for, and its translation."""
    if isinstance(message.id, str):
        return [(message.id, str(message.string))]
    return list(zip(message.id, message.string, strict=True))


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


# -- the catalogues


@pytest.mark.parametrize("domain", make_locale.DOMAINS)
def test_a_catalogue_has_what_the_sources_have_and_is_compiled(domain: str) -> None:
    path = make_locale.po(domain)
    written = make_locale.text(make_locale.made(domain, make_locale.read(domain)))
    assert path.read_bytes() == written, f"{path.name} is not as the sources are: {MAKE}"
    assert path.with_suffix(".mo").read_bytes() == make_locale.compiled(written), f"{domain}.mo is stale: {MAKE}"


@pytest.mark.parametrize("domain", make_locale.DOMAINS)
def test_every_message_is_there_in_greek(domain: str) -> None:
    missing = [
        message.id for message in _messages(domain) if message.fuzzy or not all(there for _, there in _pairs(message))
    ]
    assert not missing


@pytest.mark.parametrize("domain", make_locale.DOMAINS)
def test_a_translation_fills_the_same_fields(domain: str) -> None:
    pairs = [pair for message in _messages(domain) for pair in _pairs(message)]
    assert [pair for pair in pairs if _fields(pair[0]) != _fields(pair[1])] == []


def test_what_stands_at_the_ends_of_a_screens_message_stays_there() -> None:
    pairs = [pair for message in _messages("screens") for pair in _pairs(message)]
    ends = re.compile(r"^(\s*)([^\w\s{]*).*?(\s*)$", re.DOTALL)

    def found(text: str) -> tuple[str, str]:
        match = ends.match(text)
        assert match
        glyph = match[2] if match[2] and match[2][0] in "✔▲●✖?◐○▶▸■◆▷‖↓↑…" else ""
        return match[1] + glyph, match[3]

    assert [pair for pair in pairs if found(pair[0]) != found(pair[1])] == []


def test_no_message_is_both_one_and_the_first_of_two() -> None:
    # gettext finds a message by its first form alone.
    found = make_locale.messages("screens")
    assert [said for said in found if isinstance(said, tuple) and said[0] in found] == []


def test_every_text_of_the_screens_is_marked() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {text!r}"
        for path in sorted((ROOT / "screens").rglob("*.py"))
        for line, text in unmarked(path)
    ]
    assert not found, f"give it to _() or N_(), or name it with its reason in tests/unit/shown_text.py: {found}"


def test_an_unmarked_text_would_be_found(tmp_path: Path) -> None:
    path = tmp_path / "screen.py"
    path.write_text(
        'KEYS = (("q", "leave"),)\n\n\ndef card(n: int) -> object:\n    return Line(f"{n} files", "quiet")\n'
    )
    assert [text for _, text in unmarked(path)] == ["leave", "{} files"]


# -- which language


def test_the_first_that_names_a_language_counts() -> None:
    spoken = {"DIXIS_LANG": "en", "LC_ALL": "", "LC_MESSAGES": "el_GR.UTF-8", "LANG": "en_US.UTF-8"}
    assert i18n.chosen("el", "en", spoken) == "el"
    assert i18n.chosen("", "el", spoken) == "el"
    assert i18n.chosen("", "", spoken) == "en"
    assert i18n.chosen("", "", spoken | {"DIXIS_LANG": ""}) == "el"
    assert i18n.chosen("", "", {"LANG": "de_DE.UTF-8"}) == "en"
    assert i18n.chosen("", "", {}) == "en"


@pytest.mark.parametrize(
    ("arguments", "language"),
    [
        (["--lang", "el", "runs"], "el"),
        (["--lang=el"], "el"),
        (["--operator", "maria", "--lang", "el", "status"], "el"),
        (["runs", "--lang", "el"], "en"),
        ([], "en"),
    ],
)
def test_the_groups_option_is_seen_before_click_says_anything(
    arguments: list[str], language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settle(arguments)
    assert i18n.language() == language
    i18n.use("en")


def test_the_settings_name_a_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, greek: None) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dixis.toml").write_text('language = "el"\n')
    settle(["runs"])
    assert i18n.language() == "el"
    settle(["--lang", "en", "runs"])
    assert i18n.language() == "en"
    other = tmp_path / "other.toml"
    other.write_text("language = \n")  # no TOML: whoever needs the settings says so
    settle(["--config", str(other), "runs"])
    assert i18n.language() == "en"


def test_an_unknown_language_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--lang", "fr", "runs"]) == 2
    assert "'fr' is not one of 'en', 'el'" in capsys.readouterr().err


# -- numbers, plurals, dates


def test_numbers_are_written_as_in_greece(greek: None) -> None:
    assert words.number(1750484) == "1.750.484"
    assert words.size(5_640_000) == "5,6 MB"
    assert words.duration(0.42) == "0,4 δ"
    assert words.duration(250) == "4 λ 10 δ"
    assert words.duration(7500) == "2 ώ 05 λ"
    assert words.duration(273600) == "3 η 04 ώ"
    assert words.between(5.6, 16) == "5,6 έως 16 δ"
    assert words.between(50, 70) == "50 δ έως 1 λ 10 δ"
    assert words.amount(9_000_000, 14_000_000, "bytes") == "9,0 MB από 14 MB"
    assert words.times(3) == "3 φορές"


def test_plurals_follow_the_number(greek: None) -> None:
    assert words.count(1, "row", "rows") == "1 γραμμή"
    assert words.count(0, "row", "rows") == "0 γραμμές"
    assert words.count(2100, "row", "rows") == "2.100 γραμμές"


def test_days_and_months_are_in_the_language_whatever_the_locale(greek: None) -> None:
    evening = datetime(2026, 11, 25, 20, 51, tzinfo=UTC)
    assert words.date(evening) == "Τετ 25 Νοε"
    i18n.use("en")
    for day in range(1, 29):
        for month in range(1, 13):
            at = datetime(2026, month, day, tzinfo=UTC)
            assert words.date(at) == f"{at:%a} {day} {at:%b}"


def test_greek_capitals_have_no_accents(greek: None) -> None:
    assert words.upper("επαλήθευση") == "ΕΠΑΛΗΘΕΥΣΗ"
    assert words.upper("προϊόν") == "ΠΡΟΪΟΝ"


def test_every_phase_has_a_greek_name(greek: None) -> None:
    same = {Phase.BANNER, Phase.GO}
    assert {phase for phase in phases.TITLES if words.phase(phase) == phases.TITLES[phase]} == same
