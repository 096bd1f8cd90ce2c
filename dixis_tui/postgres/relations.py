"""Tables as a meter sees them: their files, their rows, how often they were read whole, and who has locked them.

What is committed is asked of any session. What an open transaction has done so far only its own session knows: its new
files are in a catalog row that nobody else sees yet, its counts are not in the shared statistics yet.
"""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.postgres.session import Session

_COMMITTED = """
SELECT c.oid::bigint AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relfilenode::bigint AS filenode,
       coalesce(nullif(pg_catalog.pg_stat_get_live_tuples(c.oid), 0), greatest(c.reltuples, 0))::bigint AS rows,
       pg_catalog.pg_stat_get_numscans(c.oid) AS scans, pg_catalog.pg_stat_get_tuples_returned(c.oid) AS read
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_LOCKED = """
SELECT l.relation::bigint AS oid, l.mode, coalesce(c.relfilenode, 0)::bigint AS filenode,
       coalesce(pg_catalog.pg_stat_get_xact_numscans(c.oid), 0) AS scans,
       coalesce(pg_catalog.pg_stat_get_xact_tuples_returned(c.oid), 0) AS read,
       CASE WHEN l.mode = 'AccessExclusiveLock' AND c.relkind IN ('r', 'm')
            THEN coalesce(pg_catalog.pg_relation_size(c.oid), 0) ELSE 0 END AS bytes
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_class c ON c.oid = l.relation
WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation'
"""
_COUNTED = """
SELECT c.oid::bigint AS oid, pg_catalog.pg_stat_get_xact_numscans(c.oid) AS scans,
       pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) AS read
FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'm') AND pg_catalog.pg_stat_get_xact_numscans(c.oid) > 0
"""
_HELD = """
SELECT relation::bigint AS oid, mode FROM pg_catalog.pg_locks WHERE pid = %s AND locktype = 'relation' AND granted
"""
_TABLE_OF_INDEX = """
SELECT i.indrelid::bigint FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""
_BYTES = "SELECT coalesce(pg_catalog.pg_relation_size(%s::bigint::oid), 0)"
_FLUSH = "SELECT pg_catalog.pg_stat_force_next_flush()"
_FLUSHES_SINCE = 150000


class Table(Struct, frozen=True):
    """A committed table, matview or view. `rows` is the server's estimate; `scans` and `read` count for ever."""

    oid: int
    schema: str
    name: str
    filenode: int
    rows: int
    scans: int
    read: int


class Locked(Struct, frozen=True):
    """A lock of our own transaction, and what it did to that relation. `mode` is that of `pg_locks`.

    `filenode` is 0 for a relation that was dropped; `bytes` is asked under ACCESS EXCLUSIVE alone.
    """

    oid: int
    mode: str
    filenode: int
    scans: int
    read: int
    bytes: int


class Counted(Struct, frozen=True):
    """Whole reads of a relation that this session has counted, and not handed to the shared statistics yet."""

    oid: int
    scans: int
    read: int


class Held(Struct, frozen=True):
    """A lock of another session, at one moment."""

    oid: int
    mode: str


def committed(session: Session) -> dict[int, Table]:
    """All user tables by their oid, as everybody sees them now."""
    return {table.oid: table for table in session.query(_COMMITTED, row=Table)}


def locked(worker: Session) -> list[Locked]:
    """What the open transaction of `worker` holds; asked of itself. Locks no user's table."""
    return worker.query(_LOCKED, row=Locked)


def counted(worker: Session) -> dict[int, Counted]:
    """What `worker` has counted and not handed over; asked of itself."""
    return {one.oid: one for one in worker.query(_COUNTED, row=Counted)}


def held(observer: Session, pid: int) -> list[Held]:
    """What the backend `pid` holds, seen from elsewhere."""
    return observer.query(_HELD, (pid,), row=Held)


def table_of_index(observer: Session, schema: str, index: str) -> int | None:
    """The oid of the table that an index is on."""
    found = observer.value(_TABLE_OF_INDEX, (schema, index))
    return None if found is None else int(found)


def bytes_of(observer: Session, oid: int) -> int:
    """Bytes of a relation's rows; 0 where it is gone."""
    return int(observer.value(_BYTES, (oid,)))


def hand_over_counts(worker: Session) -> None:
    """Have an idle session's counts in the shared statistics now, which it does once a second otherwise.

    PostgreSQL 15 and later; before that nothing is done, and the counts come late.
    """
    if worker.server_version >= _FLUSHES_SINCE:
        worker.execute(_FLUSH)
