"""What a dump's manifest says of its snapshot beside the contents of the tables. Reads only."""

from __future__ import annotations

from msgspec import Struct
from psycopg import sql

from dixis_tui.model import TableWrites
from dixis_tui.postgres.catalog import extensions
from dixis_tui.postgres.contents import writes
from dixis_tui.postgres.session import Session

_ESTIMATES = """
SELECT n.nspname || '.' || c.relname AS table, greatest(c.reltuples, 0)::bigint AS rows
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
_ROLES = """
SELECT DISTINCT pg_get_userbyid(role)::text AS name FROM (
  SELECT refobjid FROM pg_shdepend
  WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND refclassid = 'pg_authid'::regclass AND deptype IN ('o', 'a', 'r')
  UNION ALL SELECT relowner FROM pg_class WHERE oid >= 16384
  UNION ALL SELECT proowner FROM pg_proc WHERE oid >= 16384
  UNION ALL SELECT typowner FROM pg_type WHERE oid >= 16384
  UNION ALL SELECT nspowner FROM pg_namespace WHERE oid >= 16384
) AS found (role)
WHERE EXISTS (SELECT FROM pg_roles r WHERE r.oid = role AND r.rolname !~ '^pg_') ORDER BY 1
"""
_HISTORY = "SELECT to_regclass(format('%%I._prisma_migrations', %s::text)) IS NOT NULL"
_HEAD = sql.SQL(
    "SELECT migration_name FROM {} WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL"
    " ORDER BY migration_name DESC LIMIT 1"
)


class Held(Struct, frozen=True, kw_only=True):
    """`estimates` are the planner's rows, for progress alone. `roles` own something in the database, or are granted it.

    Source: `pg_shdepend`, which knows all but the bootstrap superuser. That one is added where it owns something, since
    another server's may have another name.
    """

    estimates: dict[str, int]
    writes: dict[str, TableWrites]
    roles: tuple[str, ...]
    head: str
    extensions: dict[str, str]


class _Estimate(Struct, frozen=True):
    table: str
    rows: int


class _Role(Struct, frozen=True):
    name: str


def snapshot_facts(session: Session, schema: str) -> Held:
    """To be called in the dump's transaction. `schema` is where `_prisma_migrations` is, if anywhere."""
    history = session.value(_HISTORY, (schema,))
    head = session.value(_HEAD.format(sql.Identifier(schema, "_prisma_migrations"))) if history else None
    return Held(
        estimates={one.table: one.rows for one in session.query(_ESTIMATES, row=_Estimate)},
        writes=writes(session),
        roles=tuple(one.name for one in session.query(_ROLES, row=_Role)),
        head=str(head or ""),
        extensions=extensions(session),
    )


def missing_roles(session: Session, roles: tuple[str, ...]) -> list[str]:
    """Those of `roles` that this server does not have."""
    found = {one.name for one in session.query("SELECT rolname::text AS name FROM pg_roles", row=_Role)}
    return [role for role in roles if role not in found]


def make_roles(session: Session, roles: list[str]) -> None:
    """Make them, without a login: for a scratch server, so that owners and grants can be restored there."""
    for role in roles:
        session.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
