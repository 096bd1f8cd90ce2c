"""Starts and ends the sample shop: a process of its own session, found again by what it wrote about itself.

A process number alone may belong to a stranger by now. It counts only together with the moment at which that process
was born, and the boot of the machine.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

import dixis_tui
from dixis_tui.demo.folder import write_private
from dixis_tui.errors import ToolError
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import child_environment
from dixis_tui.secrets import clean

_START_SECONDS = 30.0
_STOP_SECONDS = 10.0
_LOG_LIMIT = 1 << 20
"""Bytes after which the log of requests is begun anew at the next start."""


class ShopState(Struct, frozen=True):
    """A shop that runs: its process, when that was born, its port, and the masked URL of its database."""

    pid: int
    born: str
    port: int
    database: str


def read_state(path: Path) -> ShopState | None:
    """What a shop wrote about itself; None where there is nothing, or nothing sound."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=ShopState)
    except (OSError, msgspec.MsgspecError):
        return None


def write_state(path: Path, state: ShopState) -> None:
    """Write it in one piece."""
    write_private(path, msgspec.json.encode(state))


def birth(pid: int) -> str:
    """When the process was born, as its system says it; empty where it is gone, or only waits to be noticed (zombie).

    Linux: field 22 of `/proc/PID/stat`, ticks since boot, with the boot's id. Elsewhere `ps`.
    """
    boot = Path("/proc/sys/kernel/random/boot_id")
    if boot.exists():
        try:
            fields = Path("/proc", str(pid), "stat").read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else f"{boot.read_text().strip()} {fields[19]}"
    words = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
    state, _, born = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip().partition(" ")
    return "" if state.startswith("Z") else born.strip()


def _lives(state: ShopState) -> bool:
    return bool(state.born) and birth(state.pid) == state.born


PAGE = "maintenance.html"
"""In the demo's folder: while it is there, visitors get it."""


class ShopProcess:
    """The shop of one demo's folder."""

    def __init__(self, folder: Path) -> None:
        self._state = folder / "shop.json"
        self._port = folder / "shop.port"
        self._log = folder / "shop.log"

    @property
    def running(self) -> ShopState | None:
        """The living shop of this folder."""
        state = read_state(self._state)
        return state if state and _lives(state) else None

    def start(self, database: DatabaseUrl) -> int:
        """Have a shop on `database`, and return its port: the one it had before, where that is free.

        Raises:
            ToolError: it doesn't come up; with its last line.
        """
        if (state := self.running) and state.database == database.masked:
            return state.port
        self.stop()
        process = self._spawn(database)
        self._await(lambda: self.running is not None or process.poll() is not None, _START_SECONDS)
        if (state := self.running) is None:
            process.kill()
            raise ToolError(f"The sample shop did not start: {self._last_line()}", f"Read {self._log}.")
        write_private(self._port, str(state.port).encode())
        return state.port

    def stop(self) -> None:
        """End it; never a stranger that has its number by now."""
        if state := self.running:
            for how in (signal.SIGTERM, signal.SIGKILL):
                self._end(state, how)
        self._state.unlink(missing_ok=True)

    def _end(self, state: ShopState, how: signal.Signals) -> None:
        """The shop removes its state file before it ends: only the process itself tells that it is gone."""
        if _lives(state):
            with suppress(ProcessLookupError):
                os.kill(state.pid, how)
            self._await(lambda: not _lives(state), _STOP_SECONDS)

    def _spawn(self, database: DatabaseUrl) -> subprocess.Popen[bytes]:
        self._state.unlink(missing_ok=True)
        words = [sys.executable, "-m", "dixis_tui.demo.shop", f"--state={self._state}", f"--port={self._last_port()}"]
        begin_anew = self._log.exists() and self._log.stat().st_size > _LOG_LIMIT
        with self._log.open("wb" if begin_anew else "ab") as log:
            process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                env=child_environment({"PYTHONPATH": _python_path()}),
                start_new_session=True,
                umask=0o077,
            )
        assert process.stdin is not None  # noqa: S101 - PIPE was asked for
        with suppress(BrokenPipeError), process.stdin as pipe:
            pipe.write(database.raw.reveal().encode() + b"\n")
        threading.Thread(target=process.wait, daemon=True).start()  # reaps it, should it end before us
        return process

    def _last_port(self) -> int:
        try:
            return int(self._port.read_text())
        except (OSError, ValueError):
            return 0

    def _last_line(self) -> str:
        lines = self._log.read_text("utf-8", "replace").strip().splitlines()
        return clean(lines[-1]) if lines else "it said nothing"

    @staticmethod
    def _await(condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            threading.Event().wait(0.02)


def _python_path() -> str:
    """Where this very package and all it needs were found, so that the shop is the same code as we are."""
    return os.pathsep.join([str(Path(dixis_tui.__file__).parent.parent), *filter(None, sys.path)])
