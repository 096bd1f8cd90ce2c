"""What a database's tables hold, in few bytes: exact rows, a digest of each table's content, the sequences' values.

A digest is the sum of a 64-bit hash of every row's text: it does not depend on the rows' order, and PostgreSQL computes
it with its parallel workers. `hashtextextended` gives the same for the same text on every major since 11. A table that
is larger than asked is digested for those rows alone whose key hashes to one in so many; all its rows are counted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from msgspec import Struct
from psycopg import sql

from dixis_tui.model import TableWrites
from dixis_tui.postgres.session import Session, connect

_SETTINGS = (
    "SET LOCAL DateStyle = 'ISO, DMY'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL extra_float_digits = 3",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL xmloption = 'content'",
    "SET LOCAL lc_monetary = 'C'",
    "SET LOCAL quote_all_identifiers = off",
    "SET LOCAL search_path = pg_catalog",
    "SET LOCAL row_security = off",
)
"""All that a value's text depends on; and rows that a policy would hide are an error, as for pg_dump."""
_TABLES = """
SELECT n.nspname::text AS schema, c.relname::text AS table, pg_table_size(c.oid) AS bytes,
       coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_index i
                 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                 WHERE i.indrelid = c.oid AND i.indisprimary), '{}') AS key,
       coalesce((SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '{}') AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_SEQUENCES = """
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_WRITES = """
SELECT schemaname || '.' || relname AS table, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted
FROM pg_stat_user_tables ORDER BY 1
"""
_SEQUENCE = sql.SQL("SELECT last_value || CASE WHEN is_called THEN ' used' ELSE ' next' END FROM {}")
_HASH = sql.SQL('hashtextextended(ROW({})::text COLLATE "C", 0)')
_WHOLE = sql.SQL("SELECT count(*) AS rows, coalesce(sum({hash}), 0)::text AS digest FROM ONLY {table} AS t")
_SAMPLED = sql.SQL(
    "SELECT count(*) AS rows, coalesce(sum({hash}) FILTER (WHERE "
    'hashtextextended(ROW({key})::text COLLATE "C", 0) % {share} = 0), 0)::text AS digest FROM ONLY {table} AS t'
)


LARGE_OBJECTS = "large objects"
_LARGE = "SELECT count(*) AS rows, '' AS digest FROM pg_largeobject_metadata"
_LARGE_WHOLE = """
SELECT (SELECT count(*) FROM pg_largeobject_metadata) AS rows,
       coalesce(sum(hashtextextended(loid || ' ' || pageno || ' ' || encode(data, 'hex') COLLATE "C", 0)), 0)::text
         AS digest
FROM pg_largeobject
"""
_MAY_READ_LARGE = "SELECT has_table_privilege('pg_catalog.pg_largeobject', 'SELECT')"
_SNAPSHOT = sql.SQL("SET TRANSACTION SNAPSHOT {}")
_EXPORT = "SELECT pg_export_snapshot()"
_READ_ONLY = "ISOLATION LEVEL REPEATABLE READ, READ ONLY"


class Contents(Struct, frozen=True, kw_only=True):
    """What was found, by `schema.name`. A table in `sampled` was digested for one row in so many.

    `digests` has an entry :data:`LARGE_OBJECTS` where there are any: their number, and a digest where it may be read.
    """

    counts: dict[str, int]
    digests: dict[str, str]
    sampled: dict[str, int]
    sequences: dict[str, str]


class _Table(Struct, frozen=True):
    schema: str
    table: str
    bytes: int
    key: list[str]
    columns: list[str]
    """By name: a child that inherits a column which was added later may have another order once it is restored."""

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"

    def large(self, sample_bytes: int) -> bool:
        """Whether it is to be sampled: by its key, so it needs one."""
        return bool(self.key) and self.bytes > sample_bytes


class _Sequence(Struct, frozen=True):
    schema: str
    name: str


class _Seen(Struct, frozen=True):
    rows: int
    digest: str


class _Writes(Struct, frozen=True):
    table: str
    inserted: int
    updated: int
    deleted: int


def contents(
    session: Session,
    *,
    sample_bytes: int,
    one_in: int,
    like: Mapping[str, int] | None = None,
    on_table: Callable[[str, int, int], None] | None = None,
    jobs: int = 1,
    snapshot: str = "",
) -> Contents:
    """Look at every user table (partitions by themselves, extensions' own tables left out) and every sequence.

    To be called inside a REPEATABLE READ transaction. A table with a primary key of more than `sample_bytes` (with its
    TOAST, without its indexes) is sampled, one row in `one_in`. `like` is the `sampled` of earlier contents to compare
    with: then exactly those are sampled. `on_table` gets each name once it is done, how many are, how many there are.
    `jobs` sessions share the tables, the largest first, in this transaction's snapshot (`snapshot`, where it was
    exported already).

    Raises:
        QueryError: a table can't be read.
        ConnectError: a session could not be opened, or was lost.
    """
    tables = sorted(session.query(_TABLES, row=_Table), key=lambda table: -table.bytes)
    sampled = like if like is not None else {table.name: one_in for table in tables if table.large(sample_bytes)}
    sampled = {table.name: sampled[table.name] for table in tables if sampled.get(table.name, 1) > 1}
    work = _Work(tables, sampled, on_table)
    jobs = min(jobs, len(tables))
    with ExitStack() as stack, ThreadPoolExecutor(max(jobs, 1)) as pool:
        shared = snapshot or (str(session.value(_EXPORT)) if jobs > 1 else "")
        helpers = [stack.enter_context(_helper(session, shared)) for _ in range(jobs - 1)]
        for done in [pool.submit(work.take, one) for one in (session, *helpers)]:
            done.result()
    digests = {name: work.found[name].digest for name in sorted(work.found)}
    if large := _large_objects(session):
        digests[LARGE_OBJECTS] = large
    return Contents(
        counts={name: work.found[name].rows for name in sorted(work.found)},
        digests=digests,
        sampled=sampled,
        sequences=sequences(session),
    )


class _Work:
    """Tables that several sessions share."""

    def __init__(
        self, tables: list[_Table], sampled: Mapping[str, int], on_table: Callable[[str, int, int], None] | None
    ) -> None:
        self._total = len(tables)
        self._left = deque(tables)
        self._sampled = sampled
        self._on_table = on_table
        self._lock = threading.Lock()
        self.found: dict[str, _Seen] = {}

    def take(self, session: Session) -> None:
        """One session's part: tables, until none is left."""
        for setting in _SETTINGS:
            session.execute(setting)
        while True:
            try:
                table = self._left.popleft()
            except IndexError:
                return
            try:
                seen = session.query(_query(table, self._sampled.get(table.name, 1)), row=_Seen)[0]
            except BaseException:
                self._left.clear()  # the others need not go on
                raise
            with self._lock:
                self.found[table.name] = seen
                if self._on_table:
                    self._on_table(table.name, len(self.found), self._total)


@contextmanager
def _helper(session: Session, snapshot: str) -> Iterator[Session]:
    """A session of its own in the same snapshot."""
    lock_timeout = session.lock_timeout_seconds
    with (
        connect(session.url, purpose="contents", read_only=True, lock_timeout_seconds=lock_timeout) as one,
        joined(one, snapshot),
    ):
        yield one


@contextmanager
def joined(session: Session, snapshot: str) -> Iterator[None]:
    """A transaction of `session` in a snapshot that another one exported, and whose transaction is still open."""
    with session.transaction(_READ_ONLY):
        session.execute(_SNAPSHOT.format(sql.Literal(snapshot)))
        yield


def _large_objects(session: Session) -> str:
    """Their number and, where the role may read them all, a digest; empty where there is none."""
    seen = session.query(_LARGE_WHOLE if session.value(_MAY_READ_LARGE) else _LARGE, row=_Seen)[0]
    return f"{seen.rows} {seen.digest}".strip() if seen.rows else ""


def _query(table: _Table, share: int) -> sql.Composed:
    name = sql.Identifier(table.schema, table.table)
    row = _HASH.format(_listed(table.columns))
    if share <= 1 or not table.key:
        return _WHOLE.format(hash=row, table=name)
    return _SAMPLED.format(hash=row, key=_listed(table.key), share=sql.Literal(share), table=name)


def _listed(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier("t", column) for column in columns)


def sequences(session: Session) -> dict[str, str]:
    """Every user sequence's value, and whether it was used."""
    found = session.query(_SEQUENCES, row=_Sequence)
    return {
        f"{one.schema}.{one.name}": str(session.value(_SEQUENCE.format(sql.Identifier(one.schema, one.name))))
        for one in found
    }


def between(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """What a dump's sequences may hold. They know no snapshot: pg_dump read each of them at a moment between both."""
    names = before.keys() & after.keys()
    return {name: before[name] if before[name] == after[name] else f"{before[name]} to {after[name]}" for name in names}


def writes(session: Session) -> dict[str, TableWrites]:
    """What the statistics have counted per table; behind by up to a second of what was committed."""
    found = session.query(_WRITES, row=_Writes)
    return {one.table: TableWrites(one.inserted, one.updated, one.deleted) for one in found}


def rows_of(session: Session, table: str) -> int:
    """Rows of one table, by its `schema.name` as everywhere here; -1 where there is no such table."""
    found = [one for one in session.query(_TABLES, row=_Table) if one.name == table]
    if not found:
        return -1
    return int(
        session.value(sql.SQL("SELECT count(*) FROM ONLY {}").format(sql.Identifier(found[0].schema, found[0].table)))
    )
