"""Whether there is a terminal that a full-screen program can use."""

from __future__ import annotations

import os
import sys

from dixis_tui.errors import UsageError


def is_terminal() -> bool:
    """A real terminal on both sides, and not a dumb one."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def require_terminal() -> None:
    """Raises UsageError where the cockpit can't be drawn."""
    if not is_terminal():
        raise UsageError(
            "The cockpit needs a terminal, and this is none (or TERM is dumb)",
            "Use `dixis-tui check`, `run`, `status` or `attach` here.",
        )
