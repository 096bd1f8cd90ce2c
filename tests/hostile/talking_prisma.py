"""Stands in for a project's Prisma CLI: says what it is told to say, and deploys for real.

Called as `python talking_prisma.py FOLDER validate | migrate status | migrate deploy`. `FOLDER/<last word>.json` holds
a :class:`Said`; without it the call is as quiet as a good one. `FOLDER/until`, where it is there while a burst is said,
makes the burst go on until that file is gone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))

from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import parse
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import read_history
from dixis_tui.prisma.steps import Failed
from tests.hostile.streams import STREAMS


class Said(msgspec.Struct, kw_only=True):
    """What one command says before it does anything: names of streams, marked with BEGIN and END, then bare lines."""

    stdout: list[str] = []
    stderr: list[str] = []
    lines: list[str] = []
    """On stderr, as they are."""
    code: int = 0
    """Not 0: nothing else is done."""


def main() -> int:
    """One call."""
    folder, word = Path(sys.argv[1]), sys.argv[-1]
    told = folder / f"{word}.json"
    said = msgspec.json.decode(told.read_bytes(), type=Said) if told.exists() else Said()
    for out, names in ((sys.stdout.buffer, said.stdout), (sys.stderr.buffer, said.stderr)):
        for name in names:
            _say(out, name, folder / "until")
    for line in said.lines:
        sys.stderr.buffer.write(line.encode() + b"\n")
    sys.stderr.buffer.flush()
    if said.code:
        return said.code
    return {"validate": _validate, "status": _status, "deploy": _deploy}[word]()


def _say(out: BinaryIO, name: str, until: Path) -> None:
    out.write(f"BEGIN prisma {name}\n".encode())
    again = True
    while again:
        for piece in STREAMS[name].pieces():
            out.write(piece)
        out.flush()
        again = until.exists()
    out.write(f"END prisma {name}\n".encode())
    out.flush()


def _validate() -> int:
    print("The schema is valid")
    return 0


def _migrations() -> Path:
    return Path("prisma", "migrations")


def _status() -> int:
    url = parse(os.environ["DATABASE_URL"], "DATABASE_URL")
    with connect(url, purpose="talking prisma", read_only=True) as session:
        if read_history(session, read_migrations(_migrations())).up_to_date:
            print("Database schema is up to date!")
            return 0
    return 1


def _deploy() -> int:
    url = parse(os.environ["DATABASE_URL"], "DATABASE_URL")
    with connect(url, purpose="talking prisma") as session:
        pending = read_history(session, read_migrations(_migrations())).pending
        for step in apply(session, pending):
            if isinstance(step, Failed):
                sys.stderr.write(f"Error: P3018\n\nMigration name: {step.name}\n\n{step.error}\n")
                return 1
    print("All migrations have been successfully applied.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
