"""The executor `prisma`: the project's own CLI deploys, and the history table tells what it does."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.model import MigrationFile, Place
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.history import HistoryRow, lock_holder, read_rows
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts

_WATCH_SECONDS = 0.25


class _Watch(threading.Thread):
    """Reads the history while Prisma's CLI deploys, and says what it sees as events.

    Not every engine prints what it is at, and its one exit code says nothing; the rows in `_prisma_migrations` are
    committed outside the files' transactions, so they show each beginning and end as it happens.
    """

    def __init__(self, context: Context, url: DatabaseUrl, files: Sequence[MigrationFile], place: Place) -> None:
        super().__init__(name="history watch", daemon=True)
        self._context = context
        self._url = url
        self._names = {file.name for file in files}
        self._place = place
        self._enough = threading.Event()
        self._begun: set[str] = set()
        self._over: set[str] = set()

    def run(self) -> None:
        while not self._enough.wait(_WATCH_SECONDS):
            with suppress(DixisError):  # the last look, below, is the one that counts
                self._look()

    def finish(self, error: str) -> None:
        """Prisma has ended: look once more, and settle what began but did not finish.

        Raises:
            DixisError: the history can't be read; what was running then is unknown.
        """
        self._enough.set()
        self.join()
        try:
            unfinished = self._look()
        except DixisError as lost:
            for name in self._begun - self._over:
                self._end(name, 0.0, f"{error}; the history can't be read: {lost}", unknown=True)
            raise
        for row, running in unfinished:
            logs = (row.logs or "").strip()
            why = logs or error or "Prisma ended without finishing it"
            # Without an error on record nobody knows: Prisma may have died after the server had committed the file.
            self._end(row.migration_name, 0.0, why, unknown=running or not logs)

    def _look(self) -> list[tuple[HistoryRow, bool]]:
        """Say what is new; returns the rows that are neither finished nor rolled back, and whether one runs still."""
        with connect(self._url, purpose="history", read_only=True) as session:
            rows = read_rows(session, self._url.schema) or ()
            holder = lock_holder(session)
        ours = [row for row in rows if row.migration_name in self._names and row.rolled_back_at is None]
        for row in sorted(ours, key=lambda row: row.started_at):
            if row.migration_name not in self._begun:
                self._begun.add(row.migration_name)
                self._context.emit(ev.MigrationStarted(name=row.migration_name, place=self._place))
            if row.finished_at and row.migration_name not in self._over:
                self._end(row.migration_name, (row.finished_at - row.started_at).total_seconds(), "")
        return [(row, holder is not None) for row in ours if row.unfinished]

    def _end(self, name: str, seconds: float, error: str, *, unknown: bool = False) -> None:
        self._over.add(name)
        error = self._context.log.redactor.line(error)
        self._context.emit(
            ev.MigrationEnded(name=name, place=self._place, seconds=seconds, error=error, unknown=unknown)
        )


def with_prisma(
    context: Context, url: DatabaseUrl, project: Project, files: Sequence[MigrationFile], place: Place
) -> None:
    watch = _Watch(context, url, files, place)
    cli = facts.cli_for(context, project, url)
    context.log.line("runner", f"{project.shown} migrate deploy on {place}")
    watch.start()
    error = "Prisma's CLI could not be run"
    try:
        # No stop while it runs: killed, it may leave a migration that goes on in the server.
        result = cli.deploy(facts.prisma_sink(context))
        error = result.elsewhere or result.error_text or (f"exit code {result.code}" if result.code else "")
    finally:
        watch.finish(error)
    if error:
        raise DixisError(f"prisma migrate deploy: {error.splitlines()[0]}", "The log has all that Prisma said.")
