"""squawk's findings in our words: what it is about, what it does here, and the safer form for this very statement."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import make
from dixis_tui.hazards.rulings import Ruling, ruling
from dixis_tui.hazards.squawk import Finding
from dixis_tui.secrets import clean
from dixis_tui.sql.facts import created
from dixis_tui.sql.names import Relation
from dixis_tui.sql.parts import Command
from dixis_tui.sql.script import Statement

SOURCE = "squawk"


class Found(Struct, frozen=True):
    """A finding at its place: the statement and, in an `ALTER TABLE`, the command it is about."""

    context: Context
    finding: Finding
    statement: Statement
    command: Command | None
    ruling: Ruling

    @property
    def relation(self) -> Relation | None:
        """The table that the statement is about."""
        if self.command:
            return self.command.relation
        made = created(self.statement)
        return made or next((claim.relation for claim in self.context.claims(self.statement)), None)


class Dress(Struct, frozen=True, kw_only=True):
    """Our words for a finding. Empty `why` and no `severity`: the ruling's."""

    what: str
    safer: str = ""
    why: str = ""
    size: str = ""
    severity: Severity | None = None


Dresser = Callable[[Found], Dress | None]
"""None: what the catalog or the other files say makes it no hazard."""


def dressed(context: Context, finding: Finding, dressers: dict[str, Dresser]) -> Hazard | None:
    """The finding as a hazard; None where the house leaves it out or it is none here."""
    law = ruling(finding.rule_name)
    if law.severity is None:
        return None
    read = context.read
    start, end = read.offset(finding.line, finding.column), read.offset(finding.line_end, finding.column_end)
    statement = read.statement_at(start)
    if statement is None:
        return None
    found = Found(context, finding, statement, _command_at(context, statement, start), law)
    if (relation := found.relation) is not None and context.fresh(relation, statement):
        return None
    dresser = dressers.get(finding.rule_name)
    dress = dresser(found) if dresser else _plain(found)
    if dress is None:
        return None
    return make(
        context,
        statement,
        code=finding.rule_name,
        title=law.title,
        severity=dress.severity or law.severity,
        source=SOURCE,
        what=dress.what,
        why=dress.why or law.why or clean(finding.message),
        safer=dress.safer,
        size=dress.size,
        span=(start, end) if end > start else None,
        blocks=law.blocks,
    )


def _plain(found: Found) -> Dress:
    help_text = found.finding.help
    return Dress(what=clean(found.finding.message), safer=f"-- {clean(help_text)}" if help_text else "")


def _command_at(context: Context, statement: Statement, offset: int) -> Command | None:
    parts = context.commands(statement)
    return next((part for part in parts if part.start <= offset <= part.end), parts[0] if len(parts) == 1 else None)
