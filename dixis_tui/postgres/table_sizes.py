"""How large the tables are, and how much room their server has. Reads only."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import QueryError
from dixis_tui.measures import TableSize
from dixis_tui.postgres.session import Session
from dixis_tui.sql.names import Relation

_SIZES = """
SELECT n.nspname::text AS schema, c.relname::text AS name,
       coalesce(nullif(pg_catalog.pg_stat_get_live_tuples(c.oid), 0), greatest(c.reltuples, 0))::bigint AS rows,
       coalesce(pg_catalog.pg_table_size(c.oid), 0) AS bytes,
       coalesce(pg_catalog.pg_total_relation_size(c.oid), 0) AS total
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_WHERE = """
SELECT pg_catalog.current_setting('data_directory') AS directory,
       extract(epoch FROM pg_catalog.pg_postmaster_start_time())::float8 AS started,
       (SELECT system_identifier::text FROM pg_catalog.pg_control_system()) AS system
"""
_STARTING_SECONDS = 60.0
"""The pid file is written when a server begins to start, what SQL tells is when it was ready for that."""


class _Size(Struct, frozen=True):
    schema: str
    name: str
    rows: int
    bytes: int
    total: int


class _Where(Struct, frozen=True):
    directory: str
    started: float
    system: str


def table_sizes(session: Session) -> dict[str, TableSize]:
    """Rows and bytes of every user table, partition and materialized view, by its name as SQL writes it
    (`public."Order"`).

    Rows are those that the statistics count as live, or, after a crash or without them, the last ANALYZE's.
    """
    return {
        str(Relation(found.schema, found.name)): TableSize(found.rows, found.bytes, found.total)
        for found in session.query(_SIZES, row=_Size)
    }


def free_bytes(session: Session) -> int | None:
    """Bytes free on the disk of the server's data, where that can be known: the server is on this machine.

    SQL has no word for it. A host of the loopback may be the end of a tunnel, so the data directory here counts only
    where it holds the system identifier of the server that answers, and a `postmaster.pid` of its start. WAL or
    tablespaces on other disks are not seen.
    """
    if not _loopback(session.url.host):
        return None
    try:
        where = session.query(_WHERE, row=_Where)[0]
        lines = Path(where.directory, "postmaster.pid").read_text().splitlines()
        system = int.from_bytes(Path(where.directory, "global", "pg_control").read_bytes()[:8], sys.byteorder)
        if system != int(where.system) or abs(int(lines[2]) - where.started) > _STARTING_SECONDS:
            return None
        room = os.statvfs(where.directory)
    except (QueryError, OSError, ValueError, IndexError):  # the role, or this user, may not look
        return None
    return room.f_bavail * room.f_frsize


def _loopback(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
