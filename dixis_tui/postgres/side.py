"""A database beside production, made as production is: encoding, locale, owner, settings, grants."""

from __future__ import annotations

from msgspec import Struct
from psycopg import sql

from dixis_tui.errors import ToolError
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.swap import Names, Standing, immovable, mark, standing
from dixis_tui.postgres.table_sizes import free_bytes

_LIKE = """
SELECT pg_encoding_to_char(d.encoding)::text AS encoding, d.datcollate::text AS collate, d.datctype::text AS ctype,
       coalesce(to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale', '') AS locale,
       coalesce(to_jsonb(d) ->> 'daticurules', '') AS rules,
       d.datconnlimit AS connections, pg_get_userbyid(d.datdba)::text AS owner,
       CASE WHEN d.dattablespace <> o.dattablespace THEN t.spcname::text ELSE '' END AS tablespace
FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace, pg_database o
WHERE d.datname = %s AND o.datname = 'template0'
"""
_SETTINGS = """
SELECT coalesce(r.rolname::text, '') AS role, split_part(c, '=', 1) AS name, substr(c, strpos(c, '=') + 1) AS value
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole,
     unnest(s.setconfig) AS c
WHERE d.datname = %s AND (s.setrole = 0 OR r.rolname IS NOT NULL) ORDER BY 1, 2
"""
_GRANTS = """
SELECT CASE WHEN a.grantee = 0 THEN '' ELSE pg_get_userbyid(a.grantee)::text END AS role,
       a.privilege_type AS privilege, a.is_grantable AS grantable
FROM pg_database d, LATERAL aclexplode(d.datacl) a
WHERE d.datname = %s AND (a.grantee = 0 OR EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.grantee)) ORDER BY 1, 2
"""
_HAS_ACL = "SELECT datacl IS NOT NULL FROM pg_database WHERE datname = %s"
_RIGHTS = """
SELECT r.rolcreatedb OR r.rolsuper AS create_database, pg_has_role(d.datdba, 'USAGE') AS owner,
       pg_get_userbyid(d.datdba)::text AS owned_by, d.datname IN ('postgres', 'template1', 'template0') AS system,
       d.dattablespace = o.dattablespace OR has_tablespace_privilege(d.dattablespace, 'CREATE') AS may_place
FROM pg_roles r, pg_database d, pg_database o
WHERE r.rolname = current_user AND d.datname = %s AND o.datname = 'template0'
"""
_SIZE = "SELECT pg_database_size(%s::name)"
_PRIVILEGES = {"CREATE", "CONNECT", "TEMPORARY"}
_SET = "SELECT set_config(%s, %s, false)"
_LISTS = frozenset({"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"})
"""Settings that are lists of quoted names (PostgreSQL's GUC_LIST_QUOTE)."""


class _Like(Struct, frozen=True):
    encoding: str
    collate: str
    ctype: str
    provider: str
    locale: str
    rules: str
    connections: int
    owner: str
    tablespace: str
    """Empty: template0's, which a new database has by itself."""


class _Setting(Struct, frozen=True):
    role: str
    name: str
    value: str


class _Grant(Struct, frozen=True):
    role: str
    privilege: str
    grantable: bool


class _Rights(Struct, frozen=True):
    create_database: bool
    owner: bool
    owned_by: str
    system: bool
    may_place: bool


def refused(session: Session, database: str) -> str:
    """Why a database can't be made beside and swapped in; empty: it can. `session`: in another database."""
    if session.url.pooled:
        return f"the connection is a pooler's: {session.url.pooled}"
    found = session.query(_RIGHTS, (database,), row=_Rights)[0]
    if not found.create_database:
        return "the role may not create databases (CREATEDB)"
    if not found.owner:
        return f"the role does not own the database (its owner is {found.owned_by})"
    if not found.may_place:
        return "the role may not create in the database's tablespace"
    return "the database is one of the server's own" if found.system else immovable(session, database)


def no_room(session: Session, database: str) -> str:
    """Why the server's disk can't hold the database twice; empty: it can, or it is not known.

    A full disk stops all of the server, production first.
    """
    free = free_bytes(session)
    size = int(session.value(_SIZE, (database,)))
    if free is None or free > size:
        return ""
    return f"the server's disk has {free / 1e6:,.0f} MB free, and the database is {size / 1e6:,.0f} MB"


def create_side(session: Session, wanted: Names) -> None:
    """Make the side database anew; one that an earlier attempt left unfinished is dropped first.

    Raises:
        ToolError: there is a database of that name that is not ours.
        QueryError: the server refused it.
    """
    found = standing(session, wanted)
    if found is Standing.FOREIGN:
        raise ToolError(
            f"there is a database {wanted.side} that this rollback did not make", "Rename or drop it, then try again."
        )
    if found in (Standing.UNFINISHED, Standing.COMPARED):
        drop_side(session, wanted)
    like = session.query(_LIKE, (wanted.database,), row=_Like)[0]
    session.execute(_create(wanted.side, like, session.server_version))
    mark(session, wanted, compared=False)
    _grants(session, wanted)


def dress_side(session: Session, wanted: Names) -> None:
    """Give the side database production's settings and its limit of connections: last, since they may forbid a restore.

    Raises:
        QueryError: the role may not set one of them.
    """
    like = session.query(_LIKE, (wanted.database,), row=_Like)[0]
    _settings(session, wanted)
    limit = sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}")
    session.execute(limit.format(sql.Identifier(wanted.side), sql.Literal(like.connections)))


def drop_side(session: Session, wanted: Names) -> None:
    """Drop the side database, whoever is connected to it: it is ours."""
    session.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(wanted.side)))


def _create(name: str, like: _Like, server_version: int) -> sql.Composed:
    words: list[sql.Composable] = [
        sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)),
        sql.SQL("OWNER {}").format(sql.Identifier(like.owner)),
        sql.SQL("ENCODING {}").format(sql.Literal(like.encoding)),
        sql.SQL("LC_COLLATE {}").format(sql.Literal(like.collate)),
        sql.SQL("LC_CTYPE {}").format(sql.Literal(like.ctype)),
    ]
    if like.tablespace:
        # Named, it needs a right of its own, even where it is the one that would be taken anyway.
        words.append(sql.SQL("TABLESPACE {}").format(sql.Identifier(like.tablespace)))
    if like.provider == "i":
        words.append(sql.SQL("LOCALE_PROVIDER icu ICU_LOCALE {}").format(sql.Literal(like.locale)))
        if like.rules:
            words.append(sql.SQL("ICU_RULES {}").format(sql.Literal(like.rules)))
    elif like.provider == "b":
        words.append(sql.SQL("LOCALE_PROVIDER builtin BUILTIN_LOCALE {}").format(sql.Literal(like.locale)))
    elif server_version >= 150000:
        words.append(sql.SQL("LOCALE_PROVIDER libc"))
    return sql.SQL(" ").join(words)


def _settings(session: Session, wanted: Names) -> None:
    for found in session.query(_SETTINGS, (wanted.database,), row=_Setting):
        where = sql.SQL("ALTER DATABASE {}").format(sql.Identifier(wanted.side))
        if found.role:
            where = sql.SQL("ALTER ROLE {} IN DATABASE {}").format(
                sql.Identifier(found.role), sql.Identifier(wanted.side)
            )
        name = sql.Identifier(*found.name.split("."))
        if found.name in _LISTS:
            # As a literal it would be one name. Whoever may set it may have written anything: it is never taken as SQL.
            session.value(_SET, (found.name, found.value))
            session.execute(sql.SQL("{} SET {} FROM CURRENT").format(where, name))
            session.execute(sql.SQL("RESET {}").format(name))
        else:
            session.execute(sql.SQL("{} SET {} = {}").format(where, name, sql.Literal(found.value)))


def _grants(session: Session, wanted: Names) -> None:
    if not session.value(_HAS_ACL, (wanted.database,)):
        return  # the defaults, and the side has the same
    side = sql.Identifier(wanted.side)
    session.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(side))
    for found in session.query(_GRANTS, (wanted.database,), row=_Grant):
        if found.privilege in _PRIVILEGES:
            role = sql.Identifier(found.role) if found.role else sql.SQL("PUBLIC")
            option = sql.SQL(" WITH GRANT OPTION" if found.grantable else "")
            session.execute(
                sql.SQL("GRANT {} ON DATABASE {} TO {}{}").format(sql.SQL(found.privilege), side, role, option)
            )
