"""npm packages for tests: installed once a machine into the user's cache, for all tests and workers."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from dixis_tui.process import child_environment
from tests.needs import needs


def installed(
    name: str, prepare: Callable[[Path], object], *command: str, trim: Callable[[Path], object] = str
) -> Path:
    """The folder `name` in the cache, which `npm COMMAND` has filled; skips (fails in CI) where it can't be had.

    `prepare` writes what npm reads into a new folder; `trim` takes away what is not needed of the result.
    """
    needs("node", "npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "dixis-tui", "tests")
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / name
    with locked(cache / f"{name}.lock"):
        if not home.exists():
            half = home.with_suffix(".part")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            prepare(half)
            _npm(half, command)
            if trim:
                trim(half)
            half.rename(home)
    return home


def _npm(folder: Path, command: Sequence[str]) -> None:
    words = ["npm", *command, "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(words, cwd=folder, env=child_environment(), capture_output=True, text=True, timeout=300)
    if done.returncode == 0:
        return
    reason = f"npm {' '.join(command)} failed: {done.stderr.strip()[-300:]}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one worker at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
