"""What a look of the after-watch costs production: ``python -m tests.bench.after``.

Milliseconds of a look with its short session, median of many, and as a ratio against a session of that kind that only
says `SELECT 1`: on a small database, and on one of many tables, indexes and statements. Nothing is asserted. A look
every five seconds that takes 50 ms is one percent of one core.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

from dixis_tui.after import Baseline
from dixis_tui.plan.after import Comparison
from dixis_tui.plan.log_lines import Tally
from dixis_tui.postgres.after_stats import AfterReader
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.settings_records import AfterSettings

TABLES = (5, 300)
_LINE = 'ERROR:  insert or update on table "Order" violates foreign key constraint "Order_customerId_fkey"'

_TABLE = """
CREATE TABLE IF NOT EXISTS "T" (id serial PRIMARY KEY, a int, b int); CREATE INDEX ON "T" (a); CREATE INDEX ON "T" (b);
SELECT count(*) FROM "T" WHERE a = 1; SELECT count(*) FROM "T" WHERE b = 1;
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", type=int, default=100)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        home = Path(place)
        home.chmod(0o711)  # the server's own user has to reach its data when we are root
        server = EmbeddedServer(home / "server", preload="pg_stat_statements")
        server.create()
        server.start()
        try:
            bench(parse(server.url("postgres"), "DATABASE_URL"), arguments.looks)
        finally:
            server.remove()


def bench(url: DatabaseUrl, looks: int) -> None:
    """A line a size."""
    print(f"a look of the after-watch, medians of {looks}")
    print("  tables            look    SELECT 1    ratio     judged")
    with connect(url, purpose="bench") as session:
        session.execute("CREATE EXTENSION pg_stat_statements")
        for tables in TABLES:
            for number in range(tables):
                session.script(_TABLE.replace('"T"', f'"T{number}"').encode())
            measure(url, tables, looks)
    lines = [_LINE] * 20_000
    took = seconds(lambda: Tally("bench").see(lines))
    print(f"  a flood of {len(lines):,} lines, each an error: {took * 1e6 / len(lines):.1f} µs a line")


def measure(url: DatabaseUrl, tables: int, looks: int) -> None:
    """Print medians of a look, of the least that a session does, and of what is thought about a look."""
    reader = AfterReader(url, big_table_rows=1)
    reader.begin()

    def least() -> None:
        with connect(url, purpose="bench", read_only=True) as session:
            session.value("SELECT 1")

    found = [(seconds(reader.look), seconds(least)) for _ in range(looks)]
    look, bare = median(one for one, _ in found), median(one for _, one in found)
    comparison, seen = Comparison(Baseline(), AfterSettings()), reader.look()

    def judge() -> None:
        comparison.see(seen, 0)
        comparison.suspects()

    judged = median(seconds(judge) for _ in range(looks))
    print(f"  {tables:6} {look * 1000:12.2f} ms {bare * 1000:8.2f} ms {look / bare:8.1f} {judged * 1000:8.2f} ms")


def seconds(deed: Callable[[], object]) -> float:
    """What it took."""
    began = perf_counter()
    deed()
    return perf_counter() - began


if __name__ == "__main__":
    main()
