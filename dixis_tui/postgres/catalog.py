"""What a database says of itself. Reads only."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace
from psycopg import sql

from dixis_tui.errors import QueryError
from dixis_tui.model import Identity
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.url import DatabaseUrl

_IDENTITY = """
SELECT current_database()::text AS database, current_user::text AS user,
       current_setting('server_version_num')::int AS server_version, pg_is_in_recovery() AS in_recovery,
       (SELECT reset_val = 'on' FROM pg_settings WHERE name = 'default_transaction_read_only') AS read_only,
       coalesce((SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl), '') AS tls
"""
_SYSTEM_IDENTIFIER = "SELECT system_identifier::text FROM pg_control_system()"
_RIGHTS = """
SELECT rolname::text AS role, rolsuper AS superuser, rolcreatedb OR rolsuper AS create_database,
       has_database_privilege(current_database(), 'CREATE') AS create_schema,
       EXISTS (SELECT FROM pg_namespace WHERE nspname = %(schema)s) AS schema_exists,
       coalesce((SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = %(schema)s), false)
         AS create_in_schema,
       pg_has_role((SELECT datdba FROM pg_database WHERE datname = current_database()), 'USAGE') AS owns_database
FROM pg_roles WHERE rolname = current_user
"""
_NOT_OWNED = """
SELECT n.nspname::text AS schema, c.relname::text AS table, pg_get_userbyid(c.relowner)::text AS owner
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname = %s AND NOT pg_has_role(c.relowner, 'USAGE')
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_TABLES = """
SELECT n.nspname::text AS schema, c.relname::text AS table, pg_table_size(c.oid) AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_COUNT = sql.SQL("SELECT count(*) FROM ONLY {}")
_DATABASE_SIZE = "SELECT pg_database_size(current_database())"
_EXTENSIONS = "SELECT extname::text AS name, extversion AS version FROM pg_extension ORDER BY 1"
_AVAILABLE = "SELECT name::text AS name, default_version AS version FROM pg_available_extensions ORDER BY 1"
_INVALID_INDEXES = """
SELECT n.nspname::text AS schema, t.relname::text AS table, c.relname::text AS index
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_class t ON t.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2, 3
"""
_UNVALIDATED = """
SELECT n.nspname::text AS schema, t.relname::text AS table, k.conname::text AS constraint
FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace
WHERE NOT k.convalidated AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2, 3
"""
_LONG_TRANSACTIONS = """
SELECT pid, coalesce(usename::text, '') AS user, application_name AS application, coalesce(state, '') AS state,
       extract(epoch FROM clock_timestamp() - xact_start)::float8 AS seconds, left(query, 200) AS query
FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start < clock_timestamp() - %s * interval '1 s'
ORDER BY xact_start
"""


_REPLICAS = """
SELECT coalesce(nullif(application_name, ''), host(client_addr), 'unnamed') AS name,
       coalesce(extract(epoch FROM replay_lag), 0)::float8 AS seconds,
       coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn), 0)::bigint AS bytes
FROM pg_stat_replication WHERE state IS NOT NULL ORDER BY 1
"""


class Rights(Struct, frozen=True, kw_only=True):
    """What our role may do here. `not_owned`: tables of the schema that it can't alter."""

    role: str
    superuser: bool
    create_database: bool
    create_schema: bool
    schema_exists: bool
    create_in_schema: bool
    owns_database: bool
    not_owned: list[TableOwner] = []


class TableOwner(Struct, frozen=True):
    """A table and the role that owns it."""

    schema: str
    table: str
    owner: str


class InvalidIndex(Struct, frozen=True):
    """An index that a failed `CREATE INDEX CONCURRENTLY` left behind: it costs writes and serves no read."""

    schema: str
    table: str
    index: str


class UnvalidatedConstraint(Struct, frozen=True):
    """A constraint added `NOT VALID` that old rows were never checked against."""

    schema: str
    table: str
    constraint: str


class LongTransaction(Struct, frozen=True):
    """Another session's open transaction; `query` is its last statement, raw."""

    pid: int
    user: str
    application: str
    state: str
    seconds: float
    query: str


class Replica(Struct, frozen=True):
    """A standby that streams from here: how far its replay is behind, in seconds and bytes of WAL."""

    name: str
    seconds: float
    bytes: int


class _Table(Struct, frozen=True):
    schema: str
    table: str
    bytes: int

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"


class _Named(Struct, frozen=True):
    name: str
    version: str


class _Identity(Struct, frozen=True):
    database: str
    user: str
    server_version: int
    in_recovery: bool
    read_only: bool
    tls: str


def identify(session: Session, url: DatabaseUrl) -> Identity:
    """Who answers there. `read_only` is that of the role or database, or of a replica, not that of our own session."""
    found = session.query(_IDENTITY, row=_Identity)[0]
    try:
        system = str(session.value(_SYSTEM_IDENTIFIER) or "")
    except QueryError:  # some hosted servers keep it to themselves
        system = ""
    return Identity(
        system_identifier=system,
        database=found.database,
        host=url.host,
        port=url.port,
        user=found.user,
        server_version=found.server_version,
        in_recovery=found.in_recovery,
        read_only=found.in_recovery or found.read_only,
        tls=found.tls,
    )


def rights(session: Session) -> Rights:
    """What the role may do in the URL's schema and database."""
    schema = session.url.schema
    found = session.query(_RIGHTS, {"schema": schema}, row=Rights)[0]
    return replace(found, not_owned=session.query(_NOT_OWNED, (schema,), row=TableOwner))


def table_counts(session: Session, on_table: Callable[[str, int, int], None] | None = None) -> dict[str, int]:
    """Exact rows of every user table and partition, extensions' own tables left out, as `schema.table`.

    `on_table` gets each table's name before it is counted, how many were, and how many there are. Consistent only
    inside a REPEATABLE READ transaction.
    """
    tables = session.query(_TABLES, row=_Table)
    counts: dict[str, int] = {}
    for done, table in enumerate(tables):
        if on_table:
            on_table(table.name, done, len(tables))
        counts[table.name] = int(session.value(_COUNT.format(sql.Identifier(table.schema, table.table))))
    return counts


def table_sizes(session: Session) -> dict[str, int]:
    """Bytes of every user table with its TOAST, without its indexes, as `schema.table`."""
    return {table.name: table.bytes for table in session.query(_TABLES, row=_Table)}


def database_size(session: Session) -> int:
    """Bytes on the server's disk."""
    return int(session.value(_DATABASE_SIZE))


def extensions(session: Session) -> dict[str, str]:
    """Installed extensions and their versions."""
    return {found.name: found.version for found in session.query(_EXTENSIONS, row=_Named)}


def available_extensions(session: Session) -> dict[str, str]:
    """Extensions that the server could install, and their default versions."""
    return {found.name: found.version for found in session.query(_AVAILABLE, row=_Named)}


def invalid_indexes(session: Session) -> list[InvalidIndex]:
    """Indexes that are not valid, ready and live."""
    return session.query(_INVALID_INDEXES, row=InvalidIndex)


def unvalidated_constraints(session: Session) -> list[UnvalidatedConstraint]:
    """Constraints that are not validated."""
    return session.query(_UNVALIDATED, row=UnvalidatedConstraint)


def long_transactions(session: Session, seconds: float) -> list[LongTransaction]:
    """Other sessions' transactions of this database that are open for longer than `seconds`, oldest first."""
    return session.query(_LONG_TRANSACTIONS, (seconds,), row=LongTransaction)


def replicas(session: Session) -> list[Replica]:
    """Standbys that stream from this server; none on a replica, or where the role may not see them."""
    if session.value("SELECT pg_is_in_recovery()"):
        return []
    return session.query(_REPLICAS, row=Replica)
