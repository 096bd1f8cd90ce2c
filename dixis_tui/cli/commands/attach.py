"""`dixis-tui attach [RUN]`."""

from __future__ import annotations

import click

from dixis_tui.cli.options import Common, finish, json_option
from dixis_tui.cli.terminal import cockpit, is_terminal


@click.command("attach")
@click.argument("run", required=False)
@json_option
@click.pass_context
def command(ctx: click.Context, run: str | None, as_json: bool) -> None:
    """Open the cockpit on a run (default: the one under way, else the latest), live or ended.

    With --json, or without a terminal: follow it in plain lines until it ends.
    """
    from dixis_tui.cli.commands.status import latest_or
    from dixis_tui.run.runs import live_runs

    common: Common = ctx.obj
    living = [] if run else live_runs()
    folder = living[-1].folder if living else latest_or(run)
    if as_json or not is_terminal():
        from dixis_tui.cli.drive import follow

        follow(folder, quiet=as_json)
        ctx.exit(finish(folder, as_json=as_json, watched=True))
    from dixis_tui.run.client import Client

    ctx.exit(cockpit()(Client(folder), common.person(), ""))
