"""`dixis-tui replay [RUN]`."""

from __future__ import annotations

from pathlib import Path

import click

from dixis_tui.cli.options import Common
from dixis_tui.cli.terminal import is_terminal, replay
from dixis_tui.errors import UsageError


@click.command("replay")
@click.argument("run", required=False)
@click.option("--speed", type=click.Choice(["1", "10"]), default="1", help="As fast as it was, or ten times as fast.")
@click.option("--step", is_flag=True, help="Stand still at the first entry: → goes on by one.")
@click.option("--json", "as_json", is_flag=True, help="Refused: a replay is looked at; `tail` prints lines.")
@click.pass_context
def command(ctx: click.Context, run: str | None, speed: str, step: bool, as_json: bool) -> None:
    """Play a run's journal in the cockpit: RUN is an id, a run's folder, or a journal from another machine.

    Without RUN: the latest run. Nothing is asked of a runner, and nothing is written.
    """
    from dixis_tui.cli.commands.status import latest_or
    from dixis_tui.run.folders import JOURNAL, LOG, Record, find_record
    from dixis_tui.run.replay_client import ReplayClient

    if as_json or not is_terminal():
        raise UsageError("A replay needs a terminal", "Print the run's lines with `dixis-tui tail RUN`.")
    if run:
        record = find_record(run)
    else:
        folder: Path = latest_or(None)
        record = Record(folder.name, folder / JOURNAL, folder / LOG)
    common: Common = ctx.obj
    ctx.exit(replay()(ReplayClient(record, speed=int(speed), playing=not step), common.person()))
