"""From the radar's rows to who blocks us and who waits behind us. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from dixis_tui.locks import Peer, Radar, TableLock, from_pg_locks
from dixis_tui.postgres.radar_rows import Around, HeldRow, PreparedRow, SessionRow, WaitRow
from dixis_tui.sql.literals import without_literals
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import first_word_on

_LONGEST_QUERY = 200
_NO_SESSION = 0
"""What `pg_blocking_pids` gives for a prepared transaction."""

Words = Callable[[str], str]
"""Cleans and redacts text from outside."""


def levels(start: Iterable[int], further: Callable[[int], Iterable[int]]) -> dict[int, tuple[int, int]]:
    """Who is reached from `start`, nearest first: the depth from 1, and through whom. Each once, `start` never.

    A circle ends where it began.
    """
    found: dict[int, tuple[int, int]] = {}
    known = set(start)
    edge, depth = sorted(known), 0
    while edge:
        depth += 1
        following: list[int] = []
        for pid in edge:
            for other in sorted(set(further(pid)) - known):
                known.add(other)
                found[other] = (depth, pid)
                following.append(other)
        edge = following
    return found


def without_strangers(around: Around, known: Mapping[int, datetime | None]) -> Around:
    """The same, with nobody as ours who has the number of a session that we knew, but began at another time.

    A process id is used again once its session has ended, and what is ours may be cancelled.
    """
    sessions = [
        replace(row, ours=row.ours and known.get(row.pid, row.started) == row.started) for row in around.sessions
    ]
    return replace(around, sessions=sessions)


def radar_of(around: Around, words: Words, first_seen: Callable[[SessionRow, str], datetime]) -> Radar:
    """Our backend and everybody around it, without the measures.

    `first_seen` says since when this transaction or statement of a session has been seen with something.
    """
    picture = _Picture(around, words, first_seen)
    ours = [row for row in around.sessions if row.ours]
    if not ours:
        return Radar(at=around.at.astimezone(UTC))
    pids = {row.pid for row in ours}
    above = levels(pids, lambda pid: picture.waits[pid].waits_on if pid in picture.waits else ())
    behind = levels(pids, lambda pid: picture.waiters.get(pid, ()))
    main = min(ours, key=lambda row: (row.pid not in picture.waiters, _laziness(row), _age(row), row.pid))
    victims = [picture.victim(pid, depth) for pid, (depth, _) in behind.items() if pid not in above]
    victims.sort(key=lambda peer: (peer.depth, -peer.waiting_seconds, peer.pid))
    wait = picture.waits.get(main.pid)
    running = main.state == "active"
    return Radar(
        at=around.at.astimezone(UTC),
        pid=main.pid,
        query=picture.query(main) if running else "",
        query_since=_utc(main.query_since) if running else None,
        transaction_since=_utc(main.transaction_since),
        wait_event=words(main.wait_event) if running else "",
        holds=picture.holds(main),
        waits_for=picture.wanted(wait) if wait else None,
        blockers=tuple(picture.blocker(pid, depth, of) for pid, (depth, of) in above.items()),
        victims=tuple(victims),
        longest_wait_seconds=max((peer.waiting_seconds for peer in victims), default=0.0),
    )


class _Picture:
    """The rows by process id, and peers made of them."""

    def __init__(self, around: Around, words: Words, first_seen: Callable[[SessionRow, str], datetime]) -> None:
        self._words = words
        self._first_seen = first_seen
        self._at = around.at
        self._prepared = around.prepared
        self._sessions = {row.pid: row for row in around.sessions}
        self.waits = _merged(around.waits)
        self.waiters: dict[int, list[int]] = {}
        for pid, wait in self.waits.items():
            for other in wait.waits_on:
                self.waiters.setdefault(other, []).append(pid)
        self._held: dict[int, list[HeldRow]] = {}
        for row in around.held:
            self._held.setdefault(row.pid, []).append(row)

    def victim(self, pid: int, depth: int) -> Peer:
        wait = self.waits[pid]
        return self._peer(pid, depth, self.wanted(wait))

    def blocker(self, pid: int, depth: int, of: int) -> Peer:
        return self._peer(pid, depth, self._against(pid, self.waits[of]))

    def holds(self, session: SessionRow) -> tuple[TableLock, ...]:
        """Strongest first, one a table and mode."""
        locks = {
            (row.schema, row.table, row.mode): lock
            for row in self._held.get(session.pid, [])
            if row.users
            and (lock := self._lock(row, self._first_seen(session, f"{row.mode} {row.schema}.{row.table}")))
        }
        return tuple(sorted(locks.values(), key=lambda lock: (-lock.mode.strength, lock.table)))

    def wanted(self, wait: WaitRow) -> TableLock | None:
        return self._lock(wait, self._waiting_since(wait)) if wait.table else None

    def query(self, session: SessionRow) -> str:
        """In one line, shortened, and empty where our role may not see it."""
        if session.query == "<insufficient privilege>":
            return ""
        text = first_word_on(session.query)
        if not session.ours:
            text = without_literals(text)
        text = " ".join(self._words(text).split())
        return text if len(text) <= _LONGEST_QUERY else text[: _LONGEST_QUERY - 1] + "…"

    def _peer(self, pid: int, depth: int, lock: TableLock | None) -> Peer:
        wait = self.waits.get(pid)
        row = self._sessions.get(pid)
        if pid == _NO_SESSION:
            return _prepared(self._prepared, depth, lock, self._words)
        return Peer(
            pid=pid,
            depth=depth,
            user=self._words(row.user) if row else "",
            application=self._words(row.application) if row else "",
            address=row.address if row else "",
            state=self._words(row.state) if row else "",
            query=self.query(row) if row else "",
            since=_utc(row.query_since) if row else None,
            started=_utc(row.started) if row else None,
            waits_on=tuple(sorted(set(wait.waits_on))) if wait else (),
            waiting_seconds=self._waited(wait) if wait else 0.0,
            lock=lock,
        )

    def _against(self, pid: int, wait: WaitRow) -> TableLock | None:
        """What `pid` holds on what is waited for, or asked for before; else its strongest on a table of ours.

        The latter is what explains a wait for a transaction's end, as of `CREATE INDEX CONCURRENTLY`.
        """
        held = self._held.get(pid, [])
        same = [row for row in held if wait.table and (row.schema, row.table) == (wait.schema, wait.table)]
        ahead = self.waits.get(pid)
        if not same and ahead and wait.table and (ahead.schema, ahead.table) == (wait.schema, wait.table):
            return self.wanted(ahead)
        locks = [lock for row in same or held if (same or row.users) and (lock := self._lock(row, None))]
        return max(locks, key=lambda lock: lock.mode.strength, default=None)

    def _lock(self, row: HeldRow | WaitRow, since: datetime | None) -> TableLock | None:
        mode = from_pg_locks(row.mode)
        return TableLock(self._words(str(Relation(row.schema, row.table))), mode, _utc(since)) if mode else None

    def _waiting_since(self, wait: WaitRow) -> datetime:
        """By PostgreSQL 14 and later; before, and for the moment in which it has not noted it, since we saw it."""
        if wait.since:
            return wait.since
        session = self._sessions.get(wait.pid)
        return self._first_seen(session, f"waits {wait.mode} {wait.table}") if session else self._at

    def _waited(self, wait: WaitRow) -> float:
        return max((self._at - self._waiting_since(wait)).total_seconds(), 0.0)


def _merged(waits: Sequence[WaitRow]) -> Mapping[int, WaitRow]:
    """One row a session: a parallel query waits with each of its workers."""
    found: dict[int, WaitRow] = {}
    for wait in waits:
        if wait.pid not in found:
            found[wait.pid] = wait
        else:
            found[wait.pid].waits_on.extend(wait.waits_on)
    return found


def _prepared(rows: Sequence[PreparedRow], depth: int, lock: TableLock | None, words: Words) -> Peer:
    """The server does not say which of them blocks: all are named, the oldest first."""
    return Peer(
        pid=_NO_SESSION,
        depth=depth,
        user=words(rows[0].user) if rows else "",
        application="",
        address="",
        state="prepared transaction",
        query=words(", ".join(row.gid for row in rows))[:_LONGEST_QUERY],
        since=_utc(rows[0].since) if rows else None,
        lock=lock,
    )


def _laziness(row: SessionRow) -> int:
    return 0 if row.state == "active" else 1 if row.transaction_since else 2


def _age(row: SessionRow) -> datetime:
    return row.transaction_since or datetime.max.replace(tzinfo=UTC)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment else None
