"""DH109 and DH110: files that will not run as their author would expect."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Execution, Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.sql.claims import Transaction, transaction
from dixis_tui.sql.script import Statement


class Refused(Rule):
    """A statement that refuses a transaction block, in a file that is sent as one."""

    code = "DH109"
    title = "Statement that can't run in a transaction"
    severity = Severity.DANGER
    why = (
        "PostgreSQL refuses it (25001) and the file fails: Prisma records the migration as failed and deploys nothing"
        " more until that is resolved."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        told = context.read.forecast
        if told.execution is not Execution.FAILS:
            return
        statement = next(one for one in context.statements if one.line == told.line and _outside(one))
        yield self.found(
            context,
            statement,
            f"{told.why[:1].upper()}{told.why[1:]}.",
            safer=f"""
-- A migration that holds this statement and nothing else:
{statement.text};""",
        )


class Leftovers(Rule):
    """A file that is not undone as a whole when it fails."""

    code = "DH110"
    title = "A failure leaves a part of the file behind"
    severity = Severity.WARNING
    why = (
        "What was committed before the failing statement stays, and sending the file again runs it a second time:"
        " somebody has to find out by hand how far it came."
    )

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        told = context.read.forecast
        if not told.surprise or told.execution is Execution.FAILS:
            return
        own = told.execution is Execution.OWN_TRANSACTIONS
        statement = next((one for one in context.statements if told.line and one.line >= told.line), None)
        alone = len(context.statements) == 1
        if alone:
            safer = "-- Nothing to mend in the file. After a failure, look for an invalid index and drop it first."
        elif own:
            safer = "-- Leave BEGIN and COMMIT out, or give each part that is to be committed a migration of its own."
        else:
            safer = "-- Give each statement a migration of its own, or write BEGIN; and COMMIT; around them."
        yield self.found(
            context,
            statement or context.statements[0],
            f"It runs as {told.execution}: {told.why}. {told.surprise}",
            safer=safer,
            severity=self.severity if own else Severity.NOTICE,
        )


def _outside(statement: Statement) -> bool:
    return transaction(statement) is Transaction.OUTSIDE
