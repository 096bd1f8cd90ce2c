"""`dixis-tui tail [RUN|PATH]`."""

from __future__ import annotations

import click

from dixis_tui.errors import UsageError


@click.command("tail")
@click.argument("run", required=False, metavar="[RUN|PATH]")
@click.option("-n", "--lines", "last", type=click.IntRange(min=0), help="Only so many of the last lines at first.")
@click.option("--no-follow", "once", is_flag=True, help="What there is, and no waiting for more.")
@click.option("--log", "with_log", is_flag=True, help="The log's lines among the journal's.")
@click.pass_context
def command(ctx: click.Context, run: str | None, last: int | None, once: bool, with_log: bool) -> None:
    """Print a run as plain lines, and follow it until it ends (default: the one under way, else the latest).

    PATH: a run's folder or its journal. Ctrl-C leaves the run alone. The exit code is that of `status`.
    """
    from dixis_tui.cli.commands.status import latest_or
    from dixis_tui.cli.tailing import Tail
    from dixis_tui.cli.watched import watched
    from dixis_tui.run.watcher import Watcher

    try:
        folder = watched(run)
    except UsageError:
        if run:
            raise
        folder = latest_or(None)
    tail = Tail(Watcher(folder), with_log=with_log)
    ctx.exit(tail.print(last, follow=not once))
