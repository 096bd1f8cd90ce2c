"""What a burst costs the operator: ``python -m tests.bench.hostile``. Nothing is asserted.

Prisma prints a million lines while it deploys. A key (the cursor, down and up) is pressed over and over, and the time
until the cockpit's answer reached the terminal is taken: at rest, as the floor of the same cockpit in the same run, and
while the lines come. Then the most memory that runner and cockpit have held, and how large the run's files are.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from dixis_tui.model import Executor, Phase
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.url import parse
from dixis_tui.run.folders import JOURNAL, LOG
from tests.hostile.evening import Evening, evening, peak_megabytes
from tests.hostile.line import Line
from tests.hostile.talking_prisma import Said

_GIVE_UP_SECONDS = 5.0
_AT_REST = 40


def main() -> None:
    """Measure, print."""
    with tempfile.TemporaryDirectory(prefix="dx-") as name:
        folder = Path(name)
        server = EmbeddedServer(folder / "server", fsync=False)
        server.create()
        server.start()
        try:
            server.create_database("prod")
            url = parse(server.url("prod"), "DATABASE_URL")
            with evening(folder, url, {"20260101000000_one": "CREATE TABLE one (id int);"}, Executor.PRISMA) as made:
                _measure(made)
        finally:
            server.remove()


def _measure(made: Evening) -> None:
    hand = made.begin()
    hand.to_go()
    made.tell("deploy", Said(stdout=["million_lines"]))
    with made.cockpit() as line:
        line.until_shown("RUNBOOK")
        left = iter(range(_AT_REST))
        _print_delays("at rest", _delays(line, lambda: next(left, None) is None))
        assert hand.confirm() == ""
        hand.wait(lambda state: state.phase(Phase.MIGRATE).attempts, "the deploy")
        began = time.perf_counter()
        _print_delays("in the burst", _delays(line, lambda: hand.look().phase(Phase.VERIFY).attempts > 0))
        print(f"deploy with the burst              {time.perf_counter() - began:6.1f} s")
        run = hand.look().run
        assert run is not None
        print(f"most memory, runner                {peak_megabytes(run.pid):6.1f} MB")
        print(f"most memory, cockpit               {peak_megabytes(line.process.pid):6.1f} MB")
        print(f"bytes sent to the terminal         {line.length / 1e6:6.2f} MB")
    for name in (LOG, JOURNAL):
        print(f"{name:34} {(hand.folder / name).stat().st_size / 1e6:6.2f} MB")


def _delays(line: Line, over: Callable[[], bool]) -> list[float]:
    """Seconds from a key to the picture that shows what it did: the cursor stands elsewhere."""
    delays = []
    while not over():
        for key in ("up", "down"):
            before, began = _selected(line), time.perf_counter()
            line.keys(key)
            while _selected(line) == before and time.perf_counter() - began < _GIVE_UP_SECONDS:
                time.sleep(0.001)
            delays.append(time.perf_counter() - began)
    return delays


def _selected(line: Line) -> str:
    return line.screen.partition("SELECTED")[2].partition("─ LOG")[0]


def _print_delays(name: str, delays: list[float]) -> None:
    if len(delays) < 2:
        print(f"key answered, {name}: {len(delays)} keys, too few")
        return
    print(
        f"key answered, {name:14} {len(delays):4} keys: median {median(delays) * 1000:.0f} ms, "
        f"p95 {quantiles(delays, n=20)[-1] * 1000:.0f} ms, most {max(delays) * 1000:.0f} ms"
    )


if __name__ == "__main__":
    main()
