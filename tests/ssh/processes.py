"""Processes as the kernel shows them (Linux); one that goes while it is looked at is one that is gone."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path


def everyone() -> list[int]:
    """All process ids."""
    return [int(process.name) for process in Path("/proc").glob("[0-9]*")]


def words(process: int) -> list[str]:
    """Its command line."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cmdline").read_text().split("\0")[:-1]
    return []


def name(process: int) -> str:
    """Its program's short name."""
    with suppress(OSError):
        return Path(f"/proc/{process}/comm").read_text().strip()
    return ""


def directory(process: int) -> Path:
    """Where it works."""
    with suppress(OSError):
        return Path(f"/proc/{process}/cwd").readlink()
    return Path()


def standing(process: int) -> tuple[int, int, int]:
    """Its parent, its session, and its controlling terminal (0: none); all 0 where it is gone."""
    with suppress(OSError):
        _, parent, _, session, terminal, *_ = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return int(parent), int(session), int(terminal)
    return 0, 0, 0


def descendants(ancestor: int) -> list[int]:
    """Processes below `ancestor`, parents before their children."""
    children: dict[int, list[int]] = {}
    for process in everyone():
        children.setdefault(standing(process)[0], []).append(process)
    found = [ancestor]
    for process in found:
        found += children.get(process, [])
    return found[1:]


def kill(process: int) -> None:
    """With -9; harmless where it is gone."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)
