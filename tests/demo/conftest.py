"""Small demos for the tests: 2,000 orders, no fsync."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.demo.lifecycle import Demo, DemoReady
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import parse
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import History, read_history
from dixis_tui.prisma.steps import Step
from dixis_tui.settings import DATABASE_URL

ROWS = 2_000


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """A demo of the test's own, not yet prepared; removed afterwards."""
    made = Demo(tmp_path / "demo", fsync=False)
    yield made
    made.clean()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, DemoReady]]:
    """A prepared demo for the tests of one file, which leave it as they found it."""
    made = Demo(tmp_path_factory.mktemp("shared") / "demo", fsync=False)
    yield made, made.prepare(ROWS)
    made.clean()


def open_production(ready: DemoReady) -> Session:
    """A session on the demo's production, as the application's role."""
    return connect(parse(ready.environment[DATABASE_URL], DATABASE_URL), purpose="test")


def history(ready: DemoReady) -> History:
    """The project's files against production's history."""
    with open_production(ready) as session:
        return read_history(session, read_migrations(ready.folder / "project" / "prisma" / "migrations"))


def migrate(ready: DemoReady) -> list[Step]:
    """Apply what is pending in production."""
    with open_production(ready) as session:
        return list(apply(session, history(ready).pending))


def processes_of(folder: Path) -> list[str]:
    """Every process that works in `folder` or has it among its arguments (Linux)."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            place = str((process / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in words or Path(place).is_relative_to(folder):
            found.append(f"{process.name} {words}")
    return found
