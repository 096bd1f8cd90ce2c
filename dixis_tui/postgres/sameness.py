"""Whether two sessions are in one and the same database of one running server.

Names don't tell: `localhost` and an address may be one server, and a copy of a server (a provider's snapshot restored
for staging) has the same `system_identifier` and the same database name as its original. So one session takes an
advisory lock with a random key, and the other looks whether it sees it. Nothing is written.
"""

from __future__ import annotations

import secrets

from dixis_tui.postgres.session import Session

_LOCK = "SELECT pg_catalog.pg_advisory_lock(%s::int, %s::int)"
_UNLOCK = "SELECT pg_catalog.pg_advisory_unlock(%s::int, %s::int)"
# Two-part keys have objsubid 2, see PostgreSQL's documentation of pg_locks.
_SEEN = """
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_locks
  WHERE locktype = 'advisory' AND classid::bigint = %s AND objid::bigint = %s AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
"""


def same_database(first: Session, second: Session) -> bool:
    """Whether both are in one database. Both sessions stay as they were.

    Raises:
        QueryError, ConnectError: one of them could not be asked.
    """
    key = (secrets.randbelow(2**31), secrets.randbelow(2**31))
    first.value(_LOCK, key)
    try:
        return bool(second.value(_SEEN, key))
    finally:
        first.value(_UNLOCK, key)
