"""When visitors will be back, as the maintenance page promises it. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

from dixis_tui.model import Phase, PhaseState
from dixis_tui.plan import way_back
from dixis_tui.plan.phases import PLANNED_SECONDS
from dixis_tui.plan.prediction import needed_seconds
from dixis_tui.run import policy
from dixis_tui.run.state import RunState

STEP = timedelta(minutes=5)
"""Promised in such steps: a promise to the minute would be another one each time somebody looks."""
_MORE = timedelta(minutes=5)
"""What is promised more where the estimate has passed."""
_LEAST = timedelta(minutes=1)
_VERIFY = PLANNED_SECONDS[Phase.VERIFY]


def ends_at(state: RunState, now: datetime) -> datetime:
    """The estimated end (UTC), always after `now`, on the next full five minutes.

    Before the phrase: from now, or from the window's begin, go, migrate and verify. From then on: from when it began,
    so that the estimate stands still while all goes as foreseen. A rollback: its way back and the look afterwards.
    """
    wanted = _wanted(state, now)
    late = wanted < now + _LEAST
    return _up(now + _MORE if late else wanted)


def moves(promised: datetime | None, wanted: datetime, now: datetime) -> bool:
    """Whether the page has to promise another end."""
    return promised is None or promised <= now or abs(wanted - promised) >= STEP


def _wanted(state: RunState, now: datetime) -> datetime:
    if state.rollback:
        began = state.phase(Phase.ROLLBACK).started or now
        return began + timedelta(seconds=way_back.seconds(state.restored, state.rollback.way)[0] + _VERIFY)
    verify = state.phase(Phase.VERIFY)
    if verify.state is PhaseState.RUNNING and verify.started:
        return verify.started + timedelta(seconds=_VERIFY)
    if state.confirmed and policy.phase_state(state, Phase.VERIFY) is PhaseState.PASSED:
        return now  # only the sign-off is to come
    left = needed_seconds(state.prediction) + _VERIFY
    if state.confirmed:
        return (state.confirmed_at or now) + timedelta(seconds=left)
    opens = state.run.window_opens if state.run else None
    begins = max(now, opens) if opens else now
    return begins + timedelta(seconds=PLANNED_SECONDS[Phase.GO] + left)


def _up(at: datetime) -> datetime:
    step = STEP.total_seconds()
    return datetime.fromtimestamp(math.ceil(at.timestamp() / step) * step, UTC)
