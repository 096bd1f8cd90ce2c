"""The terminal may die, the run may not: killed, hung up or left, it goes on, and the next screen shows the truth."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dixis_tui.model import Phase, Verdict
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live
from tests.e2e.database import NAMES, assert_migrated, orders_locked, picture_of, prisma_lock, waits_for_a_lock
from tests.e2e.hands import Hands, bring_to_go, bring_to_rehearsal, until_over
from tests.e2e.house import PHRASE, PROGRAM, House, state_of
from tests.needs import needs
from tests.recordings import record
from tests.screens.story import stages
from tests.terminal import TmuxTerminal
from tests.waiting import until

pytestmark = pytest.mark.tmux


@pytest.fixture(autouse=True)
def _tmux() -> None:
    needs("tmux")


def test_killed_in_mid_migration_it_is_finished_and_true(house: House) -> None:
    before = house.runs()
    with house.terminal("demo") as terminal:
        run = house.new_run(before)
        hands = Hands(terminal, run)
        bring_to_go(run)
        hands.open_board()
        hands.type_phrase(PHRASE)
        with orders_locked(house):
            terminal.keys("enter")
            # Behind an older transaction the first file waits before it begins, or, if that one is young, for its lock.
            until(lambda: state_of(run).waited or waits_for_a_lock(house), what="the first file to wait")
            os.kill(terminal.pid, signal.SIGKILL)
            assert terminal.wait_exit() == -signal.SIGKILL
            assert live(run)
    until_over(run, Phase.VERIFY)
    assert_migrated(house)
    with house.terminal("demo") as terminal:
        terminal.wait_for(f"Attached to run {run.name}")
        hands = Hands(terminal, run)
        hands.sign_off()
        screen = terminal.wait_for("✔ DONE")
        assert all(name in screen for name in NAMES)
        terminal.keys("q")
        assert terminal.wait_exit() == 0
    assert state_of(run).verdict is Verdict.DONE
    assert [entry.number for entry in read(run / JOURNAL)] == list(range(1, state_of(run).entries + 1))
    assert house.runs()[-1] == run


def _quit(terminal: TmuxTerminal, run: Path) -> None:
    terminal.keys("q")
    assert terminal.wait_exit() == 0
    screen = terminal.screen()
    assert "goes on" in screen
    assert "The demo's servers stay up for it" in screen


def _hang_up(terminal: TmuxTerminal, run: Path) -> None:
    process = Path(f"/proc/{terminal.pid}")
    terminal.kill()
    until(lambda: not process.exists(), what="the cockpit to be gone")


def _hang_up_everybody(terminal: TmuxTerminal, run: Path) -> None:
    """The hang-up reaches the runner's whole group, as from a `kill` by hand; the cockpit is killed on top."""
    started = state_of(run).run
    assert started is not None
    assert os.getpgid(started.pid) == os.getsid(started.pid) == started.pid
    os.killpg(started.pid, signal.SIGHUP)
    os.kill(terminal.pid, signal.SIGKILL)
    assert terminal.wait_exit() == -signal.SIGKILL


@pytest.mark.parametrize("leave", [_quit, _hang_up, _hang_up_everybody])
def test_left_in_mid_rehearsal_it_goes_on(house: House, leave: Callable[[TmuxTerminal, Path], None]) -> None:
    before = house.runs()
    with house.terminal("demo", columns=80, rows=24) as terminal:
        run = house.new_run(before)
        bring_to_rehearsal(run)
        untouched = picture_of(house)
        with prisma_lock(house, "dixis_staging", "staging"):
            Hands(terminal, run).begin_rehearsal()
            until(lambda: _says(run, "Waiting for Prisma's advisory lock"), 30, "the rehearsal to wait")
            leave(terminal, run)
            assert live(run)
            status = house.call("status", "--json").result
            assert (status["run"], status["verdict"], status["live"]) == (run.name, "open", True)
    until_over(run, Phase.REHEARSAL)
    with house.terminal("demo", columns=80, rows=24) as terminal:
        Hands(terminal, run).raise_banner()
        terminal.wait_for("Every gate is open")
        terminal.keys("e")
        terminal.wait_for("End this run?")
        terminal.keys("y")
        terminal.wait_for("ENDED BEFORE THE GO")
        assert picture_of(house) == untouched
        terminal.keys("q")
        assert terminal.wait_exit() == 0
    assert state_of(run).verdict is Verdict.ABANDONED
    assert house.runs()[-1] == run


def _says(run: Path, words: str) -> bool:
    return any(words in note.text for note in state_of(run).notes)


def test_a_screen_whose_terminal_was_taken_away_without_a_signal_ends(state_home: House) -> None:
    """Under `nohup` or `setsid` no hang-up signal comes: it must not read an ended terminal for ever."""
    run = record(state_home.state / "runs" / "20261124-220000-aaaa", stages()["done"].entries)
    near, far = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "replay", str(run)],
        stdin=far,
        stdout=far,
        stderr=far,
        env=state_home.environment | {"TERM": "xterm-256color"},
        start_new_session=True,
    )
    os.close(far)
    try:
        until(lambda: b"REPLAY" in os.read(near, 65536), 30, "its first screen")
        os.close(near)
        assert process.wait(20) == 129
    finally:
        process.kill()
