"""`dixis-tui page`: the maintenance page by hand, and what a web server needs to serve it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common
from dixis_tui.cli.say import say
from dixis_tui.errors import RunnerError, UsageError
from dixis_tui.i18n import _
from dixis_tui.secrets import clean

if TYPE_CHECKING:
    from dixis_tui.settings import Settings

_minutes = click.option("--minutes", type=click.IntRange(1, 10_080), help="Promise an end in so many minutes.")


_force = click.option("--force", is_flag=True, help="Also the page of a run that this account does not know.")


@click.group("page")
def command() -> None:
    """The maintenance page: see it, serve it, and put it up or take it down by hand.

    A run puts it up and takes it down by itself where maintenance.file is set.
    """


@command.command("preview")
@_minutes
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write it there (default: print it).")
@click.pass_context
def preview(ctx: click.Context, *, minutes: int | None, output: Path | None) -> None:
    """Print the page as visitors will get it."""
    settings = _settings(ctx)
    html = _html(settings, minutes)
    if output is None:
        click.echo(html, nl=False)
        return
    try:
        output.write_text(html, "utf-8")
    except OSError as error:
        raise UsageError(f"{output} can't be written: {error.strerror}", "Name a file that can.") from None
    click.echo(_("Written to {file}. Open it in a browser.").format(file=output))


@command.command("nginx")
@click.pass_context
def nginx(ctx: click.Context) -> None:
    """Print what nginx needs to serve the page while its file is there."""
    from dixis_tui.notices import servers

    click.echo(servers.nginx(servers.served(_settings(ctx))), nl=False)


@command.command("caddy")
@click.pass_context
def caddy(ctx: click.Context) -> None:
    """Print what Caddy needs to serve the page while its file is there."""
    from dixis_tui.notices import servers

    click.echo(servers.caddy(servers.served(_settings(ctx))), nl=False)


@command.command("up")
@_minutes
@_force
@click.pass_context
def up(ctx: click.Context, *, minutes: int | None, force: bool) -> None:
    """Put the page up by hand, where no run is under way that does it."""
    from dixis_tui.notices import page_file

    settings = _settings(ctx)
    path = _free(settings, force=force)
    page_file.put(path, _html(settings, minutes))
    click.echo(_("The maintenance page is up: {file}").format(file=path))
    ctx.exit(_look(settings, up=True))


@command.command("down")
@_force
@click.pass_context
def down(ctx: click.Context, *, force: bool) -> None:
    """Take the page down by hand, whoever of us has put it up."""
    from dixis_tui.notices import page_file

    settings = _settings(ctx)
    path = _free(settings, force=force)
    if not page_file.take(path):
        click.echo(_("There is no maintenance page at {file}.").format(file=path))
        return
    click.echo(_("The maintenance page is down: {file}").format(file=path))
    ctx.exit(_look(settings, up=False))


def _settings(ctx: click.Context) -> Settings:
    common: Common = ctx.obj
    return common.settings()


def _free(settings: Settings, *, force: bool) -> Path:
    """Where the page goes.

    Raises:
        UsageError: no place is named.
        RunnerError: a run that is under way has it; or, without `force`, one that this account does not know.
        ToolError: what is there is not our page.
    """
    from dixis_tui.notices import page_file
    from dixis_tui.notices.page import BY_HAND
    from dixis_tui.run.folders import all_runs
    from dixis_tui.run.runs import live_runs

    if (path := settings.page_file) is None:
        raise UsageError("maintenance.file is not set", "Set it in dixis.toml: where the web server finds the page.")
    for run in live_runs():
        page = run.state.page
        if page and page.put and Path(page.file) == path:
            raise RunnerError(
                f"The maintenance page is that of run {run.id}, which is under way",
                "It is taken down when visitors are let in again, or when that run ends.",
            )
    whose = page_file.owner_of(path)
    if not force and whose not in (None, BY_HAND, *(folder.name for folder in all_runs())):
        name = clean(whose or "")
        raise RunnerError(
            f"The maintenance page is that of run {name}, which this account does not know",
            "It may be under way: ask whoever began it. --force does it all the same.",
        )
    return path


def _html(settings: Settings, minutes: int | None) -> str:
    from dixis_tui.notices import page

    now, closes = datetime.now(UTC), settings.window.closes()
    ends = closes if closes and closes > now else now + timedelta(minutes=settings.window.minutes)
    if minutes is not None:
        ends = now + timedelta(minutes=minutes)
    facts = page.PageFacts(
        run=page.BY_HAND,
        now=now,
        ends_at=ends,
        timezone=settings.window.timezone,
        languages=list(settings.notices.languages),
    )
    return page.render(facts, settings.notices_directory)


def _look(settings: Settings, *, up: bool) -> int:
    """Ask as a visitor would, and say what came; the exit code."""
    from dixis_tui.notices.page import BY_HAND
    from dixis_tui.run.phases import page_sight

    if not settings.maintenance.url:
        click.echo(_("Nobody looked whether visitors get it: maintenance.url is not set."))
        return Exit.DONE
    seen = page_sight.see(settings.maintenance, BY_HAND, up=up, wait=threading.Event().wait)
    if seen.problem:
        say(f"{seen.url} {seen.problem}\n  {page_sight.REMEDY}", err=True)
        return Exit.ERROR
    say(f"{page_sight.sentence(seen)}.")
    return Exit.DONE
