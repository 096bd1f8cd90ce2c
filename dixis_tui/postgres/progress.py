"""How far pg_dump or pg_restore is: which table it says it is at, and how many rows the server has seen of it.

Source of the rows: `pg_stat_progress_copy` (PostgreSQL 14 and later); without it progress goes table by table.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct

from dixis_tui.errors import DixisError
from dixis_tui.postgres.session import Session

OnProgress = Callable[[str, int, int], None]
"""Takes what it is at (`schema.table`), how much is done, and how much there is."""

_SECONDS = 0.5
_SINCE = 140000
_TABLE = re.compile(r"(?:dumping contents of|processing data for|restoring data for) table \"(.+)\"$")
_FORGET = "SELECT pg_stat_clear_snapshot()"
_COPYING = """
SELECT count(*)::int AS tables, coalesce(sum(p.tuples_processed), 0)::bigint AS rows
FROM pg_stat_progress_copy p JOIN pg_stat_activity a USING (pid) WHERE a.application_name = %s
"""


class _Copying(Struct, frozen=True):
    tables: int
    rows: int


class TableProgress:
    """Adds up tables. `weights` is what each counts for, `rows` how many rows each has.

    `jobs` is how many tables are worked on at a time. Called from any thread.
    """

    def __init__(
        self, weights: Mapping[str, int], rows: Mapping[str, int], report: OnProgress, *, jobs: int = 1
    ) -> None:
        self._weights = weights
        self._rows = rows
        self._report = report
        self._jobs = jobs
        self._total = sum(weights.values())
        self._started: list[str] = []
        self._done = 0
        self._lock = threading.Lock()

    def line(self, text: str) -> None:
        """One line of `--verbose` output: a new table, perhaps."""
        match = _TABLE.search(text)
        if match is None:
            return
        with self._lock:
            self._started.append(match[1])
            finished = self._started[: -self._jobs]
            self._tell(match[1], sum(self._weights.get(name, 0) for name in finished))

    def copying(self, tables: int, rows: int) -> None:
        """The server is at this many tables and has seen this many of their rows."""
        with self._lock:
            if not self._started or not tables:
                return
            finished, current = self._started[:-tables], self._started[-tables:]
            weight = sum(self._weights.get(name, 0) for name in current)
            expected = max(1, sum(self._rows.get(name, 0) for name in current))
            done = sum(self._weights.get(name, 0) for name in finished) + int(weight * min(1.0, rows / expected))
            self._tell(current[-1], done)

    def finished(self, what: str) -> None:
        """All rows are through; `what` is still to do."""
        with self._lock:
            self._tell(what, self._total)

    def _tell(self, what: str, done: int) -> None:
        """Never backwards: with several jobs tables end in another order than they began."""
        self._done = max(self._done, min(done, self._total))
        self._report(what, self._done, self._total)


@contextmanager
def watching(session: Session, application_name: str, progress: TableProgress) -> Iterator[None]:
    """Ask the server twice a second how far `application_name` is; `session` is the watcher's alone meanwhile."""
    if session.server_version < _SINCE:
        yield
        return
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_SECONDS):
            try:
                session.execute(_FORGET)
                for found in session.query(_COPYING, (application_name,), row=_Copying):
                    progress.copying(found.tables, found.rows)
            except DixisError:  # a lost watcher only makes the progress coarser
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
