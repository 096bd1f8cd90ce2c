"""DX124: whether this run is the only one on its target, and still is."""

from __future__ import annotations

from dixis_tui.errors import DixisError
from dixis_tui.model import CheckState, Finding, failed, passed, unknown, warned
from dixis_tui.postgres.run_lock import HeldBy, NotTaken
from dixis_tui.run import under_way
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts


def look(context: Context) -> Finding:
    """Hold the lock, taken anew where it was lost. Never raises for what the server says."""
    if context.run_lock is None:
        return unknown("there is no target to lock")
    try:
        outcome = context.run_lock.ensure()
    except DixisError as error:
        return failed(f"not known: {error}", error.remedy)
    if isinstance(outcome, HeldBy):
        other = under_way.elsewhere(outcome, under_way.target(facts.production(context)), context.folder.name)
        return failed(str(other), other.remedy)
    if isinstance(outcome, NotTaken):
        return warned(
            f"no lock was taken: {outcome.reason}", "See to it by other means that nobody else migrates meanwhile."
        )
    lost = ", lost before and taken anew" if outcome.anew else ""
    return passed(f"a lock in PostgreSQL, held since {outcome.since:%H:%M:%S} UTC{lost}")


def lost(context: Context) -> Finding | None:
    """Why nothing may be done now: another run has the target, or nobody can tell. None where we hold the lock, where
    it can't be held at all, and where a person waived it."""
    found = look(context)
    shut = found.state is CheckState.FAILED and context.state.check("DX124").state is not CheckState.WAIVED
    return found if shut else None


def again(context: Context) -> None:
    """Hold it once more where it had to be given back; said where that can't be."""
    found = look(context)
    context.log.line("runner", f"The target is held again: {found.state}, {found.evidence}")
    if found.state is CheckState.FAILED:
        context.note(f"This run does not hold its target any more: {found.evidence}.", "warning")
