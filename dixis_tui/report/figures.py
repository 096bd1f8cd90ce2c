"""Numbers and times as people read them, in the language in use."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dixis_tui.i18n import _, language

NONE = "–"
"""Where there is no figure."""


def zone_of(name: str) -> tzinfo:
    """The zone of that name; UTC where there is none such here."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def number(value: float, digits: int = 0) -> str:
    """With groups of three digits, and so many after the point."""
    from babel.numbers import format_decimal

    pattern = "#,##0" + ("." + "0" * digits if digits else "")
    return format_decimal(value, format=pattern, locale=language())


def seconds(value: float | None) -> str:
    """A duration: `0.046 s`, `5.8 s`, `1 min 05 s`, `2 h 03 min`."""
    return NONE if value is None else _whole(_seconds(value))


def _seconds(value: float) -> str:
    if value < 0:
        return f"-{_seconds(-value)}"
    if value < 59.95:
        digits = 0 if value == 0 else 3 if value < 1 else 1
        return _("{number} s").format(number=number(value, digits))
    whole = round(value)
    if whole < 3600:
        return _("{minutes} min {seconds:02d} s").format(minutes=whole // 60, seconds=whole % 60)
    minutes = round(value / 60)
    return _("{hours} h {minutes:02d} min").format(hours=minutes // 60, minutes=minutes % 60)


def milliseconds(value: float | None) -> str:
    """A latency."""
    if value is None:
        return NONE
    return _whole(_("{number} ms").format(number=number(value, 1 if value < 100 else 0)))


def _whole(words: str) -> str:
    """No line ends between a number and its unit."""
    return words.replace(" ", "\u00a0")


def size(value: float | None) -> str:
    """Bytes, with the large unit first where that is shorter to read."""
    if value is None:
        return NONE
    exact = _("{number} bytes").format(number=number(value))
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if abs(value) >= factor:
            return f"{number(value / factor, 1)} {unit} ({exact})"
    return exact


def moment(at: datetime | None, zone: tzinfo) -> str:
    """Date and time to the second."""
    return NONE if at is None else f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def clock(at: datetime | None, zone: tzinfo) -> str:
    """The time of day to the second."""
    return NONE if at is None else f"{at.astimezone(zone):%H:%M:%S}"
