"""`dixis-tui demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dixis_tui.cli.options import Common, finish, json_option, parse_ticks, parse_waivers, person_options
from dixis_tui.cli.say import say
from dixis_tui.cli.terminal import require_terminal
from dixis_tui.errors import UsageError

if TYPE_CHECKING:
    from dixis_tui.cli.script import Script
    from dixis_tui.demo.lifecycle import Demo, DemoReady
    from dixis_tui.run.runs import Run


@click.command("demo")
@click.option("--rows", type=int, help="Orders in the demo's production (default: 500000).")
@click.option("--executor", type=click.Choice(["direct", "prisma"]), help="Who applies the migrations.")
@click.option("--name", default="default", show_default=True, help="Several demos may stand side by side.")
@click.option("--unattended", is_flag=True, help="Run the whole runbook without a person; needs --confirm.")
@click.option("--confirm", metavar="PHRASE", help="The phrase for --unattended.")
@click.option("--broken", is_flag=True, help="Production holds a row that the third migration fails on.")
@click.option(
    "--slow", is_flag=True, help="One more migration drops an index that the shop needs: watch it afterwards."
)
@click.option("--drift", is_flag=True, help="Put that row in now, after the backup: the rehearsal will not see it.")
@click.option("--block", is_flag=True, help="Read `Order` in a transaction and stay in it: the migration has to wait.")
@click.option("--stop", is_flag=True, help="Stop the demo's servers, shop and run; its data stay.")
@click.option("--clean", is_flag=True, help="Stop it and delete all of it.")
@json_option
@person_options
@click.pass_context
def command(
    ctx: click.Context,
    *,
    rows: int | None,
    executor: str | None,
    name: str,
    unattended: bool,
    confirm: str | None,
    broken: bool,
    slow: bool,
    drift: bool,
    block: bool,
    stop: bool,
    clean: bool,
    as_json: bool,
    ticks: tuple[str, ...],
    waivers: tuple[str, ...],
    operator: str | None,
) -> None:
    """Open the cockpit on a marketplace of its own: a production server, staging, a shop, and pending migrations.

    Everything lives in one folder of the state directory. Leaving stops what was started, unless a run is in
    progress; opened again, the demo attaches to it.
    """
    from dixis_tui.demo.folder import demo_folder

    common: Common = ctx.obj
    if common.executor == "github":
        raise UsageError(
            "The demo has no GitHub of its own",
            "Use --executor direct or prisma; docs/github.md has the executor github.",
        )
    if not (rows or executor or unattended or broken or slow or drift or block or stop or clean):
        _reopen(ctx, demo_folder(name), common.person(operator))
    from dixis_tui.cli.script import Script
    from dixis_tui.demo.lifecycle import Demo

    demo = Demo(demo_folder(name))
    if stop or clean:
        _end_runs(demo.folder / "runs")
        demo.clean() if clean else demo.stop()
        say(f"The demo {'is gone' if clean else 'has stopped'}.", err=as_json)
        return
    if drift:
        demo.break_production()
        say("Production now holds a row that the third migration fails on.")
        return
    if block:
        _block(demo)
        return
    script = Script(
        operator=common.person(operator),
        confirm=confirm or "",
        ticks=parse_ticks(ticks),
        waivers=parse_waivers(waivers),
    )
    if unattended:
        from dixis_tui.cli.commands.run import require_phrase
        from dixis_tui.settings import ConfirmSettings

        require_phrase(confirm, ConfirmSettings().phrase)
    else:
        require_terminal()
    under_way = _under_way(demo.folder / "runs")
    if under_way and (unattended or rows or broken or slow or executor):
        raise UsageError(
            f"Run {under_way.id} of this demo is under way",
            "Open it with plain `dixis-tui demo`, end it with `dixis-tui demo --stop`, or use another --name.",
        )
    left = None if (unattended or rows or broken or slow or executor) else _left(demo)
    ready = _prepare(
        demo, rows, executor or common.executor or "direct", broken=broken, slow=slow, under_way=under_way or left
    )
    if unattended:
        ctx.exit(_unattended(demo, ready, script, as_json=as_json))
    ctx.exit(_cockpit(demo, ready, script.operator, under_way, left))


def _block(demo: Demo) -> None:
    """Until Ctrl+C, or until somebody ends the session; both are what it is for."""
    try:
        say(demo.block_production(say))
    except KeyboardInterrupt:
        say("Given up: its transaction is undone, its lock is gone.")


def _reopen(ctx: click.Context, folder: Path, operator: str) -> None:
    """Where all of the demo stands and its run is under way: on the screen at once, psycopg not even imported."""
    from dixis_tui.demo.standing import stands

    if not stands(folder):
        return
    require_terminal()
    if run := _under_way(folder / "runs"):
        ctx.exit(_show(folder, run.folder, operator, _attached(run)))


def _prepare(
    demo: Demo, rows: int | None, executor: str, *, broken: bool, slow: bool, under_way: Run | None
) -> DemoReady:
    def tell(line: str) -> None:
        say(line, err=True)

    if under_way:
        return demo.prepare(on_line=tell)
    stood = demo.prepared
    ready = demo.prepare(rows, executor, tell, broken=broken, slow=slow, new_window=True)
    if stood:
        # Whatever an earlier run, or `--drift`, has left there.
        tell("Putting production back to its first state")
        demo.reset()
    return ready


def _unattended(demo: Demo, ready: DemoReady, script: Script, *, as_json: bool) -> int:
    from msgspec.structs import replace

    from dixis_tui.cli.drive import drive
    from dixis_tui.plan.checks import CATALOGUE
    from dixis_tui.run.spawn import start
    from dixis_tui.settings import load, secrets_from

    # Nobody runs this shop: the demo's own people agree, and the journal says that nobody was asked.
    people = frozenset(spec.code for spec in CATALOGUE if spec.person)
    script = replace(script, ticks=script.ticks | people, operator=f"{script.operator} (unattended demo)")
    settings = load(ready.config)
    settings = replace(settings, after=replace(settings.after, minutes=0.0))  # nothing would wait for a watch
    try:
        secrets = secrets_from(ready.environment, settings)
        folder = start(settings, secrets, script.operator, demo.folder / "runs").wait()
        driver = drive(folder, script, quiet=as_json)
        code = finish(folder, as_json=as_json, interrupted=driver.interrupted)
    finally:
        if not _under_way(demo.folder / "runs"):
            demo.stop()
    return code


def _cockpit(demo: Demo, ready: DemoReady, operator: str, under_way: Run | None, left: Run | None) -> int:
    from dixis_tui.cli.commands.cockpit import begun
    from dixis_tui.run.spawn import resume, start
    from dixis_tui.settings import load, secrets_from

    if under_way:
        return _show(demo.folder, under_way.folder, operator, _attached(under_way))
    settings = load(ready.config)
    secrets = secrets_from(ready.environment, settings)
    if left and left.target == _target(ready):
        starting = resume(left.folder, settings, secrets, operator)
        notice = f"Run {left.id} had lost its runner and is taken up again."
        return _show(demo.folder, *begun(starting, operator, notice))
    starting = start(settings, secrets, operator, demo.folder / "runs")
    return _show(demo.folder, *begun(starting, operator))


def _left(demo: Demo) -> Run | None:
    """The demo's run whose runner died in the middle of something: its production is left as that run left it."""
    from datetime import UTC, datetime

    from dixis_tui.run import resuming
    from dixis_tui.run.folders import all_runs
    from dixis_tui.run.runs import look

    folders = [folder for folder in reversed(all_runs()) if folder.parent == demo.folder / "runs"]
    latest = look(folders[0]) if folders else None
    if latest is None or not demo.prepared:
        return None
    return resuming.left_behind([latest], latest.target, datetime.now(UTC))


def _target(ready: DemoReady) -> str:
    from dixis_tui.postgres.url import parse
    from dixis_tui.settings import DATABASE_URL

    return parse(ready.environment.get(DATABASE_URL), DATABASE_URL).masked


def _attached(run: Run) -> str:
    return f"Attached to run {run.id}, under way."


def _show(demo_folder: Path, folder: Path, operator: str, notice: str = "") -> int:
    from dixis_tui.cli.commands.cockpit import show
    from dixis_tui.run.policy import in_progress
    from dixis_tui.run.runs import look

    code = show(folder, operator, notice)
    left = look(folder)
    if left.live and in_progress(left.state):
        say("The demo's servers stay up for it. `dixis-tui demo` opens it again, `--stop` ends it.")
        return code
    from dixis_tui.demo.lifecycle import Demo

    _end_runs(demo_folder / "runs")
    Demo(demo_folder).stop()
    return code


def _under_way(runs: Path) -> Run | None:
    from dixis_tui.run.runs import live_runs

    living = live_runs(runs)
    return living[-1] if living else None


def _end_runs(runs: Path) -> None:
    """End the demo's runs that are under way; a demo's production is nobody's."""
    from dixis_tui.cli.drive import end_run
    from dixis_tui.run.runs import live_runs

    for run in live_runs(runs):
        end_run(run.folder)
