"""`dixis-tui run`."""

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
from dixis_tui.errors import UsageError


@click.command("run")
@click.option("--confirm", metavar="PHRASE", help="The phrase, exactly; without it nothing is started.")
@json_option
@person_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    confirm: str | None,
    as_json: bool,
    ticks: tuple[str, ...],
    waivers: tuple[str, ...],
    operator: str | None,
) -> None:
    """Run the whole runbook without a person: preflight, backup, rehearsal, migration, verification, sign-off.

    Checks that only a person can answer need --tick CODE; a closed gate ends the run before production is touched.
    """
    from dixis_tui.cli.drive import drive
    from dixis_tui.cli.script import Script
    from dixis_tui.run.spawn import start

    common: Common = ctx.obj
    settings = common.settings()
    require_phrase(confirm, settings.confirm.phrase)
    script = Script(
        operator=common.person(operator),
        confirm=confirm or "",
        ticks=parse_ticks(ticks),
        waivers=parse_waivers(waivers),
    )
    folder = start(settings, secrets_for_headless(), script.operator).wait()
    driver = drive(folder, script, quiet=as_json)
    ctx.exit(finish(folder, as_json=as_json, interrupted=driver.interrupted))


def require_phrase(typed: str | None, wanted: str) -> None:
    """Say at once what the runner would refuse at the end. Raises UsageError."""
    if typed is None:
        raise UsageError("The phrase is missing. Nothing was done.", f"Pass --confirm {wanted}.")
    if typed != wanted:
        raise UsageError("Wrong phrase. Nothing was done.", f"The phrase is exactly {wanted}.")
