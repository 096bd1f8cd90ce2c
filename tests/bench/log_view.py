"""What the log costs, as ratios of one run on one machine: ``python -m tests.bench.log_view [million lines]``.

Nothing is asserted: a ratio that moved much between two versions is worth a look.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import quantiles
from time import perf_counter

from screens.log_store import LogStore
from tests.screens.log_files import LogApp, append, entry, until

_SOURCES = ("prisma", "server", "pg_dump", "runner")


def main() -> None:
    """Write a log, measure, print."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.log")
        lines = _write(path, int(millions * 1_000_000))
        before = _resident()
        floor = _seconds(lambda: _count_breaks(path))
        store = LogStore(path)
        ingest = _seconds(lambda: _settle(store))
        print(f"{lines:,} lines, {path.stat().st_size / 1e6:,.0f} MB")
        print(f"count line breaks  1.0   {lines / floor / 1e6:6.1f} M lines/s")
        print(f"index             {ingest / floor:4.1f}   {lines / ingest / 1e6:6.1f} M lines/s")
        store.set_sources(frozenset({"prisma"}))
        _print_ratio("filter by source", _seconds(lambda: _settle(store)), floor, lines)
        store.set_sources(None)
        store.set_search("number 4999")
        _print_ratio("count matches", _seconds(lambda: _settle(store)), floor, lines)
        store.set_search("")
        _print_ratio("find the last", _seconds(lambda: store.search(f"number {lines - 1}", 0)), floor, lines)
        hits = 2_000
        one = _seconds(lambda: [store.line(place) for place in range(0, lines, max(1, lines // hits))]) / hits
        print(f"one line anywhere {one * 1e6:6.1f} µs")
        print(f"memory of it all  {(_resident() - before) / 1024:6.1f} MB more than before")
        asyncio.run(_latency(path))


def _write(path: Path, lines: int) -> int:
    block = 100_000
    for start in range(0, lines, block):
        texts = (
            f"Applying migration number {number} to a table of some size" for number in range(start, start + block)
        )
        append(path, "".join(entry(text, _SOURCES[place % 4]) for place, text in enumerate(texts)))
    return -(-lines // block) * block


def _count_breaks(path: Path) -> int:
    with path.open("rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(256 * 1024), b""))


def _settle(store: LogStore) -> None:
    while store.refresh():
        pass


def _seconds(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def _print_ratio(name: str, seconds: float, floor: float, lines: int) -> None:
    print(f"{name:17} {seconds / floor:4.1f}   {lines / seconds / 1e6:6.1f} M lines/s")


def _resident() -> int:
    """KiB that this process holds just now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize() // 1024


async def _latency(path: Path) -> None:
    """How long a key takes to be handled: at rest, and while the file is taken in and grows."""
    app = LogApp(path)
    async with app.run_test(size=(120, 40)) as pilot:
        loaded = asyncio.create_task(until(pilot, lambda: app.view.store.line_count > 0 and not app.view._working, 600))
        _print_delay("while it loads", await _delays(loaded.done))
        await loaded
        left = iter(range(200))
        _print_delay("at rest", await _delays(lambda: next(left, None) is None))
        growing = asyncio.create_task(asyncio.to_thread(_grow, path))
        _print_delay("growing fast", await _delays(growing.done))
        await growing


async def _delays(over: Callable[[], bool]) -> list[float]:
    """How much later than asked the event loop comes back: what a key would have waited."""
    delays = []
    while not over():
        asked = 0.005
        start = perf_counter()
        await asyncio.sleep(asked)
        delays.append(perf_counter() - start - asked)
    return delays


def _grow(path: Path) -> None:
    for _ in range(50):
        _write(path, 100_000)


def _print_delay(name: str, delays: list[float]) -> None:
    if len(delays) > 1:
        print(f"key waits, {name}: p95 {quantiles(delays, n=20)[-1] * 1000:.0f} ms, most {max(delays) * 1000:.0f} ms")


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
