"""`dixis-tui migrations`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from msgspec import Struct

from dixis_tui.cli.options import Common, json_option, secrets_for_headless
from dixis_tui.cli.say import say
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Standing, Truth

if TYPE_CHECKING:
    from dixis_tui.postgres.url import DatabaseUrl


class MigrationsResult(Struct, frozen=True, kw_only=True):
    """What `--json` gives. `applied` is a count; applied ones are among `migrations` only with `--all`."""

    target: str
    database: DatabaseStanding
    remedy: str
    sound: bool
    applied: int
    migrations: list[MigrationStanding]


@click.command("migrations")
@json_option
@click.option("--all", "everything", is_flag=True, help="List the applied migrations too.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool, everything: bool) -> None:
    """Say where each migration stands, whatever Prisma says of it; reads only.

    Exit 0: all are applied or pending. Exit 3: something else is to be said.
    """
    from dixis_tui.cli.exits import Exit
    from dixis_tui.cli.result import to_json
    from dixis_tui.postgres.url import parse
    from dixis_tui.run.phases.soundness import plain
    from dixis_tui.settings import DATABASE_URL

    common: Common = ctx.obj
    url = parse(secrets_for_headless()[DATABASE_URL], DATABASE_URL)
    truth = _read(common, url)
    applied = [one for one in truth.migrations if one.standing is Standing.APPLIED]
    shown = [one for one in truth.migrations if everything or one.standing is not Standing.APPLIED]
    if as_json:
        result = MigrationsResult(
            target=url.masked,
            database=truth.database,
            remedy=truth.remedy,
            sound=plain(truth),
            applied=len(applied),
            migrations=shown,
        )
        click.echo(to_json(result))
    else:
        say(f"{url.masked}: {truth.database}\n{len(applied)} applied, {len(truth.migrations)} in all")
        for line in (f"  {truth.remedy}" if truth.remedy else "", *(words for one in shown for words in _lines(one))):
            if line:
                say(line)
    ctx.exit(Exit.DONE if plain(truth) else Exit.CLOSED)


def _read(common: Common, url: DatabaseUrl) -> Truth:
    """The truth as of now, its words cleaned and redacted."""
    from dixis_tui.errors import ConnectError
    from dixis_tui.postgres.session import connect
    from dixis_tui.prisma.files import scan_migrations
    from dixis_tui.prisma.look import read_truth
    from dixis_tui.prisma.project import discover
    from dixis_tui.prisma.truth import missing_database, worded
    from dixis_tui.secrets import Redactor

    settings = common.settings()
    project = discover(settings.prisma_directory, settings.prisma.schema, settings.prisma.command)
    on_disk = scan_migrations(project.migrations)
    try:
        with connect(url, purpose="history", read_only=True, statement_timeout_seconds=60) as session:
            truth = read_truth(session, on_disk, url.schema, splits=project.splits_statements, cli=project.shown)
    except ConnectError as error:
        if error.kind != "missing_database":
            raise
        truth = missing_database(on_disk.files, url.database)
    return worded(truth, Redactor(url.secrets).line)


def _lines(one: MigrationStanding) -> Iterator[str]:
    yield f"{one.name}: {one.standing}"
    found = one.reconciliation
    told = (
        ("", one.detail),
        ("by the catalog: ", found.sentence if found else ""),
        ("Prisma says: ", one.prisma_says),
        ("do: ", one.remedy),
    )
    for label, words in told:
        if words:
            yield f"    {label}{words}"
