"""GitHub's published description and Prism: installed once a machine, for all tests and workers."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dixis_tui.process import child_environment
from dixis_tui.web.github.requests import TABLE
from tests.github import description
from tests.needs import needs

_PRISM = ("@stoplight/prism-cli", "5.14.2")


def node_modules() -> Path:
    """The folder with both, in the user's cache, by their versions; skips (fails in CI) where they can't be had."""
    needs("node", "npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "dixis-tui", "tests")
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"github-{description.VERSION}-{_PRISM[1]}"
    with locked(cache / "lock-github"):
        if not home.exists():
            _install(home)
    return home / "node_modules"


def published() -> dict[str, Any]:
    """The description, cut down to our table of requests; kept beside the packages, by what was kept of it."""
    whole = node_modules() / description.PACKAGE / description.FILE
    kept = "".join(f"{request.method} {request.path}\n" for request in TABLE)
    file = whole.with_name(f"cut-{hashlib.sha256(kept.encode()).hexdigest()[:16]}.json")
    if not file.exists():
        half = file.with_suffix(f".{os.getpid()}")
        description.write(whole, half)
        half.replace(file)
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _install(home: Path) -> None:
    half = home.with_suffix(".part")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    exact = {description.PACKAGE: description.VERSION, _PRISM[0]: _PRISM[1]}
    (half / "package.json").write_text(json.dumps({"private": True, "dependencies": exact}))
    command = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=half, env=child_environment(), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        reason = f"npm install failed: {done.stderr.strip()[-300:]}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    needed = half / "node_modules" / description.PACKAGE / description.FILE
    for other in needed.parent.iterdir():  # of each GitHub Enterprise one as well: 400 MB
        if other != needed:
            other.unlink()
    half.rename(home)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Held by one worker at a time."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
