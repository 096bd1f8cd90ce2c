"""What a database's tables hold, in few bytes: exact rows, a digest of each table's content, the sequences' values.

A digest is the sum of a 64-bit hash of every row's text: it does not depend on the rows' order, and PostgreSQL computes
it with its parallel workers. `hashtextextended` gives the same for the same text on every major since 11. A table that
is larger than asked is digested for those rows alone whose key hashes to one in so many; all its rows are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct
from psycopg import sql

from dixis_tui.model import TableWrites
from dixis_tui.postgres.session import Session

_SETTINGS = (
    "SET LOCAL DateStyle = 'ISO, DMY'",
    "SET LOCAL IntervalStyle = 'postgres'",
    "SET LOCAL TimeZone = 'UTC'",
    "SET LOCAL extra_float_digits = 3",
    "SET LOCAL bytea_output = 'hex'",
    "SET LOCAL xmloption = 'content'",
    "SET LOCAL search_path = pg_catalog",
)
"""All that a value's text depends on."""
_TABLES = """
SELECT n.nspname::text AS schema, c.relname::text AS table, pg_table_size(c.oid) AS bytes,
       coalesce((SELECT array_agg(a.attname::text ORDER BY a.attnum) FROM pg_index i
                 JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
                 WHERE i.indrelid = c.oid AND i.indisprimary), '{}') AS key
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_SEQUENCES = """
SELECT n.nspname::text AS schema, c.relname::text AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend d
                  WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2
"""
_WRITES = """
SELECT schemaname || '.' || relname AS table, n_tup_ins AS inserted, n_tup_upd AS updated, n_tup_del AS deleted
FROM pg_stat_user_tables ORDER BY 1
"""
_SEQUENCE = sql.SQL("SELECT last_value || CASE WHEN is_called THEN ' used' ELSE ' next' END FROM {}")
_HASH = sql.SQL('hashtextextended(t::text COLLATE "C", 0)')
_WHOLE = sql.SQL("SELECT count(*) AS rows, coalesce(sum({hash}), 0)::text AS digest FROM ONLY {table} AS t")
_SAMPLED = sql.SQL(
    "SELECT count(*) AS rows, coalesce(sum({hash}) FILTER (WHERE "
    'hashtextextended(ROW({key})::text COLLATE "C", 0) % {share} = 0), 0)::text AS digest FROM ONLY {table} AS t'
)


class Contents(Struct, frozen=True, kw_only=True):
    """What was found, by `schema.name`. A table in `sampled` was digested for one row in so many."""

    counts: dict[str, int]
    digests: dict[str, str]
    sampled: dict[str, int]
    sequences: dict[str, str]


class _Table(Struct, frozen=True):
    schema: str
    table: str
    bytes: int
    key: list[str]

    @property
    def name(self) -> str:
        return f"{self.schema}.{self.table}"


class _Sequence(Struct, frozen=True):
    schema: str
    name: str


class _Seen(Struct, frozen=True):
    rows: int
    digest: str


class _Writes(Struct, frozen=True):
    table: str
    inserted: int
    updated: int
    deleted: int


def contents(
    session: Session,
    *,
    sample_bytes: int,
    one_in: int,
    like: Mapping[str, int] | None = None,
    on_table: Callable[[str, int, int], None] | None = None,
) -> Contents:
    """Look at every user table (partitions by themselves, extensions' own tables left out) and every sequence.

    To be called inside a REPEATABLE READ transaction. A table with a primary key of more than `sample_bytes` (with its
    TOAST, without its indexes) is sampled, one row in `one_in`. `like` is the `sampled` of earlier contents to compare
    with: then exactly those are sampled. `on_table` gets each name before its turn, how many are done, how many there
    are.

    Raises:
        QueryError: a table can't be read.
    """
    for setting in _SETTINGS:
        session.execute(setting)
    counts: dict[str, int] = {}
    digests: dict[str, str] = {}
    sampled: dict[str, int] = {}
    tables = session.query(_TABLES, row=_Table)
    for done, table in enumerate(tables):
        if on_table:
            on_table(table.name, done, len(tables))
        large = bool(table.key) and table.bytes > sample_bytes
        share = like.get(table.name, 1) if like is not None else one_in if large else 1
        seen = session.query(_query(table, share), row=_Seen)[0]
        counts[table.name], digests[table.name] = seen.rows, seen.digest
        if share > 1:
            sampled[table.name] = share
    return Contents(counts=counts, digests=digests, sampled=sampled, sequences=sequences(session))


def _query(table: _Table, share: int) -> sql.Composed:
    name = sql.Identifier(table.schema, table.table)
    if share <= 1 or not table.key:
        return _WHOLE.format(hash=_HASH, table=name)
    key = sql.SQL(", ").join(sql.Identifier("t", column) for column in table.key)
    return _SAMPLED.format(hash=_HASH, key=key, share=sql.Literal(share), table=name)


def sequences(session: Session) -> dict[str, str]:
    """Every user sequence's value, and whether it was used."""
    found = session.query(_SEQUENCES, row=_Sequence)
    return {
        f"{one.schema}.{one.name}": str(session.value(_SEQUENCE.format(sql.Identifier(one.schema, one.name))))
        for one in found
    }


def writes(session: Session) -> dict[str, TableWrites]:
    """What the statistics have counted per table; behind by up to a second of what was committed."""
    found = session.query(_WRITES, row=_Writes)
    return {one.table: TableWrites(one.inserted, one.updated, one.deleted) for one in found}
