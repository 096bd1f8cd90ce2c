"""What notices say: as the runbook has it, in both languages; and what becomes of templates of somebody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import UsageError
from dixis_tui.notice import NoticeKind
from dixis_tui.notices.facts import EXAMPLE, Facts, words
from dixis_tui.notices.render import NAMES, OURS, Rendered, check, texts
from dixis_tui.settings import NoticesSettings, Settings

RUNBOOK = {
    NoticeKind.BEFORE: (
        "Προγραμματισμένη συντήρηση: Τετάρτη 25 Νοεμβρίου 2026, 23:00 Europe/Athens\n"
        "Διάρκεια: ~20 λεπτά\n"
        "Κατά τη διάρκεια της συντήρησης η εφαρμογή δεν θα είναι προσβάσιμη."
    ),
    NoticeKind.DURING: "Συντήρηση σε εξέλιξη\nΘα επιστρέψουμε σύντομα!\nΕκτιμώμενη ολοκλήρωση: 23:20",
    NoticeKind.AFTER: "✅ Η συντήρηση ολοκληρώθηκε επιτυχώς!\nΗ εφαρμογή είναι ξανά διαθέσιμη.",
}
"""RUNBOOK: Maintenance Window Communication, with its [DATE] and [TIME]."""
HOSTILE = "<script>alert(1)</script> {{ 7*7 }} *bold* [x](http://evil)\r\nBcc: all@example.org"


class Seen(HTMLParser):
    """The tags and the words of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def greek(made: Rendered) -> str:
    return next(message.text for message in made.messages if message.language == "el")


@pytest.mark.parametrize("kind", RUNBOOK)
def test_the_runbooks_notices_are_as_it_has_them(kind: NoticeKind) -> None:
    assert greek(texts(kind, EXAMPLE, Settings())) == RUNBOOK[kind]


def test_the_page_of_the_runbook_is_the_mail_of_during() -> None:
    [message, _] = texts(NoticeKind.DURING, EXAMPLE, Settings()).messages
    assert message.html == (
        "<h1>Συντήρηση σε εξέλιξη</h1>\n<p>Θα επιστρέψουμε σύντομα!</p>\n<p>Εκτιμώμενη ολοκλήρωση: 23:20</p>"
    )


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_all_its_parts_in_both_languages(kind: NoticeKind) -> None:
    made = texts(kind, EXAMPLE, Settings())
    assert [message.language for message in made.messages] == ["el", "en"]
    for message in made.messages:
        assert message.subject
        assert message.text
        assert message.banner
        assert "\n" not in message.subject + message.banner
        assert "h1" in Seen(message.html).tags
    one, other = made.messages
    assert made.text == f"{one.text}\n\n---\n\n{other.text}\n"
    assert made.subject == f"{one.subject} / {other.subject}"


def test_the_languages_of_the_settings_in_their_order() -> None:
    settings = Settings(notices=NoticesSettings(languages=["en"]))
    assert [message.language for message in texts(NoticeKind.AFTER, EXAMPLE, settings).messages] == ["en"]


@pytest.mark.parametrize(
    ("minutes", "el", "en"),
    [(1, "1 λεπτό", "1 minute"), (60, "1 ώρα", "1 hour"), (150, "2 ώρες και 30 λεπτά", "2 hours and 30 minutes")],
)
def test_durations_are_said_as_people_say_them(minutes: int, el: str, en: str) -> None:
    facts = replace(EXAMPLE, minutes=minutes)
    assert (words(facts, "el")["duration"], words(facts, "en")["duration"]) == (el, en)


def test_an_end_that_is_far_away_has_its_date() -> None:
    assert words(replace(EXAMPLE, ends=datetime(2026, 11, 25, 22, 10, tzinfo=UTC)), "el")["ends"] == "00:10"
    far = replace(EXAMPLE, ends=EXAMPLE.ends + timedelta(hours=13) if EXAMPLE.ends else None)
    assert words(far, "el")["ends"] == "Πέμπτη 26 Νοεμβρίου 2026, 12:20"
    assert words(far, "en")["ends"] == "Thursday 26 November 2026, 12:20"


def test_what_is_not_known_is_left_out() -> None:
    made = texts(NoticeKind.DURING, Facts(), Settings())
    assert greek(made) == "Συντήρηση σε εξέλιξη\nΘα επιστρέψουμε σύντομα!"
    assert texts(NoticeKind.CANCELLED, Facts(), Settings()).messages[1].subject == "Maintenance is cancelled"


@pytest.mark.parametrize("kind", NoticeKind)
def test_a_name_is_never_markup_nor_a_template_nor_a_line_of_its_own(kind: NoticeKind) -> None:
    made = texts(kind, replace(EXAMPLE, name=HOSTILE), Settings())
    page = Seen(made.html)
    assert "script" not in page.tags
    assert "<script>alert(1)</script> {{ 7*7 }}" in "".join(page.words)
    assert "\n" not in made.subject
    assert "{{ 7*7 }}" in made.subject


def own(tmp_path: Path, name: str, text: str | bytes) -> Settings:
    (tmp_path / "words").mkdir(exist_ok=True)
    (tmp_path / "words" / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return Settings(root=str(tmp_path), notices=NoticesSettings(directory="words"))


def test_all_of_ours_can_be_used() -> None:
    assert check(Settings()) == len(NAMES) == 25
    assert sorted((*NAMES, "maintenance.html")) == sorted(path.name for path in OURS.iterdir())


def test_one_of_ones_own_goes_first(tmp_path: Path) -> None:
    settings = own(
        tmp_path,
        "after.en.txt",
        "{% block subject %}Done{% endblock %}{% block text %}We are back, {{ name }}{% endblock %}"
        "{% block banner %}Back{% endblock %}",
    )
    check(settings)
    made = texts(NoticeKind.AFTER, EXAMPLE, settings)
    assert greek(made) == RUNBOOK[NoticeKind.AFTER]
    assert made.messages[1].text == "We are back, Δίξις & <Συνεργάτες>"


GOOD = "{% block subject %}s{% endblock %}{% block text %}t{% endblock %}\n{% block banner %}b{% endblock %}\n"


@pytest.mark.parametrize(
    ("name", "text", "where", "problem"),
    [
        ("after.el.txt", GOOD + "{% if %}", "line 3", "Expected an expression, got 'end of statement block'"),
        ("after.el.txt", GOOD.replace("t{%", "\n{{ nmae }}{%"), "line 2", "'nmae' is undefined"),
        ("after.el.html", "<p>\n\n{{ (1).__class__.__mro__ }}", "line 3", "access to attribute '__class__'"),
        ("after.el.html", "<p>\n{{ name|safe }}", "line 2", "No filter named 'safe'"),
        ("after.el.html", "\n{% autoescape false %}{{ name }}{% endautoescape %}", "line 2", "escaping can't be"),
        ("after.el.html", "{% include '/etc/passwd' %}", "line 1", "no loader"),
        ("after.el.html", "{{ 'a' * 100000 }}", "line 1", "longer than 50,000 letters"),
        ("after.el.txt", "no blocks", "line 1", "it has no block 'subject'"),
        ("after.el.txt", GOOD.replace("b{%", " {%"), "line 1", "its block 'banner' comes out empty"),
        ("mail.html", "\n\n{{ parts[9].html }}", "line 3", "has no element 9"),
        ("after.el.html", b"<p>\n\xff", "line 2", "it is not UTF-8"),
        ("after.el.html", "x" * 100_001, "line 1", "more than 100,000 bytes"),
        ("befor.el.txt", GOOD, "", "has the name of no template"),
    ],
)
def test_a_broken_one_is_one_sentence_with_file_and_line(
    tmp_path: Path, name: str, text: str | bytes, where: str, problem: str
) -> None:
    with pytest.raises(UsageError) as caught:
        check(own(tmp_path, name, text))
    sentence = str(caught.value)
    assert sentence.startswith(str(tmp_path / "words" / name) + (f", {where}: " if where else " "))
    assert problem in sentence
    assert "\n" not in sentence


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        check(Settings(root=str(tmp_path), notices=NoticesSettings(directory="nowhere")))
