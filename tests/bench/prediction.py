"""How far a prediction is off, on the demo's data: ``python -m tests.bench.prediction``.

One server with its fsync on. The demo's marketplace is filled at `--scale` times half a million orders, copied, and
the four pending migrations are rehearsed on the copy with the meter. Then they run on the original, where nothing is
measured but seconds, and both stand side by side. The aim: the total within 25 % at 10 times the size.

`--rehearse` fills the rehearsal's database at another scale, to see how well the sizes' rules carry over.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from dixis_tui.demo import data
from dixis_tui.demo.project import APPLIED, SAMPLE
from dixis_tui.measures import Prediction, StatementMeasure, TableSize
from dixis_tui.plan.prediction import Rehearsed, predict
from dixis_tui.plan.workload import workloads
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.measure import measuring
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.table_sizes import table_sizes
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma.direct import Failed, apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.hooks import Stopwatch
from dixis_tui.sql.script import Script, parse_script
from tests.measured import run_file

ORDERS = 500_000
AIM = 0.25


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=10.0)
    parser.add_argument("--rehearse", type=float, default=0.0, help="scale of the rehearsal's data; 0: the same")
    parser.add_argument("--turns", type=int, default=1, help="runs on the original, each on a fresh copy")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        home = Path(place)
        home.chmod(0o711)  # the server's own user has to reach its data when we are root
        server = EmbeddedServer(home / "server")
        server.create()
        server.start()
        try:
            bench(server, arguments.scale, arguments.rehearse or arguments.scale, arguments.turns)
        finally:
            server.remove()


def bench(server: EmbeddedServer, scale: float, rehearse: float, turns: int) -> None:
    """Fill, rehearse, predict, run, compare."""
    server.create_database("production")
    fill(url_of(server, "production"), round(ORDERS * scale))
    if rehearse == scale:
        copy(server, "production", "rehearsal")
    else:
        server.create_database("rehearsal")
        fill(url_of(server, "rehearsal"), round(ORDERS * rehearse))
    url = url_of(server, "rehearsal")
    staging = sizes(url)
    began = time.monotonic()
    files = rehearse_all(url)
    print(f"rehearsed at {rehearse:g} times half a million orders in {time.monotonic() - began:.1f} s")
    administer(server, "DROP DATABASE rehearsal")
    prediction = predict(files, staging, sizes(url_of(server, "production")))
    for turn in range(turns):
        copy(server, "production", "tonight")
        actual = run_all(url_of(server, "tonight"))
        administer(server, "DROP DATABASE tonight")
        report(prediction, actual, turn + 1)


def report(
    prediction: Prediction, actual: Sequence[tuple[str, float, tuple[StatementMeasure, ...]]], turn: int
) -> None:
    """Predicted and actual, statement by statement and in all."""
    taken = {(name, one.number): one.seconds for name, _, seen in actual for one in seen}
    print(f"\nturn {turn}       predicted (low to high)          actual   error")
    for one in prediction.statements:
        seconds = taken[one.migration, one.number]
        line(f"{one.migration[:14]} {one.number}", one.seconds, one.low, one.high, seconds, words=one.text[:60])
    total = sum(seconds for _, seconds, _ in actual)
    line("in all", prediction.seconds, prediction.low, prediction.high, total, words=f"aim {AIM:.0%}")
    print(
        f"WAL {prediction.wal_bytes / 1e6:.0f} MB, disk {prediction.disk_bytes / 1e6:.0f} MB, "
        f"temporary {prediction.temp_bytes / 1e6:.0f} MB"
    )


def line(name: str, seconds: float, low: float, high: float, actual: float, *, words: str) -> None:
    """One row; an error counts against what was predicted."""
    error = (actual - seconds) / seconds if seconds else 0.0
    print(f"{name:18} {seconds:9.3f} s ({low:8.3f} to {high:8.3f}) {actual:9.3f} s  {error:+7.1%}  {words}")


def rehearse_all(url: DatabaseUrl) -> list[Rehearsed]:
    """The pending files with the meter at work."""
    found: list[Rehearsed] = []
    with (
        connect(url, purpose="rehearsal") as worker,
        connect(url, purpose="observer", read_only=True) as observer,
        measuring(worker, observer) as meter,
    ):
        for name, script in pending():
            began = time.monotonic()
            seen = run_file(worker, meter, script.content)
            work = workloads(script, seen, url.schema)
            own = sum(one.seconds for one in seen)
            print(f"{name}: {own:.2f} s of statements, {time.monotonic() - began:.2f} s with the meter")
            for one in seen:
                print(f"   {one.text[:50]:50} {one.seconds:7.3f} s {work[one.number]} {one.wal_bytes / 1e6:.0f} MB WAL")
            found.append(Rehearsed(migration=name, seconds=own, statements=seen, work=work))
    return found


def run_all(url: DatabaseUrl) -> list[tuple[str, float, tuple[StatementMeasure, ...]]]:
    """The pending files with nothing but a stopwatch; each file's own seconds, its COMMIT included."""
    found = []
    with connect(url, purpose="migrate") as session:
        for name, script in pending():
            began = time.monotonic()
            seen = run_file(session, Stopwatch(), script.content)
            found.append((name, time.monotonic() - began, seen))
    return found


def pending() -> list[tuple[str, Script]]:
    """The sample's migrations that the demo leaves to be run."""
    files = read_migrations(SAMPLE / "prisma" / "migrations")[APPLIED:]
    return [(file.name, parse_script(Path(file.path).read_bytes())) for file in files]


def sizes(url: DatabaseUrl) -> dict[str, TableSize]:
    """As they are now."""
    with connect(url, purpose="sizes", read_only=True) as session:
        return table_sizes(session)


def fill(url: DatabaseUrl, orders: int) -> None:
    """The demo's data as it stands before tonight's migrations."""
    began = time.monotonic()
    with connect(url, purpose="bench") as session:
        for step in apply(session, read_migrations(SAMPLE / "prisma" / "migrations")[:APPLIED]):
            if isinstance(step, Failed):
                raise SystemExit(step.error)
    data.fill(url, orders)
    print(f"{orders:,} orders in {time.monotonic() - began:.0f} s")


def copy(server: EmbeddedServer, source: str, target: str) -> None:
    """Another database with the same files."""
    administer(server, f"CREATE DATABASE {target} TEMPLATE {source}")
    administer(server, "CHECKPOINT")


def administer(server: EmbeddedServer, sql: str) -> None:
    """One statement as superuser."""
    with connect(url_of(server, "postgres"), purpose="bench", lock_timeout_seconds=60) as session:
        session.script(sql.encode())


def url_of(server: EmbeddedServer, database: str) -> DatabaseUrl:
    """A database of the server."""
    return parse(server.url(database), "the bench's server")


if __name__ == "__main__":
    main()
