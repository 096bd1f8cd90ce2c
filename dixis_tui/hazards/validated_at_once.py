"""DH104: `NOT VALID` and `VALIDATE` of one constraint in one transaction."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.sql.names import Relation, quote
from dixis_tui.sql.parts import constraint_kind


class ValidatedAtOnce(Rule):
    """A constraint added `NOT VALID` and validated before the transaction ends."""

    code = "DH104"
    title = "NOT VALID and VALIDATE in one transaction"
    severity = Severity.DANGER
    blocks = True
    why = (
        "VALIDATE reads every row, and meanwhile the transaction still holds the strong lock that ADD CONSTRAINT took:"
        " as if NOT VALID had not been said."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for group in context.read.groups:
            added: dict[tuple[Relation, str], tuple[int, str]] = {}
            for statement in group:
                for command in context.commands(statement):
                    key = context.full(command.relation), command.name
                    if kind := constraint_kind(command):
                        if command.given.constraint.skip_validation:
                            added[key] = statement.line, kind
                    elif command.kind == "AT_ValidateConstraint" and key in added:
                        if context.fresh(command.relation, statement):
                            continue
                        line, kind = added[key]
                        lock = "SHARE ROW EXCLUSIVE (writes wait)" if kind == "FOREIGN" else "ACCESS EXCLUSIVE"
                        table = context.facts(command.relation)
                        yield self.found(
                            context,
                            statement,
                            f"{quote(command.name)} is added NOT VALID in line {line} and validated in the same"
                            f" transaction, under its {lock}.",
                            safer=f"""
-- Leave the VALIDATE out here, and put it into a migration of its own, after this one:
ALTER TABLE {command.relation} VALIDATE CONSTRAINT {quote(command.name)};
-- There it holds SHARE UPDATE EXCLUSIVE alone: reads and writes go on.""",
                            severity=weigh(self.severity, table),
                            span=(command.start, command.end),
                            size=size_words(table, "every row is read"),
                        )
