"""What `ALTER … `, `RENAME` and `SET SCHEMA` leave in the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dixis_tui.sql.alter_table import contype, definition, is_serial, subtype
from dixis_tui.sql.catalog_facts import (
    ABSENT,
    PRESENT,
    THERE,
    Deed,
    Effect,
    Fact,
    Forget,
    Kind,
    Move,
    Names,
    UnknownSchemaError,
    cascades,
    gone,
    made,
    object_kind,
)
from dixis_tui.sql.values import constant, type_modifier, type_text

_RELATIONS = ("TABLE", "VIEW", "MATVIEW", "INDEX", "SEQUENCE", "FOREIGN_TABLE")
_WITHOUT_TRACE = frozenset(
    {
        "AT_SetStatistics",
        "AT_SetOptions",
        "AT_ResetOptions",
        "AT_SetRelOptions",
        "AT_ResetRelOptions",
        "AT_SetStorage",
        "AT_SetCompression",
        "AT_ChangeOwner",
        "AT_SetTableSpace",
        "AT_SetLogged",
        "AT_SetUnLogged",
        "AT_ClusterOn",
        "AT_DropCluster",
        "AT_ReplicaIdentity",
        "AT_EnableRowSecurity",
        "AT_DisableRowSecurity",
        "AT_ForceRowSecurity",
        "AT_NoForceRowSecurity",
        "AT_EnableTrig",
        "AT_DisableTrig",
        "AT_EnableTrigAll",
        "AT_DisableTrigAll",
        "AT_EnableTrigUser",
        "AT_DisableTrigUser",
    }
)
"""Change nothing that a fact is about."""


def alter_table(tree: Any, names: Names) -> Iterator[Deed]:
    """Every command's deeds, in the order they are written."""
    schema, table = names.table(tree.relation)
    for item in tree.cmds:
        command = item.alter_table_cmd
        kind = subtype(command)
        if kind in _WITHOUT_TRACE:
            continue
        deeds = _command(schema, table, command, kind)
        if deeds is None:
            raise UnknownSchemaError  # a command that is not understood: all that the statement names is forgotten
        for deed in deeds:
            if isinstance(deed, Effect) and tree.missing_ok:
                yield Effect(deed.fact, deed.after, (), deed.table)
            else:
                yield deed


def _command(schema: str, table: str, command: Any, kind: str) -> list[Deed] | None:
    def fact(of: Kind, name: str = command.name) -> Fact:
        return Fact(of, schema, table, name)

    given, tolerant = definition(command), command.missing_ok
    match kind:
        case "AT_AddColumn":
            return _add_column(fact, given.column_def, tolerant=tolerant)
        case "AT_DropColumn":
            hanging = _cascade(command) or Forget(schema, table, columns=False, frees=True)
            column = fact(Kind.COLUMN)
            lost: list[Deed] = [Effect(fact(of), ()) for of in (Kind.COLUMN_TYPE, Kind.NOT_NULL, Kind.DEFAULT)]
            return [gone(column, tolerant=tolerant), hanging, gone(column, tolerant=True), *lost]
        case "AT_AlterColumnType":
            text = f"{type_text(given.column_def.type_name)}:{type_modifier(given.column_def.type_name)}"
            return [Effect(fact(Kind.COLUMN_TYPE), (text,))]
        case "AT_SetNotNull" | "AT_DropNotNull":
            return [Effect(fact(Kind.NOT_NULL), (THERE if kind == "AT_SetNotNull" else ABSENT,))]
        case "AT_ColumnDefault":
            value = constant(given) if given.ByteSize() else ABSENT
            return [Effect(fact(Kind.DEFAULT), (PRESENT if value is None else value,))]
        case "AT_AddConstraint":
            return _add_constraint(fact, given.constraint)
        case "AT_DropConstraint":
            constraint = fact(Kind.CONSTRAINT)
            # Its index goes with it.
            hanging = _cascade(command) or Forget(text=f"{command.name.lower()}", frees=True)
            lost = [Effect(fact(Kind.VALIDATED), ())]
            return [gone(constraint, tolerant=tolerant), hanging, gone(constraint, tolerant=True), *lost]
        case "AT_ValidateConstraint":
            return [Effect(fact(Kind.VALIDATED), (THERE,))]
    return None


def _cascade(command: Any) -> Forget | None:
    return Forget(everything=True, frees=True) if cascades(command) else None


def _add_column(fact: Any, column: Any, *, tolerant: bool) -> list[Deed]:
    name = column.colname
    kinds = {contype(item.constraint) for item in column.constraints}
    plain = not tolerant and not is_serial(column) and not kinds & {"PRIMARY", "IDENTITY", "GENERATED"}
    return [
        made(fact(Kind.COLUMN, name), tolerant=tolerant),
        Effect(fact(Kind.COLUMN_TYPE, name), ()),
        Effect(fact(Kind.NOT_NULL, name), (ABSENT,) if plain and "NOTNULL" not in kinds else ()),
        Effect(fact(Kind.DEFAULT, name), (ABSENT,) if plain and "DEFAULT" not in kinds else ()),
    ]


def _add_constraint(fact: Any, constraint: Any) -> list[Deed]:
    name = constraint.conname
    if not name:
        return []  # the server finds a name of its own
    deeds: list[Deed] = [made(fact(Kind.CONSTRAINT, name))]
    if contype(constraint) in ("FOREIGN", "CHECK", "NOTNULL"):
        deeds.append(Effect(fact(Kind.VALIDATED, name), (ABSENT if constraint.skip_validation else THERE,)))
    if constraint.indexname and constraint.indexname != name:
        index = fact(Kind.RELATION).schema
        deeds.append(gone(Fact(Kind.RELATION, index, "", constraint.indexname)))
    return deeds


def rename(tree: Any, names: Names) -> Iterator[Deed]:
    """`ALTER … RENAME`: what is known of the old name is known of the new one."""
    kind = object_kind(tree.rename_type)
    tolerant = tree.missing_ok
    if kind in _RELATIONS:
        schema, old = names.table(tree.relation)
        yield from _renamed(Fact(Kind.RELATION, schema, "", old), schema, tree.newname, tolerant=tolerant)
    elif kind in ("COLUMN", "TABCONSTRAINT", "TRIGGER", "POLICY"):
        of = Kind.CONSTRAINT if kind == "TABCONSTRAINT" else Kind(kind.lower())
        schema, table = names.table(tree.relation)
        yield from _renamed(Fact(of, schema, table, tree.subname), schema, tree.newname, tolerant=tolerant)
    elif kind in ("TYPE", "DOMAIN"):
        schema, old = names.listed(tree.object.list.items)
        yield from _renamed(Fact(Kind.TYPE, schema, "", old), schema, tree.newname, tolerant=tolerant)
    else:
        raise UnknownSchemaError


def set_schema(tree: Any, names: Names) -> Iterator[Deed]:
    """`ALTER … SET SCHEMA` of a table or its like."""
    if object_kind(tree.object_type) not in _RELATIONS:
        raise UnknownSchemaError
    schema, name = names.table(tree.relation)
    yield from _renamed(Fact(Kind.RELATION, schema, "", name), tree.newschema, name, tolerant=tree.missing_ok)


def _renamed(fact: Fact, schema: str, name: str, *, tolerant: bool) -> Iterator[Deed]:
    new = Fact(fact.kind, schema, fact.owner, name)
    yield gone(fact, tolerant=tolerant)
    yield made(new, tolerant=tolerant, after=(PRESENT,))
    yield Move(fact, new)
