"""DH101: `UPDATE` or `DELETE` of every row."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.sql.facts import Change, changes
from dixis_tui.sql.script import Statement


class NoWhere(Rule):
    """`UPDATE` or `DELETE` without `WHERE`."""

    code = "DH101"
    title = "UPDATE or DELETE without WHERE"
    severity = Severity.DANGER
    why = (
        "Every row is locked until the transaction ends: whoever writes one of them waits. What stood in the rows is"
        " gone, and each change leaves a dead row behind for VACUUM."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for statement in context.statements:
            for change in changes(statement):
                if not change.where and not context.fresh(change.relation, statement):
                    yield self._one(context, statement, change)

    def _one(self, context: Context, statement: Statement, change: Change) -> Hazard:
        table = context.facts(change.relation)
        # Whole sentences, for each is put into another language as it stands.
        if change.verb == "UPDATE":
            what, size = f"UPDATE on {change.relation} has no WHERE: it changes every row.", "every row is changed"
        else:
            what, size = f"DELETE on {change.relation} has no WHERE: it removes every row.", "every row is removed"
        # A small DELETE is over at once, but its rows are as gone as those of a large one.
        severity = weigh(self.severity, table)
        if change.verb == "DELETE" and severity is Severity.NOTICE and (table is None or table.bytes != 0):
            severity = Severity.WARNING
        return self.found(
            context,
            statement,
            what,
            safer=_safer(statement, change),
            severity=severity,
            size=size_words(table, size),
        )


def _safer(statement: Statement, change: Change) -> str:
    table = change.relation
    batch = f"ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE CONDITION LIMIT 5000))"
    own = " ".join(statement.text.split())
    simple = own.upper().startswith(change.verb) and " RETURNING " not in own.upper() and len(own) < 500
    command = own if simple else f"{change.verb} … {table} …"
    return f"""
-- Name the rows that are meant in place of CONDITION, and take them in batches, each in a transaction of its own,
-- outside the migration, until none is left:
-- {command} WHERE {batch};
-- If every row is meant, say so above the statement:
-- dixis-ignore {NoWhere.code}: why every row of {table} is meant"""
