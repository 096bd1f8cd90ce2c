"""What earlier runs on a target took over what was predicted for them, and what follows for the next. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median

from msgspec import Struct

from dixis_tui.measures import Prediction, StatementMeasure

RUNS_AT_MOST = 10
SMALLEST, LARGEST = 0.25, 4.0
"""Beyond that it is no slower or faster machine but another story: a lock that was waited for, a load."""
_ALONE_SECONDS = 0.5
"""Added to both sides of a ratio: what takes milliseconds says nothing about machines."""


class Pair(Struct, frozen=True):
    """One statement's predicted seconds, before anything that was learned, and its actual ones."""

    migration: str
    number: int
    predicted: float
    actual: float


class Outcome(Struct, frozen=True, kw_only=True):
    """One run on the target: seconds in all, predicted (before anything that was learned) and actual."""

    run: str
    at: datetime
    predicted: float
    actual: float
    statements: tuple[Pair, ...] = ()


class Learned(Struct, frozen=True):
    """By how much to multiply, and from how many runs that is known."""

    ratio: float = 1.0
    runs: int = 0


def outcome(
    run: str,
    at: datetime,
    prediction: Prediction,
    actual: float,
    measures: Mapping[str, Sequence[StatementMeasure]] | None = None,
) -> Outcome | None:
    """What is to be remembered of a run; None where nothing was predicted from a rehearsal. `actual` are the seconds of
    all files on production, `measures` those of their statements by migration, where they are known.
    """
    if not prediction.rehearsed:
        return None
    taken = {(migration, one.number): one.seconds for migration, seen in (measures or {}).items() for one in seen}
    return Outcome(
        run=run,
        at=at,
        predicted=prediction.seconds / prediction.ratio,
        actual=actual,
        statements=tuple(
            Pair(one.migration, one.number, one.seconds / prediction.ratio, taken[one.migration, one.number])
            for one in prediction.statements
            if (one.migration, one.number) in taken
        ),
    )


def learned(outcomes: Sequence[Outcome]) -> Learned:
    """The median ratio of the last ten, within 0.25 to 4."""
    last = outcomes[-RUNS_AT_MOST:]
    if not last:
        return Learned()
    ratio = median((one.actual + _ALONE_SECONDS) / (one.predicted + _ALONE_SECONDS) for one in last)
    return Learned(min(max(ratio, SMALLEST), LARGEST), len(last))
