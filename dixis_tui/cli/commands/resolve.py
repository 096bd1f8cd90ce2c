"""`dixis-tui resolve RUN MIGRATION`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.cli.commands.run import require_phrase
from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common, json_option, operator_option
from dixis_tui.cli.say import put, say
from dixis_tui.errors import RunnerError, UsageError
from dixis_tui.run.folders import find_own_run
from dixis_tui.run.runs import Run, look
from dixis_tui.secrets import clean

if TYPE_CHECKING:
    from dixis_tui.run.commands import Resolve

_HOW = {True: "applied", False: "rolled back"}


class ResolveResult(Struct, frozen=True, kw_only=True):
    """What `--json` gives. `marked` is null where it is not known; `seen` is what the look at the database found."""

    run: str
    migration: str
    applied: bool
    marked: bool | None
    seen: str
    problem: str


@click.command("resolve")
@click.argument("run")
@click.argument("migration")
@click.option("--applied/--rolled-back", "applied", default=None, help="What the row is to say.")
@click.option("--confirm", metavar="PHRASE", help="The rollback phrase, exactly; asked for where it is missing.")
@json_option
@operator_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    run: str,
    migration: str,
    applied: bool | None,
    confirm: str | None,
    as_json: bool,
    operator: str | None,
) -> None:
    """Mark a failed migration's row in the history of a run under way, where a look at the database agrees.

    All of the file is there: --applied. Nothing of it is: --rolled-back. The row alone is written, nothing else.
    Exit 0: it is marked. Exit 1: it is not. Exit 5: not known, the runner went before it answered.
    """
    from dixis_tui.cli.resolve_script import seen
    from dixis_tui.run import commands as cmd
    from dixis_tui.run import policy

    if applied is None:
        raise UsageError("What the row is to say is missing. Nothing was done.", "Pass --applied or --rolled-back.")
    before = _under_way(look(find_own_run(run)))
    asked = cmd.Resolve(migration=migration, applied=applied, phrase="", operator=_person(ctx, operator))
    if refused := policy.refusal(before.state, asked):
        raise RunnerError(f"{clean(refused)} Nothing was done.", "Look at the migrations with `dixis-tui migrations`.")
    say(f"{before.target}: {clean(migration)} is {seen(before.state, migration)}", err=True)
    phrase = _phrase(before, confirm, _HOW[applied], as_json=as_json)
    ctx.exit(_mark(before, replace(asked, phrase=phrase), as_json=as_json))


def _person(ctx: click.Context, operator: str | None) -> str:
    common: Common = ctx.obj
    return common.person(operator)


def _under_way(run: Run) -> Run:
    """`run`, where its runner can still be asked. Raises UsageError."""
    if not run.live and not run.state.ended:
        raise UsageError(
            f"The runner of run {run.id} is gone: nothing can be asked of it. Nothing was done.",
            f"Take the run up again first: `dixis-tui recover {run.id} --stay`.",
        )
    if not run.live:
        raise UsageError(
            f"Run {run.id} has ended: nothing is resolved in it any more. Nothing was done.",
            "Start a new run: its preflight looks at the row and names the command.",
        )
    return run


def _phrase(before: Run, typed: str | None, how: str, *, as_json: bool) -> str:
    wanted = before.state.run.rollback_phrase if before.state.run else ""
    if typed is None and not as_json:
        typed = click.prompt(put(f"Type {wanted} to mark it as {how}"), err=True)
    require_phrase(typed, wanted)
    return typed or ""


def _mark(before: Run, asked: Resolve, *, as_json: bool) -> Exit:
    """Send it once, wait for what came of it, say it."""
    from dixis_tui.cli.drive import ask_once, run_driver
    from dixis_tui.cli.resolve_script import Answer, seen
    from dixis_tui.cli.result import to_json

    if refused := ask_once(before.folder, asked):
        raise RunnerError(refused, "The run goes on as it was; look at it with `dixis-tui attach`.")
    answer = Answer(before.state, asked.migration)
    driver = run_driver(before.folder, lambda _: None, quiet=True, watching=True, enough=answer.given)
    state, marked = driver.state, answer.marked(driver.state)
    problem = "" if marked else answer.problem(state)
    found, name = seen(state, asked.migration), clean(asked.migration)
    if as_json:
        known = marked if marked or problem else None
        say(
            to_json(
                ResolveResult(
                    run=before.id,
                    migration=asked.migration,
                    applied=asked.applied,
                    marked=known,
                    seen=found,
                    problem=problem,
                )
            )
        )
    if marked:
        say(f"{name} is marked as {_HOW[asked.applied]}: {state.resolved[asked.migration].evidence}", err=as_json)
        return Exit.DONE
    if problem:
        say(f"dixis-tui: {problem}\n  `dixis-tui migrations` shows how the row stands.", err=True)
        return Exit.ERROR
    say(
        f"Whether {name} was marked is not known: nobody waited for the answer, or the runner is gone.\n"
        "  `dixis-tui migrations` shows how the row stands.",
        err=True,
    )
    return Exit.UNKNOWN
