"""DH111: rows are changed while a table is locked against all use."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.locks import LockMode
from dixis_tui.sql.facts import changes, fills
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import Statement


class Backfill(Rule):
    """`UPDATE`, `DELETE` or `INSERT … SELECT` after a step that took ACCESS EXCLUSIVE, in the same transaction."""

    code = "DH111"
    title = "Rows changed under a lock against all use"
    severity = Severity.WARNING
    blocks = True
    why = (
        "The lock of the earlier step is held until the transaction ends: reads and writes of that table wait for as"
        " long as the rows take."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for group in context.read.groups:
            held: dict[Relation, int] = {}
            told: set[Relation] = set()
            for statement in group:
                target = _changed(statement)
                if target is not None and held and target not in told:
                    told.add(target)  # once for a table: what follows makes it longer, not worse
                    yield self._one(context, statement, target, held)
                for claim in context.claims(statement):
                    strong = claim.mode is LockMode.ACCESS_EXCLUSIVE and not claim.index
                    if strong and not context.fresh(claim.relation, statement):
                        held.setdefault(claim.relation, statement.line)

    def _one(self, context: Context, statement: Statement, target: Relation, held: dict[Relation, int]) -> Hazard:
        own = next((relation for relation in held if relation.same(target, context.schema)), None)
        locked = own or next(iter(held))
        table = context.facts(target)
        severity = Severity.DANGER if own else self.severity
        return self.found(
            context,
            statement,
            f"{target} is changed while ACCESS EXCLUSIVE on {locked} is held since line {held[locked]}.",
            safer=f"""
-- A migration of its own, after the one that changes {locked}; of a large table in batches, outside the migration:
{statement.text};""",
            severity=weigh(severity, table),
            size=size_words(table, "the lock is held for as long as its rows take"),
        )


def _changed(statement: Statement) -> Relation | None:
    for change in changes(statement):
        return change.relation
    return fills(statement)
