"""The rows of `_prisma_migrations` as Prisma's engine writes them (`sql_migration_persistence.rs`), but for the clock.

They are sent as simple queries: a migration may end with DISCARD ALL, which would take prepared statements away.
"""

from __future__ import annotations

from contextlib import suppress
from uuid import uuid4

from msgspec import Struct

from dixis_tui.errors import ConnectError, QueryError
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.history import ADVISORY_LOCK, HistoryRow, history_table

CREATE_TABLE = """CREATE TABLE {table} (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)"""

# The row before a file needs no flush of its own: the file's commit flushes the log up to there, and if the server
# goes down before that, the file is not applied either.
_NO_FLUSH = "SET LOCAL synchronous_commit = off; "
# The row after it does, and takes the file's own commit with it: what is told as applied must outlive a server's death.
_FLUSH = (
    "SELECT pg_catalog.set_config('synchronous_commit', 'local', true)"
    " WHERE pg_catalog.current_setting('synchronous_commit') = 'off'; "
)
_START = "INSERT INTO {table} (id, checksum, started_at, migration_name) VALUES ('{id}', '{checksum}', {now}, {name})"
_FINISH = "UPDATE {table} SET applied_steps_count = applied_steps_count + 1, finished_at = {now} WHERE id = '{id}'"
_FAIL = "UPDATE {table} SET logs = {logs} WHERE id = '{id}'"
_ROLL_BACK = """
UPDATE {table} SET rolled_back_at = {now}
WHERE id = {id} AND finished_at IS NULL AND rolled_back_at IS NULL AND pg_catalog.pg_try_advisory_xact_lock({lock})
"""
_APPLIED = """
INSERT INTO {table} (id, checksum, started_at, finished_at, migration_name, applied_steps_count)
VALUES ('{id}', '{checksum}', {now}, {now}, {name}, 0)
"""
# A lock_timeout that a file before left behind (pg_dump's begin with 0, which is none) is not this file's.
_OUR_TIME_OUT = "RESET lock_timeout; "
_NOW = "pg_catalog.clock_timestamp()"

_LOGS = """A migration failed to apply. New migrations cannot be applied before the error is recovered from. \
Read more about how to resolve migration issues in a production database: https://pris.ly/d/migrate-resolve

Migration name: {name}

Database error code: {sqlstate}

Database error:
{error}
"""


class Row(Struct, frozen=True):
    """One file's row. `table` is the quoted, qualified history table."""

    table: str
    name: str
    checksum: str
    id: str

    @classmethod
    def of(cls, table: str, name: str, checksum: str) -> Row:
        """A row with an id of its own."""
        return cls(table, name, checksum, str(uuid4()))

    def start(self, session: Session) -> None:
        """Write it, unfinished. Raises QueryError, ConnectError."""
        start = _START.format(table=self.table, id=self.id, checksum=self.checksum, now=_NOW, name=_literal(self.name))
        session.script((_OUR_TIME_OUT + _NO_FLUSH + start).encode())

    def finish(self, session: Session) -> None:
        """Write that the file is applied, and have it flushed with the file. Raises QueryError, ConnectError."""
        session.script((_FLUSH + _FINISH.format(table=self.table, id=self.id, now=_NOW)).encode())

    def fail(self, session: Session, error: QueryError | ConnectError) -> bool:
        """Write the error; whether that could be done. A connection that is lost can't, and never raises here."""
        told = error.error_text if isinstance(error, QueryError) and error.error_text else str(error)
        logs = _LOGS.format(name=self.name, sqlstate=sqlstate_of(error) or "none", error=told)
        with suppress(QueryError, ConnectError):
            session.rollback()
            session.script(_FAIL.format(table=self.table, id=self.id, logs=_literal(logs)).encode())
            return True
        return False


def roll_back(session: Session, schema: str, row: HistoryRow) -> bool:
    """Mark a failed row as rolled back, as `prisma migrate resolve --rolled-back` does, under Prisma's own lock.

    False where the row is no longer unfinished, or somebody else holds the lock. Raises QueryError, ConnectError.
    """
    table = history_table(schema)
    sql = _ROLL_BACK.format(table=table, now=_NOW, id=_literal(row.id), lock=ADVISORY_LOCK)
    return session.script(sql.encode()) == 1


def mark_applied(session: Session, schema: str, row: HistoryRow, checksum: str) -> bool:
    """As `prisma migrate resolve --applied` does: the failed row is rolled back, and a finished one of no steps added.

    False, and nothing done, where the row is no longer unfinished, or somebody else holds Prisma's lock. Raises
    QueryError, ConnectError.
    """
    table, name = history_table(schema), _literal(row.migration_name)
    with session.transaction():
        if not roll_back(session, schema, row):
            return False
        fresh = Row.of(table, row.migration_name, checksum)
        insert = _APPLIED.format(table=table, id=fresh.id, checksum=checksum, now=_NOW, name=name)
        session.script(insert.encode())
    return True


def sqlstate_of(error: QueryError | ConnectError) -> str:
    """PostgreSQL's five characters; empty where the connection was lost."""
    return error.sqlstate if isinstance(error, QueryError) else ""


def _literal(text: str) -> str:
    """An SQL expression for `text` that holds whatever a file before did to the session's string settings."""
    return f"pg_catalog.convert_from(pg_catalog.decode('{text.encode().hex()}', 'hex'), 'UTF8')"
