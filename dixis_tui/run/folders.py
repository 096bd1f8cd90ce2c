"""Where runs live: one folder a run, 0700, under the user's state directory.

A run's folder holds `journal.jsonl`, `run.log`, `runner.sock` while its runner lives, `runner.err`, and its backup.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import UsageError
from dixis_tui.secrets import clean

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


def named(name: str, beside: Path) -> Path | None:
    """The folder of the run with exactly this id, in the folder `beside` or elsewhere in the state directory."""
    places = [beside / Path(name).name, *(folder for folder in all_runs() if folder.name == name)]
    return next((folder for folder in places if (folder / JOURNAL).is_file()), None)


class Record(Struct, frozen=True):
    """What a run left: its journal, and the log beside it, which need not exist. `id`: what the run is called here."""

    id: str
    journal: Path
    log: Path

    @property
    def folder(self) -> Path:
        """Where both lie."""
        return self.journal.parent


def find_own_run(run: str) -> Path:
    """The folder in the state directory of the run with this id, or with the only id that begins so.

    Raises:
        UsageError: there is none, or more than one.
    """
    found = [folder for folder in all_runs() if folder.name.startswith(run)]
    exact = [folder for folder in found if folder.name == run]
    if len(exact or found) == 1:
        return (exact or found)[0]
    what = "fits no run" if not found else f"fits {len(found)} runs"
    raise UsageError(f"'{clean(run)}' {what}", "List them with `dixis-tui runs`.")


def find_record(run: str) -> Record:
    """A run by its id, or by the path of its folder or of its journal, which may have any name.

    Beside a `journal.jsonl` lies `run.log`; beside `evening.jsonl`, `evening.log`. Nothing is written anywhere.

    Raises:
        UsageError: it is neither, or can't be read.
    """
    path = Path(run)
    if not _meant_as_path(path, run):
        folder = find_own_run(run)
        return Record(folder.name, folder / JOURNAL, folder / LOG)
    try:
        journal = path / JOURNAL if path.is_dir() else path
        if not journal.is_file():
            what = f"holds no {JOURNAL}" if path.is_dir() else "is no file" if path.exists() else "is not there"
            raise UsageError(f"{clean(run)} {what}", "Name a run's folder or its journal; `dixis-tui runs` lists ids.")
        journal.open("rb").close()
    except PermissionError:
        raise UsageError(
            f"{clean(run)} is not open to this account",
            "Whose it is sets watch.group to a group that you are in; who was added to one has to log in anew.",
        ) from None
    except OSError as error:
        raise UsageError(f"{clean(run)} can't be read: {error.strerror}", "Name another one.") from None
    journal = journal.parent.resolve() / journal.name
    if journal.name == JOURNAL:
        return Record(clean(journal.parent.name), journal, journal.with_name(LOG))
    return Record(clean(journal.name), journal, journal.with_suffix(".log"))


def _meant_as_path(path: Path, run: str) -> bool:
    """An id has no separator in it; a name that begins an id is that run, whatever lies in the working directory."""
    if os.sep in run or run in (".", ".."):
        return True
    try:
        return path.exists() and not any(folder.name.startswith(run) for folder in all_runs())
    except OSError:
        return False


def find_run(run: str) -> Path:
    """The folder of a run, by its id or by its path.

    Raises:
        UsageError: there is none, or what the path names is no run's folder.
    """
    record = find_record(run)
    if record.journal.name != JOURNAL:
        raise UsageError(f"{clean(run)} is not called {JOURNAL}", "Replay it with `dixis-tui replay`, or rename it.")
    return record.folder


def socket_path(folder: Path, handle: int) -> str:
    """A path to the run's socket that is short enough for a socket (some 100 bytes).

    `handle` is a descriptor of `folder`, open while the path is used.
    """
    short = Path("/proc/self/fd") / str(handle)
    return str((short if short.exists() else folder) / SOCKET)
