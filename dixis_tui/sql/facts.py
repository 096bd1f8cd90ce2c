"""What single statements say, read from their syntax trees: who is made, dropped, renamed, emptied, changed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from dixis_tui.sql.names import Relation, of_list, of_range_var, strings
from dixis_tui.sql.script import Statement

_TABLE_LIKE = ("TABLE", "VIEW", "MATVIEW", "FOREIGN_TABLE")


class Change(Struct, frozen=True):
    """An `UPDATE` or `DELETE`, also one inside a `WITH`; `offset` is the byte of the file where its table is named."""

    verb: str
    relation: Relation
    where: bool
    offset: int


class Dropped(Struct, frozen=True):
    """What a `DROP` drops: `kind` as in `TABLE`, `VIEW`, `INDEX`, `TYPE`."""

    kind: str
    relations: tuple[Relation, ...]
    cascade: bool


class EnumValue(Struct, frozen=True):
    """A value added to an enum type."""

    type: Relation
    value: str


class Code(Struct, frozen=True):
    """A view or function that a statement makes. `relations` are those a view reads; `body` is a function's text."""

    kind: str
    name: Relation
    relations: tuple[Relation, ...]
    columns: frozenset[str]
    body: str


def changes(statement: Statement) -> tuple[Change, ...]:
    """Every `UPDATE` and `DELETE` in the statement."""
    if statement.kind in ("update_stmt", "delete_stmt") and not statement.tree.HasField("with_clause"):
        return (_change(statement.tree),)
    lower = statement.text.lower()
    if statement.tree is None or not ("update" in lower or "delete" in lower):
        return ()
    nodes = walk(statement.tree)
    return tuple(_change(node) for node in nodes if type(node).__name__ in ("UpdateStmt", "DeleteStmt"))


def _change(node: Any) -> Change:
    verb = "UPDATE" if type(node).__name__ == "UpdateStmt" else "DELETE"
    return Change(verb, of_range_var(node.relation), node.HasField("where_clause"), node.relation.location)


def walk(tree: Any) -> Iterator[Any]:
    """Every node below and including `tree`."""
    import postgast

    for _, node in postgast.walk(tree):
        yield node


def created(statement: Statement) -> Relation | None:
    """The table, view or materialized view that the statement makes."""
    tree = statement.tree
    match statement.kind:
        case "create_stmt":
            return of_range_var(tree.relation)
        case "create_table_as_stmt":
            return of_range_var(tree.into.rel)
        case "view_stmt":
            return of_range_var(tree.view)
        case "select_stmt" if tree.HasField("into_clause"):
            return of_range_var(tree.into_clause.rel)
    return None


def only_if_missing(statement: Statement) -> bool:
    """Whether it says `IF NOT EXISTS`: then what it makes may have been there before."""
    return bool(getattr(statement.tree, "if_not_exists", False))


def renamed(statement: Statement) -> tuple[Relation, Relation] | None:
    """A table's (or view's) old and new name."""
    tree = statement.tree
    if statement.kind != "rename_stmt" or not tree.HasField("relation") or _object(tree.rename_type) not in _TABLE_LIKE:
        return None
    old = of_range_var(tree.relation)
    return old, Relation(old.schema, tree.newname)


def renamed_column(statement: Statement) -> tuple[Relation, str, str] | None:
    """The table, a column's old and its new name."""
    tree = statement.tree
    if statement.kind != "rename_stmt" or _object(tree.rename_type) != "COLUMN" or not tree.HasField("relation"):
        return None
    return of_range_var(tree.relation), tree.subname, tree.newname


def dropped(statement: Statement) -> Dropped | None:
    """What a `DROP` statement drops, where it is named as a relation is."""
    if statement.kind != "drop_stmt":
        return None
    tree = statement.tree
    kind = _object(tree.remove_type)
    names = []
    for item in tree.objects:
        if item.HasField("list"):
            names.append(of_list(item.list.items))
        elif item.HasField("type_name"):
            names.append(of_list(item.type_name.names))
    return Dropped(kind, tuple(names), _object_behavior(tree))


def cascades(tree: Any) -> bool:
    """Whether a `DROP` or `TRUNCATE`, or a command of `ALTER TABLE`, says `CASCADE`."""
    return _object_behavior(tree)


def _object_behavior(tree: Any) -> bool:
    from postgast.pg_query_pb2 import DropBehavior

    return str(DropBehavior.Name(tree.behavior)) == "DROP_CASCADE"


def truncated(statement: Statement) -> tuple[Relation, ...]:
    """The tables that a `TRUNCATE` names."""
    if statement.kind != "truncate_stmt":
        return ()
    return tuple(of_range_var(item.range_var) for item in statement.tree.relations)


def enum_value(statement: Statement) -> EnumValue | None:
    """The value that an `ALTER TYPE … ADD VALUE` adds."""
    tree = statement.tree
    if statement.kind != "alter_enum_stmt" or tree.old_val or not tree.new_val:
        return None
    return EnumValue(of_list(tree.type_name), tree.new_val)


def enum_made(statement: Statement) -> Relation | None:
    """The enum type that a `CREATE TYPE … AS ENUM` makes."""
    return of_list(statement.tree.type_name) if statement.kind == "create_enum_stmt" else None


def literal_at(statement: Statement, value: str) -> int:
    """The byte of the file where `value` first stands as a literal in the statement; -1 where it does not."""
    if statement.tree is None or value not in statement.text.replace("''", "'"):
        return -1
    for node in walk(statement.tree):
        if type(node).__name__ == "A_Const" and node.HasField("sval") and node.sval.sval == value:
            return int(node.location) if node.location > 0 else statement.start
    return -1


def refreshed(statement: Statement) -> Relation | None:
    """The materialized view that is filled anew without `CONCURRENTLY`."""
    if statement.kind != "refresh_mat_view_stmt" or statement.tree.concurrent or statement.tree.skip_data:
        return None
    return of_range_var(statement.tree.relation)


def fills(statement: Statement) -> Relation | None:
    """The table that an `INSERT … SELECT` fills."""
    tree = statement.tree
    if statement.kind != "insert_stmt" or not tree.select_stmt.select_stmt.from_clause:
        return None
    return of_range_var(tree.relation)


def code(statement: Statement) -> Code | None:
    """The view or function that the statement makes, with what it reads."""
    tree = statement.tree
    if statement.kind == "create_function_stmt":
        name = of_list(tree.funcname)
        return Code("function", name, (), frozenset(), statement.text)
    if statement.kind == "view_stmt":
        kind, name, query = "view", of_range_var(tree.view), tree.query
    elif statement.kind == "create_table_as_stmt" and _object(tree.objtype) == "MATVIEW":
        kind, name, query = "materialized view", of_range_var(tree.into.rel), tree.query
    else:
        return None
    relations, columns = [], set()
    for node in walk(query):
        if type(node).__name__ == "RangeVar":
            relations.append(of_range_var(node))
        elif type(node).__name__ == "ColumnRef":
            columns.update(strings(node.fields)[-1:] if node.fields[-1].HasField("string") else ["*"])
    return Code(kind, name, tuple(dict.fromkeys(relations)), frozenset(columns), "")


def index_made(statement: Statement) -> tuple[str, Relation, bool] | None:
    """An index's name (or empty), its table, and whether it is built `CONCURRENTLY`."""
    if statement.kind != "index_stmt":
        return None
    return statement.tree.idxname, of_range_var(statement.tree.relation), bool(statement.tree.concurrent)


def deparsed(statement: Statement, **fields: Any) -> str:
    """The statement written anew with some plain fields of its tree changed."""
    import postgast

    tree = postgast.parse(statement.text)
    node = tree.stmts[0].stmt
    inner = getattr(node, statement.kind)
    for name, value in fields.items():
        setattr(inner, name, value)
    return str(postgast.deparse(tree))


def _object(number: int) -> str:
    from postgast.pg_query_pb2 import ObjectType

    return str(ObjectType.Name(number)).removeprefix("OBJECT_")


def not_null_proof(constraint: Any) -> str:
    """The column that a `CHECK (column IS NOT NULL)` proves to have no NULL; empty for any other constraint."""
    if not constraint.HasField("raw_expr") or not constraint.raw_expr.HasField("null_test"):
        return ""
    from postgast.pg_query_pb2 import NullTestType

    test = constraint.raw_expr.null_test
    reference = test.arg.column_ref if test.arg.HasField("column_ref") else None
    if reference is None or NullTestType.Name(test.nulltesttype) != "IS_NOT_NULL" or len(reference.fields) != 1:
        return ""
    return str(reference.fields[0].string.sval)
