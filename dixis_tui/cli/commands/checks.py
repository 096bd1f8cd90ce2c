"""`dixis-tui checks`."""

from __future__ import annotations

import click

from dixis_tui.cli.options import json_option


@click.command("checks")
@json_option
def command(as_json: bool) -> None:
    """List every check: its code, who answers it, whether it closes the gate."""
    from dixis_tui.plan.checks import CATALOGUE
    from dixis_tui.plan.phases import TITLES

    if as_json:
        from dixis_tui.cli.result import to_json

        click.echo(to_json({"checks": CATALOGUE}))
        return
    phase = None
    for spec in CATALOGUE:
        if spec.phase is not phase:
            phase = spec.phase
            click.echo(f"\n{TITLES[phase]}")
        who = "person" if spec.person else "looked up"
        gate = "gate" if spec.gate else "advice"
        fixed = "" if spec.waivable else ", can't be waived"
        click.echo(f"  {spec.code}  {spec.title}  ({who}, {gate}{fixed})\n         {spec.looks}")
