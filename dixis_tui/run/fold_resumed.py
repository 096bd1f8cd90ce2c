"""The part of the fold that tells of runners: who took a run up, what was at work before, and what a look found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.model import CheckState, MigrationState, PhaseState, Recovery
from dixis_tui.notice import settled
from dixis_tui.run.views import CheckView, MigrationView, PhaseView, RunState

_DIED = "its runner died, or left, before it was over"


def _resumed(state: RunState, event: ev.RunnerResumed, at: datetime) -> dict[str, Any]:
    run = state.run
    if run is not None:
        run = replace(
            run,
            host=event.host,
            ssh=event.ssh,
            pid=event.pid,
            window_opens=event.window_opens,
            window_closes=event.window_closes,
        )
    return {
        "run": run,
        "resumed": event,
        "resumed_at": at,
        "died_at": state.last_at,
        "must_look": True,
        "recovery": None,
        "left": None,
        "phases": {phase: _stopped(view) for phase, view in state.phases.items()},
        "checks": {key: _unanswered(view) for key, view in state.checks.items()},
        "migrations": {name: _unknown(view) for name, view in state.migrations.items()},
        "receipts": {key: settled(receipt) for key, receipt in state.receipts.items()},
        "progress": None,
        "waited": None,
        "retry": None,
        "radar": None,
        "blockers": (),
        "first_confirmed": None,
    }


def _stopped(view: PhaseView) -> PhaseView:
    """What ran is over, and did not come to its end."""
    running = view.state is PhaseState.RUNNING
    return replace(view, state=PhaseState.FAILED, reason=f"{view.phase}: {_DIED}") if running else view


def _unanswered(view: CheckView) -> CheckView:
    return CheckView(view.code, view.subject) if view.state is CheckState.RUNNING else view


def _unknown(view: MigrationView) -> MigrationView:
    if view.rehearsal_state is MigrationState.RUNNING:
        view = replace(view, rehearsal_state=MigrationState.PENDING)
    return replace(view, state=MigrationState.UNKNOWN) if view.state is MigrationState.RUNNING else view


def _recovery_seen(_: RunState, event: ev.RecoverySeen, at: datetime) -> dict[str, Any]:
    found: dict[str, Any] = {"must_look": False, "recovery": event, "recovery_at": at}
    # What was sealed is in, in part: what may follow is another plan.
    return found | {"plan": None} if event.outcome is Recovery.REST else found


def _migration_settled(state: RunState, event: ev.MigrationSettled, _: datetime) -> dict[str, Any]:
    view = state.migrations.get(event.name, MigrationView(event.name))
    error = "" if event.state in (MigrationState.APPLIED, MigrationState.PENDING) else event.evidence
    return {"migrations": state.migrations | {event.name: replace(view, state=event.state, error=error, sqlstate="")}}


def _first_confirmed(_: RunState, event: ev.FirstConfirmed, at: datetime) -> dict[str, Any]:
    return {"first_confirmed": event, "first_confirmed_at": at, "first_voided": None, "refused": None}


CHANGES: dict[type, Any] = {
    ev.RunnerResumed: _resumed,
    ev.RunnerLeft: lambda _, event, __: {"left": event},
    ev.RecoverySeen: _recovery_seen,
    ev.MigrationSettled: _migration_settled,
    ev.Checkpointed: lambda _, __, ___: {},
    ev.HeadSent: lambda _, event, __: {"head_sent": event},
    ev.FirstConfirmed: _first_confirmed,
    # A second person's mistakes are no reason against the first one's next try.
    ev.FirstVoided: lambda _, event, __: {"first_confirmed": None, "first_voided": event, "refused": None},
}
"""One function an event; each gives the fields that it changes."""
