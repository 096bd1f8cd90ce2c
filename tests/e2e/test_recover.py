"""A runner that was killed in mid-migration: `recover`, `run`, `resolve` and the cockpit know what to do."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.model import MigrationState, Phase, Recovery, Verdict
from dixis_tui.run.runs import live
from dixis_tui.run.state import RunState
from tests.e2e.database import APPLIED_BEFORE, NAMES, history, orders_locked, production, waits_for_a_lock
from tests.e2e.hands import Hands, bring_to_go
from tests.e2e.house import PHRASE, ROLLBACK_PHRASE, House, ended, seen, state_of
from tests.e2e.target import run_words
from tests.needs import needs
from tests.waiting import until


def patient(ready: DemoReady) -> None:
    """The file is to be under way while it waits for its lock, for as long as the test needs."""
    text = ready.config.read_text()
    ready.config.write_text(text.replace("[migrate]\n", "[migrate]\nquiet_seconds = 0\nlock_timeout_seconds = 60\n"))


def killed_in_the_first_file(house: House, ready: DemoReady) -> Path:
    """A run whose runner dies while the first file waits for its lock."""
    patient(ready)
    before = house.runs()
    with orders_locked(house):
        process = house.start(*run_words(ready), extra=ready.environment)
        run = house.new_run(before)
        until(lambda: _waits(house, run), 90, "the first file to wait")
        _kill(run)
        ended(process)
        # The server finds out by itself that nobody is there any more; given its lock before that, it would commit.
        until(lambda: not waits_for_a_lock(house), 20, "the server to give it up")
    return run


def _waits(house: House, run: Path) -> bool:
    return _state(run, NAMES[0]) is MigrationState.RUNNING and waits_for_a_lock(house)


def _state(run: Path, name: str) -> MigrationState | None:
    view = state_of(run).migrations.get(name)
    return view.state if view else None


def _kill(run: Path) -> None:
    started = state_of(run).run
    assert started is not None
    os.kill(started.pid, signal.SIGKILL)
    until(lambda: not live(run), 10, "the runner to be gone")


def test_the_whole_way_from_the_command_line(house: House, ready: DemoReady) -> None:
    run = killed_in_the_first_file(house, ready)
    words = ["--config", str(ready.config)]
    assert seen(run).verdict is Verdict.UNKNOWN

    refused = house.call(*run_words(ready), extra=ready.environment)
    assert refused.code == 5, refused.said
    assert f"dixis-tui recover {run.name}" in refused.err
    assert house.runs()[-1] == run, "no other run began"

    dead = house.call("resolve", run.name, NAMES[0], "--rolled-back", "--confirm", ROLLBACK_PHRASE)
    assert dead.code == 2
    assert f"dixis-tui recover {run.name} --stay" in dead.err

    looked = house.call(*words, "recover", "--json", extra=ready.environment)
    assert looked.code == 4, looked.said
    assert looked.result["outcome"] == Recovery.UNFINISHED
    assert looked.result["migrations"][NAMES[0]] == "failed"
    assert not live(run), "its runner left again"

    stays = house.call(*words, "recover", run.name, "--stay", extra=ready.environment)
    assert stays.code == 4, stays.said
    assert live(run)
    again = house.call(*words, "recover", run.name, extra=ready.environment)
    assert (again.code, "has its runner" in again.err) == (2, True)
    marked = house.call("resolve", run.name, NAMES[0], "--rolled-back", "--confirm", ROLLBACK_PHRASE)
    assert marked.code == 0, marked.said
    until(lambda: state_of(run).go_again, 30, "the rest to be offered")
    _kill(run)

    wrong = house.call(*words, "recover", run.name, "--confirm", "dixis-prod-ok", extra=ready.environment)
    assert wrong.code == 2
    done = house.call(*words, "recover", run.name, "--confirm", PHRASE, extra=ready.environment)
    assert done.code == 0, done.said
    assert state_of(run).verdict is Verdict.DONE
    with production(house) as session:
        rows = [row.name for row in history(session)[APPLIED_BEFORE:] if row.finished]
    assert rows == list(NAMES), "each is in, once"
    over = house.call(*words, "recover", run.name, extra=ready.environment)
    assert (over.code, "has ended" in over.err) == (1, True)
    nothing = house.call(*words, "recover", extra=ready.environment)
    assert (nothing.code, "no run on this database that has lost its runner" in nothing.err) == (2, True)


def test_ctrl_c_stops_at_a_safe_point_and_the_second_cancels(house: House, ready: DemoReady) -> None:
    patient(ready)
    before = house.runs()
    with orders_locked(house):
        process = house.start(*run_words(ready), extra=ready.environment)
        run = house.new_run(before)
        until(lambda: _waits(house, run), 90, "the first file to wait")
        process.send_signal(signal.SIGINT)
        until(lambda: any("Stop asked" in note.text for note in state_of(run).notes), 20, "the stop")
        assert _state(run, NAMES[0]) is MigrationState.RUNNING, "one Ctrl+C does not cancel it"
        process.send_signal(signal.SIGINT)
        done = ended(process)
    assert done.code == 4, done.said
    assert f"stops after {NAMES[0]}" in done.err
    assert "the statement that runs on the server is cancelled" in done.err
    state = state_of(run)
    assert state.migrations[NAMES[0]].sqlstate == "57014"
    assert [view.state for view in state.migrations.values()].count(MigrationState.PENDING) == len(NAMES) - 1
    assert state.verdict is Verdict.FAILED


@pytest.mark.tmux
def test_in_the_cockpit(house: House) -> None:
    needs("tmux")
    before = house.runs()
    ready = house.demo.prepare(new_window=True)
    patient(ready)
    with house.terminal("demo", columns=100, rows=30) as terminal:
        run = house.new_run(before)
        bring_to_go(run)
        hands = Hands(terminal, run)
        hands.open_board()
        hands.type_phrase(PHRASE)
        with orders_locked(house):
            terminal.keys("enter")
            until(lambda: _begun(state_of(run)), 30, "the first file to begin")
            _kill(run)
            terminal.wait_for("The runner is gone")
        terminal.keys("q")
        terminal.wait_exit()
    with house.terminal("demo", columns=100, rows=30) as terminal:
        terminal.wait_for(
            re.compile("A migration was begun and is not finished|A part is in, and nothing is half done")
        )
        terminal.wait_for(f"Run {run.name} had lost its runner")
        assert house.runs()[-1] == run
        terminal.keys("q")
        terminal.wait_exit()
    assert state_of(run).recovery is not None
    assert state_of(run).phase(Phase.MIGRATE).attempts == 2


def _begun(state: RunState) -> bool:
    return any(view.state is not MigrationState.PENDING for view in state.migrations.values()) or bool(state.waited)
