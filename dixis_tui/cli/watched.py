"""Which run is to be watched: the one that is named, or the one under way."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.errors import UsageError
from dixis_tui.run.folders import find_run
from dixis_tui.run.runs import live_runs


def watched(run: str | None) -> Path:
    """The folder of the run: `run` is an id or a path, also another account's. Raises UsageError."""
    if run:
        return find_run(run)
    living = live_runs()
    if not living:
        raise UsageError(
            "No run is under way here",
            "Name one: `dixis-tui runs` lists them; another account's by the path of its folder.",
        )
    return living[-1].folder
