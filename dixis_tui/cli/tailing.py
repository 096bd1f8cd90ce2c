"""A run as plain lines, as they come: its journal's entries, and its log's lines where they are wanted."""

from __future__ import annotations

import select
import sys
import time
from datetime import UTC, datetime
from heapq import merge
from pathlib import Path

import click

from dixis_tui.cli.exits import of_verdict
from dixis_tui.cli.lines import describe
from dixis_tui.cli.say import say
from dixis_tui.run.policy import seen_verdict
from dixis_tui.run.state import RunState, apply
from dixis_tui.run.watcher import LOOK_SECONDS, Watcher
from dixis_tui.secrets import clean

_Line = tuple[datetime, str]


class Tail:
    """Prints one run. It looks at two files, and has no means to touch the run."""

    def __init__(self, watcher: Watcher, *, with_log: bool) -> None:
        self._watcher = watcher
        self._log = _LogFile(watcher.log) if with_log else None
        self._state = RunState()

    def print(self, last: int | None, *, follow: bool) -> int:
        """Print all there is (or the `last` lines of it), then what follows; the exit code of the run's verdict.

        Raises:
            JournalError: the journal is broken.
            BrokenPipeError: whoever read us has gone.
        """
        watcher = self._watcher
        found = self._fresh()
        watcher.feel()
        found += self._fresh()  # what was written until it was felt
        _say(found if last is None else found[len(found) - min(last, len(found)) :])
        while follow and not watcher.ended and watcher.live:
            time.sleep(LOOK_SECONDS)
            watcher.feel()  # before the look: what was written until it died is shown
            _say(self._fresh())
            if _reader_gone():
                raise BrokenPipeError
        if follow and not watcher.ended:
            say("The runner is gone, and the run has not ended.", err=True)
        verdict = seen_verdict(self._state, live=watcher.live)
        return of_verdict(verdict)

    def _fresh(self) -> list[str]:
        """What was added, in the order of its time; several lines of one entry stay together."""
        entries: list[_Line] = []
        for entry in self._watcher.read():
            self._state = apply(self._state, entry)
            entries += [(entry.at, clean(line)) for line in describe(entry).split("\n") if line]
        written = self._log.read() if self._log else []
        return [text for _, text in merge(entries, written, key=lambda line: line[0])]


class _LogFile:
    """Reads the whole lines that were added to a run's log."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._last = datetime.fromtimestamp(0, UTC)

    def read(self) -> list[_Line]:
        """They, with their time; a line without one has that of the line before."""
        from screens.log_text import parse

        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        whole, newline, _ = data.rpartition(b"\n")
        if not newline:
            return []
        self._offset += len(whole) + 1
        found = []
        for one in map(parse, whole.split(b"\n")):
            self._last = one.at or self._last
            mark = "" if one.level == "info" else f" {one.level}"
            found.append((self._last, f"{self._last:%H:%M:%SZ}   · {one.source}{mark}  {one.text}"))
        return found


def _say(lines: list[str]) -> None:
    if lines:
        click.echo("\n".join(lines))


def _reader_gone() -> bool:
    """Whether nobody reads our output any more: a run may say nothing for an hour, and we would not notice."""
    poll = select.poll()
    poll.register(sys.stdout, 0)
    return bool(poll.poll(0))
