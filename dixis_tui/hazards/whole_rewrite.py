"""DH103: `VACUUM FULL` and `CLUSTER`."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.locks import LockMode
from dixis_tui.sql.claim import Work


class WholeRewrite(Rule):
    """`VACUUM FULL` or `CLUSTER` of a table that is in use."""

    code = "DH103"
    title = "VACUUM FULL or CLUSTER writes a table anew"
    severity = Severity.DANGER
    blocks = True
    why = (
        "ACCESS EXCLUSIVE while the table and all its indexes are written anew: nobody reads or writes it until that is"
        " done, and it needs as much free disk again."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for statement in context.statements:
            if statement.kind not in ("vacuum_stmt", "cluster_stmt"):
                continue
            command = "VACUUM FULL" if statement.kind == "vacuum_stmt" else "CLUSTER"
            hits = [one for one in context.claims(statement) if one.work is Work.REWRITE]
            for claim in hits:
                if claim.mode is not LockMode.ACCESS_EXCLUSIVE or context.fresh(claim.relation, statement):
                    continue
                table = context.facts(claim.relation)
                yield self.found(
                    context,
                    statement,
                    f"{command} writes {claim.relation} and its indexes anew.",
                    safer=f"""
-- Dead rows are made free for new ones beside the application's work, outside the migration, by:
VACUUM (ANALYZE) {claim.relation};
-- If the disk must have its room back, use pg_repack, outside the migration.""",
                    severity=weigh(self.severity, table),
                    size=size_words(table, "every row and index is written anew"),
                )
