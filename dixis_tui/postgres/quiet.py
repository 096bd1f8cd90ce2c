"""Who would keep a statement waiting for its tables: older transactions that hold a lock on one of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from dixis_tui.locks import LockMode, Peer, TableLock, from_pg_locks
from dixis_tui.postgres.session import Session
from dixis_tui.secrets import Redactor
from dixis_tui.sql.literals import without_literals
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import first_word_on

OLDER_SECONDS = 1.0
"""A transaction younger than this is left to end by itself: `lock_timeout` and a retry are enough for it."""
_LONGEST_QUERY = 200

# A named index stands for its table. An autovacuum gives way by itself to whoever waits for it. When another role's
# transaction began may be hidden from ours: then it is taken for an old one.
_HOLDERS = """
WITH wanted AS (
  SELECT DISTINCT coalesce(i.indrelid, c.oid) AS oid, w.name AS wanted
  FROM unnest(%s::text[], %s::text[], %s::text[]) AS w (schema, relation, name)
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.relation
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
)
SELECT a.pid, coalesce(a.usename::text, '') AS user, a.application_name AS application,
       coalesce(host(a.client_addr), '') AS address, coalesce(a.state, '') AS state,
       CASE WHEN a.query = '<insufficient privilege>' THEN '' ELSE a.query END AS query,
       a.query_start AS since, a.xact_start AS held_since, a.backend_start AS started,
       wanted.wanted AS table, l.mode AS mode
FROM wanted JOIN pg_catalog.pg_locks AS l ON l.relation = wanted.oid
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
  AND (a.xact_start IS NULL OR a.xact_start < clock_timestamp() - %s * interval '1 s')
ORDER BY a.xact_start NULLS LAST
"""


class _Row(Struct, frozen=True):
    pid: int
    user: str
    application: str
    address: str
    state: str
    query: str
    since: datetime | None
    held_since: datetime | None
    started: datetime | None
    table: str
    mode: str


class Holder(Struct, frozen=True):
    """A session in the way of `relation`, as it was asked for; `peer.lock.since` is when its transaction began."""

    relation: Relation
    mode: LockMode
    peer: Peer


def in_the_way(
    session: Session, wanted: Mapping[Relation, LockMode], *, older_seconds: float = OLDER_SECONDS
) -> list[Holder]:
    """Whose older transactions hold what conflicts with `wanted`, the oldest first. Relations without a schema are in
    the URL's; those that do not exist are nobody's.

    Raises:
        QueryError, ConnectError: the server could not be asked.
    """
    if not wanted:
        return []
    names = {str(relation): relation for relation in wanted}
    schemas = [relation.schema or session.url.schema for relation in names.values()]
    asked = (schemas, [one.name for one in names.values()], list(names), older_seconds)
    rows = session.query(_HOLDERS, asked, row=_Row)
    words = Redactor(session.url.secrets).line
    found = []
    for row in rows:
        held = from_pg_locks(row.mode)
        if held is not None and wanted[names[row.table]].conflicts(held):
            lock = TableLock(words(row.table), held, row.held_since)
            peer = Peer(
                pid=row.pid,
                depth=1,
                user=words(row.user),
                application=words(row.application),
                address=row.address,
                state=words(row.state),
                query=" ".join(words(without_literals(first_word_on(row.query))).split())[:_LONGEST_QUERY],
                since=row.since,
                started=row.started,
                lock=lock,
            )
            found.append(Holder(names[row.table], held, peer))
    return found
