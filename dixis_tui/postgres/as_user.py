"""PostgreSQL refuses to run as root: run its programs as another user, even under folders that user can't enter.

Where a folder on the way (root's own home, say) is closed to that user, the programs keep one capability of root's:
reading and searching past permissions (`CAP_DAC_READ_SEARCH`, or `CAP_DAC_OVERRIDE` where a container has only that).
`setpriv` of util-linux hands it over as an ambient capability; `no_setuid_fixup` makes `access(2)` honour it.
Source: capabilities(7), setpriv(1).
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ToolError

_USERS = ("postgres", "nobody")
_OVERRIDE, _READ_SEARCH = 1, 2
"""Bits of a capability set."""


class User(Struct, frozen=True):
    """Whom the server runs as."""

    name: str
    uid: int
    gid: int


def server_user() -> User | None:
    """None where we aren't root and the server simply runs as us.

    Raises:
        ToolError: we are root and neither `postgres` nor `nobody` exists.
    """
    if os.geteuid() != 0:
        return None
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(name, entry.pw_uid, entry.pw_gid)
    raise ToolError("PostgreSQL can't run as root, and there is no user `nobody`", "Run as an ordinary user.")


def command_as(user: User | None, words: list[str], *reached: Path) -> list[str]:
    """The words that run `words` as `user`, able to reach the folders `reached`.

    Raises:
        ToolError: a folder is closed to the user and no capability can be handed over.
    """
    if user is None:
        return words
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ToolError("PostgreSQL can't run as root, and setpriv is missing", "Install util-linux, or don't be root.")
    prefix = [setpriv, f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups"]
    closed = [folder for folder in reached if not _can_enter(user, folder)]
    if closed:
        capability = _capability(closed[0])
        prefix += [f"--inh-caps=+{capability}", f"--ambient-caps=+{capability}", "--securebits=+no_setuid_fixup"]
    return [*prefix, "--", *words]


def _can_enter(user: User, folder: Path) -> bool:
    resolved = folder.resolve()
    return all(_searchable(user, place.stat()) for place in (resolved, *resolved.parents))


def _searchable(user: User, status: os.stat_result) -> bool:
    if status.st_uid == user.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == user.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _capability(closed: Path) -> str:
    held = 0
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapPrm:"):
            held = int(line.split()[1], 16)
    if held & 1 << _READ_SEARCH:
        return "dac_read_search"
    if held & 1 << _OVERRIDE:
        return "dac_override"
    raise ToolError(
        f"{closed} is closed to the user that PostgreSQL would run as",
        "Run as an ordinary user, or set XDG_STATE_HOME to a folder that others may enter.",
    )
