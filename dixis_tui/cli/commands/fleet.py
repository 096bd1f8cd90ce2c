"""`dixis-tui fleet`: many databases, each migrated by a workflow run of its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dixis_tui.cli.options import Common, finish, json_option, parse_ticks, parse_waivers, person_options
from dixis_tui.cli.say import say
from dixis_tui.errors import UsageError
from dixis_tui.model import Executor, Phase
from dixis_tui.settings import Settings, secrets_from

if TYPE_CHECKING:
    from dixis_tui.cli.drive import Driver
    from dixis_tui.cli.script import Script
    from dixis_tui.run.runs import Run
    from dixis_tui.run.spawn import Starting


@click.group("fleet", invoke_without_command=True)
@click.option("--plan", "only_plan", is_flag=True, help="Print the plan of each target, a line each; change nothing.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, only_plan: bool, as_json: bool) -> None:
    """Many databases: the targets of dixis.toml, in waves, each by a workflow run of its own on GitHub.

    Without --plan: open the fleet's screen, on the fleet that is under way or on a new one.
    """
    if ctx.invoked_subcommand is not None:
        if only_plan or as_json:
            raise UsageError("--plan and --json come without `run`, or after it", "See `dixis-tui fleet run --help`.")
        return
    common: Common = ctx.obj
    settings = fleet_settings(common)
    if only_plan:
        ctx.exit(_plan(common, settings, as_json=as_json))
    if as_json:
        raise UsageError("--json goes with --plan, or with `fleet run`", "The screen has no JSON.")
    ctx.exit(_open(common, settings))


@command.command("run")
@click.option("--confirm", metavar="PHRASE", help="The phrase, exactly; without it nothing is started.")
@json_option
@person_options
@click.pass_context
def run_command(
    ctx: click.Context,
    *,
    confirm: str | None,
    as_json: bool,
    ticks: tuple[str, ...],
    waivers: tuple[str, ...],
    operator: str | None,
) -> None:
    """Run the fleet without a person: plan, seal, waves, verification of each database.

    A fleet whose runner died is taken up: what is open on GitHub is followed, and nothing is dispatched twice.
    """
    from dixis_tui.cli.commands.run import require_phrase
    from dixis_tui.cli.script import Script

    common: Common = ctx.obj
    settings = fleet_settings(common)
    require_phrase(confirm, settings.confirm.phrase)
    script = Script(
        operator=common.person(operator),
        confirm=confirm or "",
        ticks=parse_ticks(ticks),
        waivers=parse_waivers(waivers),
    )
    folder, _ = begin(settings, script.operator)
    ctx.exit(_drive(folder.wait(), script, as_json=as_json))


def fleet_settings(common: Common) -> Settings:
    """The settings, for GitHub as the executor. Raises UsageError where no target is named."""
    from msgspec.structs import replace

    settings = common.settings()
    if not settings.targets:
        raise UsageError("No [[targets]] are named in dixis.toml: a fleet is made of them", "Name each database there.")
    return replace(settings, migrate=replace(settings.migrate, executor=Executor.GITHUB))


def secrets_of(settings: Settings) -> dict[str, str]:
    """The targets' URLs by their variables, and the token; no other secret goes along."""
    from dixis_tui.cli.options import with_token
    from dixis_tui.settings import GH_TOKEN, GITHUB_TOKEN

    names = [target.url_variable for target in settings.targets]
    found = {name: os.environ[name] for name in names if os.environ.get(name)}
    tokens = {name: text for name, text in secrets_from().items() if name in (GITHUB_TOKEN, GH_TOKEN)}
    return with_token(found | tokens, settings)


def begin(settings: Settings, operator: str) -> tuple[Starting, str]:
    """A runner for the fleet that lost its own, or for a new one; and what is to be said of that."""
    from dixis_tui.run.spawn import resume, start

    secrets = secrets_of(settings)
    if left := left_behind(settings):
        starting = resume(left.folder, settings, secrets, operator, fleet=True)
        return starting, f"Fleet {left.id} had lost its runner and is taken up again."
    return start(settings, secrets, operator, fleet=True), ""


def left_behind(settings: Settings) -> Run | None:
    """The fleet of these targets whose runner died or left, and that nobody has dealt with since."""
    from datetime import UTC, datetime

    from dixis_tui.run import resuming, under_way
    from dixis_tui.run.folders import all_runs
    from dixis_tui.run.runs import look

    runs = map(look, reversed(all_runs()))
    return resuming.left_behind(runs, under_way.fleet(settings), datetime.now(UTC))


def _open(common: Common, settings: Settings) -> int:
    from dixis_tui.cli.commands.cockpit import begun, show
    from dixis_tui.cli.terminal import cockpit, require_terminal
    from dixis_tui.run import under_way
    from dixis_tui.run.runs import live_runs

    require_terminal()
    target = under_way.fleet(settings)
    if living := next((run for run in reversed(live_runs()) if run.target == target), None):
        return show(living.folder, common.person(), f"Attached to fleet {living.id}, under way.")
    starting, notice = begin(settings, common.person())
    cockpit()
    return show(*begun(starting, common.person(), notice))


def _plan(common: Common, settings: Settings, *, as_json: bool) -> int:
    from dixis_tui.cli.lines_fleet import plan_lines
    from dixis_tui.cli.script import Script
    from dixis_tui.run.spawn import start

    script = Script(operator=common.person(), until=Phase.PREFLIGHT)
    folder = start(settings, secrets_of(settings), script.operator, fleet=True).wait()
    driver = _driver(folder, script, quiet=True)
    if not as_json and driver.state.fleet:
        say("\n".join(plan_lines(driver.state.fleet)))
    return finish(folder, as_json=as_json, interrupted=driver.interrupted)


def _drive(folder: Path, script: Script, *, as_json: bool) -> int:
    driver = _driver(folder, script, quiet=as_json)
    return finish(folder, as_json=as_json, interrupted=driver.interrupted)


def _driver(folder: Path, script: Script, *, quiet: bool) -> Driver:
    from dixis_tui.cli.drive import run_driver
    from dixis_tui.cli.fleet_script import next_step

    return run_driver(folder, lambda state: next_step(state, script), quiet=quiet, operator=script.operator)
