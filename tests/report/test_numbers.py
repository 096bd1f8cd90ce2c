"""Journal, report, numbers: every figure of a report is counted anew from the bare lines, and all are compared."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from dixis_tui.report.source import of_record
from dixis_tui.report.values import Facts
from dixis_tui.run.folders import find_record
from tests.recordings import record
from tests.report.recount import Json, lines_of, recount
from tests.report.stories import STORIES

ELSEWHERE = {
    "made",
    "version",
    "live",
    "record",  # tests/report/test_report.py, against the files' own bytes
    "excerpts",  # against the log, there as well
    "excerpts_left",
}
"""What is no figure of the journal, or is compared elsewhere."""


def figures_of(folder: Path) -> Json:
    """The program's, as plain JSON."""
    return msgspec.json.decode(msgspec.json.encode(of_record(find_record(f"{folder}/"))))


def differences(one: object, other: object, where: str = "") -> list[str]:
    """Each place where two JSON values are not the same; the sum of several numbers may differ in its last digit."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [name for name in {*one, *other} if name != "type"]
        return [found for name in names for found in differences(one.get(name), other.get(name), f"{where}.{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            found
            for at, pair in enumerate(zip(one, other, strict=True))
            for found in differences(*pair, f"{where}[{at}]")
        ]
    if isinstance(one, float | int) and isinstance(other, float | int) and one == pytest.approx(other):
        return []
    return [] if one == other else [f"{where}: {one!r} is {other!r} by the journal"]


def compare(folder: Path) -> Json:
    """All figures of a run's report with those of its journal; returns them."""
    shown = figures_of(folder)
    counted = msgspec.json.decode(msgspec.json.encode(recount(lines_of(folder / "journal.jsonl"))))
    assert set(counted) | ELSEWHERE == {field.name for field in msgspec.structs.fields(Facts)}
    shown["gates"] = [gate for gate in shown["gates"] if gate["answers"]]
    found = differences({name: shown[name] for name in counted}, counted)
    assert not found, "\n".join(found)
    return counted


@pytest.mark.parametrize("name", STORIES)
def test_every_figure_is_that_of_the_journal(name: str, tmp_path: Path) -> None:
    compare(record(tmp_path / "run", STORIES[name]().entries))


def test_the_comparison_can_fail(tmp_path: Path) -> None:
    """A figure that is wrong anywhere is found."""
    folder = record(tmp_path / "run", STORIES["everything"]().entries)
    shown = figures_of(folder)
    shown["migrations"][2]["statements"][0]["taken"] += 0.5
    shown["page"]["seconds"] += 1
    counted = msgspec.json.decode(msgspec.json.encode(recount(lines_of(folder / "journal.jsonl"))))
    found = differences(
        {name: shown[name] for name in ("migrations", "page")}, {n: counted[n] for n in ("migrations", "page")}
    )
    assert len(found) == 2
