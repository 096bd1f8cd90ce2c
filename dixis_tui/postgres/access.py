"""Who is connected to a database now: one statement over `pg_stat_activity`, one row a user, address and application.

Every role may see users, applications and databases; of other roles' sessions the address is hidden from whoever is no
member of `pg_read_all_stats` (or `pg_monitor`), and so is what kind of backend it is.
Source: PostgreSQL's documentation, "The Cumulative Statistics System", and "Predefined Roles".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct

from dixis_tui.access import SessionSeen
from dixis_tui.postgres.session import APPLICATION_NAME, Session

_BYTES = 120
_ROWS = 1000
_DEMO = f"{APPLICATION_NAME} demo "
"""The demo's shop is no part of a run."""
# A standby and a physical backup read all of the server, and are of no database.
_SESSIONS = """
WITH me AS (
  SELECT usesysid, client_addr FROM pg_catalog.pg_stat_activity WHERE pid = pg_backend_pid()
)
SELECT coalesce(a.usename::text, '') AS "user", coalesce(host(a.client_addr), '') AS address,
       coalesce(left(a.application_name, %(letters)s), '') AS application,
       a.backend_type IS NULL AS hidden, count(*)::int AS count,
       starts_with(coalesce(a.application_name, ''), %(ours)s)
         AND NOT starts_with(a.application_name, %(demo)s) AND a.usesysid IS NOT DISTINCT FROM me.usesysid
         AND a.client_addr IS NOT DISTINCT FROM me.client_addr AS ours
FROM pg_catalog.pg_stat_activity AS a CROSS JOIN me
WHERE ((a.datname = %(database)s OR %(database)s = '')
       AND coalesce(a.backend_type, 'client backend') IN ('client backend', 'walsender'))
   OR (a.datname IS NULL AND a.backend_type = 'walsender')
GROUP BY 1, 2, 3, 4, 6 ORDER BY 1, 2, 3 LIMIT %(rows)s
"""


class _Row(Struct, frozen=True):
    user: str
    address: str
    application: str
    hidden: bool
    count: int
    ours: bool


def connected(session: Session, database: str, words: Callable[[str], str]) -> tuple[SessionSeen, ...]:
    """Everybody who is connected to `database` now (empty: to any of the server's); `words` cleans and redacts.

    Ours are those that are named `dixis-tui …`, of our role, from where we are: what pg_dump and Prisma open is too.
    Raises QueryError and ConnectError.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    parameters = {"letters": _BYTES, "ours": f"{APPLICATION_NAME} ", "demo": _DEMO, "database": database, "rows": _ROWS}
    return tuple(
        SessionSeen(
            user=words(row.user),
            address=words(row.address),
            application=words(row.application),
            first=now,
            last=now,
            count=row.count,
            ours=row.ours,
            hidden=row.hidden,
        )
        for row in session.query(_SESSIONS, parameters, row=_Row)
    )
