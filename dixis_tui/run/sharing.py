"""Letting a Unix group watch a run: its journal, its log and its socket, and the way to them; nothing else.

Everything is made private to its owner first, as without a group, and opened afterwards.
"""

from __future__ import annotations

import grp
import os
from pathlib import Path

from dixis_tui.errors import UsageError
from dixis_tui.process import login_name
from dixis_tui.run import folders, peers
from dixis_tui.secrets import clean


def group_id(name: str) -> int | None:
    """The number of the group that may watch; None where none is named.

    Raises:
        UsageError: there is no such group, this user is not in it, or the system can't tell accounts apart.
    """
    if not name:
        return None
    if not peers.KNOWN:
        raise UsageError("This system does not tell who is at a socket's other end", "Leave watch.group out.")
    try:
        found = grp.getgrnam(name).gr_gid
    except (KeyError, ValueError):
        raise UsageError(
            f"watch.group: there is no group '{clean(name)}' on this machine", "Name one that `getent group` lists."
        ) from None
    if os.geteuid() != 0 and found not in (os.getegid(), *os.getgroups()):
        raise UsageError(
            f"watch.group: {login_name()} is not in the group {clean(name)}",
            f"Let an administrator run `usermod -aG {clean(name)} {login_name()}`, then log in anew.",
        )
    return found


def give(path: Path, group: int, mode: int) -> None:
    """Make `path` the group's, with this mode."""
    os.chown(path, -1, group, follow_symlinks=False)
    path.chmod(mode)


def open_run(folder: Path, group: int) -> Path | None:
    """Let the group read a run's journal and log, and pass to them; returns the folder above that keeps it out."""
    for name in (folders.JOURNAL, folders.LOG):
        give(folder / name, group, 0o640)
    give(folder, group, 0o750)
    state = folders.state_directory()
    above = list(folder.parents)
    own = above[: above.index(state) + 1] if state in above else above[:1]
    for parent in own:
        _let_pass(parent, group)
    return next((parent for parent in reversed(above) if not _passes(parent, group)), None)


def _let_pass(folder: Path, group: int) -> None:
    found = folder.stat()
    if not _passes(folder, group) and found.st_uid == os.geteuid():
        # To pass is not to list: what else is in there stays unknown.
        give(folder, group, (found.st_mode & 0o700) | 0o010)


def _passes(folder: Path, group: int) -> bool:
    found = folder.stat()
    return bool(found.st_mode & (0o010 if found.st_gid == group else 0o001))
