"""The program as its user starts it: a command line, an environment of its own, a state directory of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from msgspec import Struct

from dixis_tui.demo.lifecycle import Demo
from dixis_tui.postgres.embedded import wheel_bindir
from dixis_tui.run import commands as cmd
from dixis_tui.run.client import Client
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.runs import Run, live, look
from dixis_tui.run.state import RunState
from tests.terminal import TmuxTerminal
from tests.waiting import until

PHRASE = "DIXIS-PROD-OK"
ROLLBACK_PHRASE = "DIXIS-ROLLBACK-OK"
PROGRAM = (sys.executable, "-m", "dixis_tui")


class Done(Struct, frozen=True):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def result(self) -> dict[str, Any]:
        """The last line of stdout, which has to be one JSON object."""
        found = json.loads(self.out.splitlines()[-1])
        assert isinstance(found, dict)
        return found

    @property
    def said(self) -> str:
        """Both streams."""
        return self.out + self.err


class House:
    """One state directory and everything that lives in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "dixis-tui"
        self.demo = Demo(self.state / "demo" / "default", fsync=False)
        self.environment = {
            # The demo's own tools first: Debian's wrappers in /usr/bin take a Perl for each of three, in every phase.
            "PATH": f"{wheel_bindir()}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "XDG_STATE_HOME": str(folder),
        }

    def call(
        self, *words: str, extra: Mapping[str, str] | None = None, directory: Path | None = None, seconds: float = 120
    ) -> Done:
        """Run one command to its end, without a terminal."""
        done = subprocess.run(
            [*PROGRAM, *words],
            env=self.environment | dict(extra or {}),
            cwd=directory or self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start(
        self, *words: str, extra: Mapping[str, str] | None = None, directory: Path | None = None
    ) -> subprocess.Popen[str]:
        """Start one command without a terminal; `ended` collects it."""
        return subprocess.Popen(
            [*PROGRAM, *words],
            env=self.environment | dict(extra or {}),
            cwd=directory or self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def terminal(
        self,
        *words: str,
        columns: int = 120,
        rows: int = 40,
        extra: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> TmuxTerminal:
        """The same in a real terminal."""
        environment = self.environment | dict(extra or {})
        return TmuxTerminal([*PROGRAM, *words], columns, rows, environment, directory or self.folder)

    def runs(self) -> list[Path]:
        """Every run's folder, the demo's as well, oldest first."""
        found = [*self.state.glob(f"runs/*/{JOURNAL}"), *self.state.glob(f"demo/*/runs/*/{JOURNAL}")]
        return sorted((journal.parent for journal in found), key=lambda folder: folder.name)

    def new_run(self, before: list[Path], seconds: float = 60) -> Path:
        """The run that came after `before`."""

        def fresh() -> list[Path]:
            return [run for run in self.runs() if run not in before]

        return until(fresh, seconds, "a run to begin")[-1]

    def end(self) -> None:
        """End every run that lives, and the demo's servers; the demo's data stay."""
        for run in self.runs():
            until(partial(_pushed, run), 60, f"{run.name} to end")
        self.demo.stop()


def _pushed(run: Path) -> bool:
    if live(run):
        send(run, cmd.Stop() if look(run).state.running else cmd.End())
    return not live(run)


def ended(process: subprocess.Popen[str], seconds: float = 120) -> Done:
    """What a started command said, once it has ended."""
    out, err = process.communicate(timeout=seconds)
    return Done(process.returncode, out, err)


def send(run: Path, command: cmd.Command) -> str:
    """Send one command to a run as a second screen would; its refusal, or nothing."""

    async def talk() -> str:
        client = Client(run)
        following = asyncio.create_task(client.follow(lambda: None))
        try:
            return await client.send(command)
        finally:
            following.cancel()

    return asyncio.run(talk())


def state_of(run: Path) -> RunState:
    """What the journal says now."""
    return look(run).state


def seen(run: Path) -> Run:
    """The run as it is found from outside."""
    return look(run)


def written(run: Path) -> str:
    """Journal, log and the runner's own output, as text."""
    return "".join((run / name).read_text("utf-8") for name in (JOURNAL, LOG, "runner.err"))
