"""What was approved, in a form that a shell can check: one digest over the pending files. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from dixis_tui.model import MigrationFile


def migrations_digest(files: Sequence[MigrationFile]) -> str:
    """Hex SHA-256 over a line `NAME SHA256HEX` for each of `files`, in the order in which they are applied.

    The workflow makes the same lines from its checkout (`sha256sum`) and refuses where its digest is another.
    """
    lines = "".join(f"{file.name} {file.checksum}\n" for file in files)
    return hashlib.sha256(lines.encode()).hexdigest()
