"""The terminal that other tests rely on really is one."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.needs import needs
from tests.pictures import ansi_to_svg
from tests.terminal import TmuxTerminal
from tests.waiting import until

pytestmark = pytest.mark.tmux
PROGRAM = """
import os, shutil, sys
print("\\x1b[48;2;10;20;30m\\x1b[38;2;200;100;50mΜετάβαση έτοιμη\\x1b[0m", os.environ["TERM"], flush=True)
for line in sys.stdin:
    line = line.strip()
    if line == "size": print("size is %dx%d" % shutil.get_terminal_size(), flush=True)
    elif line.startswith("exit"): sys.exit(int(line.split()[1]))
    else: print("heard <%s>" % line, flush=True)
"""


@pytest.fixture(autouse=True)
def _tmux() -> None:
    needs("tmux")


def test_a_program_is_typed_to_resized_and_ended() -> None:
    with TmuxTerminal([sys.executable, "-c", PROGRAM], 60, 12) as terminal:
        terminal.wait_for("έτοιμη tmux-256color")
        terminal.type("γεια; -l;")
        terminal.keys("enter")
        terminal.wait_for("heard <γεια; -l;>")
        terminal.resize(100, 30)
        terminal.keys("s", "i", "z", "e", "enter")
        terminal.wait_for(re.compile(r"size is 100x30"))
        assert terminal.exit_status is None
        terminal.type("exit 7")
        terminal.keys("enter")
        assert terminal.wait_exit() == 7


def test_waiting_in_vain_shows_the_screen() -> None:
    with TmuxTerminal([sys.executable, "-c", PROGRAM], 60, 12) as terminal:
        terminal.wait_for("έτοιμη")
        with pytest.raises(AssertionError, match="έτοιμη"):
            terminal.wait_for("what never comes", seconds=0.1)


def test_colours_survive_into_the_picture() -> None:
    with TmuxTerminal([sys.executable, "-c", PROGRAM], 60, 12) as terminal:
        terminal.wait_for("έτοιμη")
        picture = ansi_to_svg(terminal.ansi(), 60, 12, "A <title>")
    assert "#c86432" in picture
    assert "#0a141e" in picture
    assert "έτοιμη" in picture
    assert "&lt;title&gt;" in picture
    assert "@font-face" not in picture
    assert "https:" not in picture


def test_kill_ends_the_program_and_leaves_nothing() -> None:
    terminal = TmuxTerminal([sys.executable, "-c", PROGRAM], 60, 12)
    terminal.wait_for("έτοιμη")
    pid = terminal.pid
    terminal.kill()
    until(lambda: not Path(f"/proc/{pid}").exists(), what="the program to be gone")
