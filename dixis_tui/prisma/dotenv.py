"""Secrets that a project's own `.env` files hold: Prisma reads those by itself, and may print what it has read."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

_FILES = (".env", ".env.local", ".env.production", "prisma/.env")
_LIMIT = 256 * 1024
_ASSIGNMENT = re.compile(r"""^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*("(?:\\.|[^"\\])*"|'[^']*'|[^\n]*)""", re.M)
_SECRET_NAME = re.compile(r"PASS|PWD|SECRET|TOKEN|CREDENTIAL|(?:^|_)KEY(?:_|$)", re.I)
_SHORTEST = 6
"""Characters of a value that is taken for a secret by its name alone: `dev` and `true` are words of the log as well."""


def secrets_in(directory: Path) -> list[str]:
    """What must not be shown of the `.env` files in `directory`: values by their names, passwords by their URLs.

    Files that are not there, or can't be read, have none; Prisma can't read them either.
    """
    found: list[str] = []
    for name in _FILES:
        with suppress(OSError), (directory / name).open("rb") as file:
            found += secrets_of(file.read(_LIMIT).decode("utf-8", "replace"))
    return found


def secrets_of(text: str) -> list[str]:
    """The same of one file's text. Pure."""
    found: list[str] = []
    for name, raw in _ASSIGNMENT.findall(text):
        value = _unquoted(raw.strip())
        if "://" in value:
            found += [password for password in _passwords(value) if password]
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST:
            found.append(value)
    return found


def _unquoted(raw: str) -> str:
    if raw[:1] in ("'", '"') and raw[-1:] == raw[:1] and len(raw) > 1:
        inner = raw[1:-1]
        return re.sub(r"\\(.)", r"\1", inner) if raw[0] == '"' else inner
    return re.split(r"\s+#", raw, maxsplit=1)[0].strip()


def _passwords(value: str) -> list[str]:
    """As it stands in the URL, and decoded; up to the last @, since a password may hold some that nobody encoded."""
    head, _, rest = value.partition("://")
    user, at, _ = rest.rpartition("@")
    written = user.partition(":")[2] if at else ""
    with suppress(ValueError):
        written = written or urlsplit(f"{head}://{rest}").password or ""
    return [written, unquote(written)]
