"""A dump's manifest: what was dumped, by whom, and how to know the file again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup, BackupFile, DumpFormat, Identity
from dixis_tui.postgres.dump_files import PROOF, SUFFIX, digest_files, digest_of, flush, sized_files
from dixis_tui.postgres.tools import Tools, archive_readable_by

_WHOLE = "Take a new backup; this file is not to be trusted."


class Manifest(Struct, frozen=True, kw_only=True):
    """Lies beside the dump as `<dump>.manifest.json`."""

    backup: Backup
    source: Identity
    taken_at: datetime
    tools_major: int
    extensions: dict[str, str]
    """Names and versions in the dumped database."""


class ProofRecord(Struct, frozen=True, kw_only=True):
    """What restoring the dump has shown; lies beside it as `<dump>.proof.json`.

    `where` names the database, `at` is the end, `seconds` what the restore took, `tables` and `rows` what was compared.
    """

    where: str
    at: datetime
    seconds: float
    tables: int
    rows: int
    passed: bool
    notes: tuple[str, ...] = ()


def manifest_path(dump: Path) -> Path:
    """Where the manifest of a dump lies."""
    return dump if dump.name.endswith(SUFFIX) else dump.with_name(dump.name + SUFFIX)


def load_manifest(path: Path) -> Manifest:
    """The manifest of a dump; `path` is either file.

    Raises:
        ToolError: it is missing or damaged.
    """
    file = manifest_path(path)
    try:
        return msgspec.json.decode(file.read_bytes(), type=Manifest)
    except OSError as error:
        raise ToolError(f"{file} can't be read: {error.strerror}", "Name a backup that has its manifest.") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ToolError(f"{file} is not a backup's manifest", _WHOLE) from None


def read_manifest(path: Path) -> Backup:
    """The backup that a manifest describes; `path` is the dump or its manifest. ToolError as `load_manifest`."""
    return load_manifest(path).backup


def write_manifest(manifest: Manifest) -> Path:
    """Write it whole or not at all, 0600, flushed to disk. Raises OSError."""
    file = manifest_path(Path(manifest.backup.path))
    _write(file, manifest)
    return file


def write_proof(dump: Path, proof: ProofRecord) -> None:
    """As the manifest; an earlier one gives way. Raises OSError."""
    _write(dump.with_name(dump.name + PROOF), proof)


def read_proof(dump: Path) -> ProofRecord | None:
    """What is known of restoring this dump; None: nothing that can be read."""
    try:
        return msgspec.json.decode(dump.with_name(dump.name + PROOF).read_bytes(), type=ProofRecord)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _write(file: Path, record: Struct) -> None:
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n")
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    flush(file.parent)


def verify_backup(backup: Backup, tools: Tools) -> None:
    """Look at the files as they are now: sizes, SHA-256, and whether pg_restore reads their table of contents.

    Of encrypted ones the table of contents is read once they are opened.

    Raises:
        ToolError: something is missing, changed, too much or unreadable.
    """
    as_written(backup)
    if not backup.encrypted and not archive_readable_by(Path(backup.path), tools):
        raise ToolError(f"pg_restore {tools.major} can't read the backup {backup.path}", _WHOLE)


def as_written(backup: Backup, *, digests: bool = True) -> None:
    """Whether the files are those that were written: names and sizes, and with `digests` every byte.

    Raises:
        ToolError: something is missing, changed, too much or unreadable.
    """
    path = Path(backup.path)
    expected = backup.files
    try:
        size = sum(file.stat().st_size for file in _files(path))
        if backup.form is DumpFormat.CUSTOM and size != backup.bytes:
            raise ToolError(f"the backup {path} has {size} bytes and should have {backup.bytes}", _WHOLE)
        files = digest_files(path) if digests else sized_files(path)
    except OSError as error:
        raise ToolError(f"the backup {path} can't be read: {error.strerror}", "Look where it went.") from None
    if not digests:
        expected = tuple(replace(file, sha256="") for file in expected)
    if backup.form is DumpFormat.DIRECTORY and (wrong := _wrong(expected, files)):
        raise ToolError(f"the backup {path} was changed since it was made: {wrong}", _WHOLE)
    if not files or (digests and digest_of(files, backup.form) != backup.sha256):
        raise ToolError(f"the backup {path} was changed since it was made (SHA-256 differs)", _WHOLE)


def touched_since(backup: Backup, moment: datetime) -> bool:
    """Whether a file of it was written, renamed or given other rights after `moment`, as this machine's clock has it.

    By the time of the last change of state, which no program can set; a file that is gone counts as touched.
    """
    path = Path(backup.path)
    try:
        return any(file.stat().st_ctime > moment.timestamp() for file in [path, *_files(path)])
    except OSError:
        return True


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    return [file for file in path.rglob("*") if file.is_file()]


def _wrong(expected: Sequence[BackupFile], found: Sequence[BackupFile]) -> str:
    """What is not as it was, in a few words; empty: nothing."""
    before, now = {file.name: file for file in expected}, {file.name: file for file in found}
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            return f"{name} is missing"
        if name not in before:
            return f"{name} was not in it"
        if before[name] != now[name]:
            return f"{name} differs"
    return ""
