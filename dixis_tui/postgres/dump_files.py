"""A dump's files: one, or a folder of them. Whole ones carry the dump's name; what is being written is a `.part`."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec.structs import replace

from dixis_tui.model import BackupFile, DumpFormat

SUFFIXES = {DumpFormat.CUSTOM: ".dump", DumpFormat.DIRECTORY: ".dir"}
PART = ".part"
AGE = ".age"
OPENED = ".dixis-opened-"
"""Begins the name of a folder with the plain copy of an encrypted dump."""
LOCK = ".lock"
"""Held as long as the one who writes the part lives."""
SUFFIX = ".manifest.json"
PROOF = ".proof.json"


def digest_files(path: Path) -> tuple[BackupFile, ...]:
    """Every file of a dump with its size and SHA-256, by name; of a single file just that one."""
    return tuple(replace(file, sha256=sha256(whole)) for whole, file in _found(path))


def sized_files(path: Path) -> tuple[BackupFile, ...]:
    """The same without a digest."""
    return tuple(file for _, file in _found(path))


def _found(path: Path) -> Iterator[tuple[Path, BackupFile]]:
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file == path or file.is_file():
            name = file.name if file == path else str(file.relative_to(path))
            yield file, BackupFile(name, file.stat().st_size, "")


def digest_of(files: Sequence[BackupFile], form: DumpFormat) -> str:
    """The one digest of a whole dump: that of its file, or of the list of its files."""
    if form is DumpFormat.CUSTOM:
        return files[0].sha256
    listed = "".join(f"{file.sha256} {file.bytes} {file.name}\n" for file in files)
    return hashlib.sha256(listed.encode()).hexdigest()


def sha256(path: Path) -> str:
    """Lower-case hex digest of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush_tree(path: Path) -> None:
    """Have the disk hold every byte of it."""
    for file in [*path.rglob("*"), path] if path.is_dir() else [path]:
        flush(file)


def flush(path: Path) -> None:
    """Have the disk hold a file's bytes, or a folder's names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path: Path) -> None:
    """Remove a file or a folder, where it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(folder: Path) -> list[Path]:
    """Remove the parts in `folder` that nobody writes any more, and opened copies that nobody reads; returns them."""
    gone = list(_abandoned(folder))
    for part in gone:
        dump = part.with_name(part.name.removesuffix(PART))
        if not dump.exists():  # it was whole once, and its removal was cut short
            remove_records(dump)
        remove_part(part)
        part.with_name(part.name + LOCK).unlink(missing_ok=True)
    left = [copy for copy in folder.glob(f"{OPENED}*") if copy.is_dir() and not _locked(copy)]
    for copy in left:
        remove(copy)
    return [*gone, *left]


def remove_part(part: Path) -> None:
    """Remove a part, and what of it was encrypted already."""
    remove(part)
    remove(part.with_name(part.name + AGE))


def remove_records(dump: Path) -> None:
    """Remove what lies beside a dump that is gone: its manifest, and the record of its proof."""
    for ending in (SUFFIX, PROOF):
        dump.with_name(dump.name + ending).unlink(missing_ok=True)


def _abandoned(folder: Path) -> Iterator[Path]:
    for part in folder.glob(f"*{PART}"):
        if not any(part.name.removesuffix(PART).removesuffix(AGE).endswith(ending) for ending in SUFFIXES.values()):
            continue
        if not being_written(part):
            yield part


def being_written(part: Path) -> bool:
    """Whether somebody alive holds its lock."""
    return _locked(part.with_name(part.name + LOCK))


def _locked(lock: Path) -> bool:
    with contextlib.suppress(FileNotFoundError):
        handle = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(handle)
    return False
