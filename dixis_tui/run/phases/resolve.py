"""The history row of a failed migration, marked as what the database shows: the way forward after a mended failure."""

from __future__ import annotations

from collections.abc import Sequence

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.model import MigrationFile
from dixis_tui.postgres.session import Session, connect
from dixis_tui.prisma.bookkeeping import mark_applied, roll_back
from dixis_tui.prisma.files import OnDisk, read_migrations, same_checksum
from dixis_tui.prisma.look import Seen
from dixis_tui.prisma.project import Project
from dixis_tui.prisma.reconcile import Executed, reconcile
from dixis_tui.run.commands import Resolve
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts
from dixis_tui.standing import MigrationStanding, Reconciled, Reconciliation, Standing

_BY_HAND = "Restore from the backup, or repair by hand."


def run(context: Context, command: Resolve) -> None:
    """Look, and mark the row where the look agrees.

    Raises:
        ToolError: the database shows something else, or the row is no longer a failed one.
    """
    url, project = facts.production(context), facts.project(context)
    files = read_migrations(project.migrations)
    with facts.reading(context, url, "look") as session:
        seen = facts.truth_at(session, project, OnDisk(files), url.schema)
        now = _now(session, project, seen, files, name=command.migration, schema=url.schema)
    context.emit(facts.truth_seen(context, seen.truth))
    evidence = agreed(seen.truth.migrations, command.migration, now, applied=command.applied)
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


def _now(
    session: Session, project: Project, seen: Seen, files: Sequence[MigrationFile], *, name: str, schema: str
) -> Reconciliation | None:
    """What the catalog alone says of the file; None where the row is no failed one, or another text than this one ran.

    The truth goes by what the row says of the failure, where the server undid all of it. That was then: who resolves
    may have mended it since.
    """
    row = next((row for row in seen.history.failed if row.migration_name == name), None)
    file = next((file for file in files if file.name == name), None)
    if row is None or file is None or not same_checksum(file, row.checksum):
        return None
    executed = Executed(splits=project.splits_statements, logs=row.logs or "", cli=project.shown, mended=True)
    return reconcile(session, {file: executed}, schema)[name]


def agreed(standings: tuple[MigrationStanding, ...], name: str, now: Reconciliation | None, *, applied: bool) -> str:
    """What the looks found, where they agree with the mark that is asked for. Pure.

    Applied: all of the file is there. Rolled back: the failure left nothing, and nothing is there `now`.

    Raises:
        ToolError: they do not.
    """
    one = next((one for one in standings if one.name == name), None)
    if one is None or one.standing is not Standing.FAILED:
        stands = one.standing if one else "not known"
        raise ToolError(f"{name} is {stands}: there is nothing to resolve", "Look at the migrations (h).")
    then, remedy = one.reconciliation, one.remedy or _BY_HAND
    if then and then.outcome is Reconciled.NONE and now and now.there:
        remedy = "Mark it as applied." if now.outcome is Reconciled.ALL else _BY_HAND
        then = now
    wanted = Reconciled.ALL if applied else Reconciled.NONE
    if then is None or then.outcome is not wanted:
        sentence = then.sentence if then and then.sentence else "the catalog can't tell what of it is there"
        asked = "applied" if applied else "rolled back"
        raise ToolError(f"{name} can't be marked as {asked}: {sentence}", remedy)
    return then.sentence or str(then.outcome)
