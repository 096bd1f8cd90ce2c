"""Reads the history while Prisma's CLI deploys, and says what it sees as events.

Not every engine prints what it is at, and its one exit code says nothing; the rows in `_prisma_migrations` are
committed outside the files' transactions, so they show each beginning and end as it happens.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.model import MigrationFile, Place
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.history import HistoryRow, lock_holder, read_rows
from dixis_tui.run.context import Context

_WATCH_SECONDS = 0.25


class HistoryWatch:
    """One for a whole deploy, whichever try it is. A context manager around each call of the CLI."""

    def __init__(
        self,
        context: Context,
        url: DatabaseUrl,
        files: Sequence[MigrationFile],
        place: Place,
        *,
        seconds: float = _WATCH_SECONDS,
    ) -> None:
        """`seconds`: how often it looks; each look is a connection of its own."""
        self._seconds = seconds
        self._context = context
        self._url = url
        self._names = {file.name for file in files}
        self._place = place
        self._enough = threading.Event()
        self._begun: set[str] = set()
        self._over: set[str] = set()
        self._rolled_back: set[str] = set()
        """Gave way, and their next try has not begun."""
        self._thread: threading.Thread | None = None
        self.worker: tuple[int, ...] = ()
        """The session that is at one of the files, by Prisma's advisory lock; empty: none is, or it is not known."""

    def known(self, over: Iterable[str]) -> None:
        """These were told at their end already."""
        self._begun.update(over)
        self._over.update(over)

    def __enter__(self) -> HistoryWatch:
        self._enough.clear()
        self._thread = threading.Thread(target=self._run, name="history watch", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        if self._thread:
            self._thread.join()

    def _run(self) -> None:
        while not self._enough.wait(self._seconds):
            with suppress(DixisError):  # the look after the CLI's end is the one that counts
                self.look()

    def look(self) -> list[tuple[HistoryRow, bool]]:
        """Say what is new; returns the rows that are neither finished nor rolled back, and whether one runs still.

        Raises:
            DixisError: the history can't be read.
        """
        with connect(self._url, purpose="history", read_only=True) as session:
            rows = read_rows(session, self._url.schema) or ()
            holder = lock_holder(session)
        ours = [row for row in rows if row.migration_name in self._names and row.rolled_back_at is None]
        for row in sorted(ours, key=lambda row: row.started_at):
            if row.migration_name not in self._begun:
                self._begun.add(row.migration_name)
                self._rolled_back.discard(row.migration_name)
                self._context.emit(ev.MigrationStarted(name=row.migration_name, place=self._place))
            if row.finished_at and row.migration_name not in self._over:
                self._end(row.migration_name, (row.finished_at - row.started_at).total_seconds(), "")
        unfinished = [(row, holder is not None) for row in ours if row.unfinished]
        self.worker = (holder.pid,) if holder and unfinished else ()
        return unfinished

    def settle(self, error: str) -> None:
        """Prisma has ended for good: look once more, and settle what began but did not finish.

        Raises:
            DixisError: the history can't be read; what was running then is unknown.
        """
        try:
            unfinished = self.look()
        except DixisError as lost:
            for name in self._begun - self._over:
                self._end(name, 0.0, f"{error}; the history can't be read: {lost}", unknown=True)
            raise
        standing = {row.migration_name for row, _ in unfinished}
        for name in self._rolled_back - standing:
            why = f"{error or 'it gave way'}; nothing of it was applied, and its row is marked as rolled back"
            self._end(name, 0.0, why)
        for row, running in unfinished:
            logs = (row.logs or "").strip()
            why = logs or error or "Prisma ended without finishing it"
            # Without an error on record nobody knows: Prisma may have died after the server had committed the file.
            self._end(row.migration_name, 0.0, why, unknown=running or not logs)

    def again(self, name: str) -> None:
        """This file begins anew: its next row is a new beginning."""
        self._begun.discard(name)
        self._rolled_back.add(name)

    def _end(self, name: str, seconds: float, error: str, *, unknown: bool = False) -> None:
        self._over.add(name)
        error = self._context.log.redactor.line(error)
        self._context.emit(
            ev.MigrationEnded(name=name, place=self._place, seconds=seconds, error=error, unknown=unknown)
        )
