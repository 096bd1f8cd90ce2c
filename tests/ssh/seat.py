"""A person at a terminal, with the program at the other end of an SSH connection."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.e2e.house import PROGRAM, House
from tests.ssh.line import Line
from tests.ssh.meter import Cost
from tests.ssh.server import SshServer
from tests.terminal import TmuxTerminal

TERM = "xterm-256color"


def seat(
    house: House, server: SshServer, *words: str, port: int = 0, columns: int = 120, rows: int = 40
) -> TmuxTerminal:
    """`dixis-tui` with `words` over SSH through `port` (the server's own where it is 0)."""
    program = server.command(*PROGRAM, *words, port=port or server.port, directory=house.folder)
    return TmuxTerminal(["env", f"TERM={TERM}", *program], columns, rows, own(), Path.cwd())


def greeting(house: House, server: SshServer, line: Line) -> Cost:
    """Of a program that says nothing: keys, proofs, goodbyes."""
    size, began = line.down, time.monotonic()
    with TmuxTerminal(server.command("true", port=line.port, directory=house.folder), environment=own()) as terminal:
        terminal.wait_exit()
    return Cost(line.down - size, time.monotonic() - began)


def own() -> dict[str, str]:
    """Nothing that the program could know the house by: all of that comes through sshd."""
    return {"PATH": os.environ.get("PATH", os.defpath)}
