"""`dixis-tui check`."""

from __future__ import annotations

import click

from dixis_tui.cli.options import (
    Common,
    finish,
    json_option,
    parse_ticks,
    parse_waivers,
    person_options,
    secrets_for_headless,
)


@click.command("check")
@json_option
@person_options
@click.pass_context
def command(
    ctx: click.Context, *, as_json: bool, ticks: tuple[str, ...], waivers: tuple[str, ...], operator: str | None
) -> None:
    """Run preflight alone: reads only, changes nothing. Exit 0: every check that can be looked up is open."""
    from dixis_tui.cli.drive import drive
    from dixis_tui.cli.script import Script
    from dixis_tui.model import Phase
    from dixis_tui.run.spawn import start

    common: Common = ctx.obj
    script = Script(
        operator=common.person(operator),
        until=Phase.PREFLIGHT,
        ticks=parse_ticks(ticks),
        waivers=parse_waivers(waivers),
    )
    settings = common.settings()
    folder = start(settings, secrets_for_headless(settings), script.operator).wait()
    driver = drive(folder, script, quiet=as_json)
    ctx.exit(finish(folder, as_json=as_json, interrupted=driver.interrupted))
