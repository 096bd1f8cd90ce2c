"""What a look of the lock radar costs: ``python -m tests.bench.radar``.

Milliseconds of a look, median of many, and as a ratio against `SELECT 1` of the same session kind in the same run: with
other sessions that are idle, and with as many that wait behind a lock of ours. At two looks a second, 5 ms are one
percent of one core. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.radar import RadarSession
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from tests.crowd import Crowd

OTHERS = (0, 10, 50)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", type=int, default=200)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        home = Path(place)
        home.chmod(0o711)  # the server's own user has to reach its data when we are root
        server = EmbeddedServer(home / "server")
        server.create()
        server.start()
        try:
            bench(parse(server.url("postgres"), "DATABASE_URL"), arguments.looks)
        finally:
            server.remove()


def bench(url: DatabaseUrl, looks: int) -> None:
    """A line a crowd."""
    with Crowd(url) as crowd:
        crowd.admin.script(b"CREATE TABLE farm (id int)")
    print(f"a look of the radar, medians of {looks}")
    print("  others            look    SELECT 1    ratio")
    for waiting in (False, True):
        for others in OTHERS:
            look, least = measure(url, others, waiting=waiting, looks=looks)
            kind = "waiting" if waiting else "idle"
            print(f"  {others:3} {kind:8} {look * 1000:8.2f} ms {least * 1000:8.3f} ms {look / least:8.1f}")


def measure(url: DatabaseUrl, others: int, *, waiting: bool, looks: int) -> tuple[float, float]:
    """Median seconds of a look and of `SELECT 1`, taken in turns."""
    with Crowd(url) as crowd, connect(url, purpose="bench", prepare=True) as bare:
        ours = crowd.session("BEGIN", "LOCK farm")
        sessions = [crowd.session() for _ in range(others)]
        if waiting:
            for session in sessions:
                crowd.runs(session, "SELECT * FROM farm")
            crowd.waiting(sessions)
        with RadarSession(url, pids=lambda: [ours.pid]) as radar:
            found = [(seconds(radar.look), seconds(lambda: bare.value("SELECT 1"))) for _ in range(looks)]
    return median(look for look, _ in found), median(least for _, least in found)


def seconds(deed: Callable[[], object]) -> float:
    """How long it takes."""
    began = perf_counter()
    deed()
    return perf_counter() - began


if __name__ == "__main__":
    main()
