"""A runner in a thread of the test, with work that waits until it is told to go on, and a bare hand on its socket."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path

import msgspec

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Phase, passed
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, work
from dixis_tui.run.accounts import Asker
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.run.protocol import Message, Request
from dixis_tui.run.runner import Runner
from dixis_tui.run.runs import live
from dixis_tui.run.state import RunState, fold
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from tests.unit.examples import BACKUP, STARTED
from tests.waiting import until

SECRET = "correct-horse-battery"
_real_perform = work.perform


class Served:
    """One run in `folder`; the working directory must be that folder, as a runner's is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.go_on = threading.Event()
        self.error: Exception | None = None
        log = Log(folder / folders.LOG, Redactor([SECRET]))
        self.context = Context(folder, Settings(), {}, Journal(folder / folders.JOURNAL), log)
        self.context.emit(STARTED)
        self.runner = Runner(self.context)
        self._thread = threading.Thread(target=self._serve)

    def start(self) -> Served:
        """Serve; returns once the runner listens."""
        self._thread.start()
        until(lambda: live(self.folder), what="the runner to listen")
        return self

    def _serve(self) -> None:
        asyncio.run(self.runner.serve(None))

    def perform(self, context: Context, command: cmd.Command, asker: Asker) -> None:
        """Instead of the phases that act: a phase of one check that lasts until `go_on` is set."""
        if self.error:
            raise self.error
        match command:
            case cmd.StartPhase(phase=phase):
                with context.phase(phase, [("DX201", "")] if phase is Phase.BACKUP else []):
                    until(lambda: self.go_on.is_set() or context.stopping.is_set(), 30, "the word to go on")
                    context.safe_point()
                    context.found("DX201", passed("seen"))
                    context.emit(ev.BackupMade(backup=BACKUP))
            case cmd.End() | cmd.SignOff():
                _real_perform(context, command, asker)

    def told(self) -> RunState:
        """What the journal says now, its chain checked."""
        return fold(read(self.folder / folders.JOURNAL))

    def events(self) -> list[ev.Event]:
        """The journal's events."""
        return [entry.event for entry in read(self.folder / folders.JOURNAL)]

    def end(self) -> None:
        """End the run where it still goes on, and wait until everything of it is gone."""
        self.go_on.set()
        if self._thread.is_alive() and not self.told().ended:
            with Hand(self.folder) as hand:
                until(lambda: hand.ask(cmd.End()) == "", what="the end to be taken")
        self._thread.join(20)
        assert not self._thread.is_alive()

    @property
    def serving(self) -> bool:
        """Whether the runner still runs."""
        return self._thread.is_alive()

    def opened(self) -> None:
        """Preflight is open: a backup may be started."""
        started = ev.PhaseStarted(phase=Phase.PREFLIGHT, checks=[("DX101", "")])
        self.context.emit(started, ev.CheckChanged(code="DX101", state=CheckState.PASSED, evidence="set"))
        with self.context.phase(Phase.PREFLIGHT, [("DX101", "")]):
            self.context.found("DX101", passed("set"))


class Hand:
    """A connection to the socket, without the program's own client."""

    def __init__(self, folder: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(20)
        handle = os.open(folder, os.O_RDONLY)
        try:
            self._socket.connect(folders.socket_path(folder, handle))
        finally:
            os.close(handle)
        self._lines = self._socket.makefile("rb")
        self._last = 0

    def send(self, data: bytes) -> None:
        """Raw bytes; a runner that has closed meanwhile is no error."""
        try:
            self._socket.sendall(data)
        except OSError:
            return

    def read(self) -> Message | None:
        """The next line; None: the runner has closed the connection."""
        try:
            line = self._lines.readline()
        except ConnectionResetError:
            return None
        return msgspec.json.decode(line, type=Message) if line else None

    def answer(self) -> str:
        """The next answer, news left aside."""
        while (message := self.read()) is not None:
            if message.refused is not None:
                return message.refused
        raise AssertionError("the runner closed the connection instead of answering")

    def post(self, command: cmd.Command) -> None:
        """Send a command and do not wait."""
        self._last += 1
        self.send(msgspec.json.encode(Request(self._last, command)) + b"\n")

    def ask(self, command: cmd.Command) -> str:
        """Send a command; empty: taken."""
        self.post(command)
        return self.answer()

    def close(self) -> None:
        """Go away without a word."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # also wakes a thread that still sends
        self._lines.close()
        self._socket.close()

    def __enter__(self) -> Hand:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
