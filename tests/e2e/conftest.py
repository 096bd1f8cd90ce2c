"""One prepared demo a worker, put back between tests; nothing of it may outlive its test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.demo.shop_process import PAGE
from tests.demo.conftest import processes_of
from tests.e2e.database import APPLIED_BEFORE, history, production
from tests.e2e.house import House
from tests.waiting import until

ROWS = 2_000


@pytest.fixture(scope="session")
def built() -> Iterator[House]:
    """A state directory with a prepared demo in it, not running."""
    with tempfile.TemporaryDirectory(prefix="dx-") as folder:
        house = House(Path(folder))
        house.demo.prepare(ROWS)
        house.demo.stop()
        yield house
        cleaned = house.call("demo", "--clean")
        assert cleaned.code == 0, cleaned.said
        assert not house.demo.folder.exists()
        assert_nothing_left(Path(folder))


@pytest.fixture
def house(built: House) -> Iterator[House]:
    """The worker's demo, stopped, as its first start left it; what the test started is ended after it."""
    _put_back(built)
    yield built
    built.end()
    assert_nothing_left(built.folder)


@pytest.fixture
def ready(house: House) -> DemoReady:
    """The demo's servers and shop, running, for commands that get their target from the environment."""
    return house.demo.prepare(new_window=True)


@pytest.fixture
def state_home() -> Iterator[House]:
    """A state directory of the test's own, with a short path and nothing in it."""
    with tempfile.TemporaryDirectory(prefix="dx-") as folder:
        house = House(Path(folder))
        yield house
        house.end()
        assert_nothing_left(house.folder)


def assert_nothing_left(folder: Path) -> None:
    """No process lives that works in `folder` or was started for it; one that is going may take its moment."""
    try:
        until(lambda: not processes_of(folder), 10)
    except AssertionError:
        raise AssertionError(f"left behind: {processes_of(folder)}") from None


def _put_back(house: House) -> None:
    """Undo what an earlier test did to production by ways that the demo does not know of."""
    house.demo.prepare()
    with production(house) as session:
        changed = len(history(session)) != APPLIED_BEFORE
        found = session.execute("""SELECT count(*) FROM "Order" WHERE "number" = 'DX-PHONE-1'""").fetchone()
    if changed or found != (0,):
        house.demo.reset()
    (house.demo.folder / PAGE).unlink(missing_ok=True)  # of a run whose records another test's account has
    house.demo.stop()
