"""`dixis-tui watch [RUN|PATH]`."""

from __future__ import annotations

import click

from dixis_tui.cli.options import Common
from dixis_tui.cli.terminal import is_terminal, present
from dixis_tui.errors import UsageError


@click.command("watch")
@click.argument("run", required=False, metavar="[RUN|PATH]")
@click.pass_context
def command(ctx: click.Context, run: str | None) -> None:
    """Watch a run, read-only, in large letters for a call (default: the one under way). v: the full cockpit.

    PATH: a run's folder or its journal, also of another account that opened it to a group of yours.
    Any number may watch: none can slow or alter the run.
    """
    from dixis_tui.cli.watched import watched
    from dixis_tui.run.watcher import Watcher

    if not is_terminal():
        raise UsageError("`dixis-tui watch` needs a terminal, and this is none", "Use `dixis-tui tail` here.")
    common: Common = ctx.obj
    client = Watcher(watched(run))
    ctx.exit(present(client, common.person()))
