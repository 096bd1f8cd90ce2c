"""`dixis-tui checks`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dixis_tui.cli.options import json_option
from dixis_tui.cli.say import put, say

if TYPE_CHECKING:
    from dixis_tui.plan.checks import CheckSpec


@click.command("checks")
@json_option
def command(as_json: bool) -> None:
    """List every check: its code, who answers it, whether it closes the gate."""
    from dixis_tui.plan.checks import CATALOGUE, FLEET
    from dixis_tui.plan.phases import TITLES

    if as_json:
        from dixis_tui.cli.result import to_json

        click.echo(to_json({"checks": (*CATALOGUE, *FLEET)}))
        return
    phase = None
    for spec in CATALOGUE:
        if spec.phase is not phase:
            phase = spec.phase
            say(f"\n{TITLES[phase]}")
        _tell(spec)
    say("\nMany databases")
    for spec in FLEET:
        _tell(spec)


def _tell(spec: CheckSpec) -> None:
    who = "person" if spec.person else "looked up"
    gate = "gate" if spec.gate else "advice"
    fixed = "" if spec.waivable else ", can't be waived"
    click.echo(f"  {spec.code}  {put(spec.title)}  ({put(who)}, {put(gate)}{put(fixed)})\n         {put(spec.looks)}")
