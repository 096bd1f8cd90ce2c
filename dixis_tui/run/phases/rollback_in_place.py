"""The backup restored into production's own database: emptying and restore are one transaction, whole or not at all."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.model import Phase, Place, Step, Way, passed
from dixis_tui.postgres.restore import restore
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, rollback
from dixis_tui.run.phases.steps import step

_CHECKS = ("DX900", "DX901", "DX902", "DX904")


def run(context: Context, operator: str) -> None:
    """Where a crash comes before the commit nothing has changed, and it can be begun again."""
    backup = context.state.backup
    if backup is None:
        raise rollback.nothing_to_go_back_to()
    url = facts.production(context)
    rollback.confirmed(context, operator, Way.IN_PLACE)
    with context.phase(Phase.ROLLBACK, rollback.checks(context, *_CHECKS)), rollback.alone(context, url):
        if reason := rollback.swapped_before(context, url):
            raise ToolError(f"not in place: {reason}; nothing was changed", "Roll back by the way side: it only looks.")
        identity, tools = rollback.target(context, url)
        with facts.reading(context, url, "rollback") as session:
            if reason := rollback.no_roles(session, backup):
                raise ToolError(
                    f"it can't be restored: {context.log.redactor.line(reason)}; nothing was changed",
                    "Create those roles anew, then roll back again.",
                )
        rollback.intact(context, backup, tools)
        with rollback.opened(context, backup) as plain:
            with step(context, Step.RESTORE, "one transaction") as detail:
                seconds = restore(
                    url,
                    tools,
                    plain,
                    keep_owners=True,
                    atomic=True,
                    on_progress=lambda what, done, total: context.progress(Phase.ROLLBACK, what, done, total, "rows"),
                    on_line=context.log.sink("pg_restore"),
                    started=context.child,
                )
                detail.text = "committed"
            context.found("DX901", passed(f"in {seconds:.1f} s, one transaction"))
            with step(context, Step.COMPARE):
                rollback.compare(context, url, tools, plain)
        if context.state.check("DX902").open:
            compared = next((view.seconds for view in context.state.steps if view.step is Step.COMPARE), None)
            context.emit(
                ev.BackupRestored(
                    place=Place.PRODUCTION,
                    where=identity.database,
                    seconds=seconds,
                    tables=len(backup.counts),
                    rows=sum(backup.counts.values()),
                    compare_seconds=compared or 0.0,
                )
            )
        rollback.look_after(context, url)
