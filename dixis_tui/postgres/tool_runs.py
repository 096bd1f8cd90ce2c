"""Running pg_dump, pg_restore and psql: their last words kept for the error, never left behind."""

from __future__ import annotations

import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import LineSink, run
from dixis_tui.secrets import Redactor

Started = Callable[[subprocess.Popen[bytes]], None]

_KEPT_LINES = 6


class LastLines:
    """Passes lines on to its sinks and keeps the last ones. Called from several threads."""

    def __init__(self, *sinks: LineSink) -> None:
        self._sinks = sinks
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)
        self._errors: list[str] = []
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """One line of output, raw."""
        with self._lock:
            self._last.append(text)
            if "error" in text.lower() and len(self._errors) < _KEPT_LINES:
                self._errors.append(text)
        for sink in self._sinks:
            sink(text)

    def holds(self, needle: str) -> bool:
        """Whether an error line holds this."""
        with self._lock:
            return any(needle in line for line in self._errors)

    def outcome(self, code: int, url: DatabaseUrl) -> str:
        """How a program ended, with its first errors (or last words) cleaned and redacted."""
        how = f"was stopped by signal {-code}" if code < 0 else f"failed with exit code {code}"
        redact = Redactor(url.secrets).line
        with self._lock:
            telling = self._errors or list(self._last)
        return f"{how}: {' / '.join(redact(line) for line in telling)}" if telling else how


def run_tool(
    words: Sequence[str | Path],
    environment: Mapping[str, str],
    last: LastLines,
    started: Started | None,
    stdin: IO[bytes] | int = subprocess.DEVNULL,
) -> int:
    """Run to the end and return the exit code; whatever is raised meanwhile, the program does not outlive it.

    Its messages are in English, so that they can be told apart.
    """
    held: list[subprocess.Popen[bytes]] = []

    def hold(process: subprocess.Popen[bytes]) -> None:
        held.append(process)
        if started:
            started(process)

    try:
        return run(
            words,
            environment={**environment, "LC_ALL": "C"},
            on_stdout=last.line,
            on_stderr=last.line,
            stdin=stdin,
            started=hold,
        )
    finally:
        for process in held:
            if process.poll() is None:
                process.kill()
                process.wait()
