"""The direct executor: applies migration files as Prisma 6's schema engine does, in one session and few round trips.

Same advisory lock, same table, same rows, each file as one simple query of its exact bytes. Prisma finds afterwards
what it would have left itself. The statements are the engine's own (`apply_migrations.rs`,
`sql_migration_persistence.rs`, `flavour/postgres.rs` of prisma-engines), compared with a server's log of the real CLI.

Where this executor is stricter than Prisma, on purpose:

- A file that leaves a transaction open is rolled back and recorded as failed. Prisma writes "applied" into that open
  transaction, reports success, and loses the file and everything after it when it disconnects.
- A failed file that had begun a transaction of its own is rolled back first, so that its error can be recorded. Where
  Prisma tries to record it, that fails too (25P02), and the history keeps no reason.
- A file that is not UTF-8, or that changed since it was read, is refused before anything is sent.
- Times in the history are the server's clock, not that of whoever's machine this is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

from msgspec import Struct

from dixis_tui.errors import ConnectError, ProjectError, QueryError
from dixis_tui.model import MigrationFile
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.files import checksums
from dixis_tui.prisma.history import (
    ADVISORY_LOCK,
    LockHolder,
    foreign_tables,
    history_table,
    lock_holder,
    quoted,
    read_rows,
)
from dixis_tui.secrets import clean

LOCK_WAIT_SECONDS = 10
"""How long Prisma waits for its advisory lock."""

_CREATE_TABLE = """CREATE TABLE {table} (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)"""
_SCHEMA_EXISTS = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s)"
_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', %s, false)"
_TRY_LOCK = f"SELECT pg_catalog.pg_try_advisory_lock({ADVISORY_LOCK})"
_WAIT_FOR_LOCK = (
    f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'; SET LOCAL statement_timeout = 0; "
    f"SELECT pg_catalog.pg_advisory_lock({ADVISORY_LOCK})"
)
_UNLOCK = f"SELECT pg_catalog.pg_advisory_unlock({ADVISORY_LOCK})"

# The rows are sent as simple queries: a migration may end with DISCARD ALL, which would take prepared statements away.
# The one before a file needs no flush of its own: the file's commit flushes the log up to there, and if the server
# goes down before that, the file is not applied either. The same goes for the row after a file that has a successor.
_NO_FLUSH = "SET LOCAL synchronous_commit = off; "
_START = "INSERT INTO {table} (id, checksum, started_at, migration_name) VALUES ('{id}', '{checksum}', {now}, {name})"
_FINISH = "UPDATE {table} SET applied_steps_count = applied_steps_count + 1, finished_at = {now} WHERE id = '{id}'"
_FAIL = "UPDATE {table} SET logs = {logs} WHERE id = '{id}'"
_NOW = "pg_catalog.clock_timestamp()"

_LOGS = """A migration failed to apply. New migrations cannot be applied before the error is recovered from. \
Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve

Migration name: {name}

Database error code: {sqlstate}

Database error:
{error}
"""


class Outcome(StrEnum):
    """What a failure means for the database."""

    UNDONE = "undone"
    """Nothing of the file is in the database, but for what it committed by itself."""
    APPLIED = "applied"
    """The file was committed; the history says unfinished, because its row could not be written."""
    UNKNOWN = "unknown"
    """The connection was lost before the server's answer: only the server knows."""


class Started(Struct, frozen=True):
    """Yielded before anything of this file is sent, its history row included."""

    name: str


class Applied(Struct, frozen=True):
    """The file is committed and the history says so. `seconds` is the file's own time."""

    name: str
    seconds: float


class Failed(Struct, frozen=True):
    """The last value of a run that failed. `recorded`: the history row holds the error."""

    name: str
    seconds: float
    sqlstate: str
    error: str
    outcome: Outcome
    recorded: bool


Step = Started | Applied | Failed


class _Script(Struct, frozen=True):
    file: MigrationFile
    content: bytes


class _Row(Struct, frozen=True):
    table: str
    id: str


def apply(
    session: Session,
    files: Sequence[MigrationFile],
    schema: str = "public",
    *,
    on_waiting_for_lock: Callable[[LockHolder | None], None] | None = None,
) -> Iterator[Step]:
    """Apply `files` in their order: for each a :class:`Started`, then :class:`Applied` or, at the end, :class:`Failed`.

    The work happens as the values are taken; closing the iterator between two values leaves no unfinished row. The
    session should be this executor's own: its `search_path` is set to `schema`, as Prisma does, and the files may
    change other settings, which last for the files after them, as in Prisma.

    Raises (all before the first value, with nothing applied):
        ProjectError: a file changed, vanished or is not UTF-8; the database is not empty and has no history (Prisma:
            P3005); a failed migration is on record (P3009); one of `files` is on record already.
        QueryError: the advisory lock was not given within 10 s (`55P03`), or the history can't be read or made.
        ConnectError: the connection was lost.
    """
    scripts = [_load(file) for file in files]
    with _advisory_lock(session, on_waiting_for_lock):
        _prepare(session, schema, files)
        table = history_table(schema)
        for script in scripts:
            yield Started(script.file.name)
            step = _apply_one(session, table, script, last=script is scripts[-1])
            yield step
            if isinstance(step, Failed):
                return


def _load(file: MigrationFile) -> _Script:
    try:
        content = Path(file.path).read_bytes()
    except OSError as error:
        raise ProjectError(f"{file.path} can't be read: {error.strerror}", "Restore the migration file.") from None
    if checksums(content)[0] != file.checksum:
        raise ProjectError(
            f"The migration {clean(file.name)} has changed since it was read", "Start again from the preflight."
        )
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"The migration {clean(file.name)} is not UTF-8 (byte {error.start})", "Save the file as UTF-8."
        ) from None
    if "\0" in text:
        raise ProjectError(f"The migration {clean(file.name)} holds a NUL byte", "Remove it: PostgreSQL takes none.")
    return _Script(file, content)


@contextmanager
def _advisory_lock(session: Session, on_waiting: Callable[[LockHolder | None], None] | None) -> Iterator[None]:
    if not session.value(_TRY_LOCK):
        holder = lock_holder(session)
        if on_waiting:
            on_waiting(holder)
        try:
            session.script(_WAIT_FOR_LOCK.encode())
        except QueryError as error:
            if error.sqlstate != "55P03":
                raise
            raise _lock_refused(lock_holder(session) or holder) from None
    try:
        yield
    finally:
        # The lock goes with the session anyway; what went wrong before must not be hidden by a failure here.
        with suppress(QueryError, ConnectError):
            session.rollback()
            session.script(_UNLOCK.encode())


def _lock_refused(holder: LockHolder | None) -> QueryError:
    who = f", held by {holder}" if holder else ""
    return QueryError(
        "55P03",
        f"Prisma's advisory lock {ADVISORY_LOCK} was not given within {LOCK_WAIT_SECONDS} s{who}",
        "Another migration is running on this database: wait for its end, or find out whose it is.",
    )


def _prepare(session: Session, schema: str, files: Sequence[MigrationFile]) -> None:
    if not session.value(_SCHEMA_EXISTS, (schema,)):
        session.script(f"CREATE SCHEMA {quoted(schema)}".encode())
    session.value(_SEARCH_PATH, (quoted(schema),))
    rows = read_rows(session, schema)
    if rows is None:
        if others := foreign_tables(session, schema):
            raise ProjectError(
                f"The schema {clean(schema)} is not empty ({len(others)} tables) and has no migration history (P3005)",
                "Baseline it first: `prisma migrate resolve --applied` for each migration that is in it already.",
            )
        session.script(_CREATE_TABLE.format(table=history_table(schema)).encode())
        return
    if failed := [row for row in rows if row.unfinished]:
        since = failed[0].started_at.astimezone(UTC)
        raise ProjectError(
            f"The migration {clean(failed[0].migration_name)}, started {since:%Y-%m-%d %H:%M:%S} UTC, "
            "is recorded as failed (P3009)",
            "Mend the database, then `prisma migrate resolve` with --rolled-back or --applied.",
        )
    standing = {row.migration_name for row in rows if row.rolled_back_at is None}
    if taken := [file.name for file in files if file.name in standing]:
        raise ProjectError(
            f"The migration {clean(taken[0])} is already applied: the history has changed since it was read",
            "Start again from the preflight.",
        )


def _apply_one(session: Session, table: str, script: _Script, *, last: bool) -> Applied | Failed:
    name, row = script.file.name, _Row(table, str(uuid4()))
    start = _START.format(table=table, id=row.id, checksum=script.file.checksum, now=_NOW, name=_literal(name))
    try:
        session.script((_NO_FLUSH + start).encode())
    except (QueryError, ConnectError) as error:
        sentence = f"{clean(name)} was not begun, its history row could not be written: {error}"
        return Failed(name, 0.0, _sqlstate(error), sentence, Outcome.UNDONE, recorded=False)
    began = time.monotonic()
    try:
        session.script(script.content)
        seconds = time.monotonic() - began
        _refuse_open_transaction(session, name)
    except (QueryError, ConnectError) as error:
        return _fail(session, row, name, time.monotonic() - began, error)
    finish = _FINISH.format(table=table, id=row.id, now=_NOW)
    try:
        session.script((finish if last else _NO_FLUSH + finish).encode())
    except (QueryError, ConnectError) as error:
        sentence = f"{clean(name)} is applied, but its history row could not be finished: {error}"
        return Failed(name, seconds, _sqlstate(error), sentence, Outcome.APPLIED, recorded=False)
    return Applied(name, seconds)


def _refuse_open_transaction(session: Session, name: str) -> None:
    if session.in_transaction:
        raise QueryError(
            "25001",
            f"{clean(name)} begins a transaction that it does not end, so it was rolled back",
            "End the file's transaction with COMMIT.",
        )


def _fail(session: Session, row: _Row, name: str, seconds: float, error: QueryError | ConnectError) -> Failed:
    sqlstate = _sqlstate(error)
    told = error.error_text if isinstance(error, QueryError) and error.error_text else str(error)
    logs = _LOGS.format(name=name, sqlstate=sqlstate or "none", error=told)
    recorded = False
    with suppress(QueryError, ConnectError):
        session.rollback()
        session.script(_FAIL.format(table=row.table, id=row.id, logs=_literal(logs)).encode())
        recorded = True
    outcome = Outcome.UNKNOWN if isinstance(error, ConnectError) else Outcome.UNDONE
    return Failed(name, seconds, sqlstate, str(error), outcome, recorded)


def _sqlstate(error: QueryError | ConnectError) -> str:
    return error.sqlstate if isinstance(error, QueryError) else ""


def _literal(text: str) -> str:
    """An SQL expression for `text` that holds whatever a file before did to the session's string settings."""
    return f"pg_catalog.convert_from(pg_catalog.decode('{text.encode().hex()}', 'hex'), 'UTF8')"
