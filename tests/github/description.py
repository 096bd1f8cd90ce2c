"""GitHub's description of its API, cut down to the requests of our table: Prism serves it, answers are held to it.

``python -m tests.github.description WHOLE.json CUT.json``
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dixis_tui.web.github.requests import TABLE

PACKAGE = "@octokit/openapi"
VERSION = "23.0.2"
FILE = "generated/api.github.com.json"
_NAMED = "#/components/"


def cut(whole: dict[str, Any]) -> dict[str, Any]:
    """Only the operations of our table, and of the components only what is reached from them."""
    paths: dict[str, dict[str, Any]] = {}
    for request in TABLE:
        described = whole["paths"][request.path]
        kept = paths.setdefault(request.path, {name: described[name] for name in ("parameters",) if name in described})
        kept[request.method.lower()] = described[request.method.lower()]
    components: dict[str, dict[str, Any]] = {}
    waiting = _references(paths)
    while waiting:
        kind, name = waiting.pop().removeprefix(_NAMED).split("/", 1)
        if name not in components.setdefault(kind, {}):
            components[kind][name] = whole["components"][kind][name]
            waiting += _references(components[kind][name])
    head = {key: whole[key] for key in ("openapi", "info", "servers")}
    return head | {"paths": paths, "components": components}


def _references(part: object) -> list[str]:
    if isinstance(part, list):
        return [found for one in part for found in _references(one)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [found for one in part.values() for found in _references(one)]


def write(whole: Path, into: Path) -> None:
    """Cut the description in `whole` and write it to `into`."""
    into.write_text(json.dumps(cut(json.loads(whole.read_text("utf-8")))), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
