"""Applying the pending migrations with the chosen executor; staging and production alike."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.model import Executor, MigrationFile, Place
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma import direct
from dixis_tui.prisma.history import read_history
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts

_APPLYING = re.compile(r"^\s*Applying migration `(.+)`\s*$")


def apply(context: Context, url: DatabaseUrl, project: Project, files: Sequence[MigrationFile], place: Place) -> None:
    """Apply `files` to `url` in order, an event before and after each; stops at the first failure.

    What came of it stands in the state's migrations, and in the database: read that before saying so.
    """
    if context.settings.migrate.executor is Executor.PRISMA:
        _with_prisma(context, url, project, files, place)
    else:
        _direct(context, url, files, place)


def _direct(context: Context, url: DatabaseUrl, files: Sequence[MigrationFile], place: Place) -> None:
    migrate = context.settings.migrate

    def waiting(holder: object) -> None:
        context.note(f"Waiting for Prisma's advisory lock, held by {holder}.", "warning")

    with connect(
        url,
        purpose=f"migrate {context.folder.name}",
        lock_timeout_seconds=migrate.lock_timeout_seconds,
        statement_timeout_seconds=migrate.statement_timeout_seconds,
        on_notice=context.log.sink("server"),
    ) as session:
        for step in direct.apply(session, files, url.schema, on_waiting_for_lock=waiting):
            match step:
                case direct.Started(name=name):
                    if context.stopping.is_set():
                        break  # nothing of this file was sent; the session's end gives the lock back
                    context.log.line("migrate", f"Applying {name} on {place}")
                    context.emit(ev.MigrationStarted(name=name, place=place))
                case direct.Applied(name=name, seconds=seconds):
                    context.log.line("migrate", f"Applied {name} in {seconds:.2f} s")
                    # Flushed with the next file's beginning, or with the phase's end: always before another deed.
                    context.emit(ev.MigrationEnded(name=name, place=place, seconds=seconds), flush=False)
                case direct.Failed():
                    _failed(context, step, place)
    context.safe_point()


def _failed(context: Context, step: direct.Failed, place: Place) -> None:
    words = context.log.redactor.line
    context.log.line("migrate", f"{step.name} failed: {step.error}", "error")
    context.emit(
        ev.MigrationEnded(
            name=step.name,
            place=place,
            seconds=step.seconds,
            error=words(step.error),
            sqlstate=step.sqlstate,
            unknown=step.outcome is not direct.Outcome.UNDONE,
        )
    )


class _Deploy:
    """Turns the lines of `prisma migrate deploy` into events."""

    def __init__(self, context: Context, place: Place) -> None:
        self._context = context
        self._place = place
        self._sink = context.log.sink("prisma")
        self._began = 0.0
        self.current = ""

    def line(self, text: str) -> None:
        """One line of output."""
        self._sink(text)
        if found := _APPLYING.match(self._context.log.redactor.line(text)):
            self.finish()
            self.current, self._began = found[1], time.monotonic()
            self._context.emit(ev.MigrationStarted(name=self.current, place=self._place))

    def finish(self, error: str = "", *, unknown: bool = False) -> None:
        """The current migration is over."""
        if self.current:
            seconds = time.monotonic() - self._began
            ended = ev.MigrationEnded(
                name=self.current, place=self._place, seconds=seconds, error=error, unknown=unknown
            )
            self._context.emit(ended)
        self.current = ""


def _with_prisma(
    context: Context, url: DatabaseUrl, project: Project, files: Sequence[MigrationFile], place: Place
) -> None:
    deploy = _Deploy(context, place)
    # No stop while it runs: killed, it may leave a migration that goes on in the server.
    result = facts.cli_for(context, project, url).deploy(deploy.line)
    if result.code == 0:
        deploy.finish()
        return
    _settle(context, url, files, deploy, result.error_text or f"prisma migrate deploy ended with {result.code}")


def _settle(context: Context, url: DatabaseUrl, files: Sequence[MigrationFile], deploy: _Deploy, error: str) -> None:
    """Prisma has one exit code for every failure: the history says which migration it was, and why."""
    words = context.log.redactor.line
    try:
        with facts.reading(context, url, "look") as session:
            history = read_history(session, files, url.schema)
    except DixisError as lost:
        deploy.finish(words(f"{error}; and the history can't be read: {lost}"), unknown=True)
        raise
    row = next((row for row in history.failed if row.migration_name == deploy.current), None)
    if row is None and deploy.current in {applied.migration_name for applied in history.applied}:
        deploy.finish()
        raise DixisError(words(error), "Look into the log: Prisma failed after this migration.")
    deploy.finish(words((row.logs if row else "") or error), unknown=row is None and bool(deploy.current))
    raise DixisError(words(error.strip().splitlines()[0]), "Look into the log for what Prisma said.")
