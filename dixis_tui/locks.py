"""PostgreSQL's table locks, who holds them and who waits: the values that travel from a server to the screen.

Modes and conflicts: PostgreSQL's documentation, "Explicit Locking", table 13.2.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class LockMode(StrEnum):
    """A table lock's mode, written as PostgreSQL's documentation writes it, from the weakest to the strongest."""

    ACCESS_SHARE = "ACCESS SHARE"
    ROW_SHARE = "ROW SHARE"
    ROW_EXCLUSIVE = "ROW EXCLUSIVE"
    SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"
    SHARE = "SHARE"
    SHARE_ROW_EXCLUSIVE = "SHARE ROW EXCLUSIVE"
    EXCLUSIVE = "EXCLUSIVE"
    ACCESS_EXCLUSIVE = "ACCESS EXCLUSIVE"

    @property
    def strength(self) -> int:
        """1 to 8, as in PostgreSQL's source: a stronger mode is also what `LOCK TABLE` would rank higher."""
        return list(LockMode).index(self) + 1

    @property
    def blocks_reads(self) -> bool:
        """Whether a plain SELECT waits for it."""
        return self is LockMode.ACCESS_EXCLUSIVE

    @property
    def blocks_writes(self) -> bool:
        """Whether INSERT, UPDATE and DELETE wait for it."""
        return self.strength >= LockMode.SHARE.strength

    def conflicts(self, other: LockMode) -> bool:
        """Whether two sessions can't hold both on one table."""
        return other in _CONFLICTS[self]

    @property
    def pg_locks(self) -> str:
        """As `pg_locks.mode` has it: `AccessExclusiveLock`."""
        return "".join(word.capitalize() for word in self.split()) + "Lock"


def from_pg_locks(mode: str) -> LockMode | None:
    """The mode that `pg_locks` calls `AccessExclusiveLock`; None for what is no table lock's mode."""
    return _BY_NAME.get(mode)


_BY_NAME = {mode.pg_locks: mode for mode in LockMode}
_ALL = tuple(LockMode)
_CONFLICTS: dict[LockMode, frozenset[LockMode]] = {
    LockMode.ACCESS_SHARE: frozenset(_ALL[7:]),
    LockMode.ROW_SHARE: frozenset(_ALL[6:]),
    LockMode.ROW_EXCLUSIVE: frozenset(_ALL[4:]),
    LockMode.SHARE_UPDATE_EXCLUSIVE: frozenset(_ALL[3:]),
    LockMode.SHARE: frozenset({LockMode.ROW_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE, *_ALL[5:]}),
    LockMode.SHARE_ROW_EXCLUSIVE: frozenset(_ALL[2:]),
    LockMode.EXCLUSIVE: frozenset(_ALL[1:]),
    LockMode.ACCESS_EXCLUSIVE: frozenset(_ALL),
}


class TableLock(Struct, frozen=True):
    """A lock on one table, as `schema.table` or `table`; `since` is when it was first seen or asked for (UTC)."""

    table: str
    mode: LockMode
    since: datetime | None = None


class Peer(Struct, frozen=True, kw_only=True):
    """Another session, in its place in the tree of who waits for whom.

    `depth` 1 is next to us, 2 waits for (or blocks) one of depth 1, and so on. `waits_on` are the process ids that
    it waits for. `query` is its present or last statement, cleaned and shortened; `since` when that began (UTC),
    `state` is that of `pg_stat_activity`. `waiting_seconds` is how long it has waited for a lock; 0: it does not.
    `started` is when its session began: with `pid` it tells one session from a later one of the same number. What our
    role may not see is empty. A `pid` of 0 is a prepared transaction, which no session has any more.
    """

    pid: int
    depth: int
    user: str
    application: str
    address: str
    state: str
    query: str
    since: datetime | None
    started: datetime | None = None
    waits_on: tuple[int, ...] = ()
    waiting_seconds: float = 0.0
    lock: TableLock | None = None
    """What it waits for (a victim), or holds against us (a blocker)."""

    def __str__(self) -> str:
        what = f"{self.application or 'no name'}, user {self.user}, {self.state or 'hidden from our role'}"
        who = f"process {self.pid} ({what})"
        return f"{who} holds {self.lock.table}" if self.lock else who


class Progress(Struct, frozen=True):
    """One row of a `pg_stat_progress_*` view: `phase` in the server's words, `done` of `total` in `unit`."""

    command: str
    phase: str
    done: int
    total: int
    unit: str

    @property
    def fraction(self) -> float | None:
        """0 to 1; None where the server names no total."""
        return min(self.done / self.total, 1.0) if self.total else None


class Lag(Struct, frozen=True):
    """How far a replica is behind: seconds of replay and bytes of WAL."""

    replica: str
    seconds: float
    bytes: int


class Radar(Struct, frozen=True, kw_only=True):
    """One look at our own backend and at everybody around it, by the server's clock. Rates are bytes a second.

    `pid` is 0 where there is no backend of ours, `query` empty where it runs nothing. `blockers` are those above us,
    `victims` those behind us and behind them, nearest first; who is both, in a deadlock, is a blocker. How many
    :meth:`listed` has left out is in `unlisted_…`.
    """

    at: datetime
    pid: int = 0
    query: str = ""
    query_since: datetime | None = None
    transaction_since: datetime | None = None
    wait_event: str = ""
    """Kind and name, as in `Lock: virtualxid` or `IO: DataFileRead`."""
    holds: tuple[TableLock, ...] = ()
    """Strongest first, those of system catalogs left out."""
    waits_for: TableLock | None = None
    blockers: tuple[Peer, ...] = ()
    victims: tuple[Peer, ...] = ()
    longest_wait_seconds: float = 0.0
    """The longest that any victim has waited so far."""
    progress: Progress | None = None
    wal_rate: float = 0.0
    """Of the whole server, over the last few seconds."""
    lag: tuple[Lag, ...] = ()
    unlisted_holds: int = 0
    unlisted_blockers: int = 0
    unlisted_victims: int = 0

    @property
    def blocker_count(self) -> int:
        """All that are above us."""
        return len(self.blockers) + self.unlisted_blockers

    @property
    def victim_count(self) -> int:
        """All that are behind us."""
        return len(self.victims) + self.unlisted_victims

    def listed(self, most: int) -> Radar:
        """The same with at most so many locks, blockers and victims by name, the first ones, and the rest counted."""
        return replace(
            self,
            holds=self.holds[:most],
            blockers=self.blockers[:most],
            victims=self.victims[:most],
            unlisted_holds=self.unlisted_holds + len(self.holds[most:]),
            unlisted_blockers=self.unlisted_blockers + len(self.blockers[most:]),
            unlisted_victims=self.unlisted_victims + len(self.victims[most:]),
        )
