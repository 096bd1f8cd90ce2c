"""DH105: ACCESS EXCLUSIVE on several tables in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule, listed
from dixis_tui.locks import LockMode
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import Statement


class ManyLocks(Rule):
    """Steps that each lock another table against all use, kept together to the end of the transaction."""

    code = "DH105"
    title = "Several tables locked against all use in one transaction"
    severity = Severity.WARNING
    blocks = True
    why = (
        "A lock is held until the transaction ends, so the first table stays locked while the next ones are waited for"
        " and worked on. A session that uses them in another order makes a deadlock, which ends one of the two."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for group in context.read.groups:
            firsts: dict[Relation, tuple[Relation, Statement]] = {}
            for statement in group:
                for relation in _locked(context, statement):
                    key = context.full(_table_of(context, relation))
                    firsts.setdefault(key, (_table_of(context, relation), statement))
            found = list(firsts.values())
            # What one statement locks together (a partition and its parent) can't be taken apart.
            if len({statement.number for _, statement in found}) > 1:
                yield self._one(context, found)

    def _one(self, context: Context, firsts: list[tuple[Relation, Statement]]) -> Hazard:
        second = next(statement for _, statement in firsts if statement.number != firsts[0][1].number)
        shown = listed([relation for relation, _ in firsts])
        lines = {relation: statement.line for relation, statement in firsts}
        where = "; ".join(f"{relation} from line {line}" for relation, line in lines.items())
        first = "-- One migration for each table; each is committed, and its lock gone, before the next begins:"
        steps = "\n".join(
            f"-- migration {number}: what is done to {relation} (line {statement.line} on)"
            for number, (relation, statement) in enumerate(firsts, 1)
        )
        return self.found(
            context,
            second,
            f"One transaction takes ACCESS EXCLUSIVE on {shown}: {where}.",
            safer=f"{first}\n{steps}",
        )


def _locked(context: Context, statement: Statement) -> Iterator[Relation]:
    for claim in context.claims(statement):
        if claim.mode is not LockMode.ACCESS_EXCLUSIVE or context.fresh(claim.relation, statement):
            continue
        # Without a server nobody knows which table a dropped index belongs to: it may well be one named elsewhere.
        if not claim.index or context.facts(claim.relation):
            yield claim.relation


def _table_of(context: Context, relation: Relation) -> Relation:
    facts = context.facts(relation)
    return Relation("" if facts.schema == context.schema else facts.schema, facts.name) if facts else relation
