"""Which notices went out: lines in `notices.jsonl`, beside `runs`; a day later another run, or a command, reads them.

Each sending has two lines: one before it, one with what came of it. A first line without a second, while nobody holds
the lock, is of a program that died in between.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.notice import NoticeKind, NoticeWay, Receipt, settled
from dixis_tui.run import folders, records

FILE = "notices.jsonl"
_LOCK = "notices.lock"
_LOOK_SECONDS = 0.05


class NoticeRecord(Struct, frozen=True, kw_only=True):
    """One line. `run` is empty where no run was under way; `opens`: the window's first moment (UTC), where agreed."""

    at: datetime
    run: str
    target: str
    opens: datetime | None
    operator: str
    receipt: Receipt


class NoticeLog(Struct, frozen=True):
    """The last line of each sending, oldest first; `problem` says what could not be read, or is empty."""

    records: tuple[NoticeRecord, ...] = ()
    problem: str = ""


def path_for(run: Path) -> Path:
    """Where it is for a run: beside `runs`, in the state directory or in a demo's folder."""
    return records.beside_runs(run, FILE)


def path() -> Path:
    """Where it is for whoever has no run."""
    return folders.state_directory() / FILE


def append(file: Path, record: NoticeRecord) -> str:
    """Add one line, on disk when this returns. A sentence where it could not be written; else empty."""
    problem = records.append(file, record)
    return f"the receipt {problem}" if problem else ""


def read(file: Path) -> NoticeLog:
    """All of it, as it stands. Never raises for what the file holds."""
    found, problem = records.read(file, NoticeRecord)
    last = {record.receipt.key: record for record in found}
    return NoticeLog(tuple(sorted(last.values(), key=lambda record: record.at.timestamp())), problem)


def seen(file: Path) -> NoticeLog:
    """The same for who only looks: what was begun, and nobody is at, is unknown."""
    log = read(file)
    with locked(file, 0) as free:
        if not free:
            return log
    return NoticeLog(tuple(replace(one, receipt=settled(one.receipt)) for one in log.records), log.problem)


def all_notices() -> NoticeLog:
    """What went out from this machine, from the demos as well, oldest first."""
    state = folders.state_directory()
    found = [seen(file) for file in (state / FILE, *sorted(state.glob(f"demo/*/{FILE}"))) if file.exists()]
    told = sorted((one for log in found for one in log.records), key=lambda record: record.at.timestamp())
    return NoticeLog(tuple(told), "; ".join(filter(None, (log.problem for log in found))))


@contextmanager
def locked(file: Path, seconds: float) -> Iterator[bool]:
    """Be the only one who sends, as long as the block runs; False where another one is still at it after `seconds`."""
    deadline, pause = time.monotonic() + seconds, threading.Event()
    handle = os.open(file.with_name(_LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    yield False
                    return
                pause.wait(_LOOK_SECONDS)
            else:
                yield True
                return
    finally:
        os.close(handle)


def key(kind: NoticeKind, way: NoticeWay, run: str, target: str, opens: datetime | None) -> str:
    """What tells this notice on this channel from all others: once a run, and `before` once a target's window.

    A digest: it goes out with the notice, and says nothing of the target.
    """
    window = f"{opens.astimezone(UTC):%Y%m%dT%H%M%SZ}" if opens else ""
    scope = run if run and kind is not NoticeKind.BEFORE else f"{target} {window}"
    return hashlib.sha256("\0".join((scope, kind, way.channel, way.name)).encode()).hexdigest()[:32]


def of_key(base: str, receipts: Iterable[Receipt]) -> list[Receipt]:
    """All sendings of one notice on one channel, those that were asked for again among them."""
    return [receipt for receipt in receipts if receipt.key.partition("-")[0] == base]
