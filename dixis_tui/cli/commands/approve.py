"""`dixis-tui approve RUN`."""

from __future__ import annotations

import re
from pathlib import Path

import click
from msgspec import Struct

from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common, json_option, operator_option
from dixis_tui.cli.say import say
from dixis_tui.cli.terminal import cockpit, is_terminal
from dixis_tui.errors import RunnerError, UsageError
from dixis_tui.run.state import RunState


class ApproveResult(Struct, frozen=True):
    """The last line of `dixis-tui approve --json`."""

    run: str
    approved: bool
    plan: str
    first: str
    second: str
    refused: str


@click.command("approve")
@click.argument("run")
@click.option("--confirm", metavar="PHRASE", help="The phrase, exactly; without it the cockpit asks for it.")
@click.option("--plan", metavar="HASH", help="The short hash on the operator's screen; needed with --confirm.")
@json_option
@operator_option
@click.pass_context
def command(
    ctx: click.Context, *, run: str, confirm: str | None, plan: str | None, as_json: bool, operator: str | None
) -> None:
    """Be the second person: confirm, from another account, the plan that the operator of RUN has confirmed.

    RUN is the path on the operator's screen. Opens a cockpit that watches; its one key that acts is m. Without a
    terminal: --confirm and --plan. Exit 3: it was refused.
    """
    from dixis_tui.run.folders import find_run

    common: Common = ctx.obj
    folder = find_run(run)
    if confirm is not None:
        ctx.exit(_approve(folder, confirm, plan, common.person(operator), as_json=as_json))
    if as_json or not is_terminal():
        raise UsageError("There is no terminal to type the phrase in", "Pass --confirm PHRASE and --plan HASH.")
    from dixis_tui.run.client import Client

    ctx.exit(cockpit()(Client(folder), common.person(operator), "", "second"))


def _approve(folder: Path, phrase: str, wanted: str | None, person: str, *, as_json: bool) -> int:
    from dixis_tui.cli.drive import ask_once, run_driver
    from dixis_tui.cli.result import to_json
    from dixis_tui.run.commands import Confirm
    from dixis_tui.run.runs import look

    before = look(folder)
    if not before.live:
        raise RunnerError(f"The runner of {folder.name} is gone: there is nothing to approve", "Ask its operator.")
    sealed = _plan_of(before.state, wanted)
    refused = ask_once(folder, Confirm(phrase=phrase, operator=person, digest=sealed))
    state = before.state
    if not refused:
        driver = run_driver(
            folder,
            lambda _: None,
            quiet=as_json,
            watching=True,
            enough=lambda now: _decided(before.state, now),
            shown=before.state.entries,
        )
        state = driver.state
        refused = _refusal(before.state, state)
    done = state.confirmed
    if refused:
        say(refused, err=True)
    elif done:
        say(f"Confirmed by {done.operator} ({done.account}) and {done.second} ({done.second_account}).", err=as_json)
    if as_json:
        first = done.operator if done and not refused else ""
        plan = before.state.plan.hash if before.state.plan else ""
        click.echo(to_json(ApproveResult(folder.name, not refused, plan, first, "" if refused else person, refused)))
    return Exit.CLOSED if refused else Exit.DONE


def _plan_of(state: RunState, wanted: str | None) -> str:
    """The digest of the sealed plan, where `wanted` is its short hash. Raises UsageError."""
    if wanted is None:
        raise UsageError("Which plan is approved has to be said. Nothing was done.", "Pass --plan HASH.")
    if state.plan is None:
        raise UsageError("No plan is sealed in this run. Nothing was done.", "Wait for its operator.")
    if _digits(wanted) != _digits(state.plan.hash):
        raise UsageError(
            f"The sealed plan is {state.plan.hash}, not the one that --plan names. Nothing was done.",
            "Read it on the operator's screen.",
        )
    return state.plan.digest


def _digits(text: str) -> str:
    """A hash without what parts its digits: the middle dot is on few keyboards."""
    return re.sub(r"[^0-9a-z]", "", text.lower())


def _decided(before: RunState, now: RunState) -> bool:
    return now.confirmed != before.confirmed or now.refusals > before.refusals or now.first_confirmed is None


def _refusal(before: RunState, now: RunState) -> str:
    if now.confirmed != before.confirmed and now.confirmed is not None:
        return ""
    if now.refusals > before.refusals and now.refused:
        return now.refused.reason
    return now.first_voided.reason if now.first_voided else "The run went on without this approval: look at it."
