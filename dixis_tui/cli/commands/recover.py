"""`dixis-tui recover [RUN]`."""

from __future__ import annotations

import threading
from pathlib import Path

import click
from msgspec import Struct

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common, json_option, operator_option, secrets_for_headless, tell_whom_to_call
from dixis_tui.cli.recover_script import RecoverScript, exit_of
from dixis_tui.cli.say import say
from dixis_tui.errors import UsageError
from dixis_tui.run.folders import JOURNAL, find_own_run
from dixis_tui.run.runs import Run, look
from dixis_tui.run.state import RunState
from dixis_tui.settings import DATABASE_URL

_LOOK_SECONDS = 2.0


class RecoverResult(Struct, frozen=True, kw_only=True):
    """What `--json` gives. `outcome` is empty where the phrase was taken anew after the look."""

    run: str
    verdict: str
    outcome: str
    evidence: str
    remedy: str
    migrations: dict[str, str]
    journal: str


@click.command("recover")
@click.argument("run", required=False)
@click.option("--confirm", metavar="PHRASE", help="The phrase, to go on with the rest where a part of it is in.")
@click.option("--stay", is_flag=True, help="Leave a runner there, so that `resolve` and `attach` can go on.")
@json_option
@operator_option
@click.pass_context
def command(
    ctx: click.Context, *, run: str | None, confirm: str | None, stay: bool, as_json: bool, operator: str | None
) -> None:
    """Take up a run whose runner died or left: look at production first, then say what fits.

    Without RUN: the one on the database of DATABASE_URL. It waits for what is still at work there. Where all is in, it
    is verified and signed off; where a part is, --confirm goes on with the rest. Nothing else is begun by itself.
    Exit 0: done. 3: production was not changed. 4: rolling back, resolving or going on is a person's. 5: not known.
    """
    from dixis_tui.cli.commands.run import require_phrase
    from dixis_tui.run.spawn import resume

    common: Common = ctx.obj
    settings = common.settings()
    secrets = secrets_for_headless(settings)
    before = _found(run, secrets[DATABASE_URL])
    if confirm is not None and before.state.run:
        require_phrase(confirm, before.state.run.phrase)
    script = RecoverScript(operator=common.person(operator), confirm=confirm or "", stay=stay)
    folder = resume(before.folder, settings, secrets, script.operator).wait()
    state = _drive(folder, script, before.state.entries, quiet=as_json)
    ctx.exit(_tell(folder, state, as_json=as_json))


def _found(run: str | None, url: str) -> Run:
    from dixis_tui.cli.commands.cockpit import left_behind

    if run:
        found = look(find_own_run(run))
        if found.live:
            raise UsageError(f"Run {found.id} has its runner", f"Look at it with `dixis-tui attach {found.id}`.")
        return found
    left = left_behind(url)
    if left is None:
        raise UsageError(
            "There is no run on this database that has lost its runner", "List the runs with `dixis-tui runs`."
        )
    return left


def _drive(folder: Path, script: RecoverScript, shown: int, *, quiet: bool) -> RunState:
    """To the run's end, or until it is left; what is at work on production is waited for."""
    from dixis_tui.cli.drive import ask_once, run_driver
    from dixis_tui.run import commands as cmd

    while True:
        driver = run_driver(
            folder,
            lambda state: None if script.at_work(state) else script.next_step(state),
            quiet=quiet,
            enough=lambda state: script.at_work(state) or script.enough(state),
            shown=shown,
            leaves=True,
        )
        state, shown = driver.state, driver.state.entries
        if driver.interrupted or not script.at_work(state):
            return state
        try:
            threading.Event().wait(_LOOK_SECONDS)
        except KeyboardInterrupt:
            ask_once(folder, cmd.Leave(reason="interrupted while it waited"))
            return state
        ask_once(folder, cmd.Recover())


def _tell(folder: Path, state: RunState, *, as_json: bool) -> Exit:
    from dixis_tui.cli.result import to_json

    found, journal = state.recovery, str(folder / JOURNAL)
    stands = state.verdict if state.ended else look(folder).verdict
    verdict = str(stands)
    if found and not state.ended:
        say(f"{found.outcome}: {found.evidence}.\n  {found.remedy}", err=as_json)
    say(f"Verdict {verdict}. Journal: {journal}", err=as_json)
    tell_whom_to_call(state, stands)
    if as_json:
        say(
            to_json(
                RecoverResult(
                    run=folder.name,
                    verdict=verdict,
                    outcome=str(found.outcome) if found else "",
                    evidence=found.evidence if found else "",
                    remedy=found.remedy if found else "",
                    migrations={name: str(view.state) for name, view in state.migrations.items()},
                    journal=journal,
                )
            )
        )
    return exit_of(state)
