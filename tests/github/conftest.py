"""GitHub's published description, and Prism that serves it: one for all workers of the session."""

from __future__ import annotations

import fcntl
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
from tests.github import description, prism
from tests.github.fake.fixtures import described, github
from tests.needs import needs

__all__ = ["described", "github"]
_PRISM = ("@stoplight/prism-cli", "5.14.2")


@pytest.fixture(scope="session")
def github_packages() -> Path:
    """The `node_modules` with the description and Prism, in the user's cache, by their versions."""
    needs("node", "npm")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "dixis-tui", "tests")
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"github-{description.VERSION}-{_PRISM[1]}"
    with _locked(cache / "lock-github"):
        if not home.exists():
            _install(home)
    return home / "node_modules"


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


@pytest.fixture(scope="session")
def github_description(github_packages: Path, session_folder: Path) -> dict[str, Any]:
    """The description, cut down to our table of requests."""
    file = session_folder / "github.json"
    with _locked(session_folder / "github.lock"):
        if not file.exists():
            description.write(github_packages / description.PACKAGE / description.FILE, file)
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


@pytest.fixture(scope="session")
def prism_url(github_packages: Path, github_description: dict[str, Any], session_folder: Path) -> Iterator[str]:
    """Prism's address. The first worker starts it, the last one that goes stops it."""
    folder = session_folder / "prism"
    with _locked(session_folder / "prism.lock"):
        prism.join(folder, github_packages / ".bin" / "prism", github_description)
    try:
        yield (folder / "url").read_text()
    finally:
        with _locked(session_folder / "prism.lock"):
            prism.leave(folder)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
