"""How often GitHub is asked while many runs are followed, so that an hour's requests last for the hour. Pure."""

from __future__ import annotations

from datetime import datetime
from math import ceil, floor

from msgspec import Struct

from dixis_tui.github import Rate

PAGE = 100
"""Runs that one request lists, at most."""
_OURS = 0.8
"""The part of what is left that following may take: dispatches, and other programs with the same token, need some."""
_HOUR_SECONDS = 3600.0
_USUAL = 5000


class Pace(Struct, frozen=True):
    """The pause between two rounds in seconds, and of how many runs the jobs are asked in a round."""

    seconds: float
    jobs: int


def pace(at_work: int, poll_seconds: float, rate: Rate | None, now: datetime) -> Pace:
    """A round lists all runs, and asks for the jobs of some in turn; where that is too much, the pause grows."""
    pages = max(ceil(at_work / PAGE), 1)
    if rate is None:
        rate = Rate(limit=_USUAL, remaining=_USUAL)
    left = (rate.resets - now).total_seconds() if rate.resets and rate.resets > now else _HOUR_SECONDS
    a_second = _OURS * rate.remaining / max(left, 1.0)
    allowed = floor(a_second * poll_seconds)
    if allowed > pages:
        return Pace(poll_seconds, min(allowed - pages, at_work))
    if a_second <= 0:
        return Pace(max(left, poll_seconds), 0)
    return Pace(max((pages + 1) / a_second, poll_seconds), min(1, at_work))
