"""Measuring a migration statement by statement while somebody else executes it. For a rehearsal, never for production.

The executor's session is the worker. Inside its transaction the worker itself is asked, between two statements, what
that transaction holds and has written anew: nobody else can see it. Before the first statement of a transaction, and
around one that sets something, it is not asked: `SET TRANSACTION` must come before any query. What commits by itself is
seen from the observer: its locks by looking while it runs, the rest by what was committed.

A few milliseconds a statement; they count neither as its time nor as time that its locks were held.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import DixisError
from dixis_tui.locks import LockMode, from_pg_locks
from dixis_tui.measures import HeldLock, StatementMeasure
from dixis_tui.postgres import relations
from dixis_tui.postgres.lock_sampler import LockSampler
from dixis_tui.postgres.relations import Counted, Table
from dixis_tui.postgres.session import Session
from dixis_tui.sql.claims import Work, claims
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import Statement

_SERVER = """
SELECT (pg_catalog.pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint AS wal,
       pg_catalog.pg_stat_get_db_temp_bytes(oid) AS temp
FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()
"""
_SIZE = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"
_SIZE_SHARE = 20
"""The database's size costs a look at each of its files: only after what took that many times as long."""
_READS = (Work.SCAN, Work.BUILD, Work.REWRITE)
_SETTING = frozenset({"variable_set_stmt", "transaction_stmt", "constraints_set_stmt"})


class _Server(Struct, frozen=True):
    wal: int
    temp: int


class _Taken(Struct, frozen=True):
    """A lock of the open transaction: `at` is the meter's clock where the statement that took it began."""

    number: int
    oid: int
    mode: LockMode
    at: float


class _Clock:
    """Seconds that go on only outside its `with` blocks."""

    def __init__(self) -> None:
        self._lost = 0.0
        self._since: float | None = None

    def now(self) -> float:
        return (time.monotonic() if self._since is None else self._since) - self._lost

    def __enter__(self) -> None:
        self._since = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self._lost += time.monotonic() - (self._since or 0.0)
        self._since = None


class Meter:
    """A hook of `dixis_tui.prisma.hooks`. The observer is a session of its own to the same database.

    What a look at the server fails to tell is left out of the measure; nothing is raised for it.
    """

    def __init__(self, worker: Session, observer: Session) -> None:
        self._worker = worker
        self._observer = observer
        self._sampler = LockSampler(observer, worker.pid)
        self._clock = _Clock()
        self._size, self._size_cost = 0, 0.0
        self._server = _Server(0, 0)
        self._temp = 0
        self._begin_file()
        self._of, self._began = 0, 0.0
        self._named: dict[int, tuple[LockMode, Work]] = {}

    def _begin_file(self) -> None:
        self._tables: dict[int, Table] | None = None
        self._oids: dict[Relation, int] = {}
        self._counts: dict[int, Counted] | None = None
        self._measures: dict[int, StatementMeasure] = {}
        self._taken: list[_Taken] = []
        self._in_block: list[int] = []

    def before(self, statement: Statement, of: int) -> None:
        """See how things stand before it, and begin to look on where it will commit by itself."""
        with self._clock, suppress(DixisError):
            self._sampler.finish()
            self._of = of
            inside = self._worker.in_transaction
            if self._tables is None:
                self._look_at_all(inside)
            if inside and self._counts is None and statement.kind not in _SETTING:
                self._counts = relations.counted(self._worker)
            self._named = self._resolve(statement)
            self._server = self._observer.query(_SERVER, row=_Server)[0]
            if not inside:
                self._sampler.start()
        self._began = self._clock.now()

    def after(self, statement: Statement, seconds: float, rows: int) -> StatementMeasure:
        """What it did. The locks of an open transaction count as held up to now; :meth:`ended` knows better."""
        measure = StatementMeasure(
            number=statement.number,
            of=self._of,
            line=statement.line,
            text=statement.shown,
            kind=statement.kind,
            seconds=seconds,
            rows=rows,
        )
        with self._clock:
            self._measures[statement.number] = measure
            sampled = self._sampler.finish()
            with suppress(DixisError):
                server = self._observer.query(_SERVER, row=_Server)[0]
                self._note(statement.number, wal_bytes=max(server.wal - self._server.wal, 0))
                if self._worker.in_transaction:
                    self._in_block.append(statement.number)
                    if statement.kind not in _SETTING:
                        self._inside(statement)
                else:
                    self._give_back()
                    if statement.kind not in _SETTING:
                        self._committed(statement.number, {(one.oid, one.mode): one.seconds for one in sampled})
                if seconds >= _SIZE_SHARE * self._size_cost:
                    before = self._size
                    self._weigh()
                    self._note(statement.number, growth=self._size - before)
            return self._with_open_locks(statement.number)

    def ended(self, *, committed: bool) -> tuple[StatementMeasure, ...]:  # noqa: ARG002  true in both cases
        """All measures of the file. To be called right after COMMIT or ROLLBACK: then its locks are given back."""
        with self._clock:
            self._sampler.finish()
            with suppress(DixisError):
                self._give_back()
            measures = tuple(self._measures[number] for number in sorted(self._measures))
            self._begin_file()
            return measures

    def _note(self, number: int, **fields: Any) -> None:
        self._measures[number] = replace(self._measures[number], **fields)

    def _look_at_all(self, inside: bool) -> None:
        """The committed state that everything of this transaction is compared with."""
        if not inside:
            relations.hand_over_counts(self._worker)
        self._see(relations.committed(self._observer))
        self._temp = self._observer.query(_SERVER, row=_Server)[0].temp
        self._weigh()

    def _see(self, tables: dict[int, Table]) -> None:
        self._tables = tables
        self._oids = {Relation(table.schema, table.name): table.oid for table in tables.values()}

    def _weigh(self) -> None:
        began = time.monotonic()
        self._size = int(self._observer.value(_SIZE))
        self._size_cost = time.monotonic() - began

    def _resolve(self, statement: Statement) -> dict[int, tuple[LockMode, Work]]:
        """The tables that the statement names, by oid, with the strongest mode and the most work it claims."""
        schema = self._worker.url.schema
        tables = self._tables or {}
        found: dict[int, tuple[LockMode, Work]] = {}
        for claim in claims(statement):
            relation = Relation(claim.relation.schema or schema, claim.relation.name)
            oid = self._oids.get(relation)
            if claim.index:
                oid = relations.table_of_index(self._observer, relation.schema, relation.name)
            if oid in tables:
                mode, work = found.get(oid, (claim.mode, claim.work))
                mode = max(mode, claim.mode, key=lambda one: one.strength)
                found[oid] = (mode, claim.work if work is Work.NONE else work)
        return found

    def _inside(self, statement: Statement) -> None:
        """Ask the worker, whose transaction is open."""
        tables, counts = self._tables or {}, self._counts or {}
        found = [one for one in relations.locked(self._worker) if one.oid in tables]
        had: dict[int, int] = {}
        for taken in self._taken:
            had[taken.oid] = max(had.get(taken.oid, 0), taken.mode.strength)
        rewritten: dict[str, int] = {}
        scanned: dict[str, int] = {}
        for oid, mode in _strongest((one.oid, from_pg_locks(one.mode)) for one in found).items():
            if mode.strength > had.get(oid, 0):
                self._taken.append(_Taken(statement.number, oid, mode, self._began))
        for one in {one.oid: one for one in sorted(found, key=lambda one: one.bytes)}.values():
            table, last = tables[one.oid], counts.get(one.oid, Counted(one.oid, 0, 0))
            rows = self._read_whole(table, one.scans - last.scans, one.read - last.read)
            if rows:
                scanned[_name(table)] = rows
            if one.filenode not in (0, table.filenode):
                if one.bytes:
                    rewritten[_name(table)] = rows or table.rows
                tables[one.oid] = replace(table, filenode=one.filenode)
            counts[one.oid] = Counted(one.oid, one.scans, one.read)
        self._counts = counts
        self._note(statement.number, rewritten=rewritten, scanned=scanned)

    def _committed(self, number: int, sampled: dict[tuple[int, LockMode], float]) -> None:
        """Ask the observer, once the worker is idle again."""
        before, seconds = self._tables or {}, self._measures[number].seconds
        self._look_at_the_rest(number)
        now = relations.committed(self._observer)
        self._see(now)
        for oid, (mode, _) in self._named.items():
            sampled.setdefault((oid, mode), seconds)  # too short to be seen, or seen: then that is better
        strongest = _strongest((oid, mode) for oid, mode in sampled if oid in before)
        locks = [(before[oid], mode, min(sampled[oid, mode], seconds)) for oid, mode in strongest.items()]
        rewritten: dict[str, int] = {}
        scanned: dict[str, int] = {}
        for oid in before.keys() & now.keys():
            was, table = before[oid], now[oid]
            rows = self._read_whole(was, table.scans - was.scans, table.read - was.read)
            if rows:
                scanned[_name(was)] = rows
            if table.filenode != was.filenode and relations.bytes_of(self._observer, oid):
                rewritten[_name(was)] = was.rows or table.rows
        held = _sorted(HeldLock(_name(table), mode, taken) for table, mode, taken in locks)
        self._note(number, locks=held, rewritten=rewritten, scanned=scanned)

    def _look_at_the_rest(self, number: int) -> None:
        """Temporary files, which a session tells of once its transaction is over."""
        relations.hand_over_counts(self._worker)
        temp = self._observer.query(_SERVER, row=_Server)[0].temp
        self._note(number, temp_bytes=max(temp - self._temp, 0))
        self._temp = temp

    def _read_whole(self, table: Table, scans: int, read: int) -> int:
        """The rows of a table that was read whole at least once; 0 where it was not, or has none.

        Of an index built in parallel only our own share is counted, so what the statement says of itself counts too.
        """
        if scans <= 0:
            return 0
        claimed = self._named.get(table.oid, (None, Work.NONE))[1] in _READS
        if not claimed and 2 * read < table.rows:
            return 0
        return table.rows or round(read / scans)

    def _give_back(self) -> None:
        """The transaction is over: its locks were held until now, and its temporary files are known."""
        now = self._clock.now()
        if self._in_block:
            # Only their sum is known: it stands with the statement that took longest.
            longest = max(self._in_block, key=lambda number: self._measures[number].seconds)
            for number in self._in_block:
                self._note(number, locks=self._locks(number, now))
            self._in_block, self._taken, self._counts, self._tables = [], [], None, None
            if not self._worker.in_transaction:
                self._look_at_the_rest(longest)

    def _locks(self, number: int, now: float) -> tuple[HeldLock, ...]:
        tables = self._tables or {}
        mine = [taken for taken in self._taken if taken.number == number]
        return _sorted(HeldLock(_name(tables[taken.oid]), taken.mode, now - taken.at) for taken in mine)

    def _with_open_locks(self, number: int) -> StatementMeasure:
        measure = self._measures[number]
        return replace(measure, locks=measure.locks or self._locks(number, self._clock.now()))


def _name(table: Table) -> str:
    return str(Relation(table.schema, table.name))


def _strongest(found: Iterator[tuple[int, LockMode | None]]) -> dict[int, LockMode]:
    strongest: dict[int, LockMode] = {}
    for oid, mode in found:
        if mode is not None and (oid not in strongest or mode.strength > strongest[oid].strength):
            strongest[oid] = mode
    return strongest


def _sorted(locks: Iterator[HeldLock]) -> tuple[HeldLock, ...]:
    return tuple(sorted(locks, key=lambda lock: (-lock.mode.strength, lock.table)))


@contextmanager
def measuring(worker: Session, observer: Session) -> Iterator[Meter]:
    """A meter that has stopped looking once the block is left, however it is left."""
    meter = Meter(worker, observer)
    try:
        yield meter
    finally:
        meter.ended(committed=False)
