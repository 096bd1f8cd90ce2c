"""Types and constants as a statement writes them, in a form that can be compared with the catalog's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_LENGTHS = {"varchar", "bpchar"}
_PRECISIONS = {"timestamp", "timestamptz", "time", "timetz", "bit", "varbit"}


def type_text(node: Any) -> str:
    """A TypeName as `to_regtype` reads it, without its length or precision: `pg_catalog.int4[]`."""
    names = [item.string.sval for item in node.names]
    # A keyword as a type's name (`"Order"`, `"user"`) needs its quotes; they never do harm.
    quoted = ".".join('"' + name.replace('"', '""') + '"' for name in names)
    return quoted + ("[]" if node.array_bounds else "")


def type_modifier(node: Any) -> str:
    """`pg_attribute.atttypmod` of a TypeName as text; `*` where only the server could work it out."""
    if not node.typmods:
        return "-1"
    numbers = [item.a_const.ival.ival for item in node.typmods if item.a_const.HasField("ival")]
    name = node.names[-1].string.sval
    if len(numbers) != len(node.typmods):
        return "*"
    if name in _LENGTHS and len(numbers) == 1:
        return str(numbers[0] + 4)
    if name == "numeric" and len(numbers) <= 2:
        precision, scale = (*numbers, 0)[:2]
        return str(((precision << 16) | (scale & 0x7FF)) + 4)
    return str(numbers[0]) if name in _PRECISIONS and len(numbers) == 1 else "*"


def signature(parameters: Iterable[Any]) -> str:
    """The input types of a function, as `to_regprocedure` reads them between its parentheses."""
    from postgast.pg_query_pb2 import FunctionParameterMode

    taken = ("FUNC_PARAM_IN", "FUNC_PARAM_INOUT", "FUNC_PARAM_VARIADIC", "FUNC_PARAM_DEFAULT")
    found = [item.function_parameter for item in parameters]
    return ", ".join(type_text(one.arg_type) for one in found if FunctionParameterMode.Name(one.mode) in taken)


def constant(node: Any) -> str | None:
    """The value of a constant, casts left aside, as `=text`; None for any other expression."""
    while node.HasField("type_cast"):
        node = node.type_cast.arg
    if not node.HasField("a_const"):
        return None
    value = node.a_const
    if value.isnull:
        return "=null"
    kind = value.WhichOneof("val")
    if kind == "ival":
        return f"={value.ival.ival}"
    if kind == "boolval":
        return f"={str(value.boolval.boolval).lower()}"
    text = {"sval": value.sval.sval, "fval": value.fval.fval, "bsval": value.bsval.bsval}
    return f"={text[kind]}" if kind else None


def constant_of(expression: str) -> str:
    """As :func:`constant`, of the catalog's text of a default; the text itself where it is no constant."""
    import postgast

    try:
        select = postgast.parse(f"SELECT {expression}").stmts[0].stmt.select_stmt
        return constant(select.target_list[0].res_target.val) or expression
    except (postgast.PgQueryError, IndexError):
        return expression
