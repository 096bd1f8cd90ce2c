"""`fold(events)`: what a run's journal adds up to. Pure; every screen, report and policy reads only this.

An entry is an event with the moment it was written. Applying one never changes the state it was applied to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from dixis_tui import events as ev
from dixis_tui.fleet import FLEET
from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Place
from dixis_tui.plan import checks
from dixis_tui.run import fold_fleet, fold_github, fold_records, fold_resumed
from dixis_tui.run.views import CheckView, Entry, MigrationView, PhaseView, RunState, StepView

__all__ = ["CheckView", "Entry", "MigrationView", "PhaseView", "RunState", "StepView", "apply", "fold"]


def fold(entries: Iterable[Entry], state: RunState | None = None) -> RunState:
    """The state after `entries`, starting from `state` or from nothing."""
    state = state or RunState()
    for entry in entries:
        state = apply(state, entry)
    return state


def apply(state: RunState, entry: Entry) -> RunState:
    """The state after one more entry."""
    changed = _CHANGES[type(entry.event)](state, entry.event, entry.at)
    return msgspec.structs.replace(state, entries=entry.number, last_at=entry.at, **changed)


def _run_started(_: RunState, event: ev.RunStarted, at: datetime) -> dict[str, Any]:
    # What a person answers in a rollback depends on its way: that phase says what it asks when it begins.
    asked = [spec for spec in checks.CATALOGUE if (spec.person or spec.key) and spec.phase is not Phase.ROLLBACK]
    if event.environment == FLEET:
        asked = [checks.SPECS[code] for code in checks.FLEET_ASKS]
    people = {(spec.code, ""): CheckView(spec.code) for spec in asked}
    return {"run": event, "started": at, "checks": people}


def _pending_seen(state: RunState, event: ev.PendingSeen, _: datetime) -> dict[str, Any]:
    views = {}
    for file in event.pending:
        known = state.migrations.get(file.name)
        same = known is not None and known.checksum == file.checksum
        views[file.name] = known if known and same else MigrationView(file.name, file.checksum)
    kept = {name: view for name, view in state.migrations.items() if view.state is not MigrationState.PENDING}
    migrations = kept | views
    # What was rehearsed was another set of files: it proves nothing about this one.
    if migrations == state.migrations:
        return {"applied_before": event.applied}
    stale = _unrehearsed(state)
    checks = {key: CheckView(*key) if key[0] in _OF_THE_FILES else view for key, view in stale["checks"].items()}
    return stale | {
        "applied_before": event.applied,
        "migrations": migrations,
        "checks": checks,
        "forecasts": (),
        "hazards": (),
    }


def _unrehearsed(state: RunState) -> dict[str, Any]:
    """The fields of a state in which the rehearsal is still to be done; waivers stand."""
    phases = {phase: view for phase, view in state.phases.items() if phase is not Phase.REHEARSAL}
    checks = {
        key: CheckView(*key) if check.spec.phase is Phase.REHEARSAL and check.state is not CheckState.WAIVED else check
        for key, check in state.checks.items()
    }
    return {"phases": phases, "checks": checks, "plan": None, "prediction": None}


_OF_THE_FILES = ("DX116", "DX117")
"""What was found, and waived, for another set of files says nothing of this one."""


def _backup_made(state: RunState, event: ev.BackupMade, _: datetime) -> dict[str, Any]:
    # The rehearsal proved the backup before this one.
    return _unrehearsed(state) | {
        "backup": event.backup,
        "backup_source": event.source,
        "restored": None,
        "restored_at": None,
    }


def _phase_started(state: RunState, event: ev.PhaseStarted, at: datetime) -> dict[str, Any]:
    # What an earlier rehearsal measured, or a part of it, is not what this one will.
    measured: dict[str, Any] = {}
    if event.phase is Phase.REHEARSAL:
        fresh_views = {name: msgspec.structs.replace(view, measured=()) for name, view in state.migrations.items()}
        measured = {"migrations": fresh_views}
    before = state.phase(event.phase)
    view = PhaseView(event.phase, PhaseState.RUNNING, at, attempts=before.attempts + 1)
    machine = {
        key: check for key, check in state.checks.items() if check.spec.phase is not event.phase or check.spec.person
    }
    fresh = {(code, subject): _anew(state, code, subject) for code, subject in event.checks}
    # A plan that is being sealed anew is no plan until it is.
    plan = None if event.phase is Phase.GO else state.plan
    if event.phase is Phase.ROLLBACK:
        measured = {"steps": ()}
    return measured | {
        "phases": state.phases | {event.phase: view},
        "checks": machine | fresh,
        "progress": None,
        "plan": plan,
        "first_confirmed": None,
        "first_voided": None,
    }


def _anew(state: RunState, code: str, subject: str) -> CheckView:
    # A waiver outlives a second look: it was given for the gate, not for one attempt. So does a person's answer.
    before = state.check(code, subject)
    return before if before.state is CheckState.WAIVED or before.spec.person else CheckView(code, subject)


def _phase_ended(state: RunState, event: ev.PhaseEnded, _: datetime) -> dict[str, Any]:
    view = msgspec.structs.replace(
        state.phase(event.phase), state=event.state, seconds=event.seconds, reason=event.reason
    )
    return {"phases": state.phases | {event.phase: view}, "progress": None, "waited": None, "retry": None}


def _check_changed(state: RunState, event: ev.CheckChanged, at: datetime) -> dict[str, Any]:
    before = state.check(event.code, event.subject)
    waived = before.state is CheckState.WAIVED and event.state not in (CheckState.PASSED, CheckState.WARNED)
    if waived:
        return {}  # who waived it, and why, is what has to be seen from then on; the log has what was found again
    view = CheckView(event.code, event.subject, event.state, event.evidence, event.remedy, "", at)
    return {"checks": state.checks | {(event.code, event.subject): view}}


def _ticked(state: RunState, event: ev.Ticked, at: datetime) -> dict[str, Any]:
    ticked = CheckState.PASSED if event.on else CheckState.WAITING
    evidence = f"ticked by {event.operator}" if event.on else ""
    view = CheckView(event.code, "", ticked, evidence, "", event.operator if event.on else "", at)
    return {"checks": state.checks | {(event.code, ""): view}}


def _waived(state: RunState, event: ev.Waived, at: datetime) -> dict[str, Any]:
    keys = [key for key in state.checks if key[0] == event.code] or [(event.code, "")]
    evidence = f"waived by {event.operator}: {event.reason}"
    fresh = {key: CheckView(*key, CheckState.WAIVED, evidence, "", event.operator, at) for key in keys}
    return {"checks": state.checks | fresh}


def _migration_started(state: RunState, event: ev.MigrationStarted, at: datetime) -> dict[str, Any]:
    view = state.migrations.get(event.name, MigrationView(event.name))
    if event.place is Place.PRODUCTION:
        view = msgspec.structs.replace(
            view,
            state=MigrationState.RUNNING,
            started=at,
            error="",
            statement=None,
            actual=(),
            retries=view.retries if view.state is MigrationState.RUNNING else 0,
        )
    else:
        view = msgspec.structs.replace(
            view,
            rehearsal_state=MigrationState.RUNNING,
            rehearsal_error="",
            started=at,
            statement=None,
            retries=0,
        )
    begun: dict[str, Any] = {"waited": None, "retry": None, "blockers": ()}
    begun["migrations"] = state.migrations | {event.name: view}
    if event.place is Place.PRODUCTION:
        # A mark of an earlier attempt says nothing of this one.
        begun["resolved"] = {name: mark for name, mark in state.resolved.items() if name != event.name}
    return begun


def _migration_ended(state: RunState, event: ev.MigrationEnded, _: datetime) -> dict[str, Any]:
    view = state.migrations.get(event.name, MigrationView(event.name))
    outcome = MigrationState.FAILED if event.error else MigrationState.APPLIED
    if event.unknown:
        outcome = MigrationState.UNKNOWN
    if event.place is Place.PRODUCTION:
        view = msgspec.structs.replace(
            view, state=outcome, seconds=event.seconds, error=event.error, sqlstate=event.sqlstate
        )
    else:
        measured = event.seconds if outcome is MigrationState.APPLIED else None
        view = msgspec.structs.replace(view, rehearsal_state=outcome, rehearsal_error=event.error, rehearsed=measured)
    return {"migrations": state.migrations | {event.name: view}, "retry": None, "blockers": ()}


def _step_started(state: RunState, event: ev.StepStarted, at: datetime) -> dict[str, Any]:
    return {"steps": (*state.steps, StepView(event.step, at, detail=event.detail))}


def _step_ended(state: RunState, event: ev.StepEnded, at: datetime) -> dict[str, Any]:
    before = [view for view in state.steps if view.step is not event.step]
    begun = next((view.started for view in state.steps if view.step is event.step), at)
    return {"steps": (*before, StepView(event.step, begun, event.seconds, event.detail)), "progress": None}


def _backup_adopted(_: RunState, event: ev.BackupAdopted, at: datetime) -> dict[str, Any]:
    proven = {"restored": event.restored, "restored_at": at} if event.restored else {}
    return proven | {
        "backup": event.backup,
        "backup_source": event.identity,
        "snapshot": event.snapshot,
        "adopted": event,
        "beside": event.unfinished if event.unfinished and event.unfinished.side else None,
    }


def _rollback_confirmed(state: RunState, event: ev.RollbackConfirmed, _: datetime) -> dict[str, Any]:
    beside = event if event.side else state.beside
    # Whoever was let in before is shut out again, and has to be let in anew once it is over.
    return {"rollback": event, "beside": beside, "reopened": None, "reopened_at": None}


def _statement_started(state: RunState, event: ev.StatementStarted, _: datetime) -> dict[str, Any]:
    view = state.migrations.get(event.name, MigrationView(event.name))
    return {
        "migrations": state.migrations | {event.name: msgspec.structs.replace(view, statement=event)},
        "retry": None,
    }


def _statement_ended(state: RunState, event: ev.StatementEnded, _: datetime) -> dict[str, Any]:
    view = state.migrations.get(event.name, MigrationView(event.name))
    field = "actual" if event.place is Place.PRODUCTION else "measured"
    seen = (*(one for one in getattr(view, field) if one.number < event.measure.number), event.measure)
    view = msgspec.structs.replace(view, **{field: seen})
    return {"migrations": state.migrations | {event.name: view}, "blockers": ()}


def _waited(_: RunState, event: ev.Waited, __: datetime) -> dict[str, Any]:
    return {"waited": event, "blockers": event.peers}


def _retried(state: RunState, event: ev.Retried, _: datetime) -> dict[str, Any]:
    view = state.migrations.get(event.name, MigrationView(event.name))
    view = msgspec.structs.replace(view, retries=view.retries + 1)
    return {"retry": event, "migrations": state.migrations | {event.name: view}}


def _radar_seen(state: RunState, event: ev.RadarSeen, at: datetime) -> dict[str, Any]:
    seen: dict[str, Any] = {"radar": event.radar, "radar_place": event.place, "radar_at": at}
    if event.radar.blockers:
        seen["blockers"] = event.radar.blockers
    if event.place is Place.PRODUCTION:
        seen["most_victims"] = max(state.most_victims, event.radar.victim_count)
        seen["longest_wait_seconds"] = max(state.longest_wait_seconds, event.radar.longest_wait_seconds)
    return seen


_CHANGES: dict[type, Any] = (
    fold_resumed.CHANGES
    | fold_github.CHANGES
    | fold_fleet.CHANGES
    | fold_records.CHANGES
    | {
        ev.RunStarted: _run_started,
        ev.TargetSeen: lambda _, event, __: {"identity": event.identity},
        ev.ProjectSeen: lambda _, event, __: {"project": event},
        ev.PendingSeen: _pending_seen,
        ev.TruthSeen: lambda _, event, __: {"truth": event.truth},
        ev.HazardsSeen: lambda _, event, __: {"forecasts": tuple(event.forecasts), "hazards": tuple(event.hazards)},
        ev.Predicted: lambda _, event, __: {"prediction": event.prediction},
        ev.PhaseStarted: _phase_started,
        ev.PhaseEnded: _phase_ended,
        ev.CheckChanged: _check_changed,
        ev.Ticked: _ticked,
        ev.Waived: _waived,
        ev.Progress: lambda _, event, __: {"progress": event},
        ev.BackupMade: _backup_made,
        ev.BackupAdopted: _backup_adopted,
        ev.SnapshotNamed: lambda _, event, __: {"snapshot": event.snapshot},
        ev.WaysSeen: lambda _, event, at: {"ways": event, "ways_at": at},
        ev.StepStarted: _step_started,
        ev.StepEnded: _step_ended,
        ev.Swapped: lambda _, event, __: {"swapped": event},
        ev.MigrationResolved: lambda state, event, __: {"resolved": state.resolved | {event.name: event}},
        ev.BackupRestored: lambda _, event, at: {"restored": event, "restored_at": at},
        ev.MigrationStarted: _migration_started,
        ev.MigrationEnded: _migration_ended,
        ev.StatementStarted: _statement_started,
        ev.StatementEnded: _statement_ended,
        ev.Waited: _waited,
        ev.Retried: _retried,
        ev.RadarSeen: _radar_seen,
        ev.BackendSignalled: lambda state, event, __: {"signals": (*state.signals, event)[-20:]},
        ev.PlanSealed: lambda _, event, __: {"plan": event, "first_confirmed": None},
        ev.ConfirmationRefused: lambda state, event, __: {"refused": event, "refusals": state.refusals + 1},
        ev.Confirmed: lambda _, event, at: {
            "confirmed": event,
            "confirmed_at": at,
            "first_confirmed": None,
            "recovery": None,
        },
        ev.RollbackConfirmed: _rollback_confirmed,
        ev.HealthSeen: lambda state, event, __: {"health": state.health | {event.result.name: event.result}},
        ev.Noted: lambda state, event, __: {"notes": (*state.notes, event)[-50:]},
        ev.RunEnded: lambda _, event, at: {"ended": event, "ended_at": at},
    }
)
"""One function an event; each gives the fields that it changes."""
