"""One run a target on this machine: a lock file in the state directory, held as long as its runner lives.

It says who holds it and since when. What PostgreSQL knows of runs from elsewhere is in
:mod:`dixis_tui.postgres.run_lock`; both refusals are one sentence of the same shape.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from dixis_tui.errors import UnderWayError
from dixis_tui.run import folders
from dixis_tui.run.runs import live
from dixis_tui.secrets import clean
from dixis_tui.settings import Settings

if TYPE_CHECKING:
    from dixis_tui.postgres.run_lock import HeldBy, Outcome
    from dixis_tui.postgres.url import DatabaseUrl

_NAMED_SECONDS = 2.0
"""How long the one who has just taken it may take to write who he is."""
_BYTES = 4000


class Holder(Struct, frozen=True, kw_only=True):
    """Who holds a lock: the run, operator@host, since when (UTC), and the process or backend (0: not known)."""

    run: str = ""
    who: str = ""
    since: datetime | None = None
    pid: int = 0


@contextmanager
def locked(path: Path, me: Holder, target: str) -> Iterator[None]:
    """Hold the lock file while the block runs.

    Raises:
        UnderWayError: another run holds it.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _take(file, target)
        os.ftruncate(file, 0)
        os.pwrite(file, msgspec.json.encode(me), 0)
        yield
    finally:
        os.close(file)


def target(url: DatabaseUrl) -> str:
    """A target as sentences name it."""
    return clean(f"{url.host}:{url.port}/{url.database}")


def fleet(settings: Settings) -> str:
    """A fleet as sentences name it, and as a later start finds it again: its repository and its folder."""
    return clean(f"databases of {settings.github.repository}, {settings.root}")


def require_ours(outcome: Outcome | None, target: str, run: str) -> None:
    """Raises UnderWayError where another run than `run` holds the lock in PostgreSQL."""
    from dixis_tui.postgres.run_lock import HeldBy

    if isinstance(outcome, HeldBy):
        raise elsewhere(outcome, target, run)


def elsewhere(other: HeldBy, target: str, run: str) -> UnderWayError:
    """That another run than `run`, from wherever, holds the lock in PostgreSQL."""
    address = f", from {other.address}" if other.address else ""
    holder = Holder(run=other.run, who=other.who, since=other.since, pid=other.pid)
    remedy = f"Ask {other.who or 'whoever it is'} to end it, or to let you attach to it there"
    if other.pid:
        remedy += f"; where nobody can reach it, `SELECT pg_terminate_backend({other.pid})` takes its lock"
    if other.run == run and other.pid:
        remedy = (
            "It is this run's own session, of a runner that died: the server ends it by itself within half a minute, "
            f"`SELECT pg_terminate_backend({other.pid})` at once; then look again"
        )
    lock = f"lock in PostgreSQL, backend {other.pid or 'unknown'}{address}"
    # Two runs of one instant on two machines have the same id.
    here = other.run not in ("", run) and here_is(other.run) is not None
    return refusal(target, holder, lock, "" if here else f"{remedy}.")


def refusal(target: str, holder: Holder, lock: str, remedy: str = "") -> UnderWayError:
    """That `holder` has the target, by which lock. Without a remedy its run is in this state directory. Pure."""
    begun = f" since {holder.since:%Y-%m-%d %H:%M:%S} UTC" if holder.since else ""
    by = f" by {holder.who}" if holder.who else ""
    return UnderWayError(
        f"{f'Run {holder.run}' if holder.run else 'A run'}{by} is under way on {target}{begun} ({lock})",
        remedy or f"Look at it with `dixis-tui attach {holder.run}`.",
        "" if remedy else holder.run,
    )


def here_is(run: str) -> Path | None:
    """The folder of the run with exactly this id, with a journal or not yet; None where this machine has none."""
    state = folders.state_directory()
    found = [path for path in (*state.glob("runs/*"), *state.glob("demo/*/runs/*")) if path.name == run]
    return found[0] if found else None


def come_up(run: str, seconds: float = 10.0) -> Path | None:
    """The folder of the live run with this id on this machine; one that has only just begun is waited for."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while (folder := here_is(run)) is not None:
        if live(folder):
            return folder
        if time.monotonic() > deadline:
            break
        pause.wait(0.01)
    return None


def _take(file: int, target: str) -> None:
    deadline = time.monotonic() + _NAMED_SECONDS
    pause = threading.Event()
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # What stands there may still be from the one before: he who is alive has written his own.
            holder = _read(file)
            late = time.monotonic() > deadline
            if late or (holder.pid and _alive(holder.pid)):
                where = f"lock in the state directory, pid {holder.pid or 'unknown'}"
                raise refusal(target, holder, where, "" if holder.run else "Try again in a moment.") from None
            pause.wait(0.01)
        else:
            return


def _read(file: int) -> Holder:
    try:
        found = msgspec.json.decode(os.pread(file, _BYTES, 0), type=Holder)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Holder()
    return msgspec.structs.replace(found, run=clean(found.run), who=clean(found.who))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
