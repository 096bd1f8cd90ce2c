"""`dixis-tui github init`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dixis_tui.cli.options import Common
from dixis_tui.cli.say import say
from dixis_tui.errors import UsageError
from dixis_tui.secrets import clean

if TYPE_CHECKING:
    from dixis_tui.settings import Settings
    from dixis_tui.workflows.there import There

_WHY = {
    "hand-made": "it was not written by this command",
    "changed": "it was changed by hand since this command wrote it",
}


@click.command("init")
@click.option("--write", is_flag=True, help="Write the files (default: only show what would change).")
@click.option("--force", is_flag=True, help="Also those that were made or changed by hand.")
@click.option(
    "--directory", type=click.Path(path_type=Path), help="A folder of the repository (default: the current one)."
)
@click.option("--pg-version", default="15", show_default=True, help="Major of production's PostgreSQL, for the clinic.")
@click.pass_context
def command(ctx: click.Context, *, write: bool, force: bool, directory: Path | None, pg_version: str) -> None:
    """Make the workflow files of a project: production's migration, staging's, and the clinic.

    Shows as a diff what would change in .github/workflows, and writes nothing without --write. A file that was made
    or changed by hand is left alone and named, unless --force is given.
    """
    from dixis_tui.workflows import facts, render, there

    if not re.fullmatch(r"1[0-9]|[2-9][0-9]", pg_version):
        raise UsageError(f"--pg-version {clean(pg_version)} is no major of PostgreSQL", "Write one, such as 15.")
    start = (directory or Path.cwd()).absolute()
    root = facts.repository_of(start)
    settings, found = _settings(ctx.obj, root, start.resolve())
    project = facts.gather(settings, root, search=not found)
    files = [there.look(root, one) for one in render.render(settings, project, pg_version)]
    wanted = [file for file in files if file.whose != there.Whose.SAME and (force or not file.left_alone)]
    for file in wanted:
        click.echo("\n".join(file.diff()))
    _tell_left(files, force=force)
    if project.default_branch and project.default_branch != settings.github.branch:
        say(
            f"Note: the remote's default branch is {clean(project.default_branch)}, and github.branch is "
            f"{clean(settings.github.branch)}: GitHub starts by hand only what is on the default branch too.",
            err=True,
        )
    if write:
        for file in wanted:
            there.write(root, file)
            say(f"Written: {file.path}", err=True)
    say(_last_words(len(wanted), write=write), err=True)


def _settings(common: Common, root: Path, start: Path) -> tuple[Settings, bool]:
    """Those of --config, else of the nearest dixis.toml from `start` up to the repository's root; whether one is."""
    from dixis_tui.settings import CONFIG_NAME, Settings, load

    if common.config:
        return load(common.config), True
    for folder in (start, *start.parents):
        if (folder / CONFIG_NAME).is_file():
            return load(folder / CONFIG_NAME), True
        if folder == root:
            break
    return Settings(root=str(start)), False


def _tell_left(files: list[There], *, force: bool) -> None:
    for file in files:
        if file.left_alone and not force:
            say(f"Left alone: {file.path}: {_WHY[file.whose]}; --force writes over it.", err=True)


def _last_words(count: int, *, write: bool) -> str:
    if not count:
        return "Nothing to change: nothing was written."
    files = "1 file" if count == 1 else f"{count} files"
    if write:
        return f"{files} written. Commit and push: GitHub starts by hand only what is on the default branch."
    return f"Nothing was written: --write changes {files}."
