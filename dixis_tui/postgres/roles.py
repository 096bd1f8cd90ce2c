"""A role and its password: what may be done with it, and a new password that the server never sees in the clear.

Sources: PostgreSQL's documentation, `ALTER ROLE` and "Role Attributes"; libpq's `PQencryptPasswordConn`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct
from psycopg import sql

from dixis_tui.errors import QueryError
from dixis_tui.postgres.session import Session

_WITH_ADMIN_OPTION = 160000
_VALID_UNTIL = "SELECT nullif(rolvaliduntil, 'infinity') FROM pg_catalog.pg_roles WHERE rolname = %s"
_RIGHT = """
SELECT me.rolname::text AS me, r.rolname = me.rolname AS self, r.rolcanlogin AS can_login, r.rolsuper AS superuser,
       me.rolsuper AS i_am_superuser, me.rolcreaterole AS may_create,
       pg_has_role(me.oid, r.oid, 'MEMBER WITH ADMIN OPTION') AS admin,
       nullif(r.rolvaliduntil, 'infinity') AS valid_until,
       (SELECT count(*) FROM pg_catalog.pg_db_role_setting s WHERE s.setrole = r.oid)::int AS settings
FROM pg_catalog.pg_roles r CROSS JOIN pg_catalog.pg_roles me WHERE r.rolname = %s AND me.rolname = current_user
"""
_ALTER = sql.SQL("ALTER ROLE {} PASSWORD {}")


class _Right(Struct, frozen=True):
    me: str
    self: bool
    can_login: bool
    superuser: bool
    i_am_superuser: bool
    may_create: bool
    admin: bool
    valid_until: datetime | None
    settings: int


class RoleSeen(Struct, frozen=True, kw_only=True):
    """A role as the session may treat it. `refusal`: why its password can't be changed by us; empty: it can."""

    me: str
    refusal: str = ""
    valid_until: datetime | None = None


def valid_until(session: Session, role: str) -> datetime | None:
    """Until when its password is taken, in UTC; None: without end, or no such role."""
    found = session.value(_VALID_UNTIL, (role,))
    return found.astimezone(UTC) if isinstance(found, datetime) else None


def look(session: Session, role: str) -> RoleSeen:
    """Whether the session's own role may change that role's password. Raises QueryError where there is no such role."""
    rows = session.query(_RIGHT, (role,), row=_Right)
    if not rows:
        raise QueryError("42704", f"there is no role {role}", "Name it as rotation.role in dixis.toml.")
    row = rows[0]
    until = row.valid_until.astimezone(UTC) if row.valid_until else None
    return RoleSeen(me=row.me, refusal=_refusal(row, session.server_version, role), valid_until=until)


def _refusal(row: _Right, version: int, role: str) -> str:
    if not row.can_login:
        return f"{role} can't log in: its password is nobody's"
    if row.self or row.i_am_superuser:
        return ""
    if row.superuser:
        return f"{role} is a superuser, and {row.me} is none"
    if not row.may_create:
        return f"{row.me} has no CREATEROLE"
    if version >= _WITH_ADMIN_OPTION and not row.admin:
        return f"{row.me} has no ADMIN OPTION on {role}"
    return ""


def try_password(session: Session, role: str, password: str) -> None:
    """Set it and undo that: what the server would refuse, it refuses now. Raises QueryError and ConnectError."""
    session.execute("BEGIN")
    try:
        set_password(session, role, password)
    finally:
        session.rollback()


def set_password(session: Session, role: str, password: str) -> None:
    """Set it, as a SCRAM-SHA-256 verifier that is made here: the password itself never leaves this machine.

    Raises QueryError and ConnectError.
    """
    verifier = session.scram_verifier(role, password)
    session.execute(_ALTER.format(sql.Identifier(role), sql.Literal(verifier)))
