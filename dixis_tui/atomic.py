"""Files that are written whole or not at all: a reader sees the old one or the new one, whenever it looks."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write(path: Path, data: bytes, mode: int | None = None) -> None:
    """Put `data` into `path`, on disk when this returns. A link is replaced, not followed.

    Args:
        mode: of the file; None: as that of the file before, or 0600.

    Raises:
        OSError: it could not be written; the file is as it was.
    """
    if mode is None:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    draft = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
