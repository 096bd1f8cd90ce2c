"""What a statement would leave in the catalog: the things to look for after a crash, by its syntax tree. Pure.

A statement that is not understood may have touched whatever its text names: whoever simulates forgets those facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from dixis_tui.sql.catalog_facts import (
    ABSENT,
    INVALID,
    THERE,
    Deed,
    Effect,
    Fact,
    Forget,
    Kind,
    Names,
    UnknownSchemaError,
    cascades,
    gone,
    made,
    object_kind,
)
from dixis_tui.sql.script import Script, Statement
from dixis_tui.sql.trace_alter import alter_table, rename, set_schema
from dixis_tui.sql.values import signature, type_text


class Trace(Struct, frozen=True):
    """One statement's deeds in their order. `neutral`: it leaves nothing that matters (`SET`, `BEGIN`)."""

    number: int
    deeds: tuple[Deed, ...] = ()
    neutral: bool = False

    @property
    def shows(self) -> bool:
        """Whether there is something to look for."""
        return any(isinstance(deed, Effect) for deed in self.deeds)


_NEUTRAL = frozenset(
    {"variable_set_stmt", "variable_show_stmt", "transaction_stmt", "discard_stmt", "deallocate_stmt", "lock_stmt"}
)
_DATA = frozenset({"insert_stmt", "update_stmt", "delete_stmt", "merge_stmt", "select_stmt", "truncate_stmt"})
_QUIET = frozenset({"grant_stmt", "vacuum_stmt", "reindex_stmt", "refresh_mat_view_stmt", "cluster_stmt"})
"""Change nothing that a fact is about."""


def traces(script: Script, schema: str) -> tuple[Trace, ...]:
    """Every statement's trace; `schema` is where names without one are looked up, as in the URL."""
    known = schema
    found = []
    for statement in script.statements:
        found.append(_trace(statement, known))
        if _moves_search_path(statement):
            known = ""
    return tuple(found)


def _trace(statement: Statement, schema: str) -> Trace:
    if statement.kind in _NEUTRAL:
        return Trace(statement.number, neutral=True)
    if statement.kind in _DATA | _QUIET:
        return Trace(statement.number)
    reader = _READERS.get(statement.kind)
    if reader:
        try:
            return Trace(statement.number, tuple(reader(statement.tree, Names(schema))))
        except UnknownSchemaError:
            pass
    text = statement.text.lower()
    # Dynamic SQL may name whatever it finds, a procedure do whatever it likes.
    anything = statement.kind == "call_stmt" or (statement.kind == "do_stmt" and "execute" in text)
    frees = anything or any(word in text for word in ("drop", "rename", "schema"))
    return Trace(statement.number, (Forget(text=text, everything=anything, frees=frees),))


def _moves_search_path(statement: Statement) -> bool:
    return statement.kind in ("variable_set_stmt", "select_stmt") and "search_path" in statement.text.lower()


def _relation(names: Names, node: Any, *, tolerant: bool) -> Iterator[Deed]:
    schema, name = names.table(node)
    yield made(Fact(Kind.RELATION, schema, "", name), tolerant=tolerant)
    yield Forget(schema, name)


def _create_table(tree: Any, names: Names) -> Iterator[Deed]:
    yield from _relation(names, tree.relation, tolerant=tree.if_not_exists)


def _create_as(tree: Any, names: Names) -> Iterator[Deed]:
    yield from _relation(names, tree.into.rel, tolerant=tree.if_not_exists)


def _view(tree: Any, names: Names) -> Iterator[Deed]:
    yield from _relation(names, tree.view, tolerant=tree.replace)


def _sequence(tree: Any, names: Names) -> Iterator[Deed]:
    yield from _relation(names, tree.sequence, tolerant=tree.if_not_exists)


def _index(tree: Any, names: Names) -> Iterator[Deed]:
    if tree.idxname:
        schema, table = names.table(tree.relation)
        # On a partitioned table alone it is invalid until its parts are attached.
        after = (THERE,) if tree.relation.inh else (THERE, INVALID)
        fact = Fact(Kind.RELATION, schema, "", tree.idxname)
        yield made(fact, tolerant=tree.if_not_exists, table=table, after=after)


def _enum(tree: Any, names: Names) -> Iterator[Deed]:
    schema, name = names.listed(tree.type_name)
    yield made(Fact(Kind.TYPE, schema, "", name))
    labels = "\n".join(item.string.sval for item in tree.vals)
    yield Effect(Fact(Kind.LABELS, schema, name, ""), (f"={labels}",))


def _domain(tree: Any, names: Names) -> Iterator[Deed]:
    schema, name = names.listed(tree.domainname)
    yield made(Fact(Kind.TYPE, schema, "", name))


def _composite(tree: Any, names: Names) -> Iterator[Deed]:
    schema, name = names.table(tree.typevar)
    yield made(Fact(Kind.TYPE, schema, "", name))


def _alter_enum(tree: Any, names: Names) -> Iterator[Deed]:
    schema, name = names.listed(tree.type_name)
    yield Effect(Fact(Kind.LABELS, schema, name, ""), ())
    if tree.old_val:
        yield gone(Fact(Kind.LABEL, schema, name, tree.old_val))
    yield made(Fact(Kind.LABEL, schema, name, tree.new_val), tolerant=tree.skip_if_new_val_exists)


def _function(tree: Any, names: Names) -> Iterator[Deed]:
    schema, name = names.listed(tree.funcname)
    fact = Fact(Kind.FUNCTION, schema, signature(tree.parameters), name)
    yield made(fact, tolerant=tree.replace)


def _trigger(tree: Any, names: Names) -> Iterator[Deed]:
    schema, table = names.table(tree.relation)
    yield made(Fact(Kind.TRIGGER, schema, table, tree.trigname), tolerant=tree.replace)


def _policy(tree: Any, names: Names) -> Iterator[Deed]:
    schema, table = names.table(tree.table)
    yield made(Fact(Kind.POLICY, schema, table, tree.policy_name))


def _schema(tree: Any, names: Names) -> Iterator[Deed]:  # noqa: ARG001 - as every reader
    if tree.schemaname and not tree.schema_elts:
        yield made(Fact(Kind.SCHEMA, "", "", tree.schemaname), tolerant=tree.if_not_exists)


def _extension(tree: Any, names: Names) -> Iterator[Deed]:  # noqa: ARG001 - as every reader
    yield made(Fact(Kind.EXTENSION, "", "", tree.extname), tolerant=tree.if_not_exists)


def _drop(tree: Any, names: Names) -> Iterator[Deed]:
    kind = object_kind(tree.remove_type)
    facts = [_dropped(kind, item, names) for item in tree.objects]
    for fact in facts:
        if fact is None:
            raise UnknownSchemaError  # a kind that no fact is about
        yield gone(fact, tolerant=tree.missing_ok)
        frees = kind in ("TABLE", "MATVIEW", "FOREIGN_TABLE", "TYPE", "DOMAIN", "SCHEMA", "EXTENSION")
        cascade = cascades(tree)
        yield Forget(fact.schema, fact.name, everything=cascade, frees=cascade or frees)
        yield gone(fact, tolerant=True)


def _dropped(kind: str, item: Any, names: Names) -> Fact | None:
    if kind in ("TABLE", "VIEW", "MATVIEW", "SEQUENCE", "INDEX", "FOREIGN_TABLE"):
        return Fact(Kind.RELATION, *_with_owner(names.listed(item.list.items)))
    if kind in ("TYPE", "DOMAIN"):
        return Fact(Kind.TYPE, *_with_owner(names.listed(item.type_name.names)))
    if kind in ("FUNCTION", "PROCEDURE"):
        given = item.object_with_args
        schema, name = names.listed(given.objname)
        if given.args_unspecified:
            return Fact(Kind.ANY_FUNCTION, schema, "", name)
        return Fact(Kind.FUNCTION, schema, ", ".join(type_text(one.type_name) for one in given.objargs), name)
    if kind in ("TRIGGER", "POLICY"):
        *table, name = item.list.items
        return Fact(Kind(kind.lower()), *names.listed(table), name.string.sval)
    if kind in ("SCHEMA", "EXTENSION"):
        return Fact(Kind(kind.lower()), "", "", item.string.sval)
    return None


def _with_owner(found: tuple[str, str]) -> tuple[str, str, str]:
    return found[0], "", found[1]


def _comment(tree: Any, names: Names) -> Iterator[Deed]:
    kind, items = object_kind(tree.objtype), list(tree.object.list.items)
    if kind == "COLUMN" and len(items) > 1:
        schema, table = names.listed(items[:-1])
        column = items[-1].string.sval
    elif kind in ("TABLE", "VIEW", "MATVIEW", "INDEX", "SEQUENCE"):
        (schema, table), column = names.listed(items), ""
    else:
        return
    yield Effect(Fact(Kind.COMMENT, schema, table, column), (f"={tree.comment}" if tree.comment else ABSENT,))


_READERS: dict[str, Callable[[Any, Names], Iterator[Deed]]] = {
    "create_stmt": _create_table,
    "create_table_as_stmt": _create_as,
    "view_stmt": _view,
    "create_seq_stmt": _sequence,
    "index_stmt": _index,
    "create_enum_stmt": _enum,
    "create_domain_stmt": _domain,
    "composite_type_stmt": _composite,
    "alter_enum_stmt": _alter_enum,
    "create_function_stmt": _function,
    "create_trig_stmt": _trigger,
    "create_policy_stmt": _policy,
    "create_schema_stmt": _schema,
    "create_extension_stmt": _extension,
    "drop_stmt": _drop,
    "comment_stmt": _comment,
    "alter_table_stmt": alter_table,
    "rename_stmt": rename,
    "alter_object_schema_stmt": set_schema,
}
