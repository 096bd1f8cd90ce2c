"""What `postmaster.pid` says, checked against the process that really is there.

Its lines: process, data directory, start time, port, socket directory, listen address, shared memory, status
(`ready`, `starting`, `stopping`). Source: PostgreSQL's `src/include/utils/pidfile.h`.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

_STATUS_LINE = 7


class Postmaster:
    """The server process of one data directory."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._file = data / "postmaster.pid"

    @property
    def pid(self) -> int | None:
        """The server's process, where it lives and is one of this directory."""
        pid = self._written_pid()
        return pid if pid is not None and _alive(pid) and self._is_ours(pid) else None

    @property
    def ready(self) -> bool:
        """Whether it lives and accepts connections."""
        if self.pid is None:
            return False
        lines = self._lines()
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == "ready"

    def forget_stranger(self) -> None:
        """Remove a stale file whose process number belongs to somebody else by now.

        PostgreSQL would take that process for a server and refuse to start. Where the number is free, PostgreSQL sees
        to the file itself, and to backends that a crashed server may have left.
        """
        pid = self._written_pid()
        if pid is not None and _alive(pid) and not self._is_ours(pid):
            self._file.unlink(missing_ok=True)

    def wait_gone(self, pid: int, seconds: float) -> bool:
        """Whether that process ended within `seconds`."""
        deadline = time.monotonic() + seconds
        while _alive(pid):
            if time.monotonic() > deadline:
                return False
            threading.Event().wait(0.02)
        return True

    def _lines(self) -> list[str]:
        try:
            return self._file.read_text(errors="replace").splitlines()
        except OSError:
            return []

    def _written_pid(self) -> int | None:
        lines = self._lines()
        return int(lines[0]) if lines and lines[0].strip().isdigit() else None

    def _is_ours(self, pid: int) -> bool:
        """A server's working directory is its data directory; elsewhere than Linux its command line names it."""
        directory = Path("/proc", str(pid), "cwd")
        if Path("/proc/self/cwd").exists():
            try:
                return directory.samefile(self._data)
            except OSError:
                return self._named_by(pid)
        return self._named_by(pid)

    def _named_by(self, pid: int) -> bool:
        try:
            words = Path("/proc", str(pid), "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            words = subprocess.run(
                ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
            ).stdout
        return str(self._data) in words


def _alive(pid: int) -> bool:
    """A zombie is dead: it only waits for somebody to notice."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return True
