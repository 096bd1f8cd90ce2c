"""DH108: something goes that a view or a function uses."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule, Span
from dixis_tui.postgres.table_facts import FunctionText
from dixis_tui.sql.facts import Code, cascades, dropped, renamed, renamed_column
from dixis_tui.sql.names import Relation, quote
from dixis_tui.sql.script import Statement

_DROPS, _RETYPES, _RENAMES = "drops", "changes the type of", "renames"


class _Deed(Struct, frozen=True):
    """What is done to a table (`column` empty) or one of its columns."""

    verb: str
    relation: Relation
    column: str
    cascade: bool
    span: Span

    @property
    def shown(self) -> str:
        return f"{self.relation}.{quote(self.column)}" if self.column else str(self.relation)


class InUse(Rule):
    """A table, view or column dropped, retyped or renamed while a view or function names it."""

    code = "DH108"
    title = "A view or function uses what goes"
    severity = Severity.DANGER
    why = "PostgreSQL refuses it while a view needs it (2BP01, or 0A000 for a type), and the file fails."

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        gone: set[Relation] = set()
        for statement in context.statements:
            drop = dropped(statement)
            if drop and drop.kind in ("VIEW", "MATVIEW"):
                gone.update(context.full(relation) for relation in drop.relations)
            for deed in _deeds(context, statement):
                if not context.fresh(deed.relation, statement):
                    yield from self._views(context, statement, deed, gone)
                    yield from self._functions(context, statement, deed)

    def _views(self, context: Context, statement: Statement, deed: _Deed, gone: set[Relation]) -> Iterator[Hazard]:
        if deed.verb == _RENAMES:  # a view follows a new name by itself
            return
        views = dict(sorted(_reading(context, statement, deed, gone).items()))
        if not views:
            return
        names = ", ".join(views)
        if deed.cascade:
            what = f"It {deed.verb} {deed.shown}, and with it, by CASCADE, what reads it: {names}."
            why = "The views are dropped silently; whatever reads them fails from then on."
        else:
            what, why = f"It {deed.verb} {deed.shown}, which {names} reads.", self.why
        drops = "\n".join(f"DROP {kind.upper()} {view};" for view, kind in views.items())
        yield self.found(
            context,
            statement,
            what,
            why=why,
            safer=f"""
-- Write out what becomes of each view, before and after this statement:
{drops}
{statement.text.replace(" CASCADE", "")};
-- CREATE VIEW … AS …; for each of them, without {deed.shown} as it was""",
            span=deed.span,
        )

    def _functions(self, context: Context, statement: Statement, deed: _Deed) -> Iterator[Hazard]:
        if deed.verb == _RETYPES:
            return
        words = [deed.relation.name, *([deed.column] if deed.column else [])]
        texts = list(context.sizes.functions) if context.sizes else []
        texts += [FunctionText(str(code.name), code.body) for code in _earlier(context, statement) if code.body]
        names = sorted({text.name for text in texts if all(text.mentions(word) for word in words)})
        if names:
            yield self.found(
                context,
                statement,
                f"It {deed.verb} {deed.shown}, which may be used by {', '.join(names)}.",
                why="A function's body is text to PostgreSQL: nothing is refused now, the next call fails.",
                safer="\n".join(
                    f"-- CREATE OR REPLACE FUNCTION {name} … without {deed.shown}, before this" for name in names
                ),
                severity=Severity.WARNING,
                span=deed.span,
            )


def _deeds(context: Context, statement: Statement) -> Iterator[_Deed]:
    whole = statement.start, statement.end
    drop = dropped(statement)
    if drop and drop.kind in ("TABLE", "VIEW", "MATVIEW", "FOREIGN_TABLE"):
        for relation in drop.relations:
            yield _Deed(_DROPS, relation, "", drop.cascade, whole)
    for command in context.commands(statement):
        if command.kind in ("AT_DropColumn", "AT_AlterColumnType"):
            verb = _DROPS if command.kind == "AT_DropColumn" else _RETYPES
            cascade = verb == _DROPS and cascades(command.tree)
            yield _Deed(verb, command.relation, command.name, cascade, (command.start, command.end))
    if names := renamed(statement):
        yield _Deed(_RENAMES, names[0], "", False, whole)
    if column := renamed_column(statement):
        yield _Deed(_RENAMES, column[0], column[1], False, whole)


def _reading(context: Context, statement: Statement, deed: _Deed, gone: set[Relation]) -> dict[str, str]:
    """The views that read what goes, with their kind; those left out that the file has dropped before."""
    found: dict[str, str] = {}
    facts = context.facts(deed.relation)
    for view in facts.dependents if facts else ():
        schema, _, name = view.name.rpartition(".")
        if (not deed.column or view.column == deed.column) and Relation(schema, name) not in gone:
            found[str(Relation("" if schema == context.schema else schema, name))] = view.kind
    for code in _earlier(context, statement):
        reads = any(relation.same(deed.relation, context.schema) for relation in code.relations)
        uses = not deed.column or deed.column in code.columns or "*" in code.columns
        if reads and uses and context.full(code.name) not in gone:
            found[str(code.name)] = code.kind
    return found


def _earlier(context: Context, statement: Statement) -> list[Code]:
    """Views and functions that the pending files make before this statement."""
    here = context.place, statement.number
    return [code for place, code in context.pending.code if place < here]
