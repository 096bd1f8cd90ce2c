"""Whether a run's runner lives, found out without asking it anything: by its process, from any account.

A look leaves no trace at the runner while its process is there. Only where it is not, the socket is tried once: the
process may be in another container of the same machine.
"""

from __future__ import annotations

import os
import socket
from enum import StrEnum
from pathlib import Path

from dixis_tui.run.runs import live

_PROGRAM = b"dixis_tui.run"


class Pulse(StrEnum):
    """What a look found."""

    LIVES = "lives"
    GONE = "gone"
    UNKNOWN = "unknown"
    """It runs, or ran, on another machine: whether it lives can't be seen from here."""


def pulse(folder: Path, pid: int, host: str) -> Pulse:
    """Whether the runner with that process id lives; `host` is the journal's `account@machine`."""
    here = host.rpartition("@")[2] == socket.gethostname()
    if (here and _is_runner(pid)) or _answers(folder):
        return Pulse.LIVES
    return Pulse.GONE if here else Pulse.UNKNOWN


def _is_runner(pid: int) -> bool:
    if pid <= 0:
        return False  # to the system that would mean many processes
    try:
        os.kill(pid, 0)
    except PermissionError:
        pass  # another account's: it is there
    except (ProcessLookupError, OverflowError):
        return False
    try:
        # Empty: a zombie. Something else: the number was given to another process since.
        return _PROGRAM in Path("/proc", str(pid), "cmdline").read_bytes()
    except OSError:
        return True  # no such place here, or hidden from us: that it is there is all that can be known


def _answers(folder: Path) -> bool:
    try:
        return live(folder)
    except OSError:
        return False
