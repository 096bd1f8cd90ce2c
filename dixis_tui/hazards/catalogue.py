"""Every rule of ours, in the order of their codes."""

from __future__ import annotations

from dixis_tui.hazard import Severity
from dixis_tui.hazards import suppress
from dixis_tui.hazards.backfill import Backfill
from dixis_tui.hazards.enum_value import EnumValueUsed
from dixis_tui.hazards.execution import Leftovers, Refused
from dixis_tui.hazards.filled_column import CheckedColumn, NumberedColumn
from dixis_tui.hazards.in_use import InUse
from dixis_tui.hazards.long_name import LongName
from dixis_tui.hazards.many_locks import ManyLocks
from dixis_tui.hazards.moved import Moved
from dixis_tui.hazards.no_where import NoWhere
from dixis_tui.hazards.refresh import Refresh
from dixis_tui.hazards.rule import Rule
from dixis_tui.hazards.rulings import RULINGS
from dixis_tui.hazards.truncate import Truncate
from dixis_tui.hazards.validated_at_once import ValidatedAtOnce
from dixis_tui.hazards.whole_rewrite import WholeRewrite

SYNTAX = "DH100"
SYNTAX_TITLE = "Not SQL that PostgreSQL can read"
SYNTAX_WHY = (
    "The file fails before its first statement: Prisma records the migration as failed and deploys nothing more."
)

RULES: tuple[Rule, ...] = (
    NoWhere(),
    Truncate(),
    WholeRewrite(),
    ValidatedAtOnce(),
    ManyLocks(),
    LongName(),
    EnumValueUsed(),
    InUse(),
    Refused(),
    Leftovers(),
    Backfill(),
    NumberedColumn(),
    CheckedColumn(),
    Refresh(),
    Moved(),
)
OTHERS: dict[str, tuple[str, Severity, str]] = {
    SYNTAX: (SYNTAX_TITLE, Severity.DANGER, SYNTAX_WHY),
    suppress.CODE: (suppress.TITLE, Severity.NOTICE, suppress.WHY),
}
"""What is found without a rule: code to title, severity and why."""


def known_codes() -> frozenset[str]:
    """Every code that a finding may have: ours and squawk's rules that are on."""
    squawk = {name for name, law in RULINGS.items() if law.severity}
    return frozenset({rule.code for rule in RULES} | set(OTHERS) | squawk)


def described(code: str) -> tuple[str, Severity, str]:
    """A code's title, its usual severity, and why."""
    for rule in RULES:
        if rule.code == code:
            return rule.title, rule.severity, rule.why
    if code in OTHERS:
        return OTHERS[code]
    law = RULINGS.get(code)
    return (law.title, law.severity, law.why) if law and law.severity else (code, Severity.NOTICE, "")
