"""`dixis-tui rollback [RUN]`."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.cli.commands.run import require_phrase
from dixis_tui.cli.exits import Exit
from dixis_tui.cli.options import Common, finish, json_option, operator_option, secrets_for_headless
from dixis_tui.cli.rollback_script import LookScript, RollbackScript, TickScript, checklist
from dixis_tui.cli.say import put, say
from dixis_tui.cli.ways import WaysResult, choose, lines, option
from dixis_tui.errors import RunnerError, UnknownOutcomeError, UsageError
from dixis_tui.events import WaysSeen
from dixis_tui.model import Phase, Way
from dixis_tui.plan.checks import SPECS
from dixis_tui.run import policy_github
from dixis_tui.run.folders import find_own_run
from dixis_tui.run.runs import Run, look
from dixis_tui.run.state import RunState


@click.command("rollback")
@click.argument("run", required=False)
@click.option("--way", type=click.Choice([option(way) for way in Way]), help="Which way (default: the first open one).")
@click.option("--confirm", metavar="PHRASE", help="The rollback phrase, exactly; asked for where it is missing.")
@click.option("--look", "only_look", is_flag=True, help="Show the ways back and what would be lost, and do nothing.")
@json_option
@operator_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    run: str | None,
    way: str | None,
    confirm: str | None,
    only_look: bool,
    as_json: bool,
    operator: str | None,
) -> None:
    """Put production back to a run's backup: beside it and swapped in, or in place; or by the provider's snapshot.

    Without RUN: the latest run that changed the database of DATABASE_URL and has a backup.

    Works on a run that is under way, and on one that has ended; everything written since the backup is lost. A
    rollback that was begun and did not come to its end is gone on with.
    """
    from dixis_tui.cli.rollback_target import latest_that_changed, where_it_stands

    common: Common = ctx.obj
    before = where_it_stands(look(find_own_run(run)) if run else latest_that_changed())
    asked = _Asked(
        phrase=_phrase(common, before),
        typed=confirm,
        way=Way(way.replace("-", "_")) if way else None,
        operator=common.person(operator),
        only_look=only_look,
        as_json=as_json,
    )
    asked.require_sense()
    folder = _runner(common, before, asked.operator)
    decided: tuple[RollbackScript, RunState] | None = None
    try:
        state, seen = _look(folder, before)
        _tell(before, seen, only_look=only_look, as_json=as_json)
        if only_look:
            return
        taken, reason = choose(seen, asked.way, typed_before=asked.typed is not None)
        if taken is None:
            ctx.exit(_refused(reason, as_json=as_json))
        decided = asked.script(taken, state), state
    finally:
        if decided is None:
            _leave(folder, before)
    ctx.exit(_go_back(folder, *decided, as_json=as_json))


class _Asked(Struct, frozen=True, kw_only=True):
    """What the command line asks for. `phrase` is the one to type, `typed` the one of `--confirm`."""

    phrase: str
    typed: str | None
    way: Way | None
    operator: str
    only_look: bool
    as_json: bool

    def require_sense(self) -> None:
        """Raises UsageError for what would be refused later, before anything is started."""
        if self.only_look:
            return
        if self.way is Way.SNAPSHOT and self.as_json:
            raise UsageError("The provider's snapshot needs a person's answers", "Leave out --json.")
        if self.typed is not None or self.as_json:
            require_phrase(self.typed, self.phrase)

    def script(self, taken: Way, state: RunState) -> RollbackScript:
        """What goes back by that way; the phrase is asked for where it was not given. Raises UsageError and Abort."""
        typed = self.typed
        if typed is None:
            typed = click.prompt(put(f"Type {self.phrase} to go back by the way {option(taken)}"), err=True)
            require_phrase(typed, self.phrase)
        return RollbackScript(
            phrase=typed or "",
            operator=self.operator,
            way=taken,
            attempts=state.phase(Phase.ROLLBACK).attempts,
            refusals=state.refusals,
        )


def _phrase(common: Common, before: Run) -> str:
    if before.live and before.state.run:
        return before.state.run.rollback_phrase
    return common.settings().confirm.rollback_phrase


def _runner(common: Common, before: Run, person: str) -> Path:
    """The run that goes back: the one that is under way, or a new one that takes its backup over."""
    from dixis_tui.run.spawn import start

    if before.live:
        return before.folder
    if before.state.ended is None and policy_github.unsettled(before.state):
        raise UnknownOutcomeError(
            f"The workflow run of run {before.id} may be at work on GitHub, and would migrate what is put back",
            f"`dixis-tui recover {before.id}` follows it to its end. Nothing was done.",
        )
    settings = common.settings()
    return start(settings, secrets_for_headless(settings), person, before.folder.parent, adopts=before.folder).wait()


def _look(folder: Path, before: Run) -> tuple[RunState, WaysSeen]:
    from dixis_tui.cli.drive import run_driver

    script = LookScript(before.state if before.live else RunState())
    driver = run_driver(folder, script.next_step, quiet=True, watching=before.live, enough=script.answered)
    if driver.interrupted:
        raise click.Abort
    if not script.seen(driver.state) or driver.state.ways is None:
        problem = script.problem(driver.state) or driver.refused or "The runner is gone before it had looked."
        raise RunnerError(f"The ways back can't be looked at: {problem}", "Nothing was done.")
    return driver.state, driver.state.ways


def _tell(before: Run, seen: WaysSeen, *, only_look: bool, as_json: bool) -> None:
    from dixis_tui.cli.result import to_json

    aside = as_json or not only_look
    backup = before.state.backup
    held = (
        f"{backup.bytes:,} bytes, {len(backup.counts)} tables, {sum(backup.counts.values()):,} rows" if backup else ""
    )
    say(f"{before.target}: back to the backup of run {before.id}, {_age(before)}. {held}".rstrip(), err=aside)
    for line in lines(seen):
        say(line, err=aside)
    if only_look and as_json:
        click.echo(to_json(WaysResult(before.id, before.target, seen.ways, seen.losses, seen.loss_unknown)))


def _leave(folder: Path, before: Run) -> None:
    """A run that we started for this ends with it; one that was under way goes on."""
    from dixis_tui.cli.drive import end_run

    if not before.live:
        end_run(folder)


def _refused(reason: str, *, as_json: bool) -> Exit:
    from dixis_tui.cli.result import Refusal, to_json

    remedy = "Nothing was done. `dixis-tui rollback --look` shows every way."
    say(f"dixis-tui: {reason}\n  {remedy}", err=True)
    if as_json:
        click.echo(to_json(Refusal(verdict="closed", error=reason, remedy=remedy)))
    return Exit.CLOSED


def _go_back(folder: Path, script: RollbackScript, state: RunState, *, as_json: bool) -> int:
    from dixis_tui.cli.drive import run_driver

    driver = run_driver(folder, script.next_step, quiet=as_json, enough=script.asks, shown=state.entries)
    state = driver.state
    if not state.ended and not driver.interrupted and script.asks(state):
        _ask(folder, state, script.operator)
        attempts = state.phase(Phase.ROLLBACK).attempts
        rest = replace(script, answered=True, attempts=attempts, refusals=state.refusals)
        driver = run_driver(folder, rest.next_step, quiet=False, shown=state.entries)
    return finish(folder, as_json=as_json, interrupted=driver.interrupted)


def _ask(folder: Path, state: RunState, operator: str) -> None:
    """The provider's checklist, one by one. Raises Abort where a step is not done: the run waits."""
    from dixis_tui.cli.drive import run_driver

    for code in (code for code in checklist() if not state.check(code).open):
        spec, script = SPECS[code], TickScript(code=code, operator=operator)
        try:
            done = click.confirm(put(f"{code} {spec.title} ({spec.looks}): done?"), err=True)
        except click.Abort:
            done = False
        if not done:
            say(f"The run waits: go on with `dixis-tui rollback {folder.name} --way snapshot`.", err=True)
            raise click.Abort
        run_driver(folder, script.next_step, quiet=True, watching=True, enough=script.done)


def _age(run: Run) -> str:
    from datetime import UTC, datetime

    backup = run.state.backup
    at = (backup.taken_at if backup else None) or run.state.phase(Phase.BACKUP).started or run.started
    if at is None:
        return "of unknown age"
    minutes = int((datetime.now(UTC) - at).total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min old"
