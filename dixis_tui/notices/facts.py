"""What a notice is about, and how its dates and durations are said in each language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

_LOCALES = {"el": "el", "en": "en_GB"}
_AND = {"el": " και ", "en": " and "}
_FAR = timedelta(hours=12)
"""An end that is farther away than that from the beginning is said with its date."""


class Facts(Struct, frozen=True, kw_only=True):
    """What the texts are filled from. Times are UTC, None where nobody knows; `minutes`: how long it will take.

    `name` is what the application is called, empty where the settings do not say.
    """

    name: str = ""
    zone: str = "Europe/Athens"
    opens: datetime | None = None
    ends: datetime | None = None
    minutes: int = 0


EXAMPLE = Facts(
    name="Δίξις & <Συνεργάτες>",
    opens=datetime(2026, 11, 25, 21, 0, tzinfo=UTC),
    ends=datetime(2026, 11, 25, 21, 20, tzinfo=UTC),
    minutes=20,
)
"""What every template is tried with at the start; a second time with what may be unknown left out."""


def words(facts: Facts, language: str) -> dict[str, str]:
    """The variables of the templates. All are there in every notice; what is not known is an empty text."""
    zone = ZoneInfo(facts.zone)
    opens = facts.opens.astimezone(zone) if facts.opens else None
    ends = facts.ends.astimezone(zone) if facts.ends else None
    return {
        "name": " ".join(facts.name.split()),
        "zone": facts.zone,
        "date": _date(opens, language) if opens else "",
        "time": _time(opens) if opens else "",
        "duration": _duration(facts.minutes, language),
        "ends": _end(opens, ends, language) if ends else "",
    }


def _date(moment: datetime, language: str) -> str:
    from babel.dates import format_date  # slow to import

    return format_date(moment, "EEEE d MMMM y", locale=_LOCALES[language])


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _end(opens: datetime | None, ends: datetime, language: str) -> str:
    near = opens is None or ends - opens < _FAR
    return _time(ends) if near else f"{_date(ends, language)}, {_time(ends)}"


def _duration(minutes: int, language: str) -> str:
    """`20 λεπτά`, `1 ώρα και 30 λεπτά`; empty for none."""
    from babel.units import format_unit

    hours, rest = divmod(minutes, 60) if minutes >= 60 else (0, minutes)
    parts = [
        format_unit(number, unit, "long", locale=_LOCALES[language])
        for number, unit in ((hours, "duration-hour"), (rest, "duration-minute"))
        if number
    ]
    return _AND[language].join(parts)
