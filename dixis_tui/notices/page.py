"""The maintenance page as HTML: the runbook's words in Greek, English beside them, nothing from anywhere else. Pure.

`maintenance.html` in `notices.directory` stands in for the built-in one. It is a jinja2 template and gets `run`,
`languages`, `titles`, `ends_at` (local time of the window, or none), `ends.el` and `ends.en` (the same as text),
`timezone` and `refresh_seconds`. It has to hold the mark by which we know our own page again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from dixis_tui.errors import UsageError

TEMPLATE = "maintenance.html"
REFRESH_SECONDS = 60
"""How often the page asks again: visitors came at different moments, so they do not all ask at once."""
BY_HAND = "by hand"
"""Stands for the run in a page that no run has put up."""
_BUILT_IN = Path(__file__).parent / "templates"
_MARK = re.compile(r"""<meta\s+name=["']dixis-maintenance["']\s+content=["']([^"'<>]*)["']""", re.IGNORECASE)
_TITLES = {"el": "Συντήρηση σε εξέλιξη", "en": "Maintenance in progress"}
_MONTHS = {
    "el": ["Ιαν", "Φεβ", "Μαρ", "Απρ", "Μαΐ", "Ιουν", "Ιουλ", "Αυγ", "Σεπ", "Οκτ", "Νοε", "Δεκ"],
    "en": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
}


class PageFacts(Struct, frozen=True, kw_only=True):
    """What the page says. `ends_at` is the estimated end (UTC), None where there is none; `now` is when it is made."""

    run: str
    now: datetime
    ends_at: datetime | None = None
    timezone: str = "Europe/Athens"
    languages: Sequence[str] = ("el", "en")


class _Ends(Struct, frozen=True):
    el: str
    en: str


def owner(html: str) -> str | None:
    """The run that this page is of; None: it is none of ours."""
    found = _MARK.search(html)
    return found[1] if found else None


def whole(html: str) -> bool:
    """Whether it came to its end: half a page has none."""
    return html.rstrip().lower().endswith("</html>")


def render(facts: PageFacts, directory: Path | None = None) -> str:
    """The page; `directory`: where a template of the user's own may be.

    Raises:
        UsageError: that template can't be read or filled in, or lacks the mark.
    """
    # A twentieth of a second, and only a run with a page needs it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError

    folders = [str(folder) for folder in (directory, _BUILT_IN) if folder]
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    local = facts.ends_at.astimezone(ZoneInfo(facts.timezone)) if facts.ends_at else None
    languages = list(facts.languages) or ["el", "en"]
    where = f"{TEMPLATE} in {directory or _BUILT_IN}"
    try:
        html = environment.get_template(TEMPLATE).render(
            run=facts.run,
            languages=languages,
            titles=[_TITLES[language] for language in languages],
            ends_at=local,
            ends=_Ends(*(_time(local, facts, language) for language in ("el", "en"))),
            timezone=facts.timezone,
            refresh_seconds=REFRESH_SECONDS,
        )
    except (TemplateError, OSError, UnicodeError, ValueError, TypeError, ArithmeticError, LookupError) as error:
        said = str(error) or type(error).__name__
        raise UsageError(f"{where} can't be filled in: {said}", "Mend the template.") from None
    if owner(html) != facts.run or not whole(html):
        mark = '<meta name="dixis-maintenance" content="{{ run }}">'
        raise UsageError(f"{where} can't be told from a stranger's page", f"Put {mark} in its head, and end it whole.")
    return html


def _time(local: datetime | None, facts: PageFacts, language: str) -> str:
    """`23:20`; with its day where that is not today's."""
    if local is None:
        return ""
    if local.date() == facts.now.astimezone(local.tzinfo).date():
        return f"{local:%H:%M}"
    return f"{local.day} {_MONTHS[language][local.month - 1]}, {local:%H:%M}"
