"""`dixis-tui rollback [RUN]`."""

from __future__ import annotations

import click

from dixis_tui.cli.commands.run import require_phrase
from dixis_tui.cli.commands.status import latest_or
from dixis_tui.cli.options import Common, finish, json_option, operator_option, secrets_for_headless
from dixis_tui.errors import UsageError


@click.command("rollback")
@click.argument("run", required=False)
@click.option("--confirm", metavar="PHRASE", help="The rollback phrase, exactly; asked for where it is missing.")
@json_option
@operator_option
@click.pass_context
def command(ctx: click.Context, *, run: str | None, confirm: str | None, as_json: bool, operator: str | None) -> None:
    """Restore a run's backup into production (default: the latest run), in one transaction, and count its rows.

    Works on a run that is under way, and on one that has ended; everything written since the backup is lost.
    """
    from dixis_tui.cli.drive import Driver, run_driver
    from dixis_tui.cli.rollback_script import RollbackScript
    from dixis_tui.model import Phase
    from dixis_tui.run.runs import look
    from dixis_tui.run.spawn import start

    common: Common = ctx.obj
    before = look(latest_or(run))
    backup = before.state.backup
    if backup is None or before.state.run is None:
        raise UsageError(f"Run {before.id} has no backup to go back to", "List the runs with `dixis-tui runs`.")
    settings = common.settings()
    wanted = before.state.run.rollback_phrase if before.live else settings.confirm.rollback_phrase
    click.echo(
        f"Back to the backup of run {before.id}: {backup.bytes:,} bytes, {len(backup.counts)} tables, "
        f"{sum(backup.counts.values()):,} rows. Whatever was written since is lost.",
        err=True,
    )
    if confirm is None and not as_json:
        confirm = click.prompt(f"Type {wanted} to go on", err=True)
    require_phrase(confirm, wanted)
    person = common.person(operator)
    if before.live:
        folder = before.folder
    else:
        runs = before.folder.parent
        folder = start(settings, secrets_for_headless(), person, runs, adopts=before.folder).wait()
    script = RollbackScript(
        phrase=confirm or "",
        operator=person,
        attempts=before.state.phase(Phase.ROLLBACK).attempts if before.live else 0,
        refusals=before.state.refusals if before.live else 0,
    )
    driver: Driver = run_driver(folder, script.next_step, quiet=as_json)
    ctx.exit(finish(folder, as_json=as_json, interrupted=driver.interrupted))
