"""Which table locks a statement takes, by its syntax tree, and what it does to the table while it holds them.

Facts: PostgreSQL's documentation of each command and of "Explicit Locking"; `AlterTableGetLockLevel` in its
`tablecmds.c`; `tests/hazards/test_claims.py` holds them to the locks of real servers. What only the catalog can tell
(whether a type change rewrites, which table an index belongs to) is said as the worse case; `certain` is False then.
Left out, since the tree does not name them: what `CASCADE` reaches, the parent of a dropped partition, the table that a
dropped foreign key refers to (all ACCESS EXCLUSIVE), and ACCESS SHARE on what a new view or table is made from.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

from dixis_tui.locks import LockMode
from dixis_tui.sql.alter_table import alter_table
from dixis_tui.sql.claim import Claim, Work
from dixis_tui.sql.names import Relation, of_list, of_range_var
from dixis_tui.sql.script import Statement

__all__ = ["Claim", "Transaction", "Work", "block_after", "claims", "commits", "control", "may_commit", "transaction"]

AE, SUE, SRE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE


class Transaction(StrEnum):
    """What a statement has to do with transactions."""

    ORDINARY = "runs in any"
    OUTSIDE = "refuses to run in one"
    CONTROL = "begins or ends one"


def transaction(statement: Statement) -> Transaction:
    """Whether the statement may run inside a transaction block (PostgreSQL: 25001 where it may not)."""
    tree = statement.tree
    match statement.kind:
        case "transaction_stmt":
            return Transaction.CONTROL
        case "index_stmt" if tree.concurrent:
            return Transaction.OUTSIDE
        case "drop_stmt" if tree.concurrent:
            return Transaction.OUTSIDE
        case "reindex_stmt" if _option(tree.params, "concurrently") or tree.kind > _REINDEX_TABLE:
            return Transaction.OUTSIDE
        case "vacuum_stmt" if tree.is_vacuumcmd:
            return Transaction.OUTSIDE
        case "cluster_stmt" if not tree.HasField("relation"):
            return Transaction.OUTSIDE
        case "alter_table_stmt" if any(_detaches_concurrently(cmd) for cmd in tree.cmds):
            return Transaction.OUTSIDE
        case "alter_database_stmt" if any(option.def_elem.defname == "tablespace" for option in tree.options):
            return Transaction.OUTSIDE
        case "discard_stmt" if tree.target == _DISCARD_ALL:
            return Transaction.OUTSIDE
        case _ if statement.kind in _OUTSIDE:
            return Transaction.OUTSIDE
    return Transaction.ORDINARY


def block_after(statement: Statement, block: bool) -> bool:
    """Whether a transaction block that the file itself began is open after `statement`; `block`: before it."""
    word = control(statement)
    if word in ("BEGIN", "START"):
        return True
    if word in ("COMMIT", "ROLLBACK", "PREPARE"):
        return bool(statement.tree.chain)
    return block


def commits(statement: Statement) -> bool:
    """Whether what came before it stays for good once it went through."""
    return transaction(statement) is Transaction.OUTSIDE or control(statement) in ("COMMIT", "PREPARE")


def may_commit(statement: Statement) -> bool:
    """Whether it may commit on its way, by what it calls: a procedure can, and so can a block that stands alone."""
    return statement.kind == "call_stmt" or (
        statement.kind == "do_stmt" and _COMMITTING.search(statement.text.lower()) is not None
    )


def control(statement: Statement) -> str:
    """`BEGIN`, `COMMIT`, `ROLLBACK_TO` and their like; empty for a statement that does not control transactions."""
    if transaction(statement) is not Transaction.CONTROL:
        return ""
    from postgast.pg_query_pb2 import TransactionStmtKind

    return str(TransactionStmtKind.Name(statement.tree.kind)).removeprefix("TRANS_STMT_")


_COMMITTING = re.compile(r"\b(commit|rollback|call|execute)\b")
"""A block calls procedures by CALL or by EXECUTE; a function that it calls can't commit."""
_REINDEX_TABLE = 2  # REINDEX_OBJECT_INDEX 1, TABLE 2, then SCHEMA, SYSTEM, DATABASE
_DISCARD_ALL = 1  # DISCARD_MODE_UNDEFINED 0, ALL 1, then PLANS, SEQUENCES, TEMP
_OUTSIDE = frozenset(
    {
        "createdb_stmt",
        "dropdb_stmt",
        "create_table_space_stmt",
        "drop_table_space_stmt",
        "alter_system_stmt",
        "create_subscription_stmt",
        "drop_subscription_stmt",
    }
)


def _detaches_concurrently(command: Any) -> bool:
    definition = getattr(command.alter_table_cmd, "def")
    return bool(definition.HasField("partition_cmd") and definition.partition_cmd.concurrent)


def claims(statement: Statement) -> tuple[Claim, ...]:
    """The locks that the statement takes on tables it names; empty also where nobody can tell (`DO`, `CALL`)."""
    reader = _READERS.get(statement.kind)
    return tuple(reader(statement.tree)) if reader else ()


def _option(options: Any, name: str) -> bool:
    for option in options:
        element = option.def_elem
        if element.defname == name:
            value = element.arg
            off = value.HasField("string") and value.string.sval.lower() in ("off", "false", "0")
            return not off and not (value.HasField("boolean") and not value.boolean.boolval)
    return False


def _index(tree: Any) -> Iterator[Claim]:
    mode = SUE if tree.concurrent else LockMode.SHARE
    yield Claim(of_range_var(tree.relation), mode, Work.BUILD, "builds an index")


def _drop(tree: Any) -> Iterator[Claim]:
    kind = _object(tree.remove_type)
    for item in tree.objects:
        if kind == "INDEX":
            yield Claim(of_list(item.list.items), SUE if tree.concurrent else AE, what="drops an index", index=True)
        elif kind in ("TABLE", "VIEW", "MATVIEW", "SEQUENCE", "FOREIGN_TABLE"):
            yield Claim(of_list(item.list.items), AE, what="drops it")
        elif kind in ("TRIGGER", "RULE", "POLICY"):
            yield Claim(of_list(item.list.items[:-1]), AE, what=f"drops a {kind.lower()}")


def _object(number: int) -> str:
    from postgast.pg_query_pb2 import ObjectType

    return str(ObjectType.Name(number)).removeprefix("OBJECT_")


def _rename(tree: Any) -> Iterator[Claim]:
    # That of an index locks the index alone, not its table.
    if tree.HasField("relation") and _object(tree.rename_type) != "INDEX":
        yield Claim(of_range_var(tree.relation), AE, what="renames")


def _create(tree: Any) -> Iterator[Claim]:
    partition = tree.HasField("partbound")
    for parent in tree.inh_relations:
        what = "adds a partition" if partition else "inherits from it"
        yield Claim(of_range_var(parent.range_var), AE if partition else SUE, what=what)
    for element in tree.table_elts:
        owned = element.column_def.constraints if element.HasField("column_def") else [element]
        for constraint in owned:
            if constraint.HasField("constraint") and constraint.constraint.HasField("pktable"):
                yield Claim(of_range_var(constraint.constraint.pktable), SRE, what="refers to it")


def _changes(tree: Any) -> Iterator[Claim]:
    yield Claim(of_range_var(tree.relation), LockMode.ROW_EXCLUSIVE, Work.ROWS, "changes rows")
    rows_alone = tree.DESCRIPTOR.name == "InsertStmt" and not tree.select_stmt.select_stmt.from_clause
    if rows_alone and not tree.HasField("with_clause"):
        return  # thousands of rows hold no table
    yield from _named_inside(tree, of_range_var(tree.relation))


def _named_inside(tree: Any, known: Relation | None = None) -> Iterator[Claim]:
    """The tables that the parts of a query change or read, each with the strongest lock; names of a `WITH` are none."""
    import postgast

    changed = {"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"}
    nodes = [node for _, node in postgast.walk(tree)]
    inside = {of_range_var(node.relation) for node in nodes if node.DESCRIPTOR.name in changed}
    named = {of_range_var(node) for node in nodes if node.DESCRIPTOR.name == "RangeVar"}
    own = {Relation("", node.ctename) for node in nodes if node.DESCRIPTOR.name == "CommonTableExpr"}
    for relation in sorted((inside | named) - own - {known}):
        if relation in inside:
            yield Claim(relation, LockMode.ROW_EXCLUSIVE, Work.ROWS, "changes rows")
        else:
            yield Claim(relation, LockMode.ACCESS_SHARE, Work.SCAN, "reads it")


def _copy(tree: Any) -> Iterator[Claim]:
    if tree.HasField("relation"):
        mode, work = (LockMode.ROW_EXCLUSIVE, Work.ROWS) if tree.is_from else (LockMode.ACCESS_SHARE, Work.SCAN)
        yield Claim(of_range_var(tree.relation), mode, work, "copies rows")


def _statistics(tree: Any) -> Iterator[Claim]:
    for item in tree.relations:
        yield Claim(of_range_var(item.range_var), SUE, what="makes statistics")


def _vacuum(tree: Any) -> Iterator[Claim]:
    full = tree.is_vacuumcmd and _option(tree.options, "full")
    mode, work = (AE, Work.REWRITE) if full else (SUE, Work.SCAN)
    for item in tree.rels:
        yield Claim(of_range_var(item.vacuum_relation.relation), mode, work, "writes it anew" if full else "reads it")


def _reindex(tree: Any) -> Iterator[Claim]:
    concurrently = _option(tree.params, "concurrently")
    mode = SUE if concurrently else LockMode.SHARE
    if tree.HasField("relation"):
        index = tree.kind == _REINDEX_TABLE - 1
        yield Claim(of_range_var(tree.relation), mode, Work.BUILD, "builds indexes anew", index=index)


def _refresh(tree: Any) -> Iterator[Claim]:
    mode = LockMode.EXCLUSIVE if tree.concurrent else AE
    yield Claim(of_range_var(tree.relation), mode, Work.REWRITE, "fills it anew")


def _lock(tree: Any) -> Iterator[Claim]:
    for item in tree.relations:
        yield Claim(of_range_var(item.range_var), list(LockMode)[tree.mode - 1], what="locks it")


def _cluster(tree: Any) -> Iterator[Claim]:
    if tree.HasField("relation"):
        yield Claim(of_range_var(tree.relation), AE, Work.REWRITE, "writes it anew")


def _comment(tree: Any) -> Iterator[Claim]:
    names = tree.object.list.items
    kind = _object(tree.objtype)
    if kind == "TABLE":
        yield Claim(of_list(names), SUE, what="comments on it")
    elif kind == "COLUMN" and len(names) > 1:
        yield Claim(of_list(names[:-1]), SUE, what="comments on a column")


def _on_relation(mode: LockMode, what: str, field: str = "relation") -> Callable[[Any], Iterator[Claim]]:
    def read(tree: Any) -> Iterator[Claim]:
        yield Claim(of_range_var(getattr(tree, field)), mode, what=what)

    return read


def _truncate(tree: Any) -> Iterator[Claim]:
    for item in tree.relations:
        yield Claim(of_range_var(item.range_var), AE, what="empties it")


def _view(tree: Any) -> Iterator[Claim]:
    if tree.replace:
        yield Claim(of_range_var(tree.view), AE, what="replaces it")


def _select(tree: Any) -> Iterator[Claim]:
    locking = bool(tree.locking_clause)
    for claim in _named_inside(tree):
        weak = claim.mode is LockMode.ACCESS_SHARE and locking
        yield Claim(claim.relation, LockMode.ROW_SHARE if weak else claim.mode, claim.work, claim.what)


_READERS: dict[str, Callable[[Any], Iterator[Claim]]] = {
    "alter_table_stmt": alter_table,
    "index_stmt": _index,
    "drop_stmt": _drop,
    "rename_stmt": _rename,
    "create_stmt": _create,
    "insert_stmt": _changes,
    "update_stmt": _changes,
    "delete_stmt": _changes,
    "merge_stmt": _changes,
    "select_stmt": _select,
    "copy_stmt": _copy,
    "create_stats_stmt": _statistics,
    "truncate_stmt": _truncate,
    "vacuum_stmt": _vacuum,
    "reindex_stmt": _reindex,
    "refresh_mat_view_stmt": _refresh,
    "lock_stmt": _lock,
    "cluster_stmt": _cluster,
    "comment_stmt": _comment,
    "view_stmt": _view,
    "create_trig_stmt": _on_relation(SRE, "adds a trigger"),
    "rule_stmt": _on_relation(AE, "adds a rule"),
    "create_policy_stmt": _on_relation(AE, "adds a policy", "table"),
    "alter_policy_stmt": _on_relation(AE, "changes a policy", "table"),
    "alter_object_schema_stmt": lambda tree: (
        _on_relation(AE, "moves it to another schema")(tree) if tree.HasField("relation") else iter(())
    ),
    "alter_seq_stmt": _on_relation(SRE, "changes a sequence", "sequence"),
}
