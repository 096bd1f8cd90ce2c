"""GitHub's limits as its answers tell them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from msgspec import Struct

from dixis_tui.github import Rate
from dixis_tui.web.github.exchange import Answer

_SECONDARY_SECONDS = 60.0
"""What GitHub's documentation asks for where a secondary limit names no time."""
_LONGEST = 366 * 24 * 3600.0


class Limit(Struct, frozen=True):
    """A limit that was met: ask again after `seconds`, at `until` (UTC, this machine's clock)."""

    reason: str
    seconds: float
    until: datetime


def rate(answer: Answer) -> Rate | None:
    """What is left of this hour's requests."""
    limit, left = _number(answer, "x-ratelimit-limit"), _number(answer, "x-ratelimit-remaining")
    if limit is None or left is None:
        return None
    return Rate(limit=int(limit), remaining=int(left), resets=_moment(_number(answer, "x-ratelimit-reset")))


def skew(answer: Answer, now: datetime) -> float | None:
    """How many seconds `now` is ahead of GitHub's clock, to the second; None where the answer does not say."""
    try:
        there = parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return None
    if there.tzinfo is None or "age" in answer.headers:  # an answer that somebody kept is as old as that
        return None
    ahead = (now - there).total_seconds()
    return 0.0 if -1 <= ahead <= 2 else ahead  # the header has whole seconds, and an answer takes its time


def met(answer: Answer, now: datetime, ahead: float) -> Limit | None:
    """Whether this refusal is a limit: the hour's requests are used up, or a secondary one. `ahead` as `skew` says."""
    if answer.status not in (403, 429):
        return None
    after = _number(answer, "retry-after")
    if answer.headers.get("x-ratelimit-remaining") == "0" and after is None:
        resets = _number(answer, "x-ratelimit-reset")
        seconds = resets - now.timestamp() + ahead if resets is not None else _SECONDARY_SECONDS
        return _limit("the requests of this hour are used up", seconds, now)
    if after is not None or answer.status == 429 or b"secondary rate limit" in answer.body[:4096]:
        return _limit("GitHub asks for a pause (secondary limit)", _SECONDARY_SECONDS if after is None else after, now)
    return None


def _limit(reason: str, seconds: float, now: datetime) -> Limit:
    bounded = min(max(seconds, 0.0), _LONGEST)
    return Limit(reason, bounded, now + timedelta(seconds=bounded))


def _number(answer: Answer, name: str) -> float | None:
    text = answer.headers.get(name, "").strip()
    return float(text) if text.isascii() and text.isdecimal() and len(text) <= 12 else None


def _moment(seconds: float | None) -> datetime | None:
    try:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):
        return None
