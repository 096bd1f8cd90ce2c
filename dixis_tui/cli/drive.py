"""Following a run in plain lines, and driving it by a script: the headless front end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import click

from dixis_tui.cli.lines import describe
from dixis_tui.cli.say import say
from dixis_tui.cli.script import Script, next_step
from dixis_tui.events import CheckChanged, Event, FirstConfirmed
from dixis_tui.model import CheckState, MigrationState
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy_github
from dixis_tui.run.client import Client
from dixis_tui.run.runs import live
from dixis_tui.run.state import RunState, apply

_GOING_LOOKS, _GOING_SECONDS = 100, 0.02
Decide = Callable[[RunState], cmd.Command | None]
Enough = Callable[[RunState], bool]


_GOES_ON = "the run goes on without us."
_SECOND_WORDS = (
    "Interrupted again: the statement that runs on the server is cancelled. A file in one transaction is undone whole; "
    "one that commits by itself keeps the statements before it."
)


_SECOND_AT_GITHUB = (
    "Interrupted again: the workflow run is cancelled, and Prisma ended with it; a statement on the server may go on, "
    "and production is looked at afterwards."
)


def _first_words(state: RunState) -> str:
    if policy_github.followed(state):
        if not policy_github.may_have_begun(state):
            return "the workflow run is looked at: where it has not begun it is cancelled, then the run ends."
        return "the workflow run goes on to its end, then the run ends. Ctrl+C again cancels it."
    name = next((view.name for view in state.migrations.values() if view.state is MigrationState.RUNNING), "")
    if not name:
        return "the run stops at its next safe point, then ends."
    return (
        f"the run stops after {name}, which runs now, then ends; what was applied stays applied. "
        "Ctrl+C again cancels its statement."
    )


def _never(_: RunState) -> bool:
    return False


class Driver:
    """Prints what happens, sends what `decide` says, returns when the run has ended or its runner is gone.

    `enough`: return before that, and leave the run as it is. `shown`: so many entries are not printed.
    """

    def __init__(
        self,
        folder: Path,
        decide: Decide,
        *,
        quiet: bool,
        watching: bool = False,
        enough: Enough = _never,
        shown: int = 0,
        operator: str = "",
        leaves: bool = False,
    ) -> None:
        self._folder = folder
        self._leaves = leaves
        self._operator = operator
        self._client = Client(folder)
        self._decide = decide
        self._quiet = quiet
        self._watching = watching
        self._enough = enough
        self._shown = shown
        self._news = asyncio.Event()
        self._said: dict[tuple[str, str], CheckChanged] = {}
        self._sent: cmd.Command | None = None
        self._sent_at = -1
        self.state = RunState()
        self.interrupted = False
        self.insisted = False
        self.refused = ""

    async def run(self) -> RunState:
        """Drive to the end."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self._interrupt)
        following = asyncio.create_task(self._client.follow(self._news.set))
        following.add_done_callback(lambda _: self._news.set())
        while True:
            await self._news.wait()
            self._news.clear()
            self._read()
            if self.state.ended or self.state.left or following.done() or (self._watching and self.interrupted):
                break
            if self._enough(self.state):
                break
            await self._step()
        if following.done() and not (self.state.ended or self.state.left) and not self._enough(self.state):
            await self._until_gone()
        following.cancel()
        self._read()
        return self.state

    async def _until_gone(self) -> None:
        """A runner that was killed may be found listening for a moment after it hung up: no word before it is gone."""
        for _ in range(_GOING_LOOKS):
            if not live(self._folder):
                return
            await asyncio.sleep(_GOING_SECONDS)

    def _read(self) -> None:
        for entry in self._client.read():
            self.state = apply(self.state, entry)
            if entry.number <= self._shown or self._said_before(entry.event):
                continue
            if not self._quiet and (line := describe(entry)):
                click.echo(line)
            if self._quiet and isinstance(entry.event, FirstConfirmed):
                how = f"`dixis-tui approve {self._folder}`"
                say(f"Waiting for the second person: {how} from another account.", err=True)

    def _said_before(self, event: Event) -> bool:
        """Whether this is a check that a later phase finds as it was said to be, and that closes nothing."""
        if not isinstance(event, CheckChanged) or event.state is CheckState.WAITING:
            return False
        before = self._said.get((event.code, event.subject))
        self._said[event.code, event.subject] = event
        return event == before and event.state is not CheckState.FAILED

    async def _step(self) -> None:
        command = self._decide(self.state) if not self.interrupted else self._way_out()
        # What a phrase sets going is looked at first, and that is journaled: it is not typed again meanwhile. Nor is a
        # sign-off: the after-watch has its last words then.
        again = command == self._sent
        if command is None or (
            again and (self.state.entries == self._sent_at or isinstance(command, cmd.Confirm | cmd.SignOff))
        ):
            return
        self._sent, self._sent_at = command, self.state.entries
        if refused := await self._client.send(command):
            self.refused, self._sent = refused, None
            if not self.interrupted and not self.state.ended:
                say(refused, err=True)

    def _way_out(self) -> cmd.Command:
        if not self.state.running:
            leaves = self._leaves or policy_github.left_open(self.state)
            return cmd.Leave(reason="interrupted") if leaves else cmd.End()
        return cmd.Stop(now=self.insisted, operator=self._operator)

    def _interrupt(self) -> None:
        """First: stop at the next safe point. Second: cancel the statement that runs. Both say what that means."""
        if not self.interrupted:
            say(f"Interrupted: {_GOES_ON if self._watching else _first_words(self.state)}", err=True)
        elif not self.insisted and not self._watching:
            say(_SECOND_AT_GITHUB if policy_github.followed(self.state) else _SECOND_WORDS, err=True)
            self.insisted = True
        self.interrupted = True
        self._news.set()


def drive(folder: Path, script: Script, *, quiet: bool) -> Driver:
    """Drive the run in `folder` by `script`; returns the driver with the last state."""
    return run_driver(folder, lambda state: next_step(state, script), quiet=quiet, operator=script.operator)


def run_driver(
    folder: Path,
    decide: Decide,
    *,
    quiet: bool,
    watching: bool = False,
    enough: Enough = _never,
    shown: int = 0,
    operator: str = "",
    leaves: bool = False,
) -> Driver:
    """Drive the run in `folder` by `decide` until it has ended, or until it is `enough`.

    `watching`: the run is not ours, and goes on when we are interrupted. `leaves`: interrupted, its runner leaves it
    open instead of ending it.
    """
    driver = Driver(
        folder,
        decide,
        quiet=quiet,
        watching=watching,
        enough=enough,
        shown=shown,
        operator=operator,
        leaves=leaves,
    )
    asyncio.run(driver.run())
    return driver


def ask_once(folder: Path, command: cmd.Command) -> str:
    """Send one command to a run that is not ours; "" when it was taken, else why not, as one sentence."""

    async def talk() -> str:
        client = Client(folder)
        following = asyncio.create_task(client.follow(lambda: None))
        try:
            return await client.send(command)
        finally:
            following.cancel()

    return asyncio.run(talk())


def end_run(folder: Path) -> None:
    """Stop what the run is at, and end it where it stands."""
    run_driver(folder, lambda state: cmd.Stop() if state.running else cmd.End(), quiet=True)


def follow(folder: Path, *, quiet: bool) -> Driver:
    """Print the run in `folder` until it ends, or until Ctrl-C: then the run goes on without us."""
    driver = Driver(folder, lambda _: None, quiet=quiet, watching=True)
    asyncio.run(driver.run())
    return driver
