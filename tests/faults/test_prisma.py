"""The process of Prisma's own CLI killed while it migrates: its Node, its engine, or both."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from itertools import product
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from dixis_tui.model import Executor, Phase
from dixis_tui.run.runs import live
from dixis_tui.settings import Settings
from tests.faults.conftest import Evenings
from tests.faults.evening import MIGRATIONS, TWO, Evening, ask
from tests.faults.table import Tally
from tests.prisma.conftest import MakeProject, make_project, node_modules
from tests.run.conftest import settings_for
from tests.thorough import some
from tests.waiting import until

__all__ = ["make_project", "node_modules"]  # fixtures


@pytest.fixture
def settings(make_project: MakeProject, tmp_path: Path) -> Settings:
    """A project of the real CLI, whose second file takes a second."""
    slow = MIGRATIONS | {TWO: f"SELECT pg_sleep(1); {MIGRATIONS[TWO]}"}
    found = settings_for(make_project(tmp_path / "shop", {name: sql.encode() for name, sql in slow.items()}))
    return replace(found, migrate=replace(found.migrate, executor=Executor.PRISMA))


def below(pid: int) -> dict[int, str]:
    """Every process below one, with its command line."""
    parents, found = {pid}, {}
    for entry in sorted(Path("/proc").iterdir(), key=lambda path: int(path.name) if path.name.isdigit() else 0):
        with suppress(OSError, ValueError):
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if parent in parents:
                parents.add(int(entry.name))
                found[int(entry.name)] = (
                    (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                )
    return found


def has_begun(night: Evening) -> bool:
    """Whether the CLI runs for migrate deploy."""
    return any("migrate deploy" in line for line in below(night.pid).values())


def in_the_second_file(night: Evening) -> bool:
    """Whether the server is at the slow statement."""
    with psycopg.connect(night.server.url("postgres")) as session:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event = 'PgSleep'"
        return session.execute(sql, (night.name,)).fetchone() != (0,)


def at_its_end(night: Evening) -> bool:
    """Whether all is in."""
    return len(ask(night.url).finished) == len(MIGRATIONS)


MOMENTS: dict[str, Callable[[Evening], bool]] = {
    "at its start": has_begun,
    "in the second file": in_the_second_file,
    "at its end": at_its_end,
}
VICTIMS = ["engine", "node", "both"]
TELLING = [
    ("both", "at its start"),
    ("engine", "in the second file"),
    ("node", "in the second file"),
    ("node", "at its end"),
]
"""By default: each moment and each victim, and in mid-file either of the two alone."""


@pytest.mark.node
@pytest.mark.parametrize(("victim", "moment"), some(product(VICTIMS, MOMENTS), TELLING))
def test_killed(evening: Evenings, tally: Tally, moment: str, victim: str) -> None:
    """An engine whose Node is gone may go on: nothing is told as failed that may still come to its end."""
    night = evening(short=True)
    night.begin()
    command = night.ready_for(Phase.MIGRATE)
    with tally.case(f"prisma: kill -9 of {victim}", moment):
        night.start_phase(command)
        until(lambda: MOMENTS[moment](night), 60, moment)
        for pid, line in below(night.pid).items():
            if victim == "both" or ("schema-engine" in line) is (victim == "engine"):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        until(lambda: not live(night.hand.folder) or night.hand.look().phase(Phase.MIGRATE).attempts, 30, "the phase")
        until(lambda: not night.hand.look().running, 60, "the phase to be over")
        night.recovered()
        night.finish()
