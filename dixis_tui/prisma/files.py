"""The migration files on disk, read and ordered as Prisma's CLI reads and orders them.

Facts from Prisma 6's CLI (`listMigrations`) and its engine's `checksum.rs`: only real directories count, every one must
hold a `migration.sql`, names are ordered by JavaScript's `localeCompare`, and a checksum is that of the text.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ProjectError
from dixis_tui.model import MigrationFile
from dixis_tui.secrets import clean

SCRIPT_NAME = "migration.sql"

# The order of ICU's root collation for ASCII; letters follow the digits without regard to case.
_PUNCTUATION_AND_DIGITS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789"
_RANKS = {character: rank for rank, character in enumerate(_PUNCTUATION_AND_DIGITS)}

OrderKey = tuple[tuple[int, ...], tuple[int, ...], tuple[bool, ...], str]


def order_key(name: str) -> OrderKey:
    """Sort key that orders names like `localeCompare`: `1_x` before `10_x`, `a` before `B`.

    Exact for ASCII. Other letters come after ASCII by code point, accents count only between otherwise equal names.
    """
    decomposed = unicodedata.normalize("NFD", name)
    letters = [character for character in decomposed if not unicodedata.combining(character)]
    accents = tuple(ord(character) for character in decomposed if unicodedata.combining(character))
    primary = tuple(_rank(character) for character in letters)
    return primary, accents, tuple(character.isupper() for character in letters), name


def _rank(character: str) -> int:
    known = _RANKS.get(character)
    return known if known is not None else len(_RANKS) + ord(character.casefold()[0])


class OnDisk(Struct, frozen=True):
    """What a migrations folder holds: migrations in Prisma's order, and directories without a `migration.sql`."""

    files: tuple[MigrationFile, ...] = ()
    without_file: tuple[str, ...] = ()


def read_migrations(migrations: Path) -> tuple[MigrationFile, ...]:
    """Every migration under `migrations`, in the order in which Prisma applies them.

    Raises:
        ProjectError: the folder can't be read, or a directory in it holds no readable `migration.sql` (Prisma: P3015).
    """
    found = scan_migrations(migrations)
    if found.without_file:
        raise without_file(migrations, found.without_file[0])
    return found.files


def without_file(migrations: Path, name: str) -> ProjectError:
    """What to say of a directory without its file, where all of them are needed."""
    return ProjectError(
        f"The migration directory {clean(name)} holds no {SCRIPT_NAME}",
        f"Restore {migrations / name / SCRIPT_NAME}, or remove the directory if it was never deployed.",
    )


def scan_migrations(migrations: Path) -> OnDisk:
    """As :func:`read_migrations`, but a directory without a file is told, not refused.

    Raises:
        ProjectError: the folder, or a file in it, can't be read.
    """
    try:
        # A symbolic link to a directory is not a directory to Prisma.
        names = [entry.name for entry in os.scandir(migrations) if entry.is_dir(follow_symlinks=False)]
    except OSError as error:
        raise ProjectError(
            f"{migrations} can't be read: {error.strerror}", "Check out the project with its migrations folder."
        ) from None
    read = {name: _read(migrations, name) for name in sorted(names, key=order_key)}
    return OnDisk(
        tuple(file for file in read.values() if file is not None),
        tuple(name for name, file in read.items() if file is None),
    )


def _read(migrations: Path, name: str) -> MigrationFile | None:
    path = migrations / name / SCRIPT_NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ProjectError(f"{path} can't be read: {error.strerror}", "Make it readable for this user.") from None
    own, *others = checksums(content)
    return MigrationFile(name, str(path), own, len(content), tuple(others))


def checksums(content: bytes) -> tuple[str, ...]:
    """The file's own checksum first, then those of its LF and CRLF forms where they differ: Prisma takes all as equal.

    Lower-case hex SHA-256 of the text; bytes that are not UTF-8 count as U+FFFD, as in Prisma.
    """
    text = content.decode("utf-8", "replace").encode()
    forms = (text, text.replace(b"\r\n", b"\n"), text.replace(b"\n", b"\r\n"))
    return tuple(dict.fromkeys(hashlib.sha256(form).hexdigest() for form in forms))


def same_checksum(file: MigrationFile, recorded: str) -> bool:
    """Whether `recorded` is one of the file's checksums.

    Old releases of Prisma wrote the hex digits of each byte without a leading zero, hence the second form.
    """
    accepted = (file.checksum, *file.equal_checksums)
    if len(recorded) == len(file.checksum):
        return recorded in accepted
    return recorded in ("".join(f"{byte:x}" for byte in bytes.fromhex(one)) for one in accepted)
