"""A second operator at the same target: on this machine he is shown the run, elsewhere he is told whose it is."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.model import Phase
from dixis_tui.run import commands as cmd
from dixis_tui.run.runs import live
from tests.e2e.house import PHRASE, House, send, state_of
from tests.e2e.target import ticks
from tests.needs import needs
from tests.waiting import until

pytestmark = pytest.mark.tmux


@pytest.fixture(autouse=True)
def _tmux() -> None:
    needs("tmux")


@pytest.fixture
def run(house: House, ready: DemoReady) -> Path:
    """A run on the demo's production, begun by anna in a cockpit that was killed."""
    before = house.runs()
    words = ["--config", str(ready.config), "--operator", "anna"]
    with house.terminal(*words, extra=ready.environment):
        found = house.new_run(before)
        until(lambda: state_of(found).check("DX124").evidence, 60, "preflight to look")
    assert live(found)
    return found


def test_here_he_is_shown_it_by_whatever_name(house: House, ready: DemoReady, run: Path) -> None:
    """The URL says localhost: only the server can tell that it is the same database."""
    url = ready.environment["DATABASE_URL"]
    other = ready.environment | {"DATABASE_URL": url.replace("127.0.0.1", "localhost")}
    assert other["DATABASE_URL"] != url
    with house.terminal("--config", str(ready.config), "--operator", "nikos", extra=other) as terminal:
        terminal.wait_for(f"Attached to run {run.name}, under way.")
        terminal.keys("q")
        assert terminal.wait_exit() == 0
    assert house.runs()[-1] == run, "his own never began"
    assert live(run)


def test_elsewhere_he_is_told_whose_it_is(house: House, ready: DemoReady, run: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="dx-") as folder:
        elsewhere = House(Path(folder))
        common = ["--config", str(ready.config), "--operator", "nikos"]
        for words in (["check", "--json"], ["run", "--confirm", PHRASE, *ticks(), "--json"]):
            done = elsewhere.call(*common, *words, extra=ready.environment)
            assert done.code == 3, done.said
            sentence, remedy = done.err.splitlines()
            assert sentence.startswith(f"dixis-tui: Run {run.name} by anna@")
            assert " is under way on 127.0.0.1:" in sentence
            assert " since 20" in sentence
            assert "(lock in PostgreSQL, backend " in sentence
            assert "Ask anna@" in remedy
            assert (done.result["verdict"], done.result["error"]) == ("closed", sentence.removeprefix("dixis-tui: "))
        with elsewhere.terminal(*common, extra=ready.environment) as terminal:
            assert terminal.wait_exit() == 3
            assert f"Run {run.name} by anna@" in terminal.screen()
        assert elsewhere.runs() == []
    assert send(run, cmd.End()) == ""
    until(lambda: not live(run), 30, "the run to end")
    assert state_of(run).phase(Phase.PREFLIGHT).attempts == 1
