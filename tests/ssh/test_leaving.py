"""Over SSH: what is on the screen is what ought to be, and nothing stays behind on the operator's terminal."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.e2e.hands import bring_to_go
from tests.e2e.house import PROGRAM, House
from tests.ssh.processes import words
from tests.ssh.seat import TERM, own
from tests.ssh.server import SshServer
from tests.terminal import TmuxTerminal
from tests.waiting import until

pytestmark = pytest.mark.tmux
_SHELL = """
before=$(stty -g); TERM={term} {command}; echo code=$?; [ "$before" = "$(stty -g)" ] && echo settings kept
read answer; echo heard $answer
"""
_SHOUT = "The system is going down for maintenance NOW!"


def test_the_screen_heals_and_the_terminal_is_left_whole(house: House, sshd: SshServer) -> None:
    before = house.runs()
    shell = _SHELL.format(
        term=TERM,
        command=shlex.join(sshd.command(*PROGRAM, "demo", port=sshd.port, directory=house.folder)),
    )
    with TmuxTerminal(["sh", "-c", shell], environment=own()) as terminal:
        run = house.new_run(before)
        bring_to_go(run)
        terminal.wait_for("Every gate is open")
        for key, title in (("?", "─ HELP ─"), ("c", "─ CHECKS ─")):
            terminal.keys("down", key)
            terminal.wait_for(title)
            _assert_as_painted_anew(terminal)
            terminal.keys("escape")
            terminal.wait_gone(title)
        terminal.resize(80, 24)
        terminal.wait_gone("RUNBOOK")
        _assert_as_painted_anew(terminal)
        terminal.resize(120, 40)
        terminal.wait_for("RUNBOOK")
        _assert_as_painted_anew(terminal)
        _shout(sshd, terminal)
        terminal.keys("ctrl+l")
        terminal.wait_gone(_SHOUT)
        terminal.keys("q")
        terminal.wait_for("code=0")
        assert "goes on" in terminal.screen()
        terminal.wait_for("settings kept")
        assert terminal.modes == {"alternate": False, "cursor": True, "mouse": False, "keypad": False}
        assert "38;2" not in terminal.ansi()
        assert "48;2" not in terminal.ansi()
        terminal.type("γεια")
        terminal.keys("enter")
        until(lambda: "heard γεια" in terminal.screen(), what="the terminal to echo and to send a line")


def _assert_as_painted_anew(terminal: TmuxTerminal) -> None:
    """After Ctrl+L the same stands there as before it: the differences that were sent were the right ones."""
    until(lambda: _settled(terminal), what="the screen to stand still")
    as_it_was = _timeless(terminal)
    terminal.keys("ctrl+l")
    until(lambda: _settled(terminal), what="the screen to stand still")
    assert _timeless(terminal) == as_it_was


def _settled(terminal: TmuxTerminal) -> bool:
    clock = re.search(r"\d\d:\d\d:\d\d", terminal.screen())
    assert clock
    now = _timeless(terminal)
    terminal.wait_gone(clock[0])
    return _timeless(terminal) == now


def _timeless(terminal: TmuxTerminal) -> str:
    return re.sub(r"\d", "0", terminal.screen())


def _shout(server: SshServer, terminal: TmuxTerminal) -> None:
    """Write onto the operator's terminal from outside, as `wall` does."""
    (cockpit,) = [process for process in server.sessions() if "demo" in words(process)]
    Path(f"/proc/{cockpit}/fd/0").write_text(f"\x1b[10;5H{_SHOUT}")
    terminal.wait_for(_SHOUT)
