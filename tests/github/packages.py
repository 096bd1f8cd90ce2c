"""GitHub's published description and Prism: installed once a machine, for all tests and workers."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from dixis_tui.web.github.requests import TABLE
from tests.github import description
from tests.npm import installed

_PRISM = ("@stoplight/prism-cli", "5.14.2")


def node_modules() -> Path:
    """The folder with both, by their versions."""
    exact = {description.PACKAGE: description.VERSION, _PRISM[0]: _PRISM[1]}
    package = json.dumps({"private": True, "dependencies": exact})
    home = installed(
        f"github-{description.VERSION}-{_PRISM[1]}",
        lambda folder: (folder / "package.json").write_text(package),
        "install",
        trim=_trim,
    )
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


def _trim(folder: Path) -> None:
    needed = folder / "node_modules" / description.PACKAGE / description.FILE
    for other in needed.parent.iterdir():  # of each GitHub Enterprise one as well: 400 MB
        if other != needed:
            other.unlink()
