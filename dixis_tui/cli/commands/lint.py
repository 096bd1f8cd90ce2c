"""`dixis-tui lint`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common
from dixis_tui.errors import UsageError
from dixis_tui.secrets import clean

if TYPE_CHECKING:
    from dixis_tui.cli.lint.found import Found
    from dixis_tui.cli.lint.text import Line
    from dixis_tui.hazard import Hazard
    from dixis_tui.hazards.read import SourceFile

_FORMATS = ("text", "json", "github", "sarif")
_PG_DEFAULT = "15"
_VERSION = re.compile(r"(\d{1,2})(?:\.(\d{1,2}))?(?:\.\S*)?")


@click.command("lint")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="How it is said (default: text).")
@click.option("--json", "as_json", is_flag=True, help="As --format json.")
@click.option("--pg-version", default=_PG_DEFAULT, show_default=True, help="The target's PostgreSQL, such as 15.")
@click.option("--prisma-version", default="", help="Decides how a file is run (default: the project's, else 6).")
@click.option("--select", multiple=True, metavar="CODE", help="Only these codes, or beginnings of codes.")
@click.option("--ignore", multiple=True, metavar="CODE", help="All but these codes, or beginnings of codes.")
@click.option("--only-pending-after", metavar="NAME", help="Only migrations after this one, as one set.")
@click.option("--exit-zero", is_flag=True, help="Exit 0 whatever is found.")
@click.pass_context
def command(
    ctx: click.Context,
    *,
    paths: tuple[Path, ...],
    form: str,
    as_json: bool,
    pg_version: str,
    prisma_version: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    only_pending_after: str | None,
    exit_zero: bool,
) -> None:
    """Find what migration files would do to a live PostgreSQL, without any database.

    PATHS are Prisma projects, migrations folders, folders of .sql files, or files; by default the Prisma project of
    dixis.toml or of the current folder. Each file is judged by itself: what it makes is new to it. With
    --only-pending-after those that follow are judged together, as one deployment.

    Exit 0: nothing worse than a notice; 3: a danger or a warning stands; 2: wrong usage.
    """
    from dixis_tui.cli.lint.found import Found
    from dixis_tui.hazards.gather import gather
    from dixis_tui.hazards.judge import judge

    server_version = _pg(pg_version)
    chosen = _codes("--select", select), _codes("--ignore", ignore)
    gathered = gather(paths or (_default(ctx.obj),))
    files = gathered.files
    if only_pending_after is not None:
        files = _after(files, only_pending_after)
    splits = _splits(prisma_version or gathered.prisma_version)
    together = only_pending_after is not None
    forecasts, hazards = judge(files, splits=splits, server_version=server_version, one_set=together)
    found = Found(files, forecasts, [hazard for hazard in hazards if _wanted(hazard, *chosen)])
    _print(found, "json" if as_json else form)
    ctx.exit(Exit.CLOSED if found.closed and not exit_zero else Exit.DONE)


def _default(common: Common) -> Path:
    """The Prisma project of the settings, shown relative to the current folder where it is below it."""
    folder = common.settings().prisma_directory
    here = Path.cwd()
    if not (folder / "package.json").is_file() and not (folder / "prisma").is_dir():
        raise UsageError(
            f"There is no Prisma project in {clean(str(folder))}", "Name what to lint: a folder or a file."
        )
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def _pg(text: str) -> int:
    match = _VERSION.fullmatch(text)
    if not match or not 9 < int(match[1]) < 100:
        raise UsageError(f"--pg-version {clean(text)} is no version of PostgreSQL", "Write a major, such as 15.")
    return int(match[1]) * 10000


def _splits(text: str) -> bool:
    """Whether this Prisma commits each statement by itself: so from 7.4 on. Empty: version 6."""
    if not text:
        return False
    match = _VERSION.match(text)
    if not match or (match[1] == "7" and match[2] is None):
        remedy = "Write it with its minor, such as 7.4: 7.4 changed how a file is run." if match else "Such as 6.19."
        raise UsageError(f"--prisma-version {clean(text)} does not say which Prisma", remedy)
    return (int(match[1]), int(match[2] or 0)) >= (7, 4)


def _codes(option: str, values: tuple[str, ...]) -> tuple[str, ...]:
    from dixis_tui.hazards.catalogue import known_codes

    codes = tuple(code for value in values for code in value.replace(",", " ").split())
    known = known_codes() if codes else frozenset()
    for code in codes:
        if not any(one.startswith(code) for one in known):
            raise UsageError(f"{option} {clean(code)}: there is no such rule", "docs/hazards.md lists them.")
    return codes


def _wanted(hazard: Hazard, select: tuple[str, ...], ignore: tuple[str, ...]) -> bool:
    return (not select or hazard.code.startswith(select)) and not (ignore and hazard.code.startswith(ignore))


def _after(files: tuple[SourceFile, ...], name: str) -> tuple[SourceFile, ...]:
    places = [number for number, file in enumerate(files) if file.migration == name]
    if not places:
        raise UsageError(f"--only-pending-after {clean(name)}: there is no such migration", "Name one that is there.")
    return files[places[-1] + 1 :]


def _print(found: Found, form: str) -> None:
    from dixis_tui.cli.lint import machine
    from dixis_tui.cli.lint.text import text_lines

    if form == "json":
        click.echo(machine.as_json(found))
    elif form == "sarif":
        click.echo(machine.as_sarif(found))
    elif form == "github":
        click.echo("\n".join([*machine.github_lines(found), found.summary]))
    else:
        _print_text(text_lines(found))


def _print_text(lines: Iterator[Line]) -> None:
    from dixis_tui.cli.lint.text import plain

    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        click.echo("\n".join(map(plain, lines)))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*line))
