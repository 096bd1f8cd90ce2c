"""Which Prisma the project pins: the installed package, else the lock file, else `package.json`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from dixis_tui.secrets import clean

LOCKS = {
    "pnpm-lock.yaml": "pnpm",
    "package-lock.json": "npm",
    "npm-shrinkwrap.json": "npm",
    "yarn.lock": "yarn",
    "bun.lock": "bun",
    "bun.lockb": "bun",
}
"""Lock files and the package manager that writes each."""

_VERSION = re.compile(r"\d+\.\d+\.\d+[0-9A-Za-z.+-]*")
_EXACT = re.compile(rf"[=v]?({_VERSION.pattern})")
_PNPM_IMPORTER = re.compile(
    rf"^ +prisma:\s*(?:\n +specifier:[^\n]*)?\n? +(?:version: *)?['\"]?({_VERSION.pattern})", re.M
)
_PNPM_PACKAGE = re.compile(rf"^ +['\"]?/?prisma[@/]({_VERSION.pattern})", re.M)
_YARN = re.compile(rf"^\"?prisma@[^\n]*:\n +version:? +\"?({_VERSION.pattern})", re.M)
_BUN = re.compile(rf"\"prisma\": *\[\s*\"prisma@({_VERSION.pattern})\"")


class PinnedVersion(Struct, frozen=True):
    """`source` is the file that names the version; `warning` a sentence where that is not to be relied on."""

    version: str
    source: str
    warning: str = ""


def parents(directory: Path) -> list[Path]:
    """`directory` and the folders above it in which a workspace may keep its lock file and `node_modules`.

    Ends at the repository's root, or, outside a repository, where no `package.json` is.
    """
    found = []
    for folder in (directory, *directory.parents):
        if folder != directory and not (folder / "package.json").is_file() and not (folder / ".git").exists():
            if not any((above / ".git").exists() for above in folder.parents):
                break
            continue
        found.append(folder)
        if (folder / ".git").exists():
            break
    return found


def find_lock(directory: Path) -> Path | None:
    """The nearest lock file at or above `directory`."""
    return next((folder / name for folder in parents(directory) for name in LOCKS if (folder / name).is_file()), None)


def pinned_version(directory: Path, specifier: str, lock: Path | None) -> PinnedVersion | None:
    """What `npx prisma` would run here, or None where nothing names a version."""
    locked = _locked(lock) if lock else ""
    installed = next((version for folder in parents(directory) if (version := _installed(folder))), "")
    if installed:
        warning = ""
        if lock and locked and locked != installed:
            warning = (
                f"Prisma {installed} is installed, but {lock.name} pins {locked}: install again from the lock file."
            )
        return PinnedVersion(installed, "node_modules/prisma/package.json", warning)
    if lock and locked:
        return PinnedVersion(locked, lock.name)
    if exact := _EXACT.fullmatch(specifier.strip()):
        return PinnedVersion(exact[1], "package.json")
    if in_range := _VERSION.search(specifier):
        warning = (
            f"package.json only gives the range {clean(specifier)} for prisma: commit a lock file to pin a version."
        )
        return PinnedVersion(in_range[0], "package.json", warning)
    return None


def read_json(path: Path) -> dict[str, Any] | None:
    """The file's JSON object; None where it is missing, unreadable or not one."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _installed(folder: Path) -> str:
    version = (read_json(folder / "node_modules" / "prisma" / "package.json") or {}).get("version", "")
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else ""


def _locked(lock: Path) -> str:
    if LOCKS[lock.name] == "npm":
        return _locked_by_npm(read_json(lock) or {})
    try:
        text = lock.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""  # bun.lockb is binary
    patterns = {"pnpm": (_PNPM_IMPORTER, _PNPM_PACKAGE), "yarn": (_YARN,), "bun": (_BUN,)}[LOCKS[lock.name]]
    return next((match[1] for pattern in patterns if (match := pattern.search(text))), "")


def _locked_by_npm(lock: dict[str, Any]) -> str:
    for table, key in (("packages", "node_modules/prisma"), ("dependencies", "prisma")):
        entry = lock.get(table, {}).get(key, {})
        if isinstance(entry, dict) and isinstance(version := entry.get("version"), str):
            return version
    return ""
