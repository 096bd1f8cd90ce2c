"""What watchers cost a run: ``python -m tests.bench.watchers``.

A runner writes a burst of entries, each flushed to disk; a line for each kind of crowd, with the burst's time as a
ratio to that without any: the best of some turns, taken in rotation. `screens` are what `dixis-tui watch` has of a run,
its files alone. `clients` are what operators' screens have, the socket too. `stalled` hang on it and never read. On
tmpfs there is no disk whose flush hides the rest; there the burst is ten times as long.

Nothing is asserted; a ratio far from 1 is worth a look. Crowds that read do so on the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from multiprocessing.synchronize import Event
from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.model import Phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, work
from dixis_tui.run.accounts import Asker
from dixis_tui.run.client import Client
from dixis_tui.run.context import Context
from dixis_tui.run.watcher import Watcher
from tests.unit.served import Hand, Served
from tests.waiting import until

Crowd = Callable[[Path, int], AbstractContextManager[None]]
_TMPFS = Path("/dev/shm")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--watchers", type=int, default=30)
    parser.add_argument("--entries", type=int, default=3000)
    parser.add_argument("--turns", type=int, default=5)
    arguments = parser.parse_args()
    crowds: dict[str, Crowd] = {
        "nobody": lambda _, __: nullcontext(),
        "screens": lambda folder, count: beside(Watcher, folder, count),
        "clients": lambda folder, count: beside(Client, folder, count),
        "stalled": stalled,
    }
    print(f"{arguments.entries} entries, crowds of {arguments.watchers}, the best of {arguments.turns}")
    for name, place, times in (("disk", None, 1), ("tmpfs", _TMPFS if _TMPFS.is_dir() else None, 10)):
        taken: dict[str, list[float]] = {crowd: [] for crowd in crowds}
        for _ in range(arguments.turns):
            for crowd, make in crowds.items():
                taken[crowd].append(burst(place, make, arguments.watchers, times * arguments.entries))
        best = {crowd: min(seconds) for crowd, seconds in taken.items()}
        for crowd, seconds in best.items():
            print(f"  {name:6} {crowd:8} {seconds:7.3f} s   {seconds / best['nobody']:5.2f}", flush=True)


def burst(place: Path | None, crowd: Crowd, watchers: int, entries: int) -> float:
    """Seconds that a runner's worker needs for so many entries."""
    took: list[float] = []

    def perform(context: Context, command: cmd.Command, asker: Asker) -> None:
        if isinstance(command, cmd.StartPhase):
            began = time.perf_counter()
            for number in range(entries):
                context.emit(ev.Noted(text=f"entry {number} of the burst"))
            took.append(time.perf_counter() - began)
        else:
            real(context, command, asker)

    real, before = work.perform, Path.cwd()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as home:
        folder = folders.new_run(Path(home) / "runs")
        os.chdir(folder)
        served = Served(folder)
        work.perform = perform
        try:
            served.start()
            served.opened()
            with crowd(folder, watchers), Hand(folder) as hand:
                assert hand.ask(cmd.StartPhase(phase=Phase.BACKUP)) == ""
                until(lambda: took, 120, "the burst")
        finally:
            work.perform = real
            served.end()
            os.chdir(before)
    return took[0]


@contextmanager
def stalled(folder: Path, count: int) -> Iterator[None]:
    """Connected, and never reading."""
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(Hand(folder))
        yield


@contextmanager
def beside(kind: type[Watcher | Client], folder: Path, count: int) -> Iterator[None]:
    """So many of the program's own kind, in a process beside the runner's."""
    spawned = multiprocessing.get_context("spawn")
    ready = spawned.Event()
    process = spawned.Process(target=follow, args=(kind, str(folder), count, ready), daemon=True)
    process.start()
    ready.wait(60)
    try:
        yield
    finally:
        process.kill()
        process.join()


def follow(kind: type[Watcher | Client], folder: str, count: int, ready: Event) -> None:
    """Follow one run so many times at once, and read all that comes."""

    async def one() -> None:
        client = kind(Path(folder))
        await client.follow(client.read)  # type: ignore[arg-type]

    async def everyone() -> None:
        asyncio.get_running_loop().call_later(0.5, ready.set)
        await asyncio.gather(*(one() for _ in range(count)))

    asyncio.run(everyone())


if __name__ == "__main__":
    main()
