"""`ALTER TABLE`, command by command: the lock that each takes and what it does to the rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dixis_tui.locks import LockMode
from dixis_tui.sql.claim import Claim, Work
from dixis_tui.sql.names import Relation, of_range_var

AE, SUE, SRE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE

_SERIAL = {"serial", "serial4", "bigserial", "serial8", "smallserial", "serial2"}
_STABLE = {
    "now",
    "current_timestamp",
    "transaction_timestamp",
    "statement_timestamp",
    "current_setting",
    "lower",
    "upper",
}
"""Functions whose value is taken once for a new column: no rewrite. Any other is taken for volatile."""
_SHARE_UPDATE = {
    "AT_SetStatistics",
    "AT_SetOptions",
    "AT_ResetOptions",
    "AT_ClusterOn",
    "AT_DropCluster",
    "AT_ValidateConstraint",
    "AT_DetachPartitionFinalize",
}
_TRIGGERS = {
    "AT_EnableTrig",
    "AT_EnableAlwaysTrig",
    "AT_EnableReplicaTrig",
    "AT_EnableTrigAll",
    "AT_EnableTrigUser",
    "AT_DisableTrig",
    "AT_DisableTrigAll",
    "AT_DisableTrigUser",
}
_REWRITES = {"AT_SetLogged", "AT_SetUnLogged", "AT_SetTableSpace", "AT_SetAccessMethod", "AT_SetExpression"}
_LIGHT_OPTIONS = ("fillfactor", "autovacuum", "toast.autovacuum", "parallel_workers", "log_autovacuum", "vacuum_")


def alter_table(tree: Any) -> Iterator[Claim]:
    """Every command's claims, in the order they are written."""
    relation = of_range_var(tree.relation)
    for item in tree.cmds:
        yield from _command(relation, item.alter_table_cmd)


def subtype(command: Any) -> str:
    """`AT_AddColumn` and its like."""
    from postgast.pg_query_pb2 import AlterTableType

    return str(AlterTableType.Name(command.subtype))


def definition(command: Any) -> Any:
    """What the command is given: a column, a constraint, a partition."""
    return getattr(command, "def")


def _command(relation: Relation, command: Any) -> Iterator[Claim]:
    kind, given = subtype(command), definition(command)
    if kind == "AT_AddColumn":
        yield from _add_column(relation, given.column_def)
    elif kind == "AT_AddConstraint":
        yield from constraint_claims(relation, given.constraint)
    elif kind == "AT_AlterColumnType":
        yield Claim(relation, AE, Work.REWRITE, f"changes the type of {command.name}", certain=False)
    elif kind == "AT_SetNotNull":
        yield Claim(relation, AE, Work.SCAN, f"makes {command.name} NOT NULL", certain=False)
    elif kind == "AT_ValidateConstraint":
        yield Claim(relation, SUE, Work.SCAN, f"validates {command.name}")
    elif kind == "AT_AttachPartition":
        yield Claim(relation, SUE, what="attaches a partition")
        yield Claim(of_range_var(given.partition_cmd.name), AE, Work.SCAN, "becomes a partition", certain=False)
    elif kind == "AT_DetachPartition":
        mode = SUE if given.partition_cmd.concurrent else AE
        yield Claim(relation, mode, what="detaches a partition")
        yield Claim(of_range_var(given.partition_cmd.name), mode, what="is detached")
    elif kind in ("AT_AddInherit", "AT_DropInherit"):
        yield Claim(relation, AE, what="changes what it inherits")
    elif kind in ("AT_SetRelOptions", "AT_ResetRelOptions"):
        names = [option.def_elem.defname for option in given.list.items]
        light = all(name.startswith(_LIGHT_OPTIONS) for name in names)
        yield Claim(relation, SUE if light else AE, what="sets options")
    elif kind in _SHARE_UPDATE:
        yield Claim(relation, SUE, what="changes a setting")
    elif kind in _TRIGGERS:
        yield Claim(relation, SRE, what="turns a trigger on or off")
    else:
        yield Claim(relation, AE, Work.REWRITE if kind in _REWRITES else Work.NONE, _said(kind, command.name))


def _said(kind: str, name: str) -> str:
    words = {
        "AT_DropColumn": "drops the column",
        "AT_DropConstraint": "drops the constraint",
        "AT_ColumnDefault": "changes the default of",
        "AT_DropNotNull": "makes nullable",
        "AT_SetStorage": "changes the storage of",
        "AT_ChangeOwner": "changes the owner",
    }
    return f"{words.get(kind, 'changes its definition')} {name}".strip()


def _add_column(relation: Relation, column: Any) -> Iterator[Claim]:
    constraints = [item.constraint for item in column.constraints]
    rewrite = is_serial(column)
    for constraint in constraints:
        kind = contype(constraint)
        rewrite = rewrite or kind == "IDENTITY" or (kind == "GENERATED" and constraint.generated_kind != "v")
        rewrite = rewrite or (kind == "DEFAULT" and volatile(constraint.raw_expr))
    yield Claim(relation, AE, Work.REWRITE if rewrite else Work.NONE, f"adds the column {column.colname}")
    for constraint in constraints:
        kind = contype(constraint)
        if kind in ("PRIMARY", "UNIQUE"):
            yield Claim(relation, AE, Work.BUILD, "builds an index")
        elif kind == "CHECK":
            yield Claim(relation, AE, Work.SCAN, "checks every row")
        elif kind == "FOREIGN":
            yield Claim(of_range_var(constraint.pktable), SRE, what="is referred to")


def constraint_claims(relation: Relation, constraint: Any) -> Iterator[Claim]:
    """`ADD CONSTRAINT` of every kind."""
    kind = contype(constraint)
    valid = not constraint.skip_validation
    if kind == "FOREIGN":
        work = Work.SCAN if valid else Work.NONE
        yield Claim(relation, SRE, work, "adds a foreign key")
        yield Claim(of_range_var(constraint.pktable), SRE, what="is referred to by a new foreign key")
    elif kind in ("PRIMARY", "UNIQUE", "EXCLUSION"):
        taken = bool(constraint.indexname)
        yield Claim(relation, AE, Work.NONE if taken else Work.BUILD, "takes an index" if taken else "builds an index")
    elif kind in ("CHECK", "NOTNULL"):
        yield Claim(relation, AE, Work.SCAN if valid else Work.NONE, f"adds a {kind} constraint")
    else:
        yield Claim(relation, AE, what="adds a constraint")


def contype(constraint: Any) -> str:
    """`FOREIGN`, `CHECK`, `NOTNULL` and their like."""
    from postgast.pg_query_pb2 import ConstrType

    return str(ConstrType.Name(constraint.contype).removeprefix("CONSTR_"))


def is_serial(column: Any) -> bool:
    """Whether the column takes its values from a sequence of its own."""
    names = column.type_name.names
    return bool(names) and names[-1].string.sval in _SERIAL


def volatile(expression: Any) -> bool:
    """Whether a default has to be computed for every row: it calls a function that is not known to be stable."""
    from postgast import walk

    for _, node in walk(expression):
        if type(node).__name__ == "FuncCall":
            name = node.funcname[-1].string.sval if node.funcname else ""
            if name not in _STABLE:
                return True
    return False
