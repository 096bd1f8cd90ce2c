"""People on the call: watchers in terminals of their own beside the operator's, from the first phase to the end."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.model import Phase, Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.runs import live
from tests.e2e.database import assert_migrated, orders_locked, waits_for_a_lock
from tests.e2e.hands import Hands, bring_to_go, until_over
from tests.e2e.house import PHRASE, House, ended, send, state_of
from tests.needs import needs
from tests.terminal import TmuxTerminal
from tests.waiting import until

pytestmark = pytest.mark.tmux
SMALL = {"columns": 80, "rows": 24}


@pytest.fixture(autouse=True)
def _tmux() -> None:
    needs("tmux")


@pytest.fixture
def evening(house: House) -> Iterator[tuple[TmuxTerminal, Path]]:
    """An operator's cockpit with a new run in it."""
    before = house.runs()
    with house.terminal("demo", **SMALL) as terminal:
        yield terminal, house.new_run(before)


def test_a_watcher_beside_the_operator_sees_it_all_and_alters_nothing(
    house: House, evening: tuple[TmuxTerminal, Path]
) -> None:
    operator, run = evening
    hands = Hands(operator, run)
    tail = house.start("tail", run.name)
    with house.terminal("watch", **SMALL) as watcher:
        watcher.wait_for("Can we still go back?  ✔ yes: production is untouched so far")
        watcher.wait_for(re.compile(r"2|3 answers are for \S+ to give"))
        bring_to_go(run)
        watcher.wait_for("Every gate is open. Go or no-go?")
        before = (run / JOURNAL).read_bytes()
        watcher.keys("v")
        watcher.wait_for(" NOW ")
        for key in ("m", "enter", "space", "e", "s", "x"):
            watcher.keys(key)
            watcher.wait_for("This screen only watches")
        watcher.keys("ctrl+c")
        watcher.wait_for("Ctrl+C stops nothing: this screen only watches")
        watcher.keys("v")
        assert (run / JOURNAL).read_bytes() == before
        hands.open_board()
        hands.type_phrase(PHRASE)
        with orders_locked(house):
            operator.keys("enter")
            until(lambda: state_of(run).waited or waits_for_a_lock(house), what="the first file to wait")
            watcher.wait_for("◐ at work since")
            screen = watcher.wait_for("◐ Migrating")
            assert re.search(r"Can we still go back\?  ✔ yes, in [\d.]+ s", screen)
        until_over(run, Phase.VERIFY)
        watcher.wait_for("Migrated and verified")
        hands.sign_off()
        watcher.wait_for("✔ the run has ended")
        assert watcher.exit_status is None, "the end stays on the screen"
        watcher.keys("q")
        assert watcher.wait_exit() == 0
        assert "has ended: done." in watcher.screen()
    assert_migrated(house)
    done = ended(tail)
    assert (done.code, done.err) == (0, "")
    assert re.search(r"── done: ", done.out.splitlines()[-1])
    assert [line for line in done.out.splitlines() if line.endswith("── Migrate")] != []


def test_a_watcher_outlives_the_runner_and_says_so(house: House, evening: tuple[TmuxTerminal, Path]) -> None:
    _, run = evening
    until_over(run, Phase.PREFLIGHT)
    with house.terminal("watch", run.name, **SMALL) as watcher:
        watcher.wait_for("waits for")
        found = state_of(run).run
        assert found is not None
        os.kill(found.pid, signal.SIGKILL)
        screen = watcher.wait_for("nobody acts before somebody has looked")
        assert "this run has not changed production" in screen
        assert not live(run)
        watcher.keys("q")
        assert watcher.wait_exit() == 0


def test_a_watcher_that_goes_leaves_the_run(house: House, evening: tuple[TmuxTerminal, Path]) -> None:
    _, run = evening
    until_over(run, Phase.PREFLIGHT)
    with house.terminal("watch", **SMALL) as watcher:
        watcher.wait_for("waits for")
        watcher.keys("q")
        assert watcher.wait_exit() == 0
        assert "is not touched by that: this screen only watched." in watcher.screen()
    with house.terminal("watch", **SMALL) as watcher:
        watcher.wait_for("waits for")
        watcher.kill()
    assert live(run)
    assert send(run, cmd.End()) == ""
    until(lambda: state_of(run).ended, what="the end")
    assert state_of(run).verdict is Verdict.CHECKED


def test_with_no_run_under_way_that_is_said(state_home: House) -> None:
    with state_home.terminal("watch", **SMALL) as watcher:
        assert watcher.wait_exit() == 2
        assert "No run is under way here" in watcher.screen()
