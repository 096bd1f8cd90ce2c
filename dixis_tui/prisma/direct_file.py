"""One file, by the direct executor: in pieces where that is the same as whole, and again where it gave way whole.

Prisma sends a file as one simple query: one implicit transaction. The same statements one by one between BEGIN and
COMMIT are the same to the server, tell how far they are, and never commit without us: a lost connection undoes them.
What begins or ends a transaction itself, refuses one, or changes how the rest is read, is sent whole.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from enum import Enum, auto

from msgspec import Struct

from dixis_tui.errors import ConnectError, QueryError
from dixis_tui.hazard import Execution
from dixis_tui.postgres.session import Session
from dixis_tui.prisma import oracle, steps
from dixis_tui.prisma.bookkeeping import Row, sqlstate_of
from dixis_tui.prisma.hooks import Hook, Stopwatch, whole
from dixis_tui.prisma.lock_budget import STEP_SECONDS, keeps_waiting, left, sets_its_own
from dixis_tui.prisma.manners import Manners, gives_way
from dixis_tui.secrets import clean
from dixis_tui.sql.claims import Transaction, claims, commits, may_commit, transaction
from dixis_tui.sql.script import Script, Statement
from dixis_tui.sql.sending import only_whole

Error = QueryError | ConnectError

PIECES_AT_MOST = 2_000
_PATIENT = ("index_stmt", "drop_stmt", "reindex_stmt", "vacuum_stmt")


class Conduct(Struct, frozen=True, kw_only=True):
    """How a run behaves. `pause` waits and says whether to give up; `cancelled` says whether we ended the statement
    that just failed (the victim rule). `splits`: statement by statement, as Prisma 7.4 and later.
    """

    manners: Manners = Manners()
    splits: bool = False
    hook: Hook | None = None
    """Who looks on; without one only a stop-watch runs."""
    pause: Callable[[float], bool] = lambda _: True
    cancelled: Callable[[], bool] = lambda: False


class Way(Enum):
    """How a file is sent."""

    WHOLE = auto()
    IN_ONE = auto()
    """Its pieces between BEGIN and COMMIT."""
    EACH = auto()
    """Its pieces, each committed by itself."""


def way_of(name: str, script: Script, *, splits: bool) -> Way:
    """Pieces only where that leaves the same behind as Prisma would. Pure."""
    if splits:
        known = oracle.forecast(name, script, splits=True).execution is not Execution.UNKNOWN
        return Way.EACH if known and len(script.statements) > 1 else Way.WHOLE
    # A round trip and an entry for each of very many statements would cost more than they tell.
    return Way.WHOLE if len(script.statements) > PIECES_AT_MOST or only_whole(script) else Way.IN_ONE


def undone(script: Script, way: Way, completed: int, first: int = 0) -> bool:
    """Whether nothing stays of a file that fails after `completed` statements. Pure.

    For `EACH`: of its statements from `first` on, counted from 0: the one that failed, or the transaction around it.
    """
    if way is Way.IN_ONE:
        return True
    if not script.statements:
        return False
    if way is Way.EACH or len(script.statements) == 1:
        failing = script.statements[min(completed, len(script.statements) - 1)]
        # A failed CREATE INDEX CONCURRENTLY leaves an invalid index; a procedure may have committed on its way.
        # After COMMIT AND CHAIN a transaction is open that no statement of the file could begin anew.
        chained = way is Way.EACH and any(commits(one) for one in script.statements[first:completed])
        return transaction(failing) is Transaction.ORDINARY and not may_commit(failing) and not chained
    return not any(commits(one) for one in script.statements[:completed])


class FileRun:
    """One file on its way, and how far it is."""

    def __init__(self, session: Session, row: Row, script: Script, conduct: Conduct) -> None:
        self._session = session
        self._row = row
        self._script = script
        self._conduct = conduct
        plain = session.setting("standard_conforming_strings") == "on"  # else the server reads strings in another way
        self._way = way_of(row.name, script, splits=conduct.splits) if plain else Way.WHOLE
        alone = script.statements if len(script.statements) == 1 else (whole(script),)
        self._pieces = script.statements if self._way is not Way.WHOLE else alone
        self._hook: Hook = conduct.hook or Stopwatch()
        self._at = 0
        """Pieces that went through in this try."""
        self._first = 0
        """The piece that a next try begins with: what came before it has been committed."""
        self._committing = False
        self._own_time_out = sets_its_own(script)
        self._limit = session.lock_timeout_seconds
        """Seconds that the waits of one transaction may take together; 0: no limit."""
        self._told = self._limit
        self._waited_for: float | None = None
        """Since when somebody may wait for the transaction that is open."""

    def run(self) -> Iterator[steps.Step]:
        """From the row before the file to the row after it; ends with Applied or Failed."""
        name = self._row.name
        try:
            self._row.start(self._session)
        except (QueryError, ConnectError) as error:
            sentence = f"{clean(name)} was not begun, its history row could not be written: {error}"
            yield steps.Failed(name, 0.0, sqlstate_of(error), sentence, steps.Outcome.UNDONE, recorded=False)
            return
        first = began = time.monotonic()
        attempt = 1
        while True:
            try:
                yield from self._try()
                break
            except (QueryError, ConnectError) as error:
                seconds = time.monotonic() - began
                yield from self._measured(committed=False)
                pause = self._pause_after(error, attempt, time.monotonic() - first)
                if pause is None:
                    yield self._failed(error, seconds)
                    return
                whole = self._way is not Way.EACH
                number = (self._at if whole else self._first) + 1
                yield steps.Retried(name, attempt, sqlstate_of(error), str(error), pause, whole, number)
                if self._conduct.pause(pause):
                    yield self._failed(error, seconds)
                    return
                attempt += 1
                began = time.monotonic() if whole else began
        seconds = time.monotonic() - began
        yield from self._measured(committed=True)
        try:
            self._row.finish(self._session)
        except (QueryError, ConnectError) as error:
            sentence = f"{clean(name)} is applied, but its history row could not be finished: {error}"
            yield steps.Failed(name, seconds, sqlstate_of(error), sentence, steps.Outcome.APPLIED, recorded=False)
            return
        yield steps.Applied(name, seconds)

    def _try(self) -> Iterator[steps.Step]:
        self._at = self._first
        self._committing = False
        self._waited_for, self._told = None, self._limit  # what was waited and told before was rolled back with it
        if self._way is Way.IN_ONE:
            self._session.script(b"BEGIN")
        for piece in self._pieces[self._at :]:
            if self._way is Way.EACH and not self._session.in_transaction:
                self._first = self._at
            yield from self._send(piece)
            self._at += 1
        if self._way is Way.IN_ONE:
            self._committing = True
            self._session.script(b"COMMIT")
        elif self._session.in_transaction:
            raise QueryError(
                "25001",
                f"{clean(self._row.name)} begins a transaction that it does not end, so it was rolled back",
                "End the file's transaction with COMMIT.",
            )

    def _send(self, piece: Statement) -> Iterator[steps.Step]:
        name, of = self._row.name, len(self._pieces)
        yield steps.StatementStarted(name, piece.number, of, piece.line, piece.shown)
        first_line = self._script.content.count(b"\n", 0, piece.piece_start) + 1
        self._share_time_out(piece)
        patient = not self._own_time_out and _keeps_nobody_waiting(piece)
        if patient:
            self._set_time_out("SESSION", self._conduct.manners.patience_seconds)
        self._hook.before(piece, of)
        began = time.monotonic()
        rows = self._session.script(self._script.piece(piece), first_line=first_line)
        seconds = time.monotonic() - began
        yield steps.StatementEnded(name, self._hook.after(piece, seconds, rows))
        if patient:
            self._set_time_out("SESSION", self._limit)

    def _share_time_out(self, piece: Statement) -> None:
        """Behind the first statement that keeps others waiting, those of its transaction share one lock_timeout."""
        if not self._session.in_transaction or transaction(piece) is Transaction.CONTROL:
            # What is told holds for one transaction; a savepoint that is given up takes it back.
            self._told = self._limit
        if not self._session.in_transaction:
            self._waited_for = None
        elif self._waited_for is None:
            self._waited_for = time.monotonic() if keeps_waiting(piece) else None
        elif self._limit and not self._own_time_out:
            seconds = left(self._limit, time.monotonic() - self._waited_for)
            if abs(seconds - self._told) >= STEP_SECONDS:
                self._set_time_out("LOCAL", seconds)
                self._told = seconds

    def _set_time_out(self, scope: str, seconds: float) -> None:
        self._session.script(f"SET {scope} lock_timeout = {round(seconds * 1000)}".encode())

    def _measured(self, *, committed: bool) -> Iterator[steps.Step]:
        measures = self._hook.ended(committed=committed)
        if self._conduct.hook:  # what only the transaction's end could tell
            for measure in measures:
                yield steps.StatementEnded(self._row.name, measure)

    def _pause_after(self, error: Error, attempt: int, elapsed: float) -> float | None:
        """The pause before it is tried again; None where it is not: the failure is its own, or something stayed."""
        cancelled = self._conduct.cancelled()
        if not isinstance(error, QueryError) or not gives_way(error.sqlstate, cancelled=cancelled):
            return None
        completed = self._at if self._way is not Way.WHOLE else error.completed
        if self._committing or not undone(self._script, self._way, completed, self._first):
            return None
        try:
            self._session.rollback()
        except (QueryError, ConnectError):
            return None
        return self._conduct.manners.pause(attempt, elapsed)

    def _failed(self, error: Error, seconds: float) -> steps.Failed:
        failing = None if self._committing else self._failing(error)
        where = f"statement {failing.number} of {len(self._script.statements)}" if failing else ""
        lost = isinstance(error, ConnectError)
        # Between BEGIN and COMMIT nothing is ever committed without us.
        unsure = lost and (self._way is not Way.IN_ONE or self._committing)
        recorded = self._row.fail(self._session, error)
        sentence = f"{error} ({where})" if where and len(self._script.statements) > 1 else str(error)
        return steps.Failed(
            self._row.name,
            seconds,
            sqlstate_of(error),
            sentence,
            steps.Outcome.UNKNOWN if unsure else steps.Outcome.UNDONE,
            recorded,
            failing.number if failing else 0,
            failing.line if failing else 0,
        )

    def _failing(self, error: Error) -> Statement | None:
        """The statement that failed, where that is known."""
        statements = self._script.statements
        if self._way is not Way.WHOLE:
            return statements[self._at] if self._at < len(statements) else None
        if isinstance(error, QueryError) and self._at == 0 and error.completed < len(statements):
            return statements[error.completed]
        return None


def _keeps_nobody_waiting(piece: Statement) -> bool:
    """Whether nobody who reads or writes waits behind it, however long it waits: `CREATE INDEX CONCURRENTLY`."""
    if piece.kind not in _PATIENT or transaction(piece) is not Transaction.OUTSIDE:
        return False
    named = claims(piece)  # none: VACUUM FULL or REINDEX of everything there is
    return bool(named) and all(not claim.mode.blocks_writes for claim in named)
