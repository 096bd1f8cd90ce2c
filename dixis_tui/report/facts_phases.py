"""When each phase was planned, predicted and at work. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import Phase, PhaseState
from dixis_tui.plan import phases
from dixis_tui.report.values import Bar, Span
from dixis_tui.run import policy_fleet
from dixis_tui.run.state import Entry, RunState


def spans(entries: Iterable[Entry]) -> tuple[Span, ...]:
    """Every attempt at a phase, in order. One whose runner died has no end, and is failed."""
    found: list[Span] = []
    open_at: dict[Phase, int] = {}
    attempts: dict[Phase, int] = {}
    for entry in entries:
        match entry.event:
            case ev.PhaseStarted(phase=phase):
                attempts[phase] = attempts.get(phase, 0) + 1
                open_at[phase] = len(found)
                found.append(Span(phase=phase, attempt=attempts[phase], started=entry.at))
            case ev.PhaseEnded(phase=phase) as event if phase in open_at:
                at = open_at.pop(phase)
                found[at] = replace(
                    found[at], ended=entry.at, seconds=event.seconds, state=event.state, reason=event.reason
                )
            case ev.RunnerResumed():
                for at in open_at.values():
                    found[at] = replace(found[at], state=PhaseState.FAILED)
                open_at.clear()
    return tuple(found)


def actual(found: Sequence[Span]) -> tuple[Bar, ...]:
    """The attempts as bars."""
    return tuple(Bar(span.phase, span.started, span.ended) for span in found)


def schedule(state: RunState, *, predicted: bool) -> tuple[Bar, ...]:
    """The runbook's plan laid end to end from the run's beginning; what belongs into the window begins with it.

    `predicted`: with the seconds that the rehearsal foretold for the migration; empty where nothing was foretold.
    """
    if state.run is None or state.started is None or (predicted and state.prediction is None):
        return ()
    seconds = dict(phases.PLANNED_SECONDS)
    if predicted and state.prediction:
        seconds[Phase.MIGRATE] = state.prediction.seconds
    bars: list[Bar] = []
    now = state.started
    opens = state.run.window_opens
    for phase in _order(state):
        if opens and phase in phases.IN_WINDOW:
            now = _later(now, opens)
        end = now + timedelta(seconds=seconds[phase])
        bars.append(Bar(phase, now, end))
        now = end
    return tuple(bars)


def _later(one: datetime, other: datetime) -> datetime:
    return other if other > one else one


def _order(state: RunState) -> tuple[Phase, ...]:
    if state.many:
        return policy_fleet.PHASES
    if state.adopted:
        return (Phase.PREFLIGHT, Phase.ROLLBACK, Phase.SIGNOFF)
    if state.drill:
        return (Phase.PREFLIGHT, Phase.BACKUP, Phase.ROLLBACK, Phase.SIGNOFF)
    return phases.ORDER
