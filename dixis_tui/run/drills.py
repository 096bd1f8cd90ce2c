"""What drills of the way back have shown: one line a drill in `drills.jsonl`, beside `runs`, 0600.

A record is only ever added. A line that can't be read, such as one that a crash left half-written, is left out and
counted; it hides no other.
"""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from dixis_tui.model import Step, Verdict
from dixis_tui.run import folders, policy
from dixis_tui.run.state import RunState

FILE = "drills.jsonl"
_BYTES_AT_MOST = 16_000_000


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
    return run.parents[1] / FILE


def append(path: Path, record: DrillRecord) -> str:
    """Add one record, on disk when this returns. A sentence where it could not be written; else empty."""
    line = msgspec.json.encode(record) + b"\n"
    try:
        file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(file).st_size
            if size and os.pread(file, 1, size - 1) != b"\n":
                line = b"\n" + line  # a line that a crash left half-written takes no other with it
            os.write(file, line)
            os.fsync(file)
        finally:
            os.close(file)
    except OSError as error:
        return f"The record of this drill could not be written to {path}: {error.strerror}."
    return ""


def read(path: Path) -> Drills:
    """The records of one file. Never raises for what it holds."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            data = file.read(_BYTES_AT_MOST)
    except FileNotFoundError:
        return Drills()
    except OSError as error:
        return Drills(problem=f"{path} can't be read: {error.strerror}")
    records, damaged = [], 0
    for line in filter(None, data.splitlines()):
        try:
            records.append(msgspec.json.decode(line, type=DrillRecord))
        except (msgspec.MsgspecError, UnicodeDecodeError):
            damaged += 1
    return Drills(tuple(records), f"{damaged} damaged lines of {path} were left out" if damaged else "")


def all_drills() -> Drills:
    """The records of this machine, the demos' as well, oldest first."""
    state = folders.state_directory()
    found = [read(path) for path in (state / FILE, *sorted(state.glob(f"demo/*/{FILE}")))]
    records = sorted((one for drills in found for one in drills.records), key=_moment)
    return Drills(tuple(records), "; ".join(filter(None, (drills.problem for drills in found))))


def _moment(record: DrillRecord) -> float:
    return record.at.timestamp()
