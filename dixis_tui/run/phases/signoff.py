"""Phase 8: what this evening has proven, for whoever reads its journal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from dixis_tui.model import Finding, Phase, PhaseState, Place, Way, failed, passed, warned
from dixis_tui.run import drills, policy
from dixis_tui.run.audit_run import HEAD_DIGITS, Audit, verify_run
from dixis_tui.run.context import Context
from dixis_tui.run.drills import DrillRecord
from dixis_tui.run.phases import credentials, report
from dixis_tui.run.phases.facts import phase_checks
from dixis_tui.run.state import RunState

_REMEDY = "Run `dixis-tui drill` against staging."


def run(context: Context, operator: str) -> None:
    """Say of the journal, of the backup, of the rollback, of access and of the credential how they stand."""
    with context.phase(Phase.SIGNOFF, phase_checks(Phase.SIGNOFF)):
        checklist(context)
        report.write(context)
    context.log.line("operator", f"{operator} signed off")


def prepare(context: Context) -> None:
    """The same before anybody signs: the board of sign-off shows with what evidence it will be."""
    if not context.state.drill:
        checklist(context)


def checklist(context: Context) -> None:
    """The runbook's security checklist, with what this run and this machine know of it."""
    context.found("DX801", journal_verifies(verify_run(context.folder)))
    context.found("DX802", backup_verified(context.state))
    found = drills.read(drills.path_for(context.folder))
    days = context.settings.rollback.drill_days
    if found.problem:
        context.note(f"{found.problem}.", "warning")
    context.found("DX803", rollback_tested(context.state, found.records, days, datetime.now(UTC)))
    credentials.answer(context)


def journal_verifies(audit: Audit) -> Finding:
    """Whether journal, log and kept heads are what this run wrote, as `dixis-tui audit verify` says it."""
    grave = [flaw for flaw in audit.flaws if flaw.grave]
    if grave:
        more = f", and {len(grave) - 1} more" if len(grave) > 1 else ""
        where = f"line {grave[0].line}: " if grave[0].line else ""
        return failed(f"{where}{grave[0].sentence}{more}", f"Read all of it with `dixis-tui audit verify {audit.run}`.")
    log = audit.log.checkpoints if audit.log else 0
    return passed(
        f"{audit.chain.number} entries, chain whole, {log} digests of the log and {audit.fitting} kept heads fit, "
        f"head {audit.chain.head[:HEAD_DIGITS]}…"
    )


def backup_verified(state: RunState) -> Finding:
    """Whether this run's backup was restored somewhere, and was what it had been."""
    restored = state.restored
    if state.backup is None:
        return warned("this run has no backup", "Make one in every run.")
    if restored is None or (restored.place is Place.PRODUCTION and not state.check("DX902").open):
        return warned("this run's backup was never restored and compared", "Rehearse on the restored backup.")
    return passed(f"restored and compared on {restored.where} in {restored.seconds + restored.compare_seconds:.1f} s")


def rollback_tested(state: RunState, records: Sequence[DrillRecord], days: int, now: datetime) -> Finding:
    """Whether a way back was gone to its end, in this very run or in a drill of the last `days`."""
    back = state.rollback
    if back and back.way is not Way.SNAPSHOT and policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED:
        where = state.identity or state.backup_source
        named = where.database if where else "its target"
        return passed(f"this run rolled {named} back in {state.phase(Phase.ROLLBACK).seconds:.1f} s")
    if not records:
        return warned("no drill is recorded on this machine", _REMEDY)
    last = records[-1]
    if not last.passed:
        return warned(f"the last drill, of {last.at:%Y-%m-%d} on {last.target}, failed (run {last.run})", _REMEDY)
    if now - last.at > timedelta(days=days):
        return warned(f"the last drill was on {last.at:%Y-%m-%d}, more than {days} days ago", _REMEDY)
    back_seconds = last.restore_seconds + last.compare_seconds + last.swap_seconds
    return passed(
        f"drill of {last.at:%Y-%m-%d} on {last.target}: {last.backup_bytes:,} bytes back in {back_seconds:.1f} s"
    )
