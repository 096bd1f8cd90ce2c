"""The history row of a failed migration, marked as what the database shows: the way forward after a mended failure."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.postgres.session import connect
from dixis_tui.prisma.bookkeeping import mark_applied, roll_back
from dixis_tui.prisma.files import OnDisk, read_migrations
from dixis_tui.run.commands import Resolve
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts
from dixis_tui.standing import MigrationStanding, Reconciled, Standing

_FITS = {True: Reconciled.ALL, False: Reconciled.NONE}


def run(context: Context, command: Resolve) -> None:
    """Look, and mark the row where the look agrees.

    Raises:
        ToolError: the database shows something else, or the row is no longer a failed one.
    """
    url, project = facts.production(context), facts.project(context)
    files = read_migrations(project.migrations)
    with facts.reading(context, url, "look") as session:
        seen = facts.truth_at(session, project, OnDisk(files), url.schema)
    context.emit(facts.truth_seen(context, seen.truth))
    evidence = agreed(seen.truth.migrations, command.migration, applied=command.applied)
    row = next(row for row in seen.history.failed if row.migration_name == command.migration)
    context.log.line("operator", f"{command.operator} resolves {command.migration}: {evidence}", "warning")
    with connect(url, purpose="resolve") as session:
        checksum = next((file.checksum for file in files if file.name == command.migration), row.checksum)
        done = (
            mark_applied(session, url.schema, row, checksum) if command.applied else roll_back(session, url.schema, row)
        )
    if not done:
        raise ToolError(f"the row of {command.migration} has changed meanwhile", "Look again before anything else.")
    words = context.log.redactor.line
    context.emit(
        ev.MigrationResolved(
            name=command.migration, applied=command.applied, operator=command.operator, evidence=words(evidence)
        )
    )


def agreed(standings: tuple[MigrationStanding, ...], name: str, *, applied: bool) -> str:
    """What the look found, where it agrees with the mark that is asked for. Pure.

    Raises:
        ToolError: it does not.
    """
    one = next((one for one in standings if one.name == name), None)
    if one is None or one.standing is not Standing.FAILED:
        stands = one.standing if one else "not known"
        raise ToolError(f"{name} is {stands}: there is nothing to resolve", "Look at the migrations (h).")
    found = one.reconciliation
    if found is None or found.outcome is not _FITS[applied]:
        sentence = found.sentence if found and found.sentence else "the catalog can't tell what of it is there"
        asked = "applied" if applied else "rolled back"
        raise ToolError(
            f"{name} can't be marked as {asked}: {sentence}",
            one.remedy or "Restore from the backup, or repair by hand.",
        )
    return found.sentence or str(found.outcome)
