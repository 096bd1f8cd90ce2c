"""DH114: a materialized view filled anew against its readers."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.sql.facts import refreshed


class Refresh(Rule):
    """`REFRESH MATERIALIZED VIEW` without `CONCURRENTLY`."""

    code = "DH114"
    title = "REFRESH MATERIALIZED VIEW keeps readers out"
    severity = Severity.WARNING
    blocks = True
    why = "ACCESS EXCLUSIVE while its query runs: whoever reads the view waits until it is filled anew."

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for statement in context.statements:
            view = refreshed(statement)
            if view is None or context.fresh(view, statement):
                continue
            table = context.facts(view)
            yield self.found(
                context,
                statement,
                f"{view} can't be read while it is filled anew.",
                safer=f"""
-- Needs a unique index over all rows of the view:
REFRESH MATERIALIZED VIEW CONCURRENTLY {view};""",
                severity=weigh(self.severity, table),
                size=size_words(table, "all of it is computed and written anew"),
            )
