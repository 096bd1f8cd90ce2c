"""Where runs live: one folder a run, 0700, under the user's state directory.

A run's folder holds `journal.jsonl`, `run.log`, `runner.sock` while its runner lives, `runner.err`, and its backup.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from dixis_tui.errors import UsageError

JOURNAL = "journal.jsonl"
LOG = "run.log"
SOCKET = "runner.sock"
ERRORS = "runner.err"


def state_directory() -> Path:
    """`$XDG_STATE_HOME/dixis-tui`, by default `~/.local/state/dixis-tui`; made private to this user."""
    base = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return private(Path(base) / "dixis-tui")


def private(folder: Path) -> Path:
    """`folder`, made with mode 0700 where it is missing."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{folder} can't be made: {error.strerror}", "Set XDG_STATE_HOME to a folder that is yours."
        ) from None
    return folder


def demo_directory(name: str = "default") -> Path:
    """The one folder of a demo; its runs are in `runs/` below it."""
    return state_directory() / "demo" / name


def new_run(runs: Path) -> Path:
    """A fresh run folder; its name is the run's id, in order of time."""
    private(runs)
    while True:
        now = datetime.now(UTC)
        # The last part is the fraction of the second: runs of one second are in order as well.
        folder = runs / f"{now:%Y%m%d-%H%M%S}-{now.microsecond * 0x10000 // 1_000_000:04x}"
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue  # taken a moment ago; the clock goes on
        return folder


def all_runs() -> list[Path]:
    """Every run folder with a journal, the demos' as well, oldest first."""
    state = state_directory()
    found = [*state.glob(f"runs/*/{JOURNAL}"), *state.glob(f"demo/*/runs/*/{JOURNAL}")]
    return sorted((journal.parent for journal in found), key=lambda folder: folder.name)


def find_run(run: str) -> Path:
    """The folder of the run with this id, or with the only id that begins so.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [folder for folder in all_runs() if folder.name.startswith(run)]
    exact = [folder for folder in found if folder.name == run]
    if len(exact or found) == 1:
        return (exact or found)[0]
    what = "fits no run" if not found else f"fits {len(found)} runs"
    raise UsageError(f"'{run}' {what}", "List them with `dixis-tui runs`.")


def socket_path(folder: Path, handle: int) -> str:
    """A path to the run's socket that is short enough for a socket (some 100 bytes).

    `handle` is a descriptor of `folder`, open while the path is used.
    """
    short = Path("/proc/self/fd") / str(handle)
    return str((short if short.exists() else folder) / SOCKET)
