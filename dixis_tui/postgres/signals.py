"""Asking another session to stop, without ever hitting a wrong one.

A process id is used again once its session has ended: each signal goes out only where the server still has the very
session, or the very statement, that was looked at. Look and signal are one statement.
"""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString

from dixis_tui.errors import QueryError
from dixis_tui.locks import Peer
from dixis_tui.postgres.session import APPLICATION_NAME, Session
from dixis_tui.secrets import clean

_SIGNAL: LiteralString = """
SELECT CASE WHEN NOT %(ours)s AND starts_with(application_name, %(name)s) THEN 'ours'
            ELSE {function}(pid)::text END
FROM pg_catalog.pg_stat_activity
WHERE pid = %(pid)s AND pid <> pg_backend_pid()
  AND (NOT %(unmoved)s OR %(since)s::timestamptz IS NULL OR (query_start = %(since)s AND xact_start IS NOT NULL))
  AND (backend_start = %(started)s OR (%(started)s IS NULL AND backend_start IS NULL AND usename::text = %(user)s))
"""
"""When another role's session began may be hidden from us; its user never is."""
_CANCEL_STATEMENT = """
SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity
WHERE pid = %s AND query_start = %s AND state = 'active' AND pid <> pg_backend_pid()
"""
_NOT_ALLOWED = "42501"


def cancel(session: Session, peer: Peer, *, ours: bool = False, unmoved: bool = False) -> bool:
    """Cancel what this peer runs (`pg_cancel_backend`); whether the signal was sent, as the server says.

    An idle session in a transaction has nothing to cancel: the server says yes, and its locks stay. `ours` is needed
    for a session of this program. `unmoved`: only while it runs, or has last run, the very statement that was seen: in
    an open transaction its locks are then still held.

    Raises:
        QueryError: the peer is gone or is ours, or our role may not (42501).
    """
    sql = _SIGNAL.replace("{function}", "pg_catalog.pg_cancel_backend")
    return _signal(session, peer, "cancel", sql, ours=ours, unmoved=unmoved)


def terminate(session: Session, peer: Peer, *, ours: bool = False, unmoved: bool = False) -> bool:
    """End this peer's session (`pg_terminate_backend`), which undoes its transaction. Else as :func:`cancel`."""
    sql = _SIGNAL.replace("{function}", "pg_catalog.pg_terminate_backend")
    return _signal(session, peer, "terminate", sql, ours=ours, unmoved=unmoved)


def cancel_statement(session: Session, pid: int, query_since: datetime | None) -> bool:
    """Cancel the statement that this backend began at that very moment; False where it is over.

    Raises:
        QueryError: our role may not (42501).
    """
    if query_since is None:
        return False
    return bool(session.value(_CANCEL_STATEMENT, (pid, query_since)))


def _signal(session: Session, peer: Peer, how: str, sql: LiteralString, *, ours: bool, unmoved: bool) -> bool:
    if peer.pid == 0:
        raise QueryError(
            "",
            "A prepared transaction has no session that could be ended",
            f"ROLLBACK PREPARED or COMMIT PREPARED it by its name: {peer.query}.",
        )
    values = {
        "ours": ours,
        "unmoved": unmoved,
        "name": APPLICATION_NAME,
        "pid": peer.pid,
        "started": peer.started,
        "since": peer.since,
        "user": peer.user,
    }
    try:
        answer = session.value(sql, values)
    except QueryError as error:
        if error.sqlstate != _NOT_ALLOWED:
            raise
        raise _not_allowed(session, peer, how) from None
    if answer is None:
        raise QueryError("", f"Backend {peer.pid} is no longer the session that was seen", "Look at the radar again.")
    if answer == "ours":
        raise QueryError("", f"Backend {peer.pid} is a session of this program", "Stop what it belongs to instead.")
    return bool(answer == "true")


def _not_allowed(session: Session, peer: Peer, how: str) -> QueryError:
    role = clean(session.url.user)
    return QueryError(
        _NOT_ALLOWED,
        f"The role {role} may not {how} backend {peer.pid} of the role {peer.user or 'unknown'}",
        f"Have a superuser do it, or GRANT pg_signal_backend TO {role}; a superuser's session only a superuser ends.",
    )
