"""How numbers, times and states are written on the screen: short, aligned, and never a colour alone."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.cells import cell_len, set_cell_size

from dixis_tui.i18n import N_, _, language, ngettext
from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Verdict
from dixis_tui.plan import phases

ELLIPSIS = "…"

GLYPHS: dict[CheckState, str] = {
    CheckState.WAITING: "○",
    CheckState.RUNNING: "◐",
    CheckState.PASSED: "✔",
    CheckState.WARNED: "▲",
    CheckState.FAILED: "✖",
    CheckState.WAIVED: "●",
    CheckState.UNKNOWN: "?",
}
"""One cell each, everywhere; the word stands beside it or in the card of the selected check."""

TONES: dict[CheckState, str] = {
    CheckState.WAITING: "quiet",
    CheckState.RUNNING: "work",
    CheckState.PASSED: "good",
    CheckState.WARNED: "warn",
    CheckState.FAILED: "bad",
    CheckState.WAIVED: "warn",
    CheckState.UNKNOWN: "bad",
}

PHASE_GLYPHS: dict[PhaseState, str] = {
    PhaseState.WAITING: "○",
    PhaseState.RUNNING: "◐",
    PhaseState.PASSED: "✔",
    PhaseState.FAILED: "✖",
}
PHASE_TONES: dict[PhaseState, str] = {
    PhaseState.WAITING: "quiet",
    PhaseState.RUNNING: "work",
    PhaseState.PASSED: "good",
    PhaseState.FAILED: "bad",
}
NEXT = "▶"
"""The phase that waits for the operator."""

MIGRATION_GLYPHS: dict[MigrationState, str] = {
    MigrationState.PENDING: "○",
    MigrationState.RUNNING: "◐",
    MigrationState.APPLIED: "✔",
    MigrationState.FAILED: "✖",
    MigrationState.UNKNOWN: "?",
}
MIGRATION_TONES: dict[MigrationState, str] = {
    MigrationState.PENDING: "quiet",
    MigrationState.RUNNING: "work",
    MigrationState.APPLIED: "good",
    MigrationState.FAILED: "bad",
    MigrationState.UNKNOWN: "bad",
}

VERDICTS: dict[Verdict, tuple[str, str, str]] = {
    Verdict.OPEN: (N_("OPEN"), "◐", "work"),
    Verdict.DONE: (N_("DONE"), "✔", "good"),
    Verdict.CHECKED: (N_("CHECKED"), "✔", "good"),
    Verdict.CLOSED: (N_("A GATE IS CLOSED"), "▲", "warn"),
    Verdict.FAILED: (N_("FAILED"), "✖", "bad"),
    Verdict.ROLLED_BACK: (N_("ROLLED BACK"), "▲", "warn"),
    Verdict.UNKNOWN: (N_("UNKNOWN"), "?", "bad"),
    Verdict.INTERRUPTED: (N_("INTERRUPTED"), "▲", "warn"),
    Verdict.ABANDONED: (N_("ENDED BEFORE THE GO"), "▲", "warn"),
}
"""Word, glyph and tone of each verdict."""


def number(value: int) -> str:
    """`1,234`; in Greek `1.234`."""
    return _points(f"{value:,}")


def decimal(value: float, places: int = 1) -> str:
    """`5.6`; in Greek `5,6`."""
    return _points(f"{value:.{places}f}")


def _points(written: str) -> str:
    return written.translate(_GREEK_POINTS) if language() == "el" else written


_GREEK_POINTS = str.maketrans(",.", ".,")


def duration(seconds: float) -> str:
    """`0.4 s`, `21 s`, `4 m 10 s`, `2 h 05 m`, `3 d 04 h`: two units at most."""
    whole = round(seconds)
    if whole < 60 or seconds < 9.95:
        return _("{seconds} s").format(seconds=_seconds(seconds))
    if whole < 3600:
        return _("{minutes} m {seconds:02} s").format(minutes=whole // 60, seconds=whole % 60)
    if whole < 86400:
        return _("{hours} h {minutes:02} m").format(hours=whole // 3600, minutes=whole % 3600 // 60)
    return _("{days} d {hours:02} h").format(days=whole // 86400, hours=whole % 86400 // 3600)


def _seconds(seconds: float) -> str:
    return decimal(max(seconds, 0)) if seconds < 9.95 else str(round(seconds))


def between(low: float, high: float) -> str:
    """`5.6 to 16 s`, `50 s to 1 m 10 s`: a range of durations."""
    first = _seconds(low) if round(low) < 60 and round(high) < 60 else duration(low)
    return _("{low} to {high}").format(low=first, high=duration(high))


def clock(seconds: float) -> str:
    """`08:53` as on a stop watch; `2:08:53` from an hour on, `3 d 04 h` from a day on."""
    whole = max(int(seconds), 0)
    if whole >= 86400:
        return _("{days} d {hours:02} h").format(days=whole // 86400, hours=whole % 86400 // 3600)
    if whole >= 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02}:{whole % 60:02}"
    return f"{whole // 60:02}:{whole % 60:02}"


def minutes(seconds: float) -> str:
    """`5:00`, the short form of the timeline."""
    whole = max(round(seconds), 0)
    return f"{whole // 60}:{whole % 60:02}"


def size(count: int) -> str:
    """`14 MB`, in powers of a thousand as disks are sold."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.5:
            return f"{decimal(value)} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{decimal(value / 1000)} TB"


def amount(done: int, total: int, unit: str) -> str:
    """`9 of 14 MB`, `3 of 9 tables`; without a total only what is done."""
    if unit == "bytes":
        return _("{done} of {total}").format(done=size(done), total=size(total)) if total else size(done)
    if not total:
        return f"{number(done)} {_(unit)}"
    return _("{done} of {total} {unit}").format(done=number(done), total=number(total), unit=_(unit))


def count(value: int, one: str, many: str) -> str:
    """`1 table`, `9 tables`, in the language in use; both nouns are messages."""
    return f"{number(value)} {ngettext(one, many, value)}"


def times(value: int) -> str:
    """`once`, `3 times`."""
    return _("once") if value == 1 else _("{value} times").format(value=number(value))


_PHASES = (
    *(N_("Preflight"), N_("Backup"), N_("Rehearsal"), N_("Banner"), N_("Go / no-go")),
    *(N_("Migrate"), N_("Verify"), N_("Sign-off"), N_("Rollback")),
)
"""The titles of the phases, and the units of what goes on, to be taken up into the catalogue."""
_UNITS = (N_("targets"), N_("tables"), N_("rows"), N_("statements"), N_("files"), N_("items"))


def phase(phase: Phase) -> str:
    """A phase's title."""
    return _(phases.TITLES[phase])


def capital(text: str) -> str:
    """`text` with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def joined(*parts: str) -> str:
    """Parts of a sentence with a semicolon between them; in Greek that mark asks a question."""
    return _("; ").join(parts)


def upper(text: str) -> str:
    """`text` in capitals; Greek ones have no accents."""
    if text.isascii():
        return text.upper()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text.upper()).replace("\u0301", ""))


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, with an ellipsis where something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def fill(text: str, width: int) -> str:
    """`text` in exactly `width` cells: cut, or filled with blanks."""
    short = cut(text, width)
    return short + " " * (width - cell_len(short))


def greek(text: str) -> bool:
    """Whether `text` holds Greek letters: a keyboard in the wrong layout looks almost right."""
    return any("GREEK" in unicodedata.name(character, "") for character in text)


@lru_cache(maxsize=8)
def zone(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


_CITIES = (N_("Athens"), N_("Nicosia"))
"""Those of who reads Greek; others are as the time zone has them."""


def city(name: str) -> str:
    """`Athens` for `Europe/Athens`."""
    return _(name.rsplit("/", 1)[-1].replace("_", " "))


def moment(at: datetime, timezone: ZoneInfo, *, seconds: bool = False) -> str:
    """Local time of day: `22:44`, or `22:44:07`."""
    return f"{at.astimezone(timezone):%H:%M:%S}" if seconds else f"{at.astimezone(timezone):%H:%M}"


_DAYS = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_MONTHS = (
    *(N_("Jan"), N_("Feb"), N_("Mar"), N_("Apr"), N_("May"), N_("Jun")),
    *(N_("Jul"), N_("Aug"), N_("Sep"), N_("Oct"), N_("Nov"), N_("Dec")),
)
"""CLDR's short names, by ourselves: `strftime` speaks the language of the locale, if that is installed at all."""


def weekday(at: datetime) -> str:
    """`Wed`."""
    return _(_DAYS[at.weekday()])


def month(at: datetime) -> str:
    """`Nov`."""
    return _(_MONTHS[at.month - 1])


def date(at: datetime) -> str:
    """`Wed 25 Nov`, of a time that is local already."""
    return f"{weekday(at)} {at.day} {month(at)}"
