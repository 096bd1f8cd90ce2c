"""The program in a pseudo-terminal of our own: every byte that it sends is kept, and nothing is ever answered."""

from __future__ import annotations

import codecs
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
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from tests.screen import Screen
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

    def until_sent(self, text: str | re.Pattern[str], since: int = 0, seconds: float = 20.0) -> None:
        """Wait until more than the first `since` bytes came, and `text` stands on the screen."""
        self._until(text, seconds, since, wanted=True)

    def until_gone(self, text: str | re.Pattern[str], seconds: float = 20.0) -> None:
        """Wait until it does not."""
        self._until(text, seconds, 0, wanted=False)

    def _until(self, text: str | re.Pattern[str], seconds: float, since: int, *, wanted: bool) -> None:
        pattern = re.compile(re.escape(text)) if isinstance(text, str) else text

        def painted() -> bool:
            return pattern.search(strict.plain(bytes(self._data[since:]))) is not None

        try:
            until(so_it_is, seconds)
        except AssertionError:
            tail = strict.plain(bytes(self._data[since:]))[-9000:]
            raise AssertionError(f"{text!r} never came; what came: {tail!r}") from None

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
