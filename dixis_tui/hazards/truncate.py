"""DH102: `TRUNCATE` of a table that is in use."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule, listed
from dixis_tui.hazards.weigh import size_words
from dixis_tui.sql.facts import cascades, truncated


class Truncate(Rule):
    """`TRUNCATE`, also with `CASCADE`."""

    code = "DH102"
    title = "TRUNCATE empties a table"
    severity = Severity.DANGER
    why = (
        "ACCESS EXCLUSIVE: reads and writes of the table wait until the transaction ends. All rows are gone, and only"
        " the backup brings them back; ON DELETE triggers do not fire."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for statement in context.statements:
            tables = [one for one in truncated(statement) if not context.fresh(one, statement)]
            if not tables:
                continue
            cascade = cascades(statement.tree)
            also = " and, by CASCADE, every table with a foreign key to it, however far" if cascade else ""
            known = [facts for one in tables if (facts := context.facts(one))]
            empty = len(known) == len(tables) and all(one.bytes == 0 and one.kind == "r" for one in known)
            yield self.found(
                context,
                statement,
                f"TRUNCATE empties {listed(tables)}{also}.",
                safer=_safer(str(tables[0])),
                severity=Severity.NOTICE if empty and not cascade else self.severity,
                size="; ".join(size_words(one, "all of it goes") for one in known),
            )


def _safer(table: str) -> str:
    return f"""
-- Name the rows in place of CONDITION and delete them in batches, outside the migration, until none is left:
-- DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE CONDITION LIMIT 5000));
-- If the table is to be empty, say so above the statement:
-- dixis-ignore {Truncate.code}: why nothing of {table} is needed"""
