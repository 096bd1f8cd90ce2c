"""`dixis-tui runs`."""

from __future__ import annotations

from datetime import datetime

import click
from msgspec import Struct

from dixis_tui.cli.options import json_option
from dixis_tui.cli.say import put, say
from dixis_tui.model import Verdict


class RunLine(Struct, frozen=True):
    """One run in the list."""

    id: str
    started: datetime | None
    target: str
    verdict: Verdict


@click.command("runs")
@json_option
def command(as_json: bool) -> None:
    """List every run on this machine, oldest first."""
    from dixis_tui.run.folders import all_runs
    from dixis_tui.run.runs import look

    lines = [RunLine(run.id, run.started, run.target, run.verdict) for run in map(look, all_runs())]
    lines.sort(key=lambda line: (line.started is not None, line.started.timestamp() if line.started else 0.0))
    if as_json:
        from dixis_tui.cli.result import to_json

        click.echo(to_json({"runs": lines}))
        return
    if not lines:
        say("No runs yet.")
    for line in lines:
        started = f"{line.started.astimezone():%Y-%m-%d %H:%M}" if line.started else "?"
        click.echo(f"{line.id}  {started}  {put(line.verdict):<11}  {line.target}")
