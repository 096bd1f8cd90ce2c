"""`dixis-tui drill`."""

from __future__ import annotations

import click
from msgspec import Struct

from dixis_tui.cli.options import Common, finish, json_option, operator_option
from dixis_tui.cli.say import say
from dixis_tui.errors import ConnectError, QueryError, RunnerError, UsageError
from dixis_tui.model import Verdict
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.run.drills import DrillRecord
from dixis_tui.secrets import clean
from dixis_tui.settings import DATABASE_URL, STAGING_DATABASE_URL, secrets_from


class DrillList(Struct, frozen=True):
    """The last line of `dixis-tui drill --list --json`. `problem`: what could not be read, or empty."""

    drills: tuple[DrillRecord, ...]
    problem: str


@click.command("drill")
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal to ask on.")
@click.option("--list", "only_list", is_flag=True, help="List the drills of this machine, oldest first.")
@json_option
@operator_option
@click.pass_context
def command(ctx: click.Context, *, yes: bool, only_list: bool, as_json: bool, operator: str | None) -> None:
    """Drill the way back on staging: backup, restore beside it, compare, swap, and look at it.

    Works on the database of STAGING_DATABASE_URL alone. Its sessions are ended for the swap; it holds the same
    afterwards, and the database before is kept under another name.
    """
    from dixis_tui.cli.drive import run_driver
    from dixis_tui.cli.terminal import is_terminal
    from dixis_tui.run.spawn import start

    if only_list:
        _list(as_json=as_json)
        return
    common: Common = ctx.obj
    settings = common.settings()
    secrets = secrets_from()
    if STAGING_DATABASE_URL not in secrets:
        raise UsageError(
            "STAGING_DATABASE_URL is not set: a drill needs a staging database", "Set it; nothing was done."
        )
    staging = parse(secrets[STAGING_DATABASE_URL], STAGING_DATABASE_URL)
    if DATABASE_URL in secrets:
        _require_apart(staging, parse(secrets[DATABASE_URL], DATABASE_URL))
    if not yes:
        if as_json or not is_terminal():
            raise UsageError("Nobody can be asked here. Nothing was done.", "Pass --yes.")
        click.confirm(
            f"Drill on {staging.masked}: its sessions are ended for the swap. Go on?",
            default=False,
            abort=True,
            err=True,
        )
    starting = start(settings, {DATABASE_URL: secrets[STAGING_DATABASE_URL]}, common.person(operator), drill=True)
    folder = starting.wait()
    driver = run_driver(folder, lambda _: None, quiet=as_json)
    kept = driver.state.swapped
    if kept and driver.state.verdict is Verdict.ROLLED_BACK:
        named = clean(kept.kept).replace('"', '""')
        say(f'The database before the drill is kept; drop it with: DROP DATABASE "{named}"', err=True)
    ctx.exit(finish(folder, as_json=as_json, interrupted=driver.interrupted))


def _require_apart(staging: DatabaseUrl, production: DatabaseUrl) -> None:
    """Raises UsageError where both are one database, and RunnerError where that can't be told."""
    from dixis_tui.postgres.sameness import same_database
    from dixis_tui.postgres.session import connect

    same = "STAGING_DATABASE_URL and DATABASE_URL lead to the same database. Nothing was done."
    remedy = "Point STAGING_DATABASE_URL at a database of its own."
    if _address(staging) == _address(production):
        raise UsageError(same, remedy)
    try:
        with (
            connect(staging, purpose="drill", read_only=True) as first,
            connect(production, purpose="drill", read_only=True) as second,
        ):
            one = same_database(first, second)
    except (ConnectError, QueryError) as error:
        raise RunnerError(
            f"It can't be told whether staging is production: {error}",
            "Nothing was done. Make both reachable, or run the drill where DATABASE_URL is not set.",
        ) from None
    if one:
        raise UsageError(same, remedy)


def _address(url: DatabaseUrl) -> tuple[str, int, str]:
    return url.host.lower(), url.port, url.database


def _list(*, as_json: bool) -> None:
    from dixis_tui.run.drills import all_drills

    found = all_drills()
    if found.problem:
        say(f"{found.problem}.", err=True)
    if as_json:
        from dixis_tui.cli.result import to_json

        click.echo(to_json(DrillList(found.records, found.problem)))
        return
    if not found.records:
        say("No drills yet.")
    for one in found.records:
        when, word = f"{one.at.astimezone():%Y-%m-%d %H:%M}", "passed" if one.passed else "failed"
        seconds = (
            f"backup {one.backup_seconds:.1f} s, restore {one.restore_seconds:.1f} s, "
            f"compare {one.compare_seconds:.1f} s, swap {one.swap_seconds:.2f} s"
        )
        who = f"{one.run} by {clean(one.operator)}"
        say(f"{when}  {word}  {clean(one.target)}  {one.backup_bytes:,} bytes: {seconds}  {who}")
