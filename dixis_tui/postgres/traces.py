"""What the catalog answers about the facts that a migration's statements make. Reads only, of one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import LiteralString

from msgspec import Struct

from dixis_tui.postgres.session import Session
from dixis_tui.sql.catalog_facts import Fact, Kind

_ASKED = "FROM unnest(%s::text[], %s::text[], %s::text[]) AS f(schema, owner, name) "
_IN_SCHEMA = "JOIN pg_catalog.pg_namespace AS n ON n.nspname = f.schema "
_TABLE = _IN_SCHEMA + "JOIN pg_catalog.pg_class AS t ON t.relnamespace = n.oid AND t.relname = f.owner "
_COLUMN = (
    _TABLE + "JOIN pg_catalog.pg_attribute AS a "
    "ON a.attrelid = t.oid AND a.attname = f.name AND a.attnum > 0 AND NOT a.attisdropped "
)
_TYPE = _IN_SCHEMA + "JOIN pg_catalog.pg_type AS t ON t.typnamespace = n.oid AND t.typname = "
_LABELS = (
    "'=' || (SELECT pg_catalog.string_agg(e.enumlabel, E'\\n' ORDER BY e.enumsortorder) "
    "FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid)"
)
_DESCRIPTION = (
    "'=' || CASE WHEN f.name = '' THEN pg_catalog.obj_description(t.oid, 'pg_class') ELSE "
    "(SELECT pg_catalog.col_description(t.oid, a.attnum) FROM pg_catalog.pg_attribute AS a "
    "WHERE a.attrelid = t.oid AND a.attname = f.name) END"
)

_ANSWERS: dict[Kind, tuple[LiteralString, LiteralString]] = {
    Kind.RELATION: (
        "CASE WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'invalid' ELSE 'there' END",
        _IN_SCHEMA + "JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = f.name "
        "LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid",
    ),
    Kind.COLUMN: ("'there'", _COLUMN),
    Kind.COLUMN_TYPE: ("pg_catalog.format_type(a.atttypid, NULL) || ':' || a.atttypmod", _COLUMN),
    Kind.NOT_NULL: ("CASE WHEN a.attnotnull THEN 'there' ELSE '' END", _COLUMN),
    Kind.DEFAULT: (
        "pg_catalog.pg_get_expr(d.adbin, d.adrelid)",
        _COLUMN + "JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = t.oid AND d.adnum = a.attnum",
    ),
    Kind.CONSTRAINT: (
        "'there'",
        _TABLE + "JOIN pg_catalog.pg_constraint AS k ON k.conrelid = t.oid AND conname = f.name",
    ),
    Kind.VALIDATED: (
        "CASE WHEN k.convalidated THEN 'there' ELSE '' END",
        _TABLE + "JOIN pg_catalog.pg_constraint AS k ON k.conrelid = t.oid AND conname = f.name",
    ),
    Kind.TRIGGER: (
        "'there'",
        _TABLE + "JOIN pg_catalog.pg_trigger AS g ON g.tgrelid = t.oid AND tgname = f.name AND NOT tgisinternal",
    ),
    Kind.POLICY: ("'there'", _TABLE + "JOIN pg_catalog.pg_policy AS p ON p.polrelid = t.oid AND polname = f.name"),
    Kind.TYPE: ("'there'", _TYPE + "f.name"),
    Kind.LABEL: (
        "'there'",
        _TYPE + "f.owner JOIN pg_catalog.pg_enum AS e ON e.enumtypid = t.oid AND e.enumlabel = f.name",
    ),
    Kind.LABELS: (
        _LABELS,
        _TYPE + "f.owner",
    ),
    Kind.FUNCTION: (
        "'there'",
        "WHERE pg_catalog.to_regprocedure(pg_catalog.format('%%I.%%I(%%s)', f.schema, f.name, f.owner)) IS NOT NULL",
    ),
    Kind.ANY_FUNCTION: (
        "'there'",
        _IN_SCHEMA + "JOIN pg_catalog.pg_proc AS p ON pronamespace = n.oid AND proname = f.name",
    ),
    Kind.SCHEMA: ("'there'", "JOIN pg_catalog.pg_namespace AS n ON n.nspname = f.name"),
    Kind.EXTENSION: ("'there'", "JOIN pg_catalog.pg_extension AS e ON e.extname = f.name"),
    Kind.COMMENT: (
        _DESCRIPTION,
        _TABLE,
    ),
}
"""For each kind: what is answered, and where it is looked up. No row is no answer: the thing is absent."""
_TYPES = """
SELECT t AS name, pg_catalog.format_type(pg_catalog.to_regtype(t), NULL) AS value FROM unnest(%s::text[]) AS t
WHERE pg_catalog.to_regtype(t) IS NOT NULL
"""


class _Answer(Struct, frozen=True):
    schema: str
    owner: str
    name: str
    value: str | None


class _Type(Struct, frozen=True):
    name: str
    value: str


class Catalog(Struct, frozen=True):
    """The answers to all that was asked (absent: no entry), and types by the names that statements give them."""

    answers: dict[Fact, str] = {}
    types: dict[str, str] = {}


def look_up(session: Session, facts: Collection[Fact], types: Iterable[str], schema: str) -> Catalog:
    """Ask for all of `facts`; names of `types` are looked up as in a session of Prisma's, by the search path `schema`.

    Raises:
        QueryError: the catalog can't be read.
    """
    answers: dict[Fact, str] = {}
    with session.transaction("ISOLATION LEVEL REPEATABLE READ READ ONLY"):
        session.value("SELECT pg_catalog.set_config('search_path', pg_catalog.quote_ident(%s), true)", (schema,))
        for kind in {fact.kind for fact in facts}:
            value, source = _ANSWERS[kind]
            asked = [fact for fact in facts if fact.kind is kind]
            columns = ([fact.schema for fact in asked], [fact.owner for fact in asked], [fact.name for fact in asked])
            query: LiteralString = "SELECT f.schema, f.owner, f.name, " + value + " AS value " + _ASKED + source
            for row in session.query(query, columns, row=_Answer):
                if row.value:
                    answers[Fact(kind, row.schema, row.owner, row.name)] = row.value
        names = {found.name: found.value for found in session.query(_TYPES, (list(types),), row=_Type)}
    return Catalog(answers, names)
