"""The locks of another session while its statement runs: after a statement that commits by itself they are gone."""

from __future__ import annotations

import threading
import time

from msgspec import Struct

from dixis_tui.errors import DixisError
from dixis_tui.locks import LockMode, from_pg_locks
from dixis_tui.postgres import relations
from dixis_tui.postgres.session import Session

EVERY_SECONDS = 0.05


class Sampled(Struct, frozen=True):
    """A lock that was seen, and for how long at most it was held (seconds)."""

    oid: int
    mode: LockMode
    seconds: float


class LockSampler:
    """Looks 20 times a second, from :meth:`start` to :meth:`finish`. Nobody else may use `observer` meanwhile.

    Each look is a transaction of its own and over at once: an index that is built concurrently waits for every older
    snapshot, and must not wait for ours.
    """

    def __init__(self, observer: Session, pid: int) -> None:
        self._observer = observer
        self._pid = pid
        self._enough = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen: dict[tuple[int, LockMode], tuple[float, float]] = {}

    def start(self) -> None:
        """Begin to look; the first time after 50 ms."""
        self.finish()
        self._enough.clear()
        self._seen.clear()
        self._thread = threading.Thread(target=self._run, name="lock sampler", daemon=True)
        self._thread.start()

    def finish(self) -> list[Sampled]:
        """Stop, and say what was seen since the start. Harmless where nothing was started."""
        if self._thread is None:
            return []
        self._enough.set()
        self._thread.join()
        self._thread = None
        # Taken at most one look before the first sight, given back at most one after the last.
        margin = 2 * EVERY_SECONDS
        return [Sampled(oid, mode, last - first + margin) for (oid, mode), (first, last) in self._seen.items()]

    def _run(self) -> None:
        while not self._enough.wait(EVERY_SECONDS):
            try:
                found = relations.held(self._observer, self._pid)
            except DixisError:
                return  # what was seen so far is true; the measure goes on without the rest
            now = time.monotonic()
            for one in found:
                if mode := from_pg_locks(one.mode):
                    first, _ = self._seen.get((one.oid, mode), (now, now))
                    self._seen[one.oid, mode] = (first, now)
