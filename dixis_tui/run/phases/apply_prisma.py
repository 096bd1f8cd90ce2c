"""The executor `prisma`: the project's own CLI deploys, and the history table tells what it does.

What was refused a lock is tried again only where nothing of it was applied: the history says that it failed, and the
catalog and the server's own error say that none of it is there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from contextlib import suppress

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.errors import ConnectError, DixisError, QueryError
from dixis_tui.locks import Peer
from dixis_tui.model import MigrationFile, MigrationState, Place
from dixis_tui.postgres.quiet import in_the_way
from dixis_tui.postgres.session import APPLICATION_NAME, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.bookkeeping import roll_back
from dixis_tui.prisma.direct import blocking_of
from dixis_tui.prisma.direct_file import Way, undone
from dixis_tui.prisma.history import HistoryRow
from dixis_tui.prisma.manners import CANCELLED, DEADLOCK, LOCK_TIMEOUT, gives_way
from dixis_tui.prisma.project import Project
from dixis_tui.prisma.reconcile import Executed, reconcile
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, watching
from dixis_tui.run.phases.apply_direct import waited
from dixis_tui.run.phases.history_watch import HistoryWatch
from dixis_tui.sql.script import parse_script
from dixis_tui.standing import Reconciled

_LOOK_SECONDS = 0.5
_SQLSTATE = re.compile(rf"\b({LOCK_TIMEOUT}|{DEADLOCK}|{CANCELLED})\b")
_IN_WORDS = {
    "lock timeout": LOCK_TIMEOUT,
    "deadlock detected": DEADLOCK,
    "canceling statement due to user request": CANCELLED,
}
"""What the server's English says where Prisma leaves the SQLSTATE out."""
_NO_ADVISORY_LOCK = "P1002"


class _Refused(Struct, frozen=True):
    """What gave way. `row` is None where Prisma did not get its advisory lock: no file was begun."""

    sqlstate: str
    reason: str
    row: HistoryRow | None


class _Deploy:
    """One deploy with all its tries."""

    def __init__(
        self, context: Context, url: DatabaseUrl, project: Project, files: Sequence[MigrationFile], place: Place
    ) -> None:
        self._context, self._url, self._project, self._place = context, url, project, place
        self._files = {file.name: file for file in files}
        self._cli = facts.cli_for(context, project, url)
        self._watch = HistoryWatch(context, url, files, place)

    def run(self) -> None:
        """Deploy, and again where nothing of what failed was applied. Raises DixisError where it fails for good."""
        application = f"{APPLICATION_NAME} {facts.prisma_purpose(self._context)}"
        with watching.radar(self._context, self._url, self._place, application=application) as watched:
            self._until_quiet()
            first = time.monotonic()
            attempt = 1
            while error := self._once(watched):
                refused = self._gave_way(error, cancelled=watched.cancelled())
                elapsed = time.monotonic() - first
                pause = facts.manners(self._context).pause(attempt, elapsed) if refused else None
                if refused is None or pause is None or not self._begin_anew(refused, attempt, pause):
                    self._watch.settle(error)
                    raise DixisError(
                        f"prisma migrate deploy: {error.splitlines()[0]}", "The log has all that Prisma said."
                    )
                attempt += 1
            self._watch.settle("")

    def _once(self, watched: watching.Watched) -> str:
        """One call of the CLI; empty or why it failed."""
        watched.cancelled()  # what was cancelled before has had its answer
        self._context.log.line("runner", f"{self._project.shown} migrate deploy on {self._place}")
        error = "Prisma's CLI could not be run"
        try:
            with self._watch:
                # No stop while it runs: killed, it may leave a migration that goes on in the server.
                result = self._cli.deploy(facts.prisma_sink(self._context))
        except DixisError:
            self._watch.settle(error)
            raise
        if result.error_code == _NO_ADVISORY_LOCK:
            return f"{LOCK_TIMEOUT} {result.error_text}"
        return result.elsewhere or result.error_text or (f"exit code {result.code}" if result.code else "")

    def _gave_way(self, error: str, *, cancelled: bool) -> _Refused | None:
        """What gave way and left nothing behind, by the history and the catalog; None where that is not proven."""
        try:
            unfinished = self._watch.look()
            if not unfinished:
                state = sqlstate_in(error)
                return _Refused(state, error.splitlines()[0], None) if gives_way(state, cancelled=cancelled) else None
            (row, running), *more = unfinished
            logs = (row.logs or "").strip()
            state = sqlstate_in(logs)
            if running or more or not gives_way(state, cancelled=cancelled) or not self._none_of(row):
                return None
        except DixisError as lost:
            self._context.log.line("runner", f"Whether it may begin anew can't be seen: {lost}", "warning")
            return None
        return _Refused(state, _server_sentence(logs), row)

    def _none_of(self, row: HistoryRow) -> bool:
        """Whether nothing of the file can be in the database: by how it runs, and by the catalog."""
        file = self._files.get(row.migration_name)
        if file is None:
            return False
        splits = self._project.splits_statements
        script = parse_script(facts.content(file))
        whole = Way.EACH if splits else Way.WHOLE
        # Which statement failed is not known: nothing may stay wherever it was.
        if not all(undone(script, whole, number) for number in range(len(script.statements))):
            return False
        if splits and len(script.statements) > 1:
            return False
        executed = Executed(splits=splits, logs=row.logs or "", cli=self._project.shown)
        with facts.reading(self._context, self._url, "reconcile") as session:
            found = reconcile(session, {file: executed}, self._url.schema)[file.name]
        self._context.log.line("runner", f"{file.name}: by the catalog, {found.sentence or found.outcome}")
        return found.outcome is Reconciled.NONE

    def _begin_anew(self, refused: _Refused, attempt: int, pause: float) -> bool:
        """Mark the failed row as rolled back and wait; False where that can't be done, or a stop is asked."""
        context = self._context
        reason = context.log.redactor.line(refused.reason)
        waiting = [file for file in self._files if context.state.migrations[file].state is not MigrationState.APPLIED]
        name = refused.row.migration_name if refused.row else next(iter(waiting), "")
        if refused.row:
            # A deed of its own on the history: said before it is done.
            context.note(f"{name} gave way and left nothing: its row is being marked as rolled back, to begin anew.")
            try:
                with connect(self._url, purpose="resolve") as session:
                    done = roll_back(session, self._url.schema, refused.row)
            except DixisError as error:
                context.log.line("runner", f"{name} could not be marked as rolled back: {error}", "warning")
                return False
            if not done:
                return False
            context.log.line("runner", f"{name} is marked as rolled back, as `prisma migrate resolve` does")
            self._watch.again(name)
        context.log.line("migrate", f"{name}: {reason}; tried again in {pause:.1f} s", "warning")
        context.emit(
            ev.Retried(
                name=name,
                place=self._place,
                attempt=attempt,
                sqlstate=refused.sqlstate,
                reason=reason,
                seconds=pause,
                whole=True,
            )
        )
        return not context.stopping.wait(pause)

    def _until_quiet(self) -> None:
        """Wait, within bounds, for older transactions that hold the files' tables."""
        context = self._context
        wanted = blocking_of([parse_script(facts.content(file)) for file in self._files.values()])
        deadline = time.monotonic() + facts.manners(context).quiet_seconds
        told: tuple[int, ...] = ()
        while wanted and time.monotonic() < deadline:
            peers: tuple[Peer, ...] = ()
            # A look that may not be had is no reason not to begin: lock_timeout is what protects others.
            with suppress(QueryError, ConnectError), facts.reading(context, self._url, "quiet") as session:
                peers = tuple(holder.peer for holder in in_the_way(session, wanted))
            if not peers:
                return
            if (pids := tuple(peer.pid for peer in peers)) != told:
                told = pids
                waited(context, self._place, "", peers)
            context.stopping.wait(_LOOK_SECONDS)
            context.safe_point()


def with_prisma(
    context: Context, url: DatabaseUrl, project: Project, files: Sequence[MigrationFile], place: Place
) -> None:
    """Apply `files` by `prisma migrate deploy`."""
    _Deploy(context, url, project, files, place).run()


def sqlstate_in(text: str) -> str:
    """The SQLSTATE of a failure that was one of waiting, as Prisma wrote it down; empty where it is another. Pure."""
    if found := _SQLSTATE.search(text):
        return found[1]
    lowered = text.lower()
    return next((state for words, state in _IN_WORDS.items() if words in lowered), "")


def _server_sentence(logs: str) -> str:
    """The line that holds what the server said."""
    lines = [line.strip() for line in logs.splitlines() if line.strip()]
    return next((line for line in lines if sqlstate_in(line)), lines[0] if lines else "")
