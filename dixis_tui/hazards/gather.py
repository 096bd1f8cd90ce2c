"""The SQL files that `lint` is given: a Prisma project, a migrations folder, any folder of `.sql`, single files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import DixisError, ProjectError, UsageError
from dixis_tui.hazards.read import SourceFile
from dixis_tui.prisma.files import SCRIPT_NAME, order_key
from dixis_tui.prisma.project import discover
from dixis_tui.prisma.versions import find_lock, pinned_version, read_json
from dixis_tui.secrets import clean

_PROVIDER = re.compile(r"^\s*provider\s*=\s*\"([^\"]*)\"", re.M)
_SKIPPED = ("node_modules", "__pycache__")


class Gathered(Struct, frozen=True):
    """The files in the order in which they will be run, and the Prisma version that a project of theirs pins."""

    files: tuple[SourceFile, ...]
    prisma_version: str


def gather(paths: Sequence[Path]) -> Gathered:
    """Read every file that `paths` name; each once.

    Raises:
        UsageError: a path is not there, can't be read, or holds no SQL file.
    """
    found: dict[Path, SourceFile] = {}
    version = ""
    for path in paths:
        files = list(_files(path))
        if not files:
            raise UsageError(f"There is no .sql file in {_shown(path)}", "Name a Prisma project, a folder or a file.")
        for file in files:
            found.setdefault(Path(os.path.abspath(file)), _read(file))  # noqa: PTH100  links stay as they are
        version = version or _pinned(path)
    return Gathered(tuple(found.values()), version)


def _files(path: Path) -> Iterator[Path]:
    try:
        if path.is_file():
            yield path
        elif path.is_dir():
            yield from _in_folder(path)
        elif path.exists():
            raise UsageError(f"{_shown(path)} is neither a file nor a folder", "Name a folder or a .sql file.")
        else:
            raise UsageError(f"{_shown(path)} does not exist", "Name a Prisma project, a folder or a .sql file.")
    except (OSError, ValueError) as error:
        raise UsageError(f"{_shown(path)} can't be read: {_reason(error)}", "Make it readable for this user.") from None


def _in_folder(folder: Path) -> Iterator[Path]:
    if (folder / "package.json").is_file() or (folder / "prisma").is_dir():
        folder = _migrations(folder)
    lock = folder / "migration_lock.toml"
    named = _PROVIDER.search(lock.read_text("utf-8", "replace")) if lock.is_file() else None
    if named and named[1] not in ("postgresql", "postgres"):
        raise UsageError(f"{_shown(lock)} says {clean(named[1])!r}, not 'postgresql'", "Only PostgreSQL is linted.")
    yield from _walk(folder)


def _walk(folder: Path) -> Iterator[Path]:
    """`.sql` files in Prisma's order of names; what is hidden is left out, and so is what a link leads to."""
    entries = sorted(os.scandir(folder), key=lambda entry: order_key(entry.name))
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _SKIPPED:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(folder / entry.name)
        elif entry.name.lower().endswith(".sql") and entry.is_file():
            yield folder / entry.name


def _migrations(folder: Path) -> Path:
    """The project's migrations folder, as its Prisma schema or config names it, else where Prisma puts it."""
    try:
        named = discover(folder).migrations
        # Shown as the folder was named: relative stays relative.
        return folder / named.relative_to(folder.absolute()) if named.is_relative_to(folder.absolute()) else named
    except ProjectError:
        usual = (folder / "prisma" / "migrations", folder / "migrations")
        return next((place for place in usual if place.is_dir()), folder)


def _read(path: Path) -> SourceFile:
    shown = str(path)
    try:
        shown.encode()
        content = path.read_bytes()
    except UnicodeEncodeError:
        raise UsageError(f"The name of {_shown(path)} is not UTF-8", "Rename the file.") from None
    except OSError as error:
        raise UsageError(f"{_shown(path)} can't be read: {_reason(error)}", "Make it readable for this user.") from None
    name = path.parent.name if path.name == SCRIPT_NAME and path.parent.name else path.stem
    return SourceFile(name, shown, content)


def _pinned(path: Path) -> str:
    """The Prisma version of the nearest project at or above `path`; empty where none says one."""
    path = path.absolute()
    for folder in (path, *path.parents):
        package = read_json(folder / "package.json") if (folder / "package.json").is_file() else None
        if package is None:
            if (folder / ".git").exists():
                break
            continue
        tables = (package.get(key) for key in ("dependencies", "devDependencies"))
        specifier = next((table["prisma"] for table in tables if isinstance(table, dict) and "prisma" in table), "")
        try:
            pinned = pinned_version(folder, str(specifier), find_lock(folder)) if specifier else None
        except DixisError:
            pinned = None
        if pinned:
            return pinned.version
    return ""


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or clean(str(error))


def _shown(path: Path) -> str:
    return clean(str(path))
