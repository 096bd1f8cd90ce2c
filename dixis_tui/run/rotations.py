"""What rotations of a password have done: a line before and after each step in `rotations.jsonl`, beside `runs`.

No line ever holds a password; `file` is where the new one lies.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.run import folders, records

FILE = "rotations.jsonl"
FOLDER = "rotations"
"""Where new URLs are kept, where nobody names a file."""


class Step(StrEnum):
    """A rotation's steps, in their order. The last two are its ends."""

    STORE = "store"
    """The new URL is written to a file, before anything else knows it."""
    TRY = "try"
    """The server would take it: tried, and undone."""
    SECRETS = "secrets"
    """GitHub has the new URL."""
    ALTER = "alter"
    """The server has the new password."""
    PUT_BACK = "put_back"
    """The server did not take it: GitHub has the old URL again."""
    VERIFY = "verify"
    """A new connection works with the new password, and is refused with the old one."""
    DONE = "done"
    GIVEN_UP = "given_up"


class RotationRecord(Struct, frozen=True, kw_only=True):
    """One line. `done` is None before the step, then whether it was done; `at` is UTC; `target` is the masked URL."""

    rotation: str
    """Its id: when it began."""
    at: datetime
    step: Step
    done: bool | None = None
    role: str
    server: str
    """`host:port` as it was reached."""
    system_identifier: str = ""
    target: str
    file: str = ""
    operator: str = ""
    evidence: str = ""


class Rotation(Struct, frozen=True, kw_only=True):
    """What the lines of one rotation add up to."""

    last: RotationRecord
    began: datetime
    steps: dict[Step, RotationRecord] = {}
    """The last line of each step."""

    @property
    def id(self) -> str:
        """What it is called."""
        return self.last.rotation

    @property
    def over(self) -> bool:
        """Whether nothing of it is left to do."""
        return self.last.step in (Step.DONE, Step.GIVEN_UP)

    @property
    def completed(self) -> datetime | None:
        """When it came to its end with a new password; None: it did not."""
        return self.last.at if self.last.step is Step.DONE else None

    @property
    def changed(self) -> datetime | None:
        """When the server took the new password; None: it is not known to have."""
        altered = self.steps.get(Step.ALTER)
        return altered.at if altered and altered.done else None

    def did(self, step: Step) -> bool:
        """Whether a step is known to be done."""
        found = self.steps.get(step)
        return bool(found and found.done)

    def begun(self, step: Step) -> bool:
        """Whether a step was begun, whatever came of it."""
        return step in self.steps


def server_of(host: str, port: int) -> str:
    """What a server is called in a record."""
    return f"{host.lower()}:{port}"


def path_for(run: Path) -> Path:
    """Where the records of a run's neighbours are: beside `runs`."""
    return records.beside_runs(run, FILE)


def path_here() -> Path:
    """Where the records of this machine's user are."""
    return folders.state_directory() / FILE


def file_for(records_file: Path, rotation: str) -> Path:
    """Where a rotation's new URL is kept, where nobody names a file."""
    return folders.private(records_file.with_name(FOLDER)) / f"{rotation}.url"


def new_id() -> str:
    """What a rotation that begins now is called: made as a run's id is."""
    now = datetime.now(UTC)
    return f"{now:%Y%m%d-%H%M%S}-{now.microsecond * 0x10000 // 1_000_000:04x}"


def append(path: Path, record: RotationRecord) -> str:
    """Add one line, on disk when this returns. A sentence where it could not be written; else empty."""
    problem = records.append(path, record)
    return f"The record of this rotation {problem}." if problem else ""


def read(path: Path) -> tuple[tuple[Rotation, ...], str]:
    """The rotations of one file, in the order of their beginning, and what could not be read."""
    lines, problem = records.read(path, RotationRecord)
    return fold(lines), problem


def fold(lines: Iterable[RotationRecord]) -> tuple[Rotation, ...]:
    """What they add up to. Pure."""
    found: dict[str, Rotation] = {}
    for one in lines:
        before = found.get(one.rotation) or Rotation(last=one, began=one.at)
        found[one.rotation] = replace(before, last=one, steps=before.steps | {one.step: one})
    return tuple(found.values())


def of_role(rotations: Sequence[Rotation], role: str, server: str, system_identifier: str = "") -> tuple[Rotation, ...]:
    """Those of this role on this server. A server is known by its identifier where both sides know it."""

    def same(one: RotationRecord) -> bool:
        known = one.system_identifier and system_identifier
        return one.system_identifier == system_identifier if known else one.server == server

    return tuple(one for one in rotations if one.last.role == role and same(one.last))
