"""What a statement asks of its tables: the columns that its WHERE, its joins and its ORDER BY look at. Pure.

For the normalised texts of `pg_stat_statements`, with `$1` where values were.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

from dixis_tui.sql.facts import walk
from dixis_tui.sql.names import Relation, of_range_var, strings

_DATA = ("select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt")
_WORD = re.compile(r'"((?:[^"]|"")+)"|(\w+)')


class Asked(Struct, frozen=True):
    """`data`: it reads or changes rows. `columns` go by relation, in the order in which the text names them."""

    data: bool
    columns: dict[Relation, tuple[str, ...]]
    parsed: bool = True

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Every table that it names."""
        return tuple(self.columns)


class Keys(Struct, frozen=True):
    """An index's table, and its columns in order: those of an expression belong to its place."""

    relation: Relation
    columns: tuple[tuple[str, ...], ...]

    @property
    def leading(self) -> tuple[str, ...]:
        """What a search has to name for the index to serve it."""
        return self.columns[0] if self.columns else ()


def asked(text: str) -> Asked:
    """Read one statement. Where it can't be parsed nothing but its words is known: see :func:`words`."""
    import postgast

    try:
        statements = postgast.parse(text).stmts
    except postgast.PgQueryError:
        return Asked(text.lstrip().lower().startswith(("select", "with", "insert", "update", "delete")), {}, False)
    if len(statements) != 1:
        return Asked(False, {})
    node = statements[0].stmt
    kind = node.WhichOneof("node") or ""
    if kind not in _DATA:
        return Asked(False, {})
    tree = getattr(node, kind)
    names = _names(tree)
    return Asked(True, _columns(tree, names))


def _names(tree: Any) -> dict[str, Relation]:
    """What the statement calls its tables."""
    found: dict[str, Relation] = {}
    for node in walk(tree):
        if type(node).__name__ == "RangeVar":
            found[node.alias.aliasname or node.relname] = of_range_var(node)
    own = {node.ctename for node in walk(tree) if type(node).__name__ == "CommonTableExpr"}
    return {name: relation for name, relation in found.items() if relation.schema or relation.name not in own}


def _columns(tree: Any, names: dict[str, Relation]) -> dict[Relation, tuple[str, ...]]:
    found: dict[Relation, dict[str, None]] = {relation: {} for relation in names.values()}
    for part in _searching(tree):
        for node in walk(part):
            if type(node).__name__ != "ColumnRef":
                continue
            words = strings(node.fields)
            if not words or not words[-1]:
                continue
            owner = names.get(words[-2]) if len(words) > 1 else None
            # A name without its table may be any table's: a wrong one has no index that begins with it.
            for relation in (owner,) if owner else tuple(found):
                found[relation][words[-1]] = None
    return {relation: tuple(columns) for relation, columns in found.items()}


def _searching(tree: Any) -> list[Any]:
    """The parts that look for rows, or order them."""
    parts: list[Any] = []
    for node in walk(tree):
        kind = type(node).__name__
        if kind in ("SelectStmt", "UpdateStmt", "DeleteStmt") and node.HasField("where_clause"):
            parts.append(node.where_clause)
        if kind == "SelectStmt":
            parts.extend((*node.sort_clause, *node.group_clause))
        if kind == "JoinExpr" and node.HasField("quals"):
            parts.append(node.quals)
        if kind == "MergeStmt" and node.HasField("join_condition"):
            parts.append(node.join_condition)
    return parts


def words(text: str) -> frozenset[str]:
    """Every word and quoted name of a text that the parser does not take."""
    return frozenset((quoted or plain).replace('""', '"') for quoted, plain in _WORD.findall(text))


def index_keys(definition: str) -> Keys | None:
    """What an index as `pg_indexes` shows it is on; None where that can't be read."""
    import postgast

    try:
        statements = postgast.parse(definition).stmts
    except postgast.PgQueryError:
        return None
    if len(statements) != 1 or statements[0].stmt.WhichOneof("node") != "index_stmt":
        return None
    tree = statements[0].stmt.index_stmt
    return Keys(of_range_var(tree.relation), tuple(_key(item.index_elem) for item in tree.index_params))


def _key(element: Any) -> tuple[str, ...]:
    if element.name:
        return (str(element.name),)
    refs = (node for node in walk(element.expr) if type(node).__name__ == "ColumnRef")
    return tuple(dict.fromkeys(strings(node.fields)[-1] for node in refs))


def concurrently(definition: str) -> str:
    """The definition as a statement that keeps nobody from writing; as it is where the table is partitioned."""
    if " ON ONLY " in definition:  # PostgreSQL builds no partitioned index concurrently
        return f"{definition.replace(' ON ONLY ', ' ON ', 1)};"
    kind = "CREATE UNIQUE INDEX" if definition.startswith("CREATE UNIQUE ") else "CREATE INDEX"
    return f"{kind} CONCURRENTLY{definition.removeprefix(kind)};"
