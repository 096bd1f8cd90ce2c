"""Which run is to be watched: the one that is named, by its id or by a path, or the one under way."""

from __future__ import annotations

from pathlib import Path

from dixis_tui.errors import UsageError
from dixis_tui.run.folders import JOURNAL, find_run
from dixis_tui.run.runs import live_runs


def watched(run: str | None) -> Path:
    """The folder of the run. Raises UsageError where nothing is named and none is under way."""
    if run:
        return _by_path(run) or find_run(run)
    living = live_runs()
    if not living:
        raise UsageError(
            "No run is under way here",
            "Name one: `dixis-tui runs` lists them; another account's by the path of its folder.",
        )
    return living[-1].folder


def _by_path(text: str) -> Path | None:
    """`text` as a folder, or as the journal in it; None where it looks like an id."""
    if "/" not in text:
        return None
    path = Path(text).expanduser()
    return path.parent if path.name == JOURNAL else path
