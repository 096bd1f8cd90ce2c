"""What drills of the way back have shown: one line a drill in `drills.jsonl`, beside `runs`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from dixis_tui.model import Step, Verdict
from dixis_tui.run import folders, policy, records
from dixis_tui.run.state import RunState

FILE = "drills.jsonl"


class DrillRecord(Struct, frozen=True, kw_only=True):
    """One drill. `at` is its end in UTC; `target` is the masked URL; what was not come to has 0 bytes or seconds.

    `system_identifier` is the server's, empty where the role may not read it. `swap_seconds` is how long nobody could
    connect.
    """

    at: datetime
    run: str
    target: str
    database: str
    system_identifier: str
    backup_bytes: int
    backup_seconds: float
    restore_seconds: float
    compare_seconds: float
    swap_seconds: float
    passed: bool
    operator: str


class Drills(Struct, frozen=True):
    """The records, oldest first; `problem` says what could not be read, or is empty."""

    records: tuple[DrillRecord, ...] = ()
    problem: str = ""


def of_state(state: RunState, operator: str, at: datetime) -> DrillRecord:
    """The record of a drill's run, at its end."""
    spent = {view.step: view.seconds or 0.0 for view in state.steps}
    return DrillRecord(
        at=at,
        run=state.run.run if state.run else "",
        target=state.run.target if state.run else "",
        database=state.identity.database if state.identity else "",
        system_identifier=state.identity.system_identifier if state.identity else "",
        backup_bytes=state.backup.bytes if state.backup else 0,
        backup_seconds=state.backup.seconds if state.backup else 0.0,
        restore_seconds=spent.get(Step.RESTORE, 0.0),
        compare_seconds=spent.get(Step.COMPARE, 0.0),
        swap_seconds=state.swapped.seconds if state.swapped else 0.0,
        passed=policy.verdict(state) is Verdict.ROLLED_BACK,
        operator=operator,
    )


def path_for(run: Path) -> Path:
    """Where the records of a run's neighbours are: beside `runs`, in the state directory or in a demo's folder."""
    return records.beside_runs(run, FILE)


def append(path: Path, record: DrillRecord) -> str:
    """Add one record, on disk when this returns. A sentence where it could not be written; else empty."""
    problem = records.append(path, record)
    return f"The record of this drill {problem}." if problem else ""


def read(path: Path) -> Drills:
    """The records of one file. Never raises for what it holds."""
    return Drills(*records.read(path, DrillRecord))


def all_drills() -> Drills:
    """The records of this machine, the demos' as well, oldest first."""
    state = folders.state_directory()
    found = [read(path) for path in (state / FILE, *sorted(state.glob(f"demo/*/{FILE}")))]
    told = sorted((one for drills in found for one in drills.records), key=_moment)
    return Drills(tuple(told), "; ".join(filter(None, (drills.problem for drills in found))))


def _moment(record: DrillRecord) -> float:
    return record.at.timestamp()
