"""HISTORY: the runs on this target, what each took against what was predicted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from dixis_tui.model import Verdict
from dixis_tui.run import history, records
from dixis_tui.run.state import fold
from tests.screens.stage import SIZES, Stage, play
from tests.screens.story import Story, stages
from tests.unit.test_history import RECORD

STATE = fold(stages()["sign_off"].entries)
assert STATE.run is not None
HERE = msgspec.structs.replace(RECORD, target=STATE.run.target)


def keep(folder: Path, *found: history.RunRecord) -> None:
    for one in found:
        assert records.append(records.beside_runs(folder, history.FILE), one) == ""


def ran(number: int, verdict: Verdict = Verdict.DONE, **changes: object) -> history.RunRecord:
    at = HERE.at - timedelta(days=number)
    return msgspec.structs.replace(HERE, run=f"run-{number}", at=at, verdict=verdict, **changes)


MANY = [
    ran(1, seconds=4.4),
    ran(8, Verdict.ROLLED_BACK, seconds=12.0, migrations=("20251110_zone",)),
    ran(30, seconds=3.0, operator="Κωνσταντίνος Παπαδημητρακόπουλος-Αναγνωστόπουλος", waived=("DX121", "DX133")),
    ran(31, Verdict.ABANDONED, seconds=None, migrations=(), went=False),
]


@pytest.mark.parametrize("size", SIZES)
def test_the_runs_of_this_target_newest_first(tmp_path: Path, size: tuple[int, int]) -> None:
    folder = tmp_path / "runs" / "this"
    folder.mkdir(parents=True)
    elsewhere = msgspec.structs.replace(HERE, run="elsewhere", target="postgresql://x@y/z", system_identifier="9")
    keep(folder, *MANY, elsewhere)

    async def script(at: Stage) -> None:
        await at.pilot.press("y")
        await at.until_shown("2 of 3 runs done")
        shown = at.text()
        rows = [row for row in shown.splitlines() if "2026-1" in row]
        assert len(rows) == 3
        assert rows == sorted(rows, key=lambda row: row[row.index("2026-1") :][:16], reverse=True)
        assert "the last migration took 4.4 s, predicted 4.0 s" in " ".join(shown.split())
        assert "elsewhere" not in shown
        assert "┃" in shown
        await at.pilot.press("down", "down")
        await at.until_shown("DX121, DX133")
        await at.pilot.press("space")
        await at.until_shown("abandoned")
        await at.pilot.press("escape")

    play(stages()["sign_off"], folder, script, size)


def test_no_run_yet_and_a_file_that_can_t_be_read(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "this"
    folder.mkdir(parents=True)

    async def empty(at: Stage) -> None:
        await at.pilot.press("y")
        await at.until_shown("No run on this target has taken the phrase yet.")

    async def broken(at: Stage) -> None:
        await at.pilot.press("y")
        await at.until_shown("can't be read")

    play(Story().begin(), folder, empty)
    (tmp_path / history.FILE).mkdir()
    play(Story().begin(), folder, broken)
