"""Whether there is a terminal that a full-screen program can use."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from dixis_tui.errors import UsageError

if TYPE_CHECKING:
    from dixis_tui.run.replay_client import ReplayClient
    from dixis_tui.run.watcher import Watcher


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


def cockpit() -> Callable[..., int]:
    """`run_cockpit`, imported without the garbage collector: imports leave nothing behind, and a start is imports."""
    gc.disable()
    try:
        from screens.app import run_cockpit
    finally:
        gc.enable()
    return run_cockpit


def replay() -> Callable[[ReplayClient, str], int]:
    """`run_replay`, imported likewise."""
    gc.disable()
    try:
        from screens.replay import run_replay
    finally:
        gc.enable()
    return run_replay


def present(client: Watcher, person: str) -> int:
    """Show a run to who only watches it, in the presenter layout; the exit code."""
    cockpit()
    from screens.app import run_cockpit
    from screens.view import Mode

    return run_cockpit(client, person, mode=Mode.WATCHER, presents=True)
