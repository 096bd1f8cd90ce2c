"""Logs that are read along: a file from its end on, or what a command prints. Bounded, whatever they send.

Each source is asked for its new lines once a look, from one thread. Lines are raw: who takes them cleans them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import IO

from msgspec import Struct

from dixis_tui.process import child_environment

BYTES_A_LOOK = 1 << 20
"""Of what came since the last look at most its end of this length is read."""
LINES_A_LOOK = 2000
_LINE_BYTES = 16 * 1024
_GOING_SECONDS = 2.0
_WRAPPER = (
    'exec 3<&0; (exec >/dev/null 2>&1; cat <&3; kill -TERM 0) & "$@" </dev/null 3<&-; code=$?; exec 3<&-; exit $code'
)
"""The command's group ends with us, however we end: then the pipe that only we hold is closed."""


class News(Struct, frozen=True):
    """What came since the last look. `skipped` bytes or lines were too many; `problem`: why nothing more comes."""

    lines: list[str]
    skipped: int = 0
    problem: str = ""
    note: str = ""
    """What happened to the log itself: it was rotated, or cut."""


class Lines:
    """Bytes that come in any pieces, as whole lines: half a line, or half a letter, waits for its other half."""

    def __init__(self) -> None:
        self._rest = b""
        self._long = False

    def take(self, data: bytes) -> list[str]:
        """The lines that are whole now."""
        *whole, rest = (self._rest + data).split(b"\n")
        if self._long and whole:
            whole, self._long = whole[1:], False  # the end of a line whose beginning was told already
        elif self._long:
            rest = b""
        if len(rest) > _LINE_BYTES:
            whole, rest, self._long = [*whole, rest[:_LINE_BYTES]], b"", True
        self._rest = rest
        return [line[:_LINE_BYTES].decode("utf-8", "replace").rstrip("\r") for line in whole]

    def end(self) -> list[str]:
        """The half line that no end came for."""
        return self.take(b"\n") if self._rest else []

    def drop(self) -> None:
        """Forget the half line, and take the next piece for the middle of one."""
        self._rest, self._long = b"", True


class FileTail:
    """A file from its end on. It may be rotated, cut, missing for a while, or not there yet."""

    def __init__(self, path: Path, *, from_start: bool = False) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._lines = Lines()
        self._open(at_end=not from_start)

    def look(self) -> News:
        """What came since the last look."""
        problem, note = "" if self._file else self._open(at_end=False), ""
        file = self._file
        if file is None:
            return News([], problem=problem)
        if os.fstat(file.fileno()).st_size < file.tell():
            file.seek(0)
            self._lines, note = Lines(), "it was cut, and is read from its start"
        lines, skipped = self._read(file)
        if self._moved(file):
            file.close()
            self._file, self._lines = None, Lines()
            more = self.look()
            return News(lines + more.lines, skipped + more.skipped, more.problem, "it was rotated: the new one is read")
        return News(lines, skipped=skipped, note=note)

    def close(self) -> None:
        """Read no more."""
        if self._file:
            self._file.close()
            self._file = None

    def _open(self, *, at_end: bool) -> str:
        try:
            # A FIFO would wait for a writer.
            handle = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            return f"{self._path} can't be read: {error.strerror}"
        self._file = os.fdopen(handle, "rb", buffering=0)
        try:
            self._file.seek(0, os.SEEK_END if at_end else os.SEEK_SET)
        except OSError:
            self.close()
            return f"{self._path} is not a file"
        return ""

    def _read(self, file: IO[bytes]) -> tuple[list[str], int]:
        behind = os.fstat(file.fileno()).st_size - file.tell()
        skipped = max(behind - BYTES_A_LOOK, 0)
        if skipped:
            file.seek(skipped, os.SEEK_CUR)
            self._lines.drop()
        try:
            return self._lines.take(file.read(BYTES_A_LOOK)), skipped
        except OSError:
            return [], skipped

    def _moved(self, file: IO[bytes]) -> bool:
        ours = os.fstat(file.fileno())
        try:
            named = self._path.stat()
        except OSError:
            return False  # the new one is not there yet
        return (named.st_dev, named.st_ino) != (ours.st_dev, ours.st_ino)


class CommandTail:
    """What a command prints, on both its outputs. It has a process group of its own, which ends with us."""

    def __init__(self, words: list[str], directory: Path) -> None:
        self._words = words
        self._new: deque[str] = deque(maxlen=LINES_A_LOOK)
        self._came = 0
        self._last = ""
        self._problem = ""
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _WRAPPER, "sh", *words],
                env=child_environment(),
                cwd=directory,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            self._problem = f"{words[0]} can't be started: {error.strerror}"
            return
        threading.Thread(target=self._pump, name="log command", daemon=True).start()

    @property
    def pid(self) -> int:
        """Of its process group; 0 where it was never started."""
        return self._process.pid if self._process else 0

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return bool(self._problem)

    def look(self) -> News:
        """What it printed since the last look, and whether it has ended."""
        with self._lock:
            lines, came = list(self._new), self._came
            self._new.clear()
            self._came = 0
        return News(lines, skipped=came - len(lines), problem=self._problem)

    def close(self) -> None:
        """End it and whatever it began."""
        process = self._process
        if process is None:
            return
        for how in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, how)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GOING_SECONDS)
        if process.stdin:
            with suppress(OSError):
                process.stdin.close()

    def _pump(self) -> None:
        process = self._process
        if process is None or process.stdout is None:
            return
        lines = Lines()
        with process.stdout as out:
            while data := os.read(out.fileno(), _LINE_BYTES):
                self._take(lines.take(data))
            self._take(lines.end())
        code = process.wait()
        said = f": {self._last}" if self._last else ""
        self._problem = f"{self._words[0]} ended ({code}){said}"

    def _take(self, lines: list[str]) -> None:
        with self._lock:
            self._new.extend(lines)
            self._came += len(lines)
        self._last = next((line for line in reversed(lines) if line), self._last)
