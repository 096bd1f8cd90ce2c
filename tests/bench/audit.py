"""What verifying a journal costs: ``python -m tests.bench.audit``.

Seconds for a journal of ten thousand entries of every kind, as a ratio against plain reading in the same run (which
checks the chain too, and stops at the first flaw); and of one with a changed byte in it, which is searched for. Nothing
is asserted.
"""

from __future__ import annotations

import argparse
import tempfile
from io import BytesIO
from itertools import cycle, islice
from pathlib import Path
from statistics import median

from dixis_tui.run.audit import verify_chain
from dixis_tui.run.audit_log import Checkpoint, verify_log
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log, Mark
from dixis_tui.secrets import Redactor
from tests.bench.radar import seconds
from tests.unit.examples import EVENTS


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        bench(Path(place), arguments.entries, arguments.times)


def bench(folder: Path, entries: int, times: int) -> None:
    """A line for each."""
    path = folder / "journal.jsonl"
    journal = Journal(path)
    journal.append(*islice(cycle(EVENTS), entries), flush=False)
    journal.close()
    data = path.read_bytes()
    at = data.index(b'"a sentence"', len(data) // 2) + 3
    torn = data[:at] + b"?" + data[at + 1 :]
    print(f"{entries} entries, {len(data):,} bytes, medians of {times}")
    plain = [median(seconds(lambda: read(path)) for _ in range(times))]
    for what, deed in (
        ("reading", lambda: read(path)),
        ("verifying", lambda: verify_chain(path.read_bytes())),
        ("verifying, one byte changed", lambda: verify_chain(torn)),
    ):
        taken = median(seconds(deed) for _ in range(times))
        print(f"  {what:30} {taken * 1000:8.1f} ms {taken / plain[0]:8.2f}")
    _log(folder, entries, times)


def _log(folder: Path, entries: int, times: int) -> None:
    log = Log(folder / "run.log", Redactor())
    log.line(
        "server", "\n".join(["a line of the server's, as long as most of them are, and a little longer"] * entries)
    )
    data = (folder / "run.log").read_bytes()
    with log.held() as mark:
        points = [Checkpoint(1, "backup", mark.bytes, mark.sha256)]
    taken = median(seconds(lambda: verify_log(BytesIO(data), points, ended=True)) for _ in range(times))
    gate = median(seconds(lambda: _hold(log)) for _ in range(times))
    print(f"a log of {len(data):,} bytes")
    print(f"  verifying                      {taken * 1000:8.1f} ms")
    print(f"  its digest at a gate           {gate * 1000:8.4f} ms")


def _hold(log: Log) -> Mark:
    with log.held() as mark:
        return mark


if __name__ == "__main__":
    main()
