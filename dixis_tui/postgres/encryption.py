"""Dumps encrypted with `age`, file by file, and opened again for as long as they are read.

age authenticates what it opens: a changed file gives an error, never other bytes.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup
from dixis_tui.postgres.dump_files import AGE, OPENED, remove, sweep
from dixis_tui.postgres.tool_runs import Started
from dixis_tui.process import run

_SET_IDENTITY = "Set backup.age_identity in dixis.toml to the file with the secret key."
_MAKE_ROOM = "The disk is full: make room, or set backup.directory to a larger disk."
_OPENING = ".dixis-opening-"
_SET_RECIPIENT = "Set backup.age_recipient in dixis.toml to a public key (age1…)."


def encrypt(part: Path, recipient: str, started: Started | None = None) -> None:
    """Encrypt a dump in place, for a public key: the file keeps its name, those of a folder get `.age`.

    Raises:
        ToolError: age is missing, does not take the recipient, or can't write.
    """
    for file in [found for found in part.rglob("*") if found.is_file()] if part.is_dir() else [part]:
        sealed = file.with_name(file.name + AGE)
        errors = _age(["--encrypt", f"--recipient={recipient}", f"--output={sealed}", str(file)], started)
        if errors is not None:
            raise ToolError(f"age could not encrypt the backup: {errors}", _remedy(errors, _SET_RECIPIENT))
        sealed.chmod(0o600)
        if part.is_dir():
            file.unlink()
        else:
            sealed.rename(file)


@contextmanager
def opened(backup: Backup, identity: Path | None, started: Started | None = None) -> Iterator[Backup]:
    """The backup itself where it is not encrypted; else a plain copy beside it, removed however the block ends.

    Sizes and digests stay those of the encrypted files. `identity` is the file with the secret key.

    Raises:
        ToolError: age or the key is missing, the key does not fit, or there is no room for the copy.
    """
    if not backup.encrypted:
        yield backup
        return
    usable = _usable(identity)
    path = Path(backup.path)
    sweep(path.parent)
    if shutil.disk_usage(path.parent).free < backup.bytes:
        raise ToolError(f"{path.parent} has no room for an opened copy of the backup", "Make room there.")
    fresh = Path(tempfile.mkdtemp(prefix=_OPENING, dir=path.parent))
    folder = fresh.with_name(OPENED + fresh.name.removeprefix(_OPENING))
    handle = os.open(fresh, os.O_RDONLY | os.O_CLOEXEC)
    try:
        # Whoever sweeps meanwhile knows only its later name, and by then it is locked.
        fcntl.flock(handle, fcntl.LOCK_EX)
        fresh.rename(folder)
        plain = folder / path.name.removesuffix(AGE)
        for file in [found for found in path.rglob("*") if found.is_file()] if path.is_dir() else [path]:
            target = plain / str(file.relative_to(path)).removesuffix(AGE) if path.is_dir() else plain
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _decrypt(file, target, usable, started)
        yield replace(backup, path=str(plain), encrypted=False)
    finally:
        remove(fresh)
        remove(folder)
        os.close(handle)


def check_keys(recipient: str, identity: Path | None) -> None:
    """Whether what is encrypted for `recipient` can be opened with `identity`, by doing so with a few bytes.

    Raises:
        ToolError: it can't, and why.
    """
    usable = _usable(identity)
    with tempfile.TemporaryDirectory(prefix="dixis-tui-") as folder:
        sample = Path(folder, "sample")
        sample.write_bytes(b"dixis-tui")
        encrypt(sample, recipient)
        _decrypt(sample, Path(folder, "opened"), usable, None)


def _usable(identity: Path | None) -> Path:
    if identity is None:
        raise ToolError("the backup is encrypted, and no key is named to open it", _SET_IDENTITY)
    try:
        with identity.open("rb"):
            return identity
    except OSError as error:
        raise ToolError(f"the key {identity} can't be read: {error.strerror}", _SET_IDENTITY) from None


def _decrypt(file: Path, target: Path, identity: Path, started: Started | None) -> None:
    errors = _age(["--decrypt", f"--identity={identity}", f"--output={target}", str(file)], started)
    if errors is None:
        return
    if "no identity matched" in errors:
        raise ToolError(f"the key {identity} does not open {file.name}: it was encrypted for another", _SET_IDENTITY)
    raise ToolError(f"age could not open {file.name}: {errors}", _remedy(errors, "Look at that file and at the key."))


def _remedy(errors: str, otherwise: str) -> str:
    return _MAKE_ROOM if "no space left on device" in errors.lower() else otherwise


def _age(words: Sequence[str], started: Started | None) -> str | None:
    """Run it; None where it went well, else its words."""
    if shutil.which("age") is None:
        raise ToolError("age is not installed, and backups are encrypted with it", "Install age (Debian: age).")
    lines: list[str] = []
    code = run(["age", *words], on_stdout=lines.append, on_stderr=lines.append, started=started)
    if code == 0:
        return None
    return " / ".join(line.removeprefix("age: ") for line in lines if "report unexpected" not in line) or f"exit {code}"
