"""How notices will look, as text: for the cockpit, which has no browser and no mailbox, and for the command line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html.parser import HTMLParser

from msgspec import Struct

from dixis_tui.errors import UsageError
from dixis_tui.notice import NoticeKind, NoticeText
from dixis_tui.notices import page
from dixis_tui.notices.facts import Facts
from dixis_tui.notices.render import texts
from dixis_tui.settings import Settings

_SILENT = ("head", "style", "script", "title")
_BLOCKS = ("h1", "h2", "h3", "p", "li", "section", "main", "div", "br", "tr")


class Previews(Struct, frozen=True):
    """Every notice in every language, and the maintenance page as text; `problem`: what can't be made, or empty."""

    texts: tuple[NoticeText, ...] = ()
    page: str = ""
    problem: str = ""


def previews(facts: Mapping[NoticeKind, Facts], settings: Settings, run: str, now: datetime) -> Previews:
    """What each would say, with the facts of now. Never raises."""
    try:
        found = [
            NoticeText(made.kind, one.language, one.subject, one.text, one.banner)
            for kind in NoticeKind
            for made in (texts(kind, facts[kind], settings),)
            for one in made.messages
        ]
    except UsageError as error:
        return Previews(problem=f"{error}. {error.remedy}")
    try:
        return Previews(tuple(found), as_text(page_html(facts[NoticeKind.DURING], settings, run, now)))
    except UsageError as error:
        return Previews(tuple(found), problem=f"{error}. {error.remedy}")


def page_html(facts: Facts, settings: Settings, run: str, now: datetime) -> str:
    """The maintenance page as visitors would get it. Raises UsageError."""
    told = page.PageFacts(
        run=run, now=now, ends_at=facts.ends, timezone=facts.zone, languages=settings.notices.languages
    )
    return page.render(told, settings.notices_directory)


def as_text(html: str) -> str:
    """What a reader sees of a page, a paragraph a line, with an empty line between its parts."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.told()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._rows: list[str] = [""]
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the base class's name
        self._silent += tag in _SILENT
        if tag == "section" and any(self._rows):
            self._rows += ["", ""]
        elif tag in _BLOCKS:
            self._rows.append("")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in _SILENT and self._silent > 0
        if tag in _BLOCKS:
            self._rows.append("")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._rows[-1] += data if data.strip() else " " * bool(data)

    def told(self) -> str:
        rows: list[str] = []
        for number, row in enumerate(" ".join(one.split()) for one in self._rows):
            if row:
                rows.append(row)
            elif rows and rows[-1] and self._gap(number):
                rows.append("")
        return "\n".join(rows).strip()

    def _gap(self, number: int) -> bool:
        """Whether a new part begins here: two empty rows were asked for."""
        return number + 1 < len(self._rows) and not self._rows[number + 1].strip() and not self._rows[number].strip()
