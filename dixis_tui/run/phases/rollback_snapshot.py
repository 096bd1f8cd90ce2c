"""The provider's snapshot: what a person does at the provider, step by step, and then a look at what came of it."""

from __future__ import annotations

from dixis_tui.errors import ToolError
from dixis_tui.model import Finding, MigrationState, Phase, Step, Way, failed, passed
from dixis_tui.plan.checks import of_phase
from dixis_tui.prisma.history import read_history
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, rollback, verify
from dixis_tui.run.phases.steps import step


def run(context: Context, operator: str) -> None:
    """Begin the checklist."""
    if context.state.snapshot is None:
        raise ToolError("No provider's snapshot was named in this run", "Go another way.")
    rollback.confirmed(context, operator, Way.SNAPSHOT)
    look(context)


def look(context: Context) -> None:
    """Ask what a person has to answer, and where all is answered look at the database that DATABASE_URL leads to."""
    people = [(spec.code, "") for spec in of_phase(Phase.ROLLBACK) if spec.person]
    with context.phase(Phase.ROLLBACK, [*people, *rollback.checks(context)]):
        if not all(context.state.check(code).open for code, _ in people):
            context.note("Tick the steps of the checklist as they are done, then look again.")
            return
        url = facts.production(context)
        with step(context, Step.VERIFY), facts.reading(context, url, "verify") as session:
            context.check("DX906", lambda: _history(context))
            context.check("DX907", lambda: verify.indexes(session))
            context.check("DX908", lambda: verify.constraints(session))
            verify.health(context, "DX903")


def _history(context: Context) -> Finding:
    """Nothing of this run is in it."""
    url = facts.production(context)
    with facts.reading(context, url, "verify") as session:
        seen = read_history(session, (), url.schema)
    tonight = {view.name for view in context.state.migrations.values() if view.state is not MigrationState.PENDING}
    there = sorted(tonight & {row.migration_name for row in (*seen.applied, *seen.failed)})
    if there:
        return failed(
            f"{url.database} at {url.host}:{url.port} still has {', '.join(there[:3])} of this run",
            "This run's DATABASE_URL leads there. If the restored one has another address, look at it with a new run.",
        )
    if seen.failed:
        return failed(f"failed: {seen.failed[0].migration_name}", "Resolve that row before the next deploy.")
    return passed(f"{len(seen.applied)} applied, nothing of this run among them")
