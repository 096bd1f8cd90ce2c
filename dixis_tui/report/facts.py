"""A journal's entries and the state that they add up to, as the figures of a report. Pure, and without words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from dixis_tui import __version__
from dixis_tui import events as ev
from dixis_tui.model import CheckState, Verdict
from dixis_tui.report import excerpts, facts_gates, facts_phases, facts_records, facts_work
from dixis_tui.report.values import At, Facts, Record
from dixis_tui.run import policy
from dixis_tui.run.state import Entry, RunState


def facts(
    entries: Sequence[Entry], state: RunState, record: Record, lines: Sequence[str], *, made: datetime, live: bool
) -> Facts:
    """All that the report shows.

    Args:
        entries: of the journal, in order.
        state: what they add up to.
        record: the files themselves, and how far they verify.
        lines: of the log.
        made: now.
        live: whether the run's runner answers.
    """
    run = state.run
    of_kind = facts_records.of_kind
    work = facts_work.migrations(entries, state)
    gates = facts_gates.gates(entries, state)
    spans = facts_phases.spans(entries)
    shown, left = excerpts.excerpts(excerpts.errors(entries), lines)
    opens, closes = (run.window_opens, run.window_closes) if run else (None, None)
    return Facts(
        run=run.run if run else "",
        name=run.name if run else "",
        environment=run.environment if run else "",
        target=run.target if run else "",
        executor=run.executor if run else None,
        timezone=run.timezone if run else "UTC",
        made=made,
        version=__version__,
        verdict=_verdict(state, live=live),
        provisional=state.ended is None,
        live=live,
        summary=state.ended.summary if state.ended else "",
        started=state.started,
        last=state.last_at,
        seconds=(state.last_at - state.started).total_seconds() if state.last_at and state.started else 0.0,
        window=(opens, closes) if opens and closes else None,
        identity=state.identity,
        project=state.project,
        contacts=tuple(run.contacts) if run else (),
        runners=facts_records.runners(entries),
        confirmed=of_kind(entries, ev.FirstConfirmed, ev.Confirmed, ev.FirstVoided),
        plan=_last_plan(entries),
        applied_before=state.applied_before,
        planned=facts_phases.schedule(state, predicted=False),
        predicted=facts_phases.schedule(state, predicted=True),
        actual=facts_phases.actual(spans),
        spans=spans,
        gates=gates,
        waived=sum(gate.state is CheckState.WAIVED for gate in gates),
        backup=state.backup,
        backup_source=state.backup_source,
        backups_made=len(of_kind(entries, ev.BackupMade)),
        adopted=state.adopted,
        snapshot=_last(of_kind(entries, ev.SnapshotNamed)),
        restored=facts_records.restores(entries, state),
        prediction=state.prediction,
        migrations=work,
        migration_seconds=facts_work.applied_seconds(work),
        hazards=facts_work.hazards(state, work),
        most_victims=state.most_victims,
        longest_wait=state.longest_wait_seconds,
        retries=facts_records.on_production(entries, ev.Retried),
        waits=facts_records.on_production(entries, ev.Waited),
        signals=of_kind(entries, ev.BackendSignalled),
        health=facts_records.health(entries, state),
        flows=facts_records.flows(entries),
        after=facts_records.after(entries, state),
        baseline_problem=state.baseline.problem if state.baseline else "",
        notices=facts_records.notices(entries),
        page=facts_records.page(entries),
        reopened=_last(of_kind(entries, ev.Reopened)),
        access=state.access,
        access_more=state.access_more,
        ways=state.ways,
        rollback=facts_records.rollback(entries, state),
        recovery=of_kind(entries, ev.RecoverySeen, ev.MigrationSettled, ev.MigrationResolved, ev.RunnerLeft),
        refusals=of_kind(entries, ev.ConfirmationRefused),
        workflows=tuple(state.workflows.values()),
        reviews=of_kind(entries, ev.DeploymentReviewed, ev.WorkflowCancelled, ev.FleetStopped),
        fleet=state.fleet,
        notes=of_kind(entries, ev.Noted),
        excerpts=shown,
        excerpts_left=left,
        record=record,
    )


def _verdict(state: RunState, *, live: bool) -> Verdict:
    """How it ended. Of a run at its sign-off, which writes its own report: how it ends with that."""
    if state.ended is None and live and state.running == "signoff":
        return policy.verdict(state)
    return policy.seen_verdict(state, live=live)


def _last_plan(entries: Sequence[Entry]) -> ev.PlanSealed | None:
    """The last one that was sealed, even where a death or a waiver made it void afterwards."""
    return next((entry.event for entry in reversed(entries) if isinstance(entry.event, ev.PlanSealed)), None)


def _last(found: Sequence[At]) -> At | None:
    return found[-1] if found else None
