"""How numbers, times and states are written on the screen: short, aligned, and never a colour alone."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from rich.cells import cell_len, set_cell_size

from dixis_tui.model import CheckState, MigrationState, PhaseState, Verdict

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
    Verdict.OPEN: ("OPEN", "◐", "work"),
    Verdict.DONE: ("DONE", "✔", "good"),
    Verdict.CHECKED: ("CHECKED", "✔", "good"),
    Verdict.CLOSED: ("A GATE IS CLOSED", "▲", "warn"),
    Verdict.FAILED: ("FAILED", "✖", "bad"),
    Verdict.ROLLED_BACK: ("ROLLED BACK", "▲", "warn"),
    Verdict.UNKNOWN: ("UNKNOWN", "?", "bad"),
    Verdict.INTERRUPTED: ("INTERRUPTED", "▲", "warn"),
    Verdict.ABANDONED: ("ENDED BEFORE THE GO", "▲", "warn"),
}
"""Word, glyph and tone of each verdict."""


def duration(seconds: float) -> str:
    """`0.4 s`, `21 s`, `4 m 10 s`, `2 h 05 m`, `3 d 04 h`: two units at most."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} m"
    return f"{whole // 86400} d {whole % 86400 // 3600:02} h"


def between(low: float, high: float) -> str:
    """`5.6 to 16 s`, `50 s to 1 m 10 s`: a range of durations."""
    first, last = duration(low), duration(high)
    same_unit = first.endswith(" s") and last.endswith(" s") and " m " not in first + last
    return f"{first.removesuffix(' s') if same_unit else first} to {last}"


def clock(seconds: float) -> str:
    """`08:53` as on a stop watch; `2:08:53` from an hour on, `3 d 04 h` from a day on."""
    whole = max(int(seconds), 0)
    if whole >= 86400:
        return f"{whole // 86400} d {whole % 86400 // 3600:02} h"
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
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{value / 1000:.1f} TB"


def amount(done: int, total: int, unit: str) -> str:
    """`9 of 14 MB`, `3 of 9 tables`; without a total only what is done."""
    if unit == "bytes":
        return f"{size(done)} of {size(total)}" if total else size(done)
    return f"{done:,} of {total:,} {unit}" if total else f"{done:,} {unit}"


def count(number: int, one: str, many: str = "") -> str:
    """`1 table`, `9 tables`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def times(number: int) -> str:
    """`once`, `3 times`."""
    return "once" if number == 1 else f"{number:,} times"


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


def city(name: str) -> str:
    """`Athens` for `Europe/Athens`."""
    return name.rsplit("/", 1)[-1].replace("_", " ")


def moment(at: datetime, timezone: ZoneInfo, *, seconds: bool = False) -> str:
    """Local time of day: `22:44`, or `22:44:07`."""
    return f"{at.astimezone(timezone):%H:%M:%S}" if seconds else f"{at.astimezone(timezone):%H:%M}"
