"""The line is cut in mid-migration, in each way in which lines are: the run goes on, the next screen finishes it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from dixis_tui.model import Phase, Verdict
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live
from tests.e2e.database import NAMES, assert_migrated, orders_locked, waits_for_a_lock
from tests.e2e.hands import Hands, bring_to_go, until_over
from tests.e2e.house import PHRASE, House, state_of
from tests.ssh.line import Line
from tests.ssh.processes import directory, everyone, standing, words
from tests.ssh.seat import seat
from tests.ssh.server import SshServer
from tests.terminal import TmuxTerminal
from tests.waiting import until

pytestmark = pytest.mark.tmux
Cut = Callable[[TmuxTerminal, Line, SshServer], None]


def _reset(terminal: TmuxTerminal, line: Line, server: SshServer) -> None:
    line.reset()


def _client_killed(terminal: TmuxTerminal, line: Line, server: SshServer) -> None:
    os.kill(terminal.pid, signal.SIGKILL)


def _session_killed(terminal: TmuxTerminal, line: Line, server: SshServer) -> None:
    server.kill_session(_running(server, "demo")[0])


def _silent(terminal: TmuxTerminal, line: Line, server: SshServer) -> None:
    line.silence()


@pytest.mark.parametrize("cut", [_reset, _client_killed, _session_killed, _silent])
def test_cut_in_mid_migration_it_is_found_and_finished(house: House, sshd: SshServer, cut: Cut) -> None:
    before = house.runs()
    with Line(sshd.port) as line, seat(house, sshd, "demo", port=line.port) as terminal:
        run = house.new_run(before)
        with seat(house, sshd, "watch", run.name, columns=80, rows=24) as watcher:
            _begin_migration(house, terminal, run)
            with orders_locked(house):
                terminal.keys("enter")
                until(lambda: state_of(run).waited or waits_for_a_lock(house), what="the first file to wait")
                watcher.wait_for("◐ at work since")
                (cockpit,), (on_looker,) = _running(sshd, "demo"), _running(sshd, "watch")
                runner = _runner(run)
                cut(terminal, line, sshd)
                assert live(run)
            if cut is not _silent:  # sshd thinks that somebody is still there, and so does the cockpit
                _until_gone(cockpit)
            until_over(run, Phase.VERIFY)
            assert _runner(run) == runner
            assert _running(sshd, "watch") == [on_looker]
            assert_migrated(house)
            watcher.wait_for("Migrated and verified")
            _finish(house, sshd, run)
            watcher.wait_for("✔ the run has ended")
            watcher.keys("q")
            assert watcher.wait_exit() == 0
    _until_gone(cockpit)
    assert state_of(run).verdict is Verdict.DONE
    assert [entry.number for entry in read(run / JOURNAL)] == list(range(1, state_of(run).entries + 1))
    assert house.runs()[-1] == run


def _begin_migration(house: House, terminal: TmuxTerminal, run: Path) -> None:
    hands = Hands(terminal, run)
    bring_to_go(run)
    hands.open_board()
    hands.type_phrase(PHRASE)


def _finish(house: House, server: SshServer, run: Path) -> None:
    """The operator on a new line: what they began is on the screen, and they sign it off."""
    with seat(house, server, "demo") as terminal:
        terminal.wait_for(f"Attached to run {run.name}")
        Hands(terminal, run).sign_off()
        screen = terminal.wait_for("✔ DONE")
        assert all(name in screen for name in NAMES)
        terminal.keys("q")
        assert terminal.wait_exit() == 0


def _until_gone(process: int) -> None:
    until(lambda: not words(process), what="the cockpit of the dead line to be gone")


def _running(server: SshServer, command: str) -> list[int]:
    """Programs behind this server that were started with `command`."""
    return [process for process in server.sessions() if command in words(process)]


def _runner(run: Path) -> int:
    """Process id of the run's runner, which leads a session of its own and has no terminal."""
    program = ["-m", "dixis_tui.run"]
    (found,) = [process for process in everyone() if words(process)[-2:] == program and directory(process) == run]
    _, session, terminal = standing(found)
    assert (session, terminal) == (found, 0)
    return found
