"""The live sizes of the tables that pending statements name, and the facts that decide what a statement does to them.

Reads only. Facts: `pg_class.reltuples` is -1 until a table was first analyzed (PostgreSQL 14 and later; before: 0);
of a partitioned table it and all bytes are those of its partitions.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from dixis_tui.postgres.session import Session
from dixis_tui.postgres.table_facts import UNKNOWN_ROWS, ColumnFacts, Dependent, FunctionText, Sizes, TableFacts
from dixis_tui.sql.names import Relation

_BODY_BYTES = 200_000
"""A longer function is not searched."""

_TABLES = """
WITH asked AS (
    SELECT DISTINCT n.nspname, c.oid, c.relname, c.relkind
    FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS want(schema, name)
    JOIN pg_namespace n ON n.nspname = want.schema
    JOIN pg_class named ON named.relnamespace = n.oid AND named.relname = want.name
    LEFT JOIN pg_index i ON i.indexrelid = named.oid
    JOIN pg_class c ON c.oid = coalesce(i.indrelid, named.oid)
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')
)
SELECT a.oid::bigint AS oid, a.nspname::text AS schema, a.relname::text AS name, a.relkind::text AS kind,
       whole.rows, whole.bytes, whole.index_bytes,
       (SELECT count(*) FROM pg_index i WHERE i.indrelid = a.oid) AS indexes
FROM asked a CROSS JOIN LATERAL (
    SELECT CASE WHEN bool_or(c.reltuples < 0) THEN -1 ELSE coalesce(sum(c.reltuples), 0) END::bigint AS rows,
           coalesce(sum(pg_table_size(c.oid)), 0)::bigint AS bytes,
           coalesce(sum(pg_indexes_size(c.oid)), 0)::bigint AS index_bytes
    FROM (SELECT a.oid WHERE a.relkind <> 'p' UNION ALL
          SELECT relid FROM pg_partition_tree(a.oid) WHERE isleaf AND a.relkind = 'p') part(oid)
    JOIN pg_class c ON c.oid = part.oid AND c.relkind IN ('r', 'm')
) whole
"""
_INDEXES = """
SELECT n.nspname || '.' || x.relname AS index, tn.nspname || '.' || t.relname AS table
FROM unnest(%(schemas)s::text[], %(names)s::text[]) AS want(schema, name)
JOIN pg_namespace n ON n.nspname = want.schema
JOIN pg_class x ON x.relnamespace = n.oid AND x.relname = want.name
JOIN pg_index i ON i.indexrelid = x.oid
JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace tn ON tn.oid = t.relnamespace
"""
# The column of a check is read from its expression: (column IS NOT NULL), as pg_get_constraintdef writes it.
_COLUMNS = """
SELECT a.attrelid::bigint AS oid, a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
       a.attnotnull AS not_null,
       EXISTS (SELECT FROM pg_constraint k
               WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.convalidated AND k.conkey = ARRAY[a.attnum]
                 AND pg_get_expr(k.conbin, k.conrelid) = '(' || quote_ident(a.attname) || ' IS NOT NULL)')
         AS proven_not_null
FROM pg_attribute a WHERE a.attrelid = ANY (%s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
"""
_DEPENDENTS = """
SELECT DISTINCT d.refobjid::bigint AS oid,
       CASE v.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END AS kind,
       n.nspname || '.' || v.relname AS name, coalesce(a.attname, '')::text AS column
FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
JOIN pg_class v ON v.oid = r.ev_class JOIN pg_namespace n ON n.oid = v.relnamespace
LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid AND d.refobjsubid > 0
WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (%s::oid[]) AND v.oid <> d.refobjid
ORDER BY 1, 3, 4
"""
_FUNCTIONS = """
SELECT n.nspname || '.' || p.proname AS name, p.prosrc AS body
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND length(p.prosrc) <= %(longest)s
  AND EXISTS (SELECT FROM unnest(%(names)s::text[]) AS word WHERE strpos(lower(p.prosrc), lower(word)) > 0)
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
ORDER BY 1
"""
_COERCIBLE = """
SELECT format_type(castsource, NULL) AS source, format_type(casttarget, NULL) AS target
FROM pg_cast WHERE castmethod = 'b'
"""


class _Table(Struct, frozen=True):
    oid: int
    schema: str
    name: str
    kind: str
    rows: int
    bytes: int
    index_bytes: int
    indexes: int


class _Column(Struct, frozen=True):
    oid: int
    name: str
    type: str
    not_null: bool
    proven_not_null: bool


class _Dependent(Struct, frozen=True):
    oid: int
    kind: str
    name: str
    column: str


class _Index(Struct, frozen=True):
    index: str
    table: str


class _Cast(Struct, frozen=True):
    source: str
    target: str


def read_sizes(session: Session, relations: Iterable[Relation], schema: str) -> Sizes:
    """What the catalog says of these relations; those that are not there are left out.

    `schema` is where a relation without one belongs. Raises QueryError, ConnectError.
    """
    named = sorted(set(relations))
    asked = {"schemas": [one.schema or schema for one in named], "names": [one.name for one in named]}
    tables = session.query(_TABLES, asked, row=_Table)
    oids = [table.oid for table in tables]
    columns = session.query(_COLUMNS, (oids,), row=_Column)
    dependents = session.query(_DEPENDENTS, (oids,), row=_Dependent)
    functions = session.query(
        _FUNCTIONS, {"longest": _BODY_BYTES, "names": [table.name for table in tables]}, row=FunctionText
    )
    return Sizes(
        schema=schema,
        tables={f"{table.schema}.{table.name}": _facts(session, table, columns, dependents) for table in tables},
        indexes={found.index: found.table for found in session.query(_INDEXES, asked, row=_Index)},
        functions=tuple(functions),
        coercible=frozenset((cast.source, cast.target) for cast in session.query(_COERCIBLE, row=_Cast)),
    )


def _facts(session: Session, table: _Table, columns: list[_Column], dependents: list[_Dependent]) -> TableFacts:
    # Before 14 a table that was never analyzed had 0 rows, as an empty one has.
    unknown = session.server_version < 140000 and table.rows == 0 and table.bytes > 0
    return TableFacts(
        schema=table.schema,
        name=table.name,
        kind=table.kind,
        rows=UNKNOWN_ROWS if unknown else table.rows,
        bytes=table.bytes,
        indexes=table.indexes,
        index_bytes=table.index_bytes,
        columns=tuple(
            ColumnFacts(one.name, one.type, one.not_null, one.proven_not_null)
            for one in columns
            if one.oid == table.oid
        ),
        dependents=tuple(Dependent(one.kind, one.name, one.column) for one in dependents if one.oid == table.oid),
    )
