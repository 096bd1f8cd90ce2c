"""pg_dump, pg_restore and psql of the right major.

A dump taken with an older pg_dump than its server is refused; pg_restore of a newer major than the target sets what the
target doesn't know (18 into 16 fails on `transaction_timeout`); an older pg_restore can't read a newer archive. So the
tools are of the major of the server that they are pointed at.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ToolError
from dixis_tui.postgres.embedded import wheel_bindir
from dixis_tui.process import child_environment

PROGRAMS = ("pg_dump", "pg_restore", "psql")
_USUAL = (
    "/usr/lib/postgresql/{major}/bin",  # Debian, Ubuntu
    "/usr/pgsql-{major}/bin",  # PGDG's RPMs
    "/usr/lib64/pgsql/bin",
    "/usr/libexec/postgresql{major}",  # Alpine
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@{major}/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/usr/local/opt/libpq/bin",
    "/Applications/Postgres.app/Contents/Versions/{major}/bin",
    "/Library/PostgreSQL/{major}/bin",
    "/usr/local/pgsql/bin",
)
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")
_ARCHIVE_VERSION = re.compile(r"Dumped by pg_dump version: (\d+)")


class Tools(Struct, frozen=True):
    """A folder that holds `pg_dump`, `pg_restore` and `psql` of one major; `source` says why this one."""

    bindir: Path
    major: int
    source: str

    def path(self, program: str) -> Path:
        """The program's file."""
        return self.bindir / program


def find_tools(server_major: int, *, pg_bindir: str = "", tls: bool = False) -> Tools:
    """The tools of `server_major`: in `pg_bindir`, the distributions' places, PATH, the embedded wheel.

    The wheel's programs are built without TLS: with `tls` they are never taken.

    Raises:
        ToolError: none is there; names what was found where.
    """
    seen: list[str] = []
    for bindir, source in _places(server_major, pg_bindir, tls):
        major = major_in(bindir)
        if major == server_major:
            return Tools(bindir, major, source)
        if major:
            seen.append(f"{major} in {bindir}")
        elif source == "pg_bindir":
            seen.append(f"none in {bindir}")
    if pg_bindir:
        raise ToolError(
            f"backup.pg_bindir must hold pg_dump, pg_restore and psql {server_major}, found: {', '.join(seen)}",
            f"Point it at PostgreSQL {server_major}'s bin folder, or leave it empty.",
        )
    found = f"found: {', '.join(dict.fromkeys(seen))}" if seen else "found none"
    without = " (the embedded ones have no TLS)" if tls else ""
    raise ToolError(
        f"PostgreSQL {server_major} needs pg_dump, pg_restore and psql {server_major}, {found}{without}",
        f"Install postgresql-client-{server_major}, or set backup.pg_bindir.",
    )


def _places(major: int, pg_bindir: str, tls: bool) -> Iterator[tuple[Path, str]]:
    if pg_bindir:
        yield Path(pg_bindir).expanduser().absolute(), "pg_bindir"
        return
    for pattern in _USUAL:
        yield Path(pattern.format(major=major)), "installed"
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder:
            yield Path(folder).absolute(), "PATH"
    if not tls:
        try:
            yield wheel_bindir(), "embedded"
        except ToolError:
            return


def major_in(bindir: Path) -> int:
    """The major of the programs in a folder; 0 where one is missing or they differ.

    They are asked, not guessed from the path: Debian's `pg_wrapper` in /usr/bin may run any major.
    """
    majors = {_major_of(bindir / program) for program in PROGRAMS}
    return majors.pop() if len(majors) == 1 else 0


def _major_of(program: Path) -> int:
    if not os.access(program, os.X_OK):
        return 0
    try:
        done = subprocess.run(
            [program, "--version"], env=child_environment(), capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = _VERSION.search(done.stdout)
    return int(match[1]) if match else 0


def archive_major(path: Path, tools: Tools) -> int:
    """The major of the pg_dump that made an archive; 0 where `tools` can't read it (newer, damaged, no archive)."""
    try:
        done = subprocess.run(
            [tools.path("pg_restore"), "--list", path],
            env=child_environment(),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError:
        return 0
    match = _ARCHIVE_VERSION.search(done.stdout)
    return int(match[1]) if match and done.returncode == 0 else 0


def archive_readable_by(path: Path, tools: Tools) -> bool:
    """Whether pg_restore of `tools` reads the archive's table of contents."""
    return archive_major(path, tools) > 0
