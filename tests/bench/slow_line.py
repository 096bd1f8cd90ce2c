"""The cockpit on a line of 64 kbit/s and 300 ms, over a real sshd: ``python -m tests.bench.slow_line``.

For each thing an operator does: the bytes that come down the line, SSH's own among them, and the seconds until the
screen stands still. Seconds begin at the key and hold the round trip of 0.3 s, 0.06 s of the program's own or so, and
up to a tenth for looking at the screen. Nothing is asserted; a key that takes longer than the aim is worth a look.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import threading
from pathlib import Path

from dixis_tui.run.folders import LOG
from tests.e2e.hands import Hands, bring_to_go
from tests.e2e.house import PHRASE, House
from tests.screens.log_files import append, entry
from tests.ssh.line import SLOW_DELAY, SLOW_RATE, Line
from tests.ssh.meter import Cost, Meter
from tests.ssh.seat import greeting, seat
from tests.ssh.server import SshServer

AIM = 1.5
KEYS = (
    ("cursor down", "down"),
    ("cursor up", "up"),
    ("keys to the log", "l"),
    ("a page up in the log", "pageup"),
    ("follow the log again", "f"),
    ("keys back", "escape"),
    ("help", "?"),
    ("close it", "escape"),
    ("migrations", "h"),
    ("close it", "escape"),
    ("all checks", "c"),
    ("close it", "escape"),
)
_LINES_A_SECOND = 200


def main() -> None:
    """Prepare, measure, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--columns", type=int, default=120)
    parser.add_argument("--rows", type=int, default=40)
    arguments = parser.parse_args()
    print(f"64 kbit/s, 300 ms, {arguments.columns}x{arguments.rows}; aim for a key {AIM} s")
    with tempfile.TemporaryDirectory(prefix="dx-") as home, tempfile.TemporaryDirectory(prefix="sshd-") as folder:
        house = House(Path(home))
        house.demo.prepare(2_000)
        try:
            with (
                house.terminal("demo"),
                SshServer(Path(folder), house.environment | {"COLORTERM": "truecolor"}) as server,
                Line(server.port, SLOW_RATE, SLOW_DELAY) as line,
            ):
                run = house.new_run([])
                bring_to_go(run)
                _measure(house, server, line, run, (arguments.columns, arguments.rows))
        finally:
            house.end()
            house.demo.clean()


def _measure(house: House, server: SshServer, line: Line, run: Path, cells: tuple[int, int]) -> None:
    _say("SSH alone", greeting(house, server, line))
    with seat(house, server, "attach", run.name, port=line.port, columns=cells[0], rows=cells[1]) as terminal:
        meter = Meter(terminal, line)
        first = meter.of(lambda: terminal.wait_for("q leave"))
        _say("SSH and first screen", first)
        _say_rate("a second of nothing", meter.each_second(10))
        for what, key in KEYS:
            _say(what, meter.keys(key), AIM)
        hands = Hands(terminal, run)
        _say("go / no-go and its seal", meter.of(hands.open_board))
        size = line.down
        hands.type_phrase(PHRASE)
        print(f"{'a letter of the phrase':24} {(line.down - size) / len(PHRASE):7,.0f} bytes")
        _say("migrate and verify", meter.of(lambda: _migrate(hands)))
        hands.sign_off()
        terminal.wait_for("✔ DONE")
        _say_rate(f"{_LINES_A_SECOND} lines of log", _busy(meter, run / LOG))


def _migrate(hands: Hands) -> None:
    hands.terminal.keys("enter")
    hands.terminal.wait_for("Migrated and verified")


def _busy(meter: Meter, log: Path) -> float:
    """Bytes a second while the log grows by some lines a second."""
    over = threading.Event()
    writer = threading.Thread(target=_write, args=(log, over))
    writer.start()
    try:
        return meter.each_second(8)
    finally:
        over.set()
        writer.join()


def _write(log: Path, over: threading.Event) -> None:
    number = 0
    while not over.wait(10 / _LINES_A_SECOND):
        number += 10
        texts = (f"{secrets.token_urlsafe(40)} {place}" for place in range(number, number + 10))
        append(log, "".join(map(entry, texts)))


def _say(what: str, cost: Cost, aim: float = 0.0) -> None:
    over = "   over the aim" if aim and cost.seconds > aim else ""
    print(f"{what:24} {cost.size:7,} bytes   {cost.seconds:5.2f} s{over}")


def _say_rate(what: str, rate: float) -> None:
    print(f"{what:24} {rate:7,.0f} bytes a second, {rate / SLOW_RATE:.0%} of the line")


if __name__ == "__main__":
    main()
