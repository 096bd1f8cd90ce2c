"""Git's own hashes of files and folders, so that what GitHub tells is what a checkout tells."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any


def blob(data: bytes) -> str:
    """The hash of a file's content."""
    return _hash(b"blob", data)


def trees(files: Mapping[str, bytes]) -> dict[str, str]:
    """The hash of each folder of `files` by its path; the root is the empty path."""
    root: dict[str, Any] = {}
    for path, data in files.items():
        *folders, name = path.split("/")
        room = root
        for folder in folders:
            room = room.setdefault(folder, {})
        room[name] = data
    found: dict[str, str] = {}
    _walk(root, "", found)
    return found


def _walk(room: dict[str, Any], path: str, found: dict[str, str]) -> str:
    entries = []
    for name, inside in room.items():
        if isinstance(inside, dict):
            sha = _walk(inside, f"{path}/{name}" if path else name, found)
            entries.append((f"{name}/", b"40000", name, sha))
        else:
            entries.append((name, b"100644", name, blob(inside)))
    told = b"".join(mode + b" " + name.encode() + b"\0" + bytes.fromhex(sha) for _, mode, name, sha in sorted(entries))
    found[path] = _hash(b"tree", told)
    return found[path]


def _hash(kind: bytes, data: bytes) -> str:
    return hashlib.sha1(kind + b" %d\0" % len(data) + data).hexdigest()
