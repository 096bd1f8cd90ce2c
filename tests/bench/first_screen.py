"""Time to the first full screen, as ratios of one run on one machine: ``python -m tests.bench.first_screen``.

From the start of a process to the moment when the footer's last words have arrived on a terminal of 120 by 40:
`dixis-tui attach` on a run that has ended, and `dixis-tui demo` on a demo whose run is under way, against a bare
Textual app of one text and a footer. Taken in turns, medians compared. Nothing is asserted: a ratio above its aim is
worth a look.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Sequence
from statistics import median
from time import perf_counter

AIM, AIM_LATER = 1.6, 1.5
BARE = """
from textual.app import App
from textual.widgets import Footer, Static

class Bare(App):
    BINDINGS = [("q", "quit", "leave")]
    def compose(self):
        yield Static("Bare")
        yield Footer()

Bare().run()
"""
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[P_][^\x1b]*\x1b\\|[ -/]*[0-~])")
_SECONDS = 30.0
_FOOTER = "q\\s*(leave|έξοδος)".encode()
"""The last words, in whatever language: `DIXIS_LANG=el` measures Greek."""


def main() -> None:
    """Prepare, measure, print, clean up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as state:
        os.environ["XDG_STATE_HOME"] = state
        os.chmod(state, 0o711)  # noqa: PTH101  the servers' own user has to reach its data when we are root
        dixis = [sys.executable, "-m", "dixis_tui"]
        try:
            _dixis("--rows", "2000", "--unattended", "--confirm", "DIXIS-PROD-OK")
            _begin_run()
            found = _measure(
                {
                    "bare Textual app": ([sys.executable, "-c", BARE], _FOOTER),
                    "attach, ended run": ([*dixis, "attach", _ended_run()], _FOOTER),
                    "demo, under way": ([*dixis, "demo"], _FOOTER),
                },
                arguments.turns,
            )
        finally:
            _dixis("--clean")
    floor = found["bare Textual app"]
    print(f"first full screen at 120x40, medians of {arguments.turns}; aim {AIM}, later {AIM_LATER}")
    for name, seconds in found.items():
        print(f"  {name:18} {seconds * 1000:5.0f} ms  {seconds / floor:5.2f}")


def _dixis(*words: str) -> None:
    command = [sys.executable, "-m", "dixis_tui", "demo", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _begin_run() -> None:
    """A run under way, without a screen."""
    from dixis_tui.demo.lifecycle import Demo, demo_folder
    from dixis_tui.run.spawn import start
    from dixis_tui.settings import load, secrets_from

    demo = Demo(demo_folder())
    ready = demo.prepare(new_window=True)
    settings = load(ready.config)
    start(settings, secrets_from(ready.environment, settings), "bench", demo.folder / "runs").wait()


def _ended_run() -> str:
    from dixis_tui.run.folders import all_runs

    return all_runs()[0].name


def _measure(commands: dict[str, tuple[Sequence[str], bytes]], turns: int) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(turns + 1):
        for name, (command, footer) in commands.items():
            seconds = _first_screen(command, re.compile(footer))
            if turn:  # the first turn only warms the file cache
                taken[name].append(seconds)
    return {name: median(seconds) for name, seconds in taken.items()}


def _first_screen(command: Sequence[str], footer: re.Pattern[bytes]) -> float:
    """Seconds from exec to the footer's text; the process is killed then."""
    began = perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        os.execve(command[0], list(command), environment)
    try:
        shown = b""
        while perf_counter() - began < _SECONDS:
            if select.select([terminal], [], [], 1.0)[0]:
                shown += os.read(terminal, 65536)
                if footer.search(_ESCAPES.sub(b"", shown)):
                    return perf_counter() - began
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    raise SystemExit(f"no footer came from {' '.join(command[1:])}: {_ESCAPES.sub(b'', shown)[-500:]!r}")


if __name__ == "__main__":
    main()
