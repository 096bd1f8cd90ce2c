"""The program in a pseudo-terminal of our own: every byte that it sends is kept, and nothing is ever answered."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.hostile.screen import Grid
from tests.waiting import until


class Line:
    """A context manager: `command` in a terminal of that size, killed in the end. `sent` are all bytes of it so far."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        directory: Path,
        *,
        columns: int = 120,
        rows: int = 40,
    ) -> None:
        self._data = bytearray()
        self._grid = Grid(columns, rows)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=directory,
            env={**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"},
            start_new_session=True,
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # EIO: the last process of that terminal has ended
            while chunk := os.read(self._master, 64 * 1024):
                self._data += chunk
                self._grid.feed(chunk)

    @property
    def sent(self) -> bytes:
        """Everything so far."""
        return bytes(self._data)

    @property
    def length(self) -> int:
        """How many bytes came so far."""
        return len(self._data)

    def keys(self, *keys: str) -> None:
        """Press keys: letters, or `escape`, `enter`, `pageup`, `pagedown`, `home`, `end`."""
        for key in keys:
            os.write(self._master, _KEYS.get(key, key).encode())

    def until_shown(self, wanted: str | re.Pattern[str], seconds: float = 30.0) -> None:
        """Wait until `wanted` stands on the screen."""
        pattern = re.compile(re.escape(wanted)) if isinstance(wanted, str) else wanted
        self._until(lambda: pattern.search(self.screen) is not None, f"{pattern.pattern!r} to come", seconds)

    def until_gone(self, unwanted: str, seconds: float = 30.0) -> None:
        """Wait until it does not stand there any more."""
        self._until(lambda: unwanted not in self.screen, f"{unwanted!r} to go", seconds)

    def _until(self, condition: Callable[[], bool], what: str, seconds: float) -> None:
        try:
            until(condition, seconds)
        except AssertionError:
            raise AssertionError(f"waited {seconds} s in vain for {what}; the screen is\n{self.screen}") from None

    @property
    def screen(self) -> str:
        """What stands there now."""
        return self._grid.text

    def leave(self) -> None:
        """Press q, and wait for the program's end."""
        self.keys("q")
        until(lambda: self.process.poll() is not None, 20, "the cockpit to be left")
        self._reader.join(10)

    def end(self) -> None:
        """Kill it, where it still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self._reader.join(10)
        with contextlib.suppress(OSError):
            os.close(self._master)

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()


_KEYS = {
    "escape": "\x1b[27u",  # as terminals with the kitty protocol say it: a bare one begins whatever follows it
    "enter": "\r",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "home": "\x1b[H",
    "end": "\x1b[F",
    "up": "\x1b[A",
    "down": "\x1b[B",
}
