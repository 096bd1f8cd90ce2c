"""Looking at runs from outside: which there are, how they stand, which of them live."""

from __future__ import annotations

import os
import socket
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import JournalError
from dixis_tui.model import Verdict
from dixis_tui.run import folders, policy
from dixis_tui.run.journal import read
from dixis_tui.run.state import RunState, fold


class Run(Struct, frozen=True):
    """One run as it is found in the state directory. `live`: its runner answers, and the run has not ended."""

    id: str
    folder: Path
    started: datetime | None
    target: str
    verdict: Verdict
    live: bool
    state: RunState


def look(folder: Path) -> Run:
    """Read one run. A journal that does not verify is a run with verdict `unknown`."""
    alive = live(folder)
    try:
        state = fold(read(folder / folders.JOURNAL))
    except JournalError:
        return Run(folder.name, folder, None, "", Verdict.UNKNOWN, alive, RunState())
    alive = alive and not (state.ended or state.left)  # a runner takes a moment to go after its last entry
    target = state.run.target if state.run else ""
    return Run(folder.name, folder, state.started, target, policy.seen_verdict(state, live=alive), alive, state)


def live(folder: Path) -> bool:
    """Whether the run's runner answers on its socket."""
    if not (folder / folders.SOCKET).exists():
        return False
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(2.0)
            peer.connect(folders.socket_path(folder, handle))
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def live_runs(runs: Path | None = None) -> list[Run]:
    """The runs whose runner lives, oldest first; those of one `runs` folder where it is given."""
    found = [folder for folder in folders.all_runs() if runs is None or folder.parent == runs]
    return [run for run in (look(folder) for folder in found if live(folder)) if run.live]
