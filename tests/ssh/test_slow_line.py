"""64 kbit/s and 300 ms: nothing that an operator does fills the line for long. Bytes are asserted, never seconds."""

from __future__ import annotations

import pytest

from tests.e2e.hands import Hands, bring_to_go
from tests.e2e.house import PHRASE, House
from tests.ssh.line import SLOW_DELAY, SLOW_RATE, Line
from tests.ssh.meter import Meter
from tests.ssh.seat import greeting, seat
from tests.ssh.server import SshServer

pytestmark = pytest.mark.tmux
SECOND = int(SLOW_RATE)
KEYS = {"down": SECOND // 4, "l": SECOND // 4, "escape": SECOND // 4, "?": SECOND}
"""In this order; help is the largest of the dialogs but go / no-go."""


def test_whatever_a_key_does_comes_in_a_second(house: House, sshd: SshServer) -> None:
    before = house.runs()
    with house.terminal("demo"):
        run = house.new_run(before)
        bring_to_go(run)
        with Line(sshd.port, SLOW_RATE, SLOW_DELAY) as line:
            size = greeting(house, sshd, line).size + line.down
            with seat(house, sshd, "attach", run.name, port=line.port) as terminal:
                terminal.wait_for("q leave")
                assert line.down - size < 1.5 * SECOND
                meter = Meter(terminal, line)
                assert meter.each_second(3) < SECOND / 20
                for key, bound in KEYS.items():
                    assert meter.keys(key).size < bound, key
                assert meter.keys("escape").size < SECOND
                _migrate(Hands(terminal, run), line)


def _migrate(hands: Hands, line: Line) -> None:
    """By hand, letter by letter, over the slow line."""
    hands.open_board()
    size = line.down
    hands.type_phrase(PHRASE)
    assert line.down - size < SECOND
    size = line.down
    hands.terminal.keys("enter")
    hands.terminal.wait_for("Migrated and verified")
    assert line.down - size < 5 * SECOND
    hands.sign_off()
    hands.terminal.wait_for("✔ DONE")
    hands.terminal.keys("q")
    assert hands.terminal.wait_exit() == 0
