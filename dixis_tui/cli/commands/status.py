"""`dixis-tui status [RUN]`."""

from __future__ import annotations

from pathlib import Path

import click

from dixis_tui.cli.options import json_option
from dixis_tui.cli.say import put, say
from dixis_tui.errors import UsageError
from dixis_tui.run.folders import JOURNAL, all_runs, find_run


@click.command("status")
@click.argument("run", required=False)
@json_option
@click.pass_context
def command(ctx: click.Context, run: str | None, as_json: bool) -> None:
    """Say how a run stands (default: the latest). The exit code is that of its verdict; 0 while it is under way."""
    from dixis_tui.cli.exits import of_verdict
    from dixis_tui.cli.result import of_run, to_json
    from dixis_tui.plan.phases import ORDER, TITLES
    from dixis_tui.run import policy_fleet
    from dixis_tui.run.policy import phase_state
    from dixis_tui.run.runs import look

    found = look(latest_or(run))
    journal = str(found.folder / JOURNAL)
    if as_json:
        click.echo(to_json(of_run(found, journal)))
    else:
        alive = "under way" if found.live else "not under way"
        click.echo(f"{found.id}  {put(found.verdict)}  {put(alive)}  {found.target}")
        for phase in policy_fleet.PHASES if found.state.many else ORDER:
            click.echo(f"  {put(TITLES[phase]):<12} {put(phase_state(found.state, phase))}")
        for view in found.state.migrations.values():
            say(f"    {view.name}: {view.state} {view.error}".rstrip())
        for name, target in found.state.fleet.targets.items() if found.state.fleet else ():
            say(f"    {name}: {target.state} {target.verified.evidence if target.verified else ''}".rstrip())
        say(f"Journal: {journal}")
    ctx.exit(of_verdict(found.verdict))


def latest_or(run: str | None) -> Path:
    """The folder of the named run, or of the latest one. Raises UsageError."""
    if run:
        return find_run(run)
    runs = all_runs()
    if not runs:
        raise UsageError("There are no runs yet", "Start one with `dixis-tui`, or try `dixis-tui demo`.")
    return runs[-1]
