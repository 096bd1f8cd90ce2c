"""A drill: backup, restore beside it, compare and swap, on staging, with nobody waiting for it."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.model import Phase, PhaseState
from dixis_tui.postgres import catalog
from dixis_tui.run.commands import Drill
from dixis_tui.run.context import Context
from dixis_tui.run.phases import backup, facts, rollback_side


def run(context: Context, command: Drill) -> None:
    """All of it, in order; what fails ends it."""
    if not context.state.drill:
        raise ToolError("This run is on production", "`dixis-tui drill` starts one on staging.")
    url = facts.production(context)
    with facts.reading(context, url, "drill") as session:
        context.emit(ev.TargetSeen(identity=catalog.identify(session, url)))
    backup.run(context)
    if context.state.phase(Phase.BACKUP).state is PhaseState.PASSED:
        rollback_side.run(context, command.operator)
