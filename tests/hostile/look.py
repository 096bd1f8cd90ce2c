"""What an operator does in a cockpit that hostile texts have reached: opens every screen, and searches the log."""

from __future__ import annotations

import re

from tests.hostile.line import Line

_SCREENS = {"c": "CHECKS", "h": "MIGRATIONS", "b": "LOCKS", "o": "CONTACTS", "?": "seen, and well"}
_OPEN = re.compile(r"/ search *(?:│|$)", re.M)
_RUNBOOK_HAS_KEYS = "? help"


def look_at_everything(line: Line, wanted: str) -> None:
    """Every screen, scrolled to its end, and the log's search for `wanted`."""
    line.until_shown("RUNBOOK")
    for key, title in _SCREENS.items():
        visit(line, key, title)
    find(line, wanted)


def visit(line: Line, key: str, title: str) -> None:
    """Open a screen, scroll through it, and close it."""
    line.keys(key)
    line.until_shown(title)
    line.keys("pagedown", "end", "home", "escape")
    line.until_gone(title)


def find(line: Line, wanted: str) -> bytes:
    """Search the log for `wanted` and stand on it; what was painted meanwhile. The keys are the runbook's again."""
    before = line.length
    line.keys("l")
    line.until_shown("f follow")
    line.keys("/")
    line.until_shown(_OPEN)
    line.keys(*wanted)
    line.until_shown(re.compile(re.escape(wanted) + r" +\d[\d,]*\+? match"))
    line.keys("enter")
    line.until_shown(re.compile(re.escape(wanted) + r" +\d[\d,]* of [\d,]+"))
    line.keys("pageup", "escape", "escape")
    line.until_gone("f follow")
    return line.sent[before:]
