"""A watcher's end of a run: its files, looked at in a bounded rhythm. It has no channel to the runner at all.

So it can't slow or alter the run, however many there are, and needs no more than the right to read two files.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.errors import UsageError
from dixis_tui.run import folders
from dixis_tui.run.commands import Command
from dixis_tui.run.journal import JournalReader
from dixis_tui.run.pulse import Pulse, pulse
from dixis_tui.run.state import Entry

LOOK_SECONDS = 0.25
"""Between two looks at a file's size; it is read only where that has changed."""
PULSE_SECONDS = 2.0
"""Between two looks whether the runner lives."""
_ONLY_WATCHES = "This screen only watches: nothing was sent."


class Watcher:
    """Reads one run's journal as it grows. What the screens need of a client, without the means to send.

    `live`: its runner is not known to be gone. `pulse` says more.

    Raises:
        UsageError: there is no journal, or this account may not read it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.run_id = folder.name
        self.log = folder / folders.LOG
        self.pulse = Pulse.UNKNOWN
        self.ended = False
        self._path = folder / folders.JOURNAL
        self._journal = JournalReader(self._path)
        self._seen: tuple[int, int, int] | None = None
        self._runner = (0, "")
        self._felt_at = float("-inf")
        _must_be_readable(self._path)

    @property
    def live(self) -> bool:
        """Whether there may be more to come from the runner that is known."""
        return self.pulse is not Pulse.GONE

    @property
    def seen(self) -> bool:
        """Whether the runner's life was seen, or is only hoped."""
        return self.pulse is not Pulse.UNKNOWN

    @property
    def grown(self) -> bool:
        """Whether the journal is another than at the last :meth:`read`."""
        return self._size() != self._seen

    def read(self) -> list[Entry]:
        """The entries added since the last call. Raises JournalError."""
        self._seen = self._size()
        entries = self._journal.read()
        for entry in entries:
            match entry.event:
                case ev.RunStarted(pid=pid, host=host) | ev.RunnerResumed(pid=pid, host=host):
                    self._runner, self._felt_at = (pid, host), float("-inf")
                case ev.RunEnded():
                    self.ended = True
        return entries

    def feel(self) -> bool:
        """Look whether the runner lives, at most every two seconds; whether that has changed since the last look."""
        before, (pid, host) = self.pulse, self._runner
        if pid and time.monotonic() - self._felt_at > PULSE_SECONDS:
            self.pulse = pulse(self.folder, pid, host)
            self._felt_at = time.monotonic()
        return self.pulse is not before

    async def follow(self, changed: Callable[[], None]) -> None:
        """Call `changed` at once and whenever something is new; returns once the run has ended.

        A runner that is gone is not the end: another may take the run up.
        """
        self.feel()
        changed()
        while not self.ended:
            await asyncio.sleep(LOOK_SECONDS)
            felt = self.feel()
            if self.grown or felt:
                changed()

    async def send(self, command: Command) -> str:  # noqa: ARG002 - a client's signature
        """Nothing is ever sent."""
        return _ONLY_WATCHES

    def _size(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _must_be_readable(journal: Path) -> None:
    try:
        with journal.open("rb"):
            return
    except FileNotFoundError:
        raise UsageError(f"There is no run at {journal.parent}", "List runs with `dixis-tui runs`.") from None
    except OSError as error:
        raise UsageError(
            f"{journal} can't be read: {error.strerror}",
            "Its owner opens runs to a group with `[watch] group` in dixis.toml; you must be in that group.",
        ) from None
