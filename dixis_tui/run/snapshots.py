"""When a provider's snapshot was taken, as an operator writes it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

FORM = "%Y-%m-%d %H:%M"


def taken_at(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime | None, str]:
    """The moment in UTC: local time of the window's `zone`, or with an offset of its own; or None, and why it is none.

    Where the clocks go back and a local time is there twice, the earlier one is meant: nothing is claimed to be in the
    snapshot that may have come after it.
    """
    unread = f"Write when it was taken as {now.astimezone(zone):{FORM}}."
    if ":" not in text:
        return None, unread  # a day alone would be read as its midnight
    try:
        given = datetime.fromisoformat(text.strip())
        local = given if given.tzinfo else given.replace(tzinfo=zone)
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError):
        return None, unread
    if given.tzinfo is None and moment.astimezone(zone).replace(tzinfo=None) != given:
        return None, "That time does not exist on that day: the clocks go forward."
    if moment > now:
        return None, "That is in the future."
    return moment, ""
