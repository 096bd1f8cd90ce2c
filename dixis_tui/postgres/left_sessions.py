"""Sessions on production that a runner left behind when it died: what they run may still come to its end."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from dixis_tui.locks import Peer
from dixis_tui.postgres.session import APPLICATION_NAME, Session
from dixis_tui.secrets import clean

_QUERY_CHARACTERS = 200
_SESSIONS = """
SELECT pid, coalesce(usename::text, '') AS "user", coalesce(application_name, '') AS application,
       coalesce(host(client_addr), '') AS address, coalesce(state, '') AS state, coalesce(query, '') AS query,
       query_start AS since, backend_start AS started
FROM pg_catalog.pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND starts_with(application_name, %(ours)s) AND strpos(application_name, %(run)s) > 0
  AND NOT starts_with(application_name, %(guard)s)
ORDER BY backend_start
"""


class _Row(Struct, frozen=True):
    pid: int
    user: str
    application: str
    address: str
    state: str
    query: str
    since: datetime | None
    started: datetime | None


def left_sessions(session: Session, run: str, guard: str) -> tuple[Peer, ...]:
    """Those in this database whose name has the run's id, but for the one named `guard …`, which only holds its lock.

    What our role may not see of them is empty. Raises QueryError and ConnectError.
    """
    values = {"ours": f"{APPLICATION_NAME} ", "run": run, "guard": f"{APPLICATION_NAME} {guard} "}
    rows = session.query(_SESSIONS, values, row=_Row)
    return tuple(
        Peer(
            pid=row.pid,
            depth=1,
            user=clean(row.user),
            application=clean(row.application),
            address=row.address,
            state=row.state,
            query=clean(row.query)[:_QUERY_CHARACTERS],
            since=row.since,
            started=row.started,
        )
        for row in rows
    )
