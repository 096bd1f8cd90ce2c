"""What the live catalog says of the tables that pending statements name. Values alone: no driver is needed for them."""

from __future__ import annotations

import re

from msgspec import Struct

from dixis_tui.sql.names import Relation

UNKNOWN_ROWS = -1
_MODIFIED = re.compile(r"(?P<base>[^()]+?)\s*(?:\((?P<numbers>[\d, ]+)\)(?P<rest>[^()]*))?")
_ALIASES = {"varchar": "character varying", "int": "integer", "int4": "integer", "int8": "bigint", "decimal": "numeric"}


class ColumnFacts(Struct, frozen=True):
    """One column; `type` as `format_type` has it. `proven_not_null`: a valid `CHECK (column IS NOT NULL)` stands."""

    name: str
    type: str
    not_null: bool
    proven_not_null: bool


class Dependent(Struct, frozen=True):
    """A view that reads a table; `column` is the one it reads, empty for the table itself."""

    kind: str
    name: str
    column: str


class FunctionText(Struct, frozen=True):
    """A function whose body may name a table: only its text can be searched."""

    name: str
    body: str

    def mentions(self, word: str) -> bool:
        """Whether `word` stands in the body as a whole word, in any case."""
        return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.body, re.I) is not None


class TableFacts(Struct, frozen=True, kw_only=True):
    """One table, partitioned table or materialized view. Sizes in bytes, `rows` estimated; -1: never analyzed.

    `bytes` is the table with its TOAST, without its indexes; of a partitioned table all is that of its partitions.
    `kind` is `pg_class.relkind`.
    """

    schema: str
    name: str
    kind: str
    rows: int
    bytes: int
    indexes: int
    index_bytes: int
    columns: tuple[ColumnFacts, ...] = ()
    dependents: tuple[Dependent, ...] = ()

    def column(self, name: str) -> ColumnFacts | None:
        """The column of this name."""
        return next((column for column in self.columns if column.name == name), None)


class Sizes(Struct, frozen=True, kw_only=True):
    """The tables that were asked for and are there; `indexes` leads from an index (`schema.index`) to its table.

    `coercible` are pairs of types of which the first is taken for the second as it lies (`pg_cast.castmethod = 'b'`).
    """

    schema: str
    tables: dict[str, TableFacts] = {}
    indexes: dict[str, str] = {}
    functions: tuple[FunctionText, ...] = ()
    coercible: frozenset[tuple[str, str]] = frozenset()

    def table(self, relation: Relation) -> TableFacts | None:
        """The table that a statement names, or that an index it names belongs to."""
        key = f"{relation.schema or self.schema}.{relation.name}"
        return self.tables.get(self.indexes.get(key, key))

    def rewrites(self, old: str, new: str) -> bool:
        """Whether `ALTER COLUMN … TYPE` writes every row anew; False only where that is certain.

        Facts: `ATColumnChangeRequiresRewrite` in PostgreSQL's `tablecmds.c` and the support functions of the length
        coercions: a wider `varchar(n)` or none, a wider `numeric(p, s)` of one scale, a binary-coercible type.
        """
        before, after = _parts(old), _parts(new)
        if before is None or after is None:
            return True
        (base, had, rest), (wanted, gets, others) = before, after
        if rest or others:  # arrays, time zones between numbers: only what is the same stays as it lies
            return before != after
        if base == wanted:
            return not (had == gets or _wider(base, had, gets))
        return bool(gets) or (base, wanted) not in self.coercible


def _parts(written: str) -> tuple[str, tuple[int, ...], str] | None:
    match = _MODIFIED.fullmatch(written.strip().removeprefix("pg_catalog."))
    if not match:
        return None
    numbers = tuple(int(number) for number in (match["numbers"] or "").replace(" ", "").split(",") if number)
    base = match["base"].strip()
    return _ALIASES.get(base, base), numbers, (match["rest"] or "").strip()


def _wider(base: str, had: tuple[int, ...], gets: tuple[int, ...]) -> bool:
    if base in ("character varying", "bit varying"):
        return bool(had) and (not gets or gets[0] >= had[0])
    if base == "numeric" and had:
        return not gets or (gets[0] >= had[0] and had[1:] == gets[1:])
    return False
