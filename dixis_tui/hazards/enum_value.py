"""DH107: an enum value used in the transaction that adds it."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.sql.facts import EnumValue, enum_made, enum_value, literal_at
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import Statement


class EnumValueUsed(Rule):
    """A value added to an enum type that was there before, and used before the transaction ends."""

    code = "DH107"
    title = "New enum value used in its own transaction"
    severity = Severity.DANGER
    why = (
        "PostgreSQL refuses it (55P04, unsafe use of new value), and the whole file is undone: Prisma records the"
        " migration as failed and deploys nothing more until that is resolved."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for group in context.read.groups:
            made: set[Relation] = set()
            added: list[tuple[EnumValue, int]] = []
            for statement in group:
                yield from self._uses(context, statement, added)
                if (own := enum_made(statement)) is not None:
                    made.add(context.full(own))
                value = enum_value(statement)
                # A value of a type that this very transaction makes may be used at once.
                if value is not None and context.full(value.type) not in made:
                    added.append((value, statement.line))

    def _uses(self, context: Context, statement: Statement, added: list[tuple[EnumValue, int]]) -> Iterator[Hazard]:
        for value, line in added:
            at = literal_at(statement, value.value)
            if at < 0:
                continue
            shown = "'" + value.value.replace("'", "''") + "'"
            yield self.found(
                context,
                statement,
                f"{shown} is added to {value.type} in line {line} and used in the same transaction.",
                safer=f"""
-- This file keeps nothing but the new value:
ALTER TYPE {value.type} ADD VALUE IF NOT EXISTS {shown};
-- The next migration uses it:
{statement.text};""",
                span=(at, at + len(shown.encode())),
            )
