"""`dixis-tui rollback [RUN]`."""

from __future__ import annotations

import click

from dixis_tui.cli.commands.run import require_phrase
from dixis_tui.cli.options import Common, finish, json_option, operator_option, secrets_for_headless
from dixis_tui.errors import UsageError
from dixis_tui.model import Phase
from dixis_tui.run.folders import all_runs, find_run
from dixis_tui.run.runs import Run, look


@click.command("rollback")
@click.argument("run", required=False)
@click.option("--confirm", metavar="PHRASE", help="The rollback phrase, exactly; asked for where it is missing.")
@json_option
@operator_option
@click.pass_context
def command(ctx: click.Context, *, run: str | None, confirm: str | None, as_json: bool, operator: str | None) -> None:
    """Restore a run's backup into production, in one transaction, and count its rows.

    Without RUN: the latest run that changed the database of DATABASE_URL and has a backup.

    Works on a run that is under way, and on one that has ended; everything written since the backup is lost.
    """
    from dixis_tui.cli.drive import Driver, run_driver
    from dixis_tui.cli.rollback_script import RollbackScript
    from dixis_tui.run.spawn import start

    common: Common = ctx.obj
    before = look(find_run(run)) if run else _latest_that_changed()
    backup = before.state.backup
    if backup is None or before.state.run is None:
        raise UsageError(f"Run {before.id} has no backup to go back to", "List the runs with `dixis-tui runs`.")
    settings = common.settings()
    wanted = before.state.run.rollback_phrase if before.live else settings.confirm.rollback_phrase
    click.echo(
        f"{before.target}: back to the backup of run {before.id}, {_age(before)}: {backup.bytes:,} bytes, "
        f"{len(backup.counts)} tables, {sum(backup.counts.values()):,} rows. Whatever was written since is lost.",
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


def _latest_that_changed() -> Run:
    """Never by time alone: the latest run may be on another target, or one that was opened since."""
    from dixis_tui.postgres.url import parse
    from dixis_tui.run.policy import production_changed
    from dixis_tui.settings import DATABASE_URL, secrets_from

    changed = [run for run in map(look, all_runs()) if run.state.backup and production_changed(run.state)]
    if DATABASE_URL in secrets_from():
        target = parse(secrets_for_headless()[DATABASE_URL], DATABASE_URL).masked
        found = [run for run in changed if run.target == target][-1:]
    else:
        found = [run for run in changed if run.live]  # it needs nothing from this environment
    if len(found) == 1:
        return found[0]
    raise UsageError(
        "There is no run that alone could be meant: none has changed the database that DATABASE_URL names",
        "Name the run; list them with `dixis-tui runs`.",
    )


def _age(run: Run) -> str:
    from datetime import UTC, datetime

    at = run.state.phase(Phase.BACKUP).started or run.started
    if at is None:
        return "of unknown age"
    minutes = int((datetime.now(UTC) - at).total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min old"
