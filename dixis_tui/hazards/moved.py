"""DH115: changes of how a table is stored."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.hazards.weigh import size_words, weigh

_SAID = {
    "AT_SetLogged": "SET LOGGED writes all of it anew, and into the WAL",
    "AT_SetUnLogged": "SET UNLOGGED writes all of it anew, and a crash will empty it",
    "AT_SetTableSpace": "SET TABLESPACE copies all of it",
    "AT_SetAccessMethod": "SET ACCESS METHOD writes all of it anew",
}


class Moved(Rule):
    """`SET LOGGED`, `UNLOGGED`, `TABLESPACE` and `ACCESS METHOD`."""

    code = "DH115"
    title = "Change of storage writes a table anew"
    severity = Severity.DANGER
    blocks = True
    why = "ACCESS EXCLUSIVE while the whole table is written: nobody reads or writes it until that is done."

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for statement in context.statements:
            for command in context.commands(statement):
                if command.kind not in _SAID or context.fresh(command.relation, statement):
                    continue
                table = context.facts(command.relation)
                yield self.found(
                    context,
                    statement,
                    f"{command.relation}: {_SAID[command.kind]}.",
                    safer=f"""
-- Outside the migration, at a quiet time, with pg_repack, or into a new table beside it that a trigger keeps equal to
-- {command.relation} until their names are exchanged.""",
                    severity=weigh(self.severity, table),
                    span=(command.start, command.end),
                    size=size_words(table, "every row is written anew"),
                )
