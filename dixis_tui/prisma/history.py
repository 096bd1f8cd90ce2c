"""What `_prisma_migrations` says, compared with the files on disk: what is applied, what a deploy would run, what is in
its way. Comparing is pure. Where each migration stands, and what to do about it, is said by `truth.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from dixis_tui.model import MigrationFile
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.files import order_key, same_checksum
from dixis_tui.secrets import clean

TABLE_NAME = "_prisma_migrations"
ADVISORY_LOCK = 72707369
"""The key that Prisma's schema engine locks while it migrates."""

_TABLE_EXISTS = """
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.relname = '_prisma_migrations' AND c.relkind = 'r' AND n.nspname = %s)
"""
_ROWS = """
SELECT id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, applied_steps_count
FROM {table} ORDER BY started_at
"""
_TABLES = """
SELECT c.relname AS name
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = %s ORDER BY 1
"""
_LOCK_HOLDER = """
SELECT l.pid, coalesce(a.application_name, '') AS application, coalesce(a.usename::text, '') AS "user",
       coalesce(host(a.client_addr), '') AS address
FROM pg_catalog.pg_locks AS l LEFT JOIN pg_catalog.pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.classid = 0 AND l.objid = 72707369 AND l.objsubid = 1 AND l.granted
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""
# Tables of PostGIS, which Prisma does not count as content of a database.
_IGNORED = re.compile(r"spatial_ref_sys|geometry_columns|geography_columns|raster_columns|raster_overviews", re.I)


class HistoryRow(Struct, frozen=True, kw_only=True):
    """A row of `_prisma_migrations`, columns by their own names."""

    id: str
    checksum: str
    finished_at: datetime | None
    migration_name: str
    logs: str | None
    rolled_back_at: datetime | None
    started_at: datetime
    applied_steps_count: int

    @property
    def applied(self) -> bool:
        """Finished and not rolled back."""
        return self.finished_at is not None and self.rolled_back_at is None

    @property
    def unfinished(self) -> bool:
        """Failed, or running if someone holds the advisory lock: only :func:`lock_holder` tells which."""
        return self.finished_at is None and self.rolled_back_at is None


class LockHolder(Struct, frozen=True):
    """The session that holds Prisma's advisory lock on this database."""

    pid: int
    application: str
    user: str
    address: str

    def __str__(self) -> str:
        place = f" from {self.address}" if self.address else ""
        return f"process {self.pid} ({clean(self.application) or 'no name'}, user {clean(self.user)}{place})"


class _Table(Struct, frozen=True):
    name: str


class History(Struct, frozen=True, kw_only=True):
    """Files and rows side by side. Files are in Prisma's order, rows in the order in which they were started."""

    has_table: bool
    applied: tuple[HistoryRow, ...] = ()
    pending: tuple[MigrationFile, ...] = ()
    """What `migrate deploy` would run."""
    failed: tuple[HistoryRow, ...] = ()
    """Neither finished nor rolled back; `logs` holds the error. Prisma refuses to deploy (P3009)."""
    edited: tuple[MigrationFile, ...] = ()
    """Applied, but the file has changed since (other line endings do not count)."""
    missing: tuple[HistoryRow, ...] = ()
    """Applied or failed, but not on disk."""
    out_of_order: tuple[MigrationFile, ...] = ()
    """Pending, though a later one is applied; part of `pending`."""
    foreign_tables: tuple[str, ...] = ()
    """Tables of a database that has no history: Prisma refuses to deploy (P3005)."""

    @property
    def unmanaged(self) -> bool:
        """Whether the database has content but no history (P3005)."""
        return bool(self.foreign_tables)

    @property
    def up_to_date(self) -> bool:
        """Nothing is pending, failed or unmanaged: what `migrate status` should say, and does not always."""
        return not (self.pending or self.failed or self.unmanaged)

    @property
    def consistent(self) -> bool:
        """Whether the files tell the same story as the table: none edited, missing or out of order."""
        return not (self.edited or self.missing or self.out_of_order)


def read_rows(session: Session, schema: str = "public") -> tuple[HistoryRow, ...] | None:
    """All rows of the history table in `schema`, oldest first; None where there is no table.

    Raises:
        QueryError: the role may not read the table, or the table is not Prisma's.
    """
    if not session.value(_TABLE_EXISTS, (schema,)):
        return None
    # The only part that is not a constant is a quoted identifier.
    return tuple(session.query(_ROWS.format(table=history_table(schema)), row=HistoryRow))


def foreign_tables(session: Session, schema: str = "public") -> tuple[str, ...]:
    """Ordinary tables of `schema` that Prisma would count as content, without the history table itself."""
    names = [table.name for table in session.query(_TABLES, (schema,), row=_Table)]
    return tuple(name for name in names if name != TABLE_NAME and not _IGNORED.fullmatch(name))


def lock_holder(session: Session) -> LockHolder | None:
    """Who is migrating this database now, ourselves included; None where nobody is."""
    return next(iter(session.query(_LOCK_HOLDER, row=LockHolder)), None)


def read_history(session: Session, files: Sequence[MigrationFile], schema: str = "public") -> History:
    """Read the database's side and compare it with `files`."""
    rows = read_rows(session, schema)
    return compare(files, rows, () if rows is not None else foreign_tables(session, schema))


def compare(files: Sequence[MigrationFile], rows: Sequence[HistoryRow] | None, tables: Sequence[str] = ()) -> History:
    """Files against rows; pure. `rows` is None where there is no history table, `tables` then its other tables."""
    if rows is None:
        return History(has_table=False, pending=_ordered(files), foreign_tables=tuple(tables))
    on_disk = {file.name for file in files}
    applied = {row.migration_name: row for row in rows if row.applied}
    # Prisma's own rule: any row that is not rolled back keeps its file from running, finished or not.
    standing = {row.migration_name for row in rows if row.rolled_back_at is None}
    pending = _ordered([file for file in files if file.name not in standing])
    newest = max((order_key(name) for name in applied), default=None)
    return History(
        has_table=True,
        applied=tuple(row for row in rows if row.applied),
        pending=pending,
        failed=tuple(row for row in rows if row.unfinished),
        edited=tuple(
            file
            for file in _ordered(files)
            if file.name in applied and not same_checksum(file, applied[file.name].checksum)
        ),
        missing=tuple(row for row in rows if row.rolled_back_at is None and row.migration_name not in on_disk),
        out_of_order=tuple(file for file in pending if newest is not None and order_key(file.name) < newest),
    )


def history_table(schema: str) -> str:
    """The history table's quoted, qualified name."""
    return f"{quoted(schema)}.{quoted(TABLE_NAME)}"


def quoted(identifier: str) -> str:
    """An SQL identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def _ordered(files: Sequence[MigrationFile]) -> tuple[MigrationFile, ...]:
    return tuple(sorted(files, key=lambda file: order_key(file.name)))
