"""One demo's folder: what is in it, who may work on it now, and what was finished there."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from dixis_tui.errors import ToolError, UsageError
from dixis_tui.process import LineSink
from dixis_tui.run import folders

LOCK = "dixis-demo.lock"
"""Also marks the folder as ours: nothing is ever deleted in a folder that doesn't hold it."""
_STATE = "demo.json"
_LOCK_SECONDS = 300.0

_FIXED_BYTES = 400_000_000
_ROW_BYTES = 4_000
"""An order with its lines takes 0.43 kB in a fresh database and 0.67 kB after the migrations. It is there four times:
the original, production, staging and a dump; the rest is write-ahead log. The fixed part is two empty clusters."""


def demo_folder(name: str = "default") -> Path:
    """Where the demo `name` lives: `dixis-tui/demo/<name>` under the user's state directory.

    Raises:
        UsageError: the name is not one plain folder name.
    """
    if not name or name in (".", "..") or set(name) & set("/\\\0"):
        raise UsageError(f"'{name}' can't name a demo", "Use letters, digits and dashes.")
    return folders.demo_directory(name)


class DemoState(Struct, frozen=True, kw_only=True):
    """What the folder holds, written once it is whole.

    `fingerprint` is that of the sample's migrations and data; `rows` counts orders; `broken`: one of them spoils the
    third pending migration.
    """

    fingerprint: str
    rows: int
    broken: bool = False


def read_state(folder: Path) -> DemoState | None:
    """What was finished in `folder`; None where nothing was, or where what is written can't be understood."""
    try:
        return msgspec.json.decode((folder / _STATE).read_bytes(), type=DemoState)
    except (OSError, msgspec.MsgspecError):
        return None


def write_state(folder: Path, state: DemoState) -> None:
    """Declare what is in the folder whole. Last of all: whoever finds no state begins anew."""
    write_private(folder / _STATE, msgspec.json.encode(state))


def forget_state(folder: Path) -> None:
    """From now on the folder counts as half-made."""
    (folder / _STATE).unlink(missing_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only this user reads; after a crash there is the old one or the new one."""
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


@contextmanager
def locked(folder: Path, on_line: LineSink | None = None) -> Iterator[None]:
    """Keep everyone else from starting, resetting or removing this demo; makes the folder where it is missing.

    Raises:
        UsageError: the folder holds something that isn't a demo, or can't be made.
        ToolError: somebody else has been at work there for five minutes.
    """
    deadline = time.monotonic() + _LOCK_SECONDS
    told = False
    while (handle := _try_lock(folder)) is None:
        if on_line and not told:
            on_line(f"Another start is at work in {folder}; waiting for it")
            told = True
        if time.monotonic() > deadline:
            raise ToolError(f"Another start has been at work in {folder} for long", "Wait for it, or end it.")
        threading.Event().wait(0.05)
    try:
        yield
    finally:
        os.close(handle)


def _try_lock(folder: Path) -> int | None:
    path = folder / LOCK
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(folder)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None  # removed under our hands: once more
    except OSError as error:
        raise UsageError(f"{folder} can't be used: {error.strerror}", "Choose a folder that is yours.") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(handle), path.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(handle)  # held by someone else, or the lock of a folder that is gone by now
    return None


def _refuse_foreign(folder: Path) -> None:
    if not (folder / LOCK).exists() and any(entry.name not in (LOCK, "runs") for entry in folder.iterdir()):
        raise UsageError(f"{folder} holds something that is not a demo", "Choose an empty folder.")


def check_space(folder: Path, rows: int) -> None:
    """Refuse to begin what would fill the disk.

    Raises:
        ToolError: there is not enough room for the servers, their copies and a dump.
    """
    needed = _FIXED_BYTES + rows * _ROW_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ToolError(
            f"The demo needs {needed / 1e9:.1f} GB, and {folder} has {free / 1e9:.1f} GB free",
            "Make room, set XDG_STATE_HOME to a larger disk, or ask for fewer --rows.",
        )


def remove(folder: Path) -> None:
    """Delete the demo's folder, its runs as well, and the folders above it that are empty now. Under its lock."""
    for entry in folder.iterdir():
        if entry.name == LOCK:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    (folder / LOCK).unlink()
    with suppress(OSError):  # somebody waits for the lock, and has begun anew in it
        folder.rmdir()
        if folder.parent.name == "demo" and folder.parent.parent.name == "dixis-tui":
            folder.parent.rmdir()
            folder.parent.parent.rmdir()
