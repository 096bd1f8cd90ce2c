"""What a proven backup costs over a bare one, and how long a swap keeps people out: ``python -m tests.bench.way_back``.

The same data, one server, in turns: `pg_dump -Fc` and `pg_restore -j` as anybody would type them, against our dump
(rows and contents digested in its snapshot, the file's SHA-256), our restore with ANALYZE, and the comparison of
contents and schema. The aim is 1.15. Then a database is swapped in while clients connect again and again, and the
longest gap between two that came through is printed. Rates are extrapolated to 1 and 10 GB of tables.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from dixis_tui.errors import DixisError
from dixis_tui.model import Backup, DumpFormat
from dixis_tui.postgres.dump import DumpOptions, dump
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.proof import compare_contents
from dixis_tui.postgres.restore import JOBS, restore_into
from dixis_tui.postgres.schema import compare_schema
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.side import create_side
from dixis_tui.postgres.swap import maintenance, names, swap
from dixis_tui.postgres.tools import Tools, find_tools, major_in
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import child_environment
from tests.bench.prediction import ORDERS, fill, url_of

AIM = 1.15


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="times half a million orders")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--format", choices=["custom", "directory"], default="custom")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        home = Path(place)
        home.chmod(0o711)  # the server's own user has to reach its data when we are root
        server = EmbeddedServer(home / "server")
        server.create()
        server.start()
        try:
            server.create_database("production")
            fill(url_of(server, "production"), round(ORDERS * arguments.scale))
            _bench(server, home, arguments.turns, DumpFormat(arguments.format))
            _outage(server, home)
        finally:
            server.remove()


def _bench(server: EmbeddedServer, home: Path, turns: int, form: DumpFormat) -> None:
    tools, url = find_tools(major_in(server.bindir)), url_of(server, "production")
    with connect(url, purpose="bench") as session:
        session.execute("VACUUM ANALYZE")
        size = int(session.value("SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r' AND oid >= 16384"))
    print(f"{size / 1e6:.0f} MB of tables, {JOBS} jobs, {form}")
    bare, ours = list[float](), list[float]()
    parts: dict[str, float] = {}
    for turn in range(turns):
        bare.append(_bare(server, home, tools, url, form))
        parts = _ours(server, home, tools, url, form)
        ours.append(sum(parts.values()))
        words = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in parts.items())
        print(f"turn {turn + 1}: bare {bare[-1]:.1f} s, ours {ours[-1]:.1f} s ({words}): {ours[-1] / bare[-1]:.2f}")
    print(f"best against best: {min(ours) / min(bare):.2f} (aim {AIM})")
    for gigabytes in (1, 10):
        scaled = ", ".join(f"{name} {seconds * gigabytes * 1e9 / size:.0f} s" for name, seconds in parts.items())
        print(f"{gigabytes} GB at these rates: {scaled}")


def _bare(server: EmbeddedServer, home: Path, tools: Tools, url: DatabaseUrl, form: DumpFormat) -> float:
    archive = home / "bare"
    server.create_database("bare")
    words = [tools.path("pg_dump"), f"--format={form}", f"--file={archive}"]
    if form is DumpFormat.DIRECTORY:
        words.append(f"--jobs={JOBS}")
    seconds = _timed(lambda: _run(url, words))
    seconds += _timed(lambda: _run(url_of(server, "bare"), [tools.path("pg_restore"), f"--jobs={JOBS}", archive]))
    _drop(server, "bare")
    print(f"   bare: {sum(file.stat().st_size for file in [archive, *archive.rglob('*')]) / 1e6:.0f} MB", end="; ")
    subprocess.run(["rm", "-rf", archive], check=True)
    return seconds


def _run(url: DatabaseUrl, words: list[object]) -> None:
    with connection_files(url) as environment:
        subprocess.run(
            [*map(str, words[:1]), f"--dbname=service={SERVICE}", *map(str, words[1:])],
            env=child_environment(environment),
            check=True,
        )


def _ours(server: EmbeddedServer, home: Path, tools: Tools, url: DatabaseUrl, form: DumpFormat) -> dict[str, float]:
    made: list[Backup] = []
    server.create_database("ours")
    copy = url_of(server, "ours")
    options = DumpOptions(form=form, jobs=JOBS)
    seconds = {
        "dump": _timed(
            lambda: made.append(
                dump(url, tools, home / "ours", on_progress=_ignore, on_line=lambda _: None, options=options)
            )
        ),
        "restore": _timed(
            lambda: restore_into(
                copy, tools, made[0], jobs=JOBS, keep_owners=True, on_progress=_ignore, on_line=lambda _: None
            )
        ),
        "contents": _timed(lambda: _nothing(compare_contents(copy, made[0], jobs=JOBS))),
        "schema": _timed(lambda: _nothing(compare_schema(copy, tools, made[0], keep_owners=True))),
    }
    print(f"ours: {made[0].bytes / 1e6:.0f} MB", end="; ")
    _drop(server, "ours")
    subprocess.run(["rm", "-rf", home / "ours"], check=True)
    return seconds


def _outage(server: EmbeddedServer, home: Path) -> None:
    """The longest time between two connections that came through, with two clients that try all the time."""
    url = url_of(server, "production")
    wanted = names("production", "bench", "bench")
    with maintenance(url) as session:
        create_side(session, wanted)
    over, at, gaps = threading.Event(), [time.monotonic()], list[float]()

    def hammer() -> None:
        while not over.is_set():
            try:
                with connect(url, purpose="client"):
                    now = time.monotonic()
                    gaps.append(now - at[0])
                    at[0] = now
            except DixisError:
                continue

    threads = [threading.Thread(target=hammer) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(gaps) < 50:
        over.wait(0.01)
    gaps.clear()
    done = swap(url, wanted)
    seen = len(gaps)
    while len(gaps) < seen + 50:
        over.wait(0.01)
    over.set()
    for thread in threads:
        thread.join()
    print(f"swap: {done.seconds:.2f} s by its own account, nobody came through for {max(gaps):.2f} s at most")


def _nothing(found: list[object]) -> None:
    if found:
        raise SystemExit(f"it differs: {found}")


def _timed(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def _ignore(*_: object) -> None:
    """Progress that nobody looks at."""


def _drop(server: EmbeddedServer, name: str) -> None:
    with maintenance(replace(url_of(server, "production"), database=name)) as session:
        session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
