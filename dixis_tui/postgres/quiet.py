"""Who would keep a statement waiting for its tables: older transactions that hold a lock on one of them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from dixis_tui.locks import LockMode, from_pg_locks
from dixis_tui.postgres.session import Session
from dixis_tui.secrets import clean
from dixis_tui.sql.names import Relation

OLDER_SECONDS = 1.0
"""A transaction younger than this is left to end by itself: `lock_timeout` and a retry are enough for it."""

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
       coalesce(a.state, 'what it does is hidden from our role') AS state,
       coalesce(extract(epoch FROM clock_timestamp() - a.xact_start), 0)::float8 AS seconds,
       wanted.wanted AS table, l.mode AS mode
FROM wanted JOIN pg_catalog.pg_locks AS l ON l.relation = wanted.oid
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND a.backend_type IS DISTINCT FROM 'autovacuum worker'
  AND (a.xact_start IS NULL OR a.xact_start < clock_timestamp() - %s * interval '1 s')
ORDER BY a.xact_start
"""


class Holder(Struct, frozen=True):
    """A session whose transaction, open for `seconds`, holds `mode` on `table`."""

    pid: int
    user: str
    application: str
    state: str
    seconds: float
    table: str
    mode: str

    def against(self, wanted: LockMode) -> bool:
        """Whether nobody gets `wanted` on that table while it is held."""
        held = from_pg_locks(self.mode)
        return held is not None and wanted.conflicts(held)

    def __str__(self) -> str:
        name = clean(self.application) or "no name"
        who = f"process {self.pid} ({name}, user {clean(self.user)}, {self.state})"
        since = f", for {self.seconds:.0f} s," if self.seconds else ""
        return f"{who}{since} holds {self.table}"


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
    found = session.query(
        _HOLDERS, (schemas, [one.name for one in names.values()], list(names), older_seconds), row=Holder
    )
    return [holder for holder in found if holder.against(wanted[names[holder.table]])]
