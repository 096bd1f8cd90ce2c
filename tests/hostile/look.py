"""What an operator does in a cockpit that hostile texts have reached: opens every screen, and searches the log."""

from __future__ import annotations

import re

from tests.hostile.line import Line

_SCREENS = {"c": "CHECKS", "h": "MIGRATIONS", "b": "LOCKS", "o": "CONTACTS", "?": "seen, and well"}
_OPEN = re.compile(r"/ search {20}")


def look_at_everything(line: Line, wanted: str) -> None:
    """Every screen, scrolled to its end, and the log's search for `wanted`."""
    line.until_sent("RUNBOOK")
    for key, title in _SCREENS.items():
        before = line.length
        line.keys(key)
        line.until_sent(title, before)
        line.keys("pagedown", "end", "home")
        before = line.length
        line.keys("escape")
        line.until_sent("? help", before)
    find(line, wanted)


def find(line: Line, wanted: str) -> bytes:
    """Search the log for `wanted` and stand on it; what was painted meanwhile. The keys are the runbook's again."""
    before = line.length
    line.keys("l")
    line.until_sent(_FOLLOW)
    line.keys("/")
    line.until_sent(_OPEN)
    line.keys(*wanted)
    field = rf"/ {re.escape(wanted)} +"
    line.until_sent(re.compile(field + r"\d[\d,]*\+? match"))
    line.keys("enter")
    line.until_sent(re.compile(re.escape(wanted) + r" +\d[\d,]* of [\d,]+"), before)
    then = line.length
    line.keys("pageup", "escape", "escape")
    line.until_sent("? help", then)
    return line.sent[before:]
