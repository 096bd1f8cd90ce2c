"""What the meter says of a statement, against what the server says to a test that looks in other ways."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from msgspec import Struct

from dixis_tui.locks import LockMode
from dixis_tui.measures import HeldLock, StatementMeasure
from dixis_tui.postgres import measure, relations
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.measure import Meter, measuring
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.hooks import Hook
from tests.conftest import fresh_database
from tests.majors import both_majors
from tests.measured import run_file
from tests.waiting import until

SHOP = """
CREATE TYPE "Status" AS ENUM ('NEW', 'PAID');
CREATE TABLE "Customer" (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE "Order" (id int PRIMARY KEY, customer int, total int, note varchar(20), status "Status" DEFAULT 'NEW');
CREATE INDEX "Order_total_idx" ON "Order" (total);
CREATE TABLE line ("order" int REFERENCES "Order" (id), n int);
CREATE TABLE part (id int, n int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (100000);
CREATE SCHEMA stock; CREATE TABLE stock.item AS SELECT generate_series(1, 500) AS id;
CREATE MATERIALIZED VIEW sums AS SELECT 1 AS customer, 2 AS total FROM generate_series(1, 100);
CREATE VIEW named AS SELECT name FROM "Customer";
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
INSERT INTO "Customer" SELECT g, 'Πελάτης ' || g FROM generate_series(1, 1000) g;
INSERT INTO "Order" SELECT g, 1 + g % 1000, g, 'n' || g FROM generate_series(1, 20000) g;
INSERT INTO part SELECT g, g FROM generate_series(1, 300) g;
ANALYZE;
"""
FILES = """
SELECT format('%I.%I', nspname, relname), pg_relation_filenode(c.oid), c.oid
FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname IN ('public', 'stock') AND relkind IN ('r', 'p', 'm', 'v')
"""
ORDER, CUSTOMER = 'public."Order"', 'public."Customer"'
ALL = {ORDER: 20_000}


class Case(Struct, frozen=True):
    """A statement, and the tables that it writes anew and reads whole."""

    sql: str
    rewritten: dict[str, int] = {}
    scanned: dict[str, int] = {}
    rows: int = 0


CASES = [
    Case('ALTER TABLE "Order" ADD COLUMN zone int'),
    Case('ALTER TABLE "Order" ADD COLUMN token uuid DEFAULT gen_random_uuid()', ALL, ALL),
    Case('ALTER TABLE "Order" ALTER COLUMN total TYPE bigint', ALL, ALL),
    Case('ALTER TABLE "Order" ALTER COLUMN note TYPE text'),
    Case('ALTER TABLE "Order" ALTER COLUMN customer SET NOT NULL', scanned=ALL),
    Case('ALTER TABLE "Order" ADD CONSTRAINT positive CHECK (total >= 0)', scanned=ALL),
    Case('ALTER TABLE "Order" ADD CONSTRAINT sound CHECK (total >= 0) NOT VALID'),
    Case('ALTER TABLE "Order" ADD UNIQUE (note)', scanned=ALL),
    Case('ALTER TABLE "Order" RENAME TO orders'),
    Case('ALTER TABLE "Order" RENAME COLUMN note TO remark'),
    Case('ALTER TABLE "Order" ADD FOREIGN KEY (customer) REFERENCES "Customer" (id)', scanned=ALL | {CUSTOMER: 1_000}),
    Case('CREATE INDEX ON "Order" (customer)', scanned=ALL),
    Case('DROP INDEX "Order_total_idx"'),
    Case('UPDATE "Order" SET total = total + 1', scanned=ALL, rows=20_000),
    Case('UPDATE "Order" SET total = 0 WHERE id < 10', rows=9),
    Case('DELETE FROM "Order" WHERE id = 7', rows=1),
    Case(
        'INSERT INTO "Order" SELECT id + 100000, id FROM "Customer" WHERE name <> \'\'',
        scanned={CUSTOMER: 1_000},
        rows=1_000,
    ),
    Case('TRUNCATE "Order", line'),
    Case("DROP TABLE line"),
    Case("DROP VIEW named"),
    Case('DO $$ BEGIN UPDATE "Order" SET total = 1 WHERE id BETWEEN 1 AND 50; END $$'),
    Case("DO $$ BEGIN ALTER TABLE stock.item ALTER id TYPE bigint; END $$", {"stock.item": 500}, {"stock.item": 500}),
    Case("ALTER TABLE part ALTER n TYPE bigint", {"public.part_1": 300}, {"public.part_1": 300}),
    Case("ALTER TYPE \"Status\" ADD VALUE 'SENT'"),
    Case('CLUSTER "Order" USING "Order_pkey"', ALL, ALL),
    Case("REFRESH MATERIALIZED VIEW sums", {"public.sums": 100}),
    Case('CREATE TRIGGER touch BEFORE UPDATE ON "Order" FOR EACH ROW EXECUTE FUNCTION touch()'),
    Case('CREATE TABLE new AS SELECT * FROM "Order"', scanned=ALL, rows=20_000),
    Case('LOCK TABLE "Order" IN SHARE MODE'),
    Case("COMMENT ON TABLE line IS 'Γραμμές'"),
]
ON_ITS_OWN = [
    Case('VACUUM FULL "Order"', ALL),
    Case('CREATE INDEX CONCURRENTLY fresh ON "Order" (customer)', scanned=ALL),
    Case('DROP INDEX CONCURRENTLY "Order_total_idx"'),
    Case('REINDEX TABLE CONCURRENTLY "Order"', scanned=ALL),
]


def _hook_of(meter: Meter) -> Hook:
    return meter  # the types prove that it is one


@contextmanager
def metered(url: DatabaseUrl) -> Iterator[tuple[Session, Hook]]:
    """A worker, and a meter that looks at it."""
    with (
        connect(url, purpose="worker") as worker,
        connect(url, purpose="observer", read_only=True) as observer,
        measuring(worker, observer) as meter,
    ):
        yield worker, _hook_of(meter)


def fill(url: DatabaseUrl) -> None:
    """Tables of every kind."""
    with connect(url, purpose="fill") as session:
        session.script(SHOP.encode())


@pytest.fixture
def shop(database: DatabaseUrl) -> DatabaseUrl:
    """A database of the test's own."""
    fill(database)
    return database


@pytest.fixture(scope="module")
def kept() -> Iterator[tuple[ExitStack, dict[int, DatabaseUrl]]]:
    """The databases that tests share which change nothing, by their server's port."""
    with ExitStack() as stack:
        yield stack, {}


@pytest.fixture
def same_shop(server: EmbeddedServer, kept: tuple[ExitStack, dict[int, DatabaseUrl]]) -> DatabaseUrl:
    """A database that stays as it is: nothing is committed there."""
    stack, urls = kept
    if server.port not in urls:
        urls[server.port] = stack.enter_context(fresh_database(server))
        fill(urls[server.port])
    return urls[server.port]


class Truth(Struct):
    """What a plain connection sees of a statement inside its transaction."""

    locks: dict[str, LockMode]
    rewritten: set[str]


def truth_of(url: DatabaseUrl, sql: str) -> Truth:
    """Run it, look, and undo it; nothing of the meter is used."""
    with psycopg.connect(url.raw.reveal()) as plain:
        before = {oid: (name, node) for name, node, oid in plain.execute(FILES).fetchall()}
        plain.rollback()
        plain.execute(sql)
        after = {oid: node for _, node, oid in plain.execute(FILES).fetchall()}
        held: dict[str, list[LockMode]] = {}
        for oid, mode in plain.execute("SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid()").fetchall():
            if oid in before:
                words = " ".join(re.findall("[A-Z][a-z]+", mode.removesuffix("Lock"))).upper()
                held.setdefault(before[oid][0], []).append(LockMode(words))
        moved = {before[oid][0] for oid in before.keys() & after.keys() if before[oid][1] != after[oid]}
        plain.rollback()
    return Truth({table: max(modes, key=lambda mode: mode.strength) for table, modes in held.items()}, moved)


def only(measures: tuple[StatementMeasure, ...]) -> StatementMeasure:
    assert len(measures) == 1
    return measures[0]


def modes(seen: StatementMeasure) -> dict[str, LockMode]:
    return {lock.table: lock.mode for lock in seen.locks}


@both_majors
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sql[:60])
def test_in_a_transaction(server: EmbeddedServer, same_shop: DatabaseUrl, case: Case) -> None:
    truth = truth_of(same_shop, case.sql)
    with metered(same_shop) as (worker, hook):
        seen = only(run_file(worker, hook, case.sql.encode(), keep=False))
    assert modes(seen) == truth.locks
    assert seen.rewritten == case.rewritten
    assert seen.rewritten.keys() == ({*truth.rewritten} if not case.sql.startswith("TRUNCATE") else set())
    assert seen.scanned == case.scanned
    assert seen.rows == case.rows
    assert all(lock.seconds > 0 for lock in seen.locks)


@both_majors
def test_committed_by_itself(server: EmbeddedServer, shop: DatabaseUrl) -> None:
    """As Prisma 7.4 runs it. Of so short a statement only the locks that its text names are known."""
    left_out = ("LOCK TABLE", "COMMENT", "INSERT", "DELETE", "DROP VIEW", "CREATE TABLE")
    cases = [one for one in CASES if not one.sql.startswith(left_out) and "RENAME TO" not in one.sql]
    cases.sort(key=lambda case: case.sql.startswith(("TRUNCATE", "DROP")))
    with metered(shop) as (worker, hook):
        for case in cases:
            sql = case.sql
            truth = truth_of(shop, sql)
            seen = run_file(worker, hook, f"SELECT 1;\n{sql}".encode(), splits=True)[1]
            assert {*modes(seen).items()} <= {*truth.locks.items()}, sql
            if '"Order' in sql and not sql.startswith("DO"):
                assert modes(seen)[ORDER] is truth.locks[ORDER], sql
            assert seen.rewritten == case.rewritten, sql
            assert seen.scanned == case.scanned, sql


@both_majors
@pytest.mark.parametrize("case", ON_ITS_OWN, ids=lambda case: case.sql[:60])
def test_outside_a_transaction(server: EmbeddedServer, shop: DatabaseUrl, case: Case) -> None:
    with metered(shop) as (worker, hook):
        seen = only(run_file(worker, hook, case.sql.encode()))
    full = case.sql.startswith("VACUUM")
    assert modes(seen) == {ORDER: LockMode.ACCESS_EXCLUSIVE if full else LockMode.SHARE_UPDATE_EXCLUSIVE}
    assert seen.rewritten == case.rewritten
    assert seen.scanned == case.scanned or full


@both_majors
def test_locks_are_held_until_the_transaction_ends_and_only_new_ones_count(
    server: EmbeddedServer, shop: DatabaseUrl
) -> None:
    file = b"""
    UPDATE "Order" SET total = 1 WHERE id = 1;
    SELECT pg_sleep(0.2);
    ALTER TABLE "Order" ADD COLUMN zone int;
    ALTER TABLE "Order" ADD COLUMN area int;
    SELECT pg_sleep(0.1);
    """
    with metered(shop) as (worker, hook):
        first, _, third, fourth, _ = run_file(worker, hook, file)
    assert [(lock.table, lock.mode) for lock in first.locks] == [(ORDER, LockMode.ROW_EXCLUSIVE)]
    assert first.locks[0].seconds >= 0.3
    assert [(lock.table, lock.mode) for lock in third.locks] == [(ORDER, LockMode.ACCESS_EXCLUSIVE)]
    assert 0.1 <= third.locks[0].seconds < first.locks[0].seconds - 0.2
    assert fourth.locks == ()


@both_majors
def test_locks_that_commit_away_are_seen_while_the_statement_runs(server: EmbeddedServer, shop: DatabaseUrl) -> None:
    file = b"""
    BEGIN; LOCK TABLE "Order" IN EXCLUSIVE MODE; SELECT pg_sleep(0.4); COMMIT;
    BEGIN; LOCK TABLE "Customer" IN SHARE MODE; SELECT pg_sleep(0.4); COMMIT;
    ALTER TABLE stock.item ALTER id TYPE bigint;
    """
    with metered(shop) as (worker, hook):
        seen = only(run_file(worker, hook, file))
    held = {lock.table: lock for lock in seen.locks}
    assert (held[ORDER].mode, held[CUSTOMER].mode) == (LockMode.EXCLUSIVE, LockMode.SHARE)
    assert 0.1 <= held[ORDER].seconds <= seen.seconds
    assert seen.rewritten == {"stock.item": 500}
    assert (seen.number, seen.of, seen.line) == (1, 1, 1)


def test_a_concurrent_build_that_waits_is_seen_at_it(shop: DatabaseUrl) -> None:
    """Its lock is kept over its three transactions; our own looks are not among those it waits for."""
    with connect(shop, purpose="blocker") as blocker, connect(shop, purpose="test") as looker:
        blocker.execute('BEGIN; UPDATE "Order" SET total = 1 WHERE id = 1')
        with metered(shop) as (worker, hook):
            cancel_blocker = _when_waiting(looker, worker.pid, blocker)
            seen = only(run_file(worker, hook, b'CREATE INDEX CONCURRENTLY fresh ON "Order" (note)'))
            cancel_blocker.join()
    assert modes(seen) == {ORDER: LockMode.SHARE_UPDATE_EXCLUSIVE}
    assert 0 < seen.locks[0].seconds <= seen.seconds


def test_a_lock_that_is_waited_for_is_not_held(same_shop: DatabaseUrl) -> None:
    with (
        connect(same_shop, purpose="blocker") as blocker,
        connect(same_shop, purpose="worker") as worker,
        connect(same_shop, purpose="test") as looker,
    ):
        blocker.execute('BEGIN; LOCK TABLE "Order"')
        waiting = threading.Thread(target=worker.execute, args=('DELETE FROM "Order" WHERE id < 0',))
        waiting.start()
        until(lambda: looker.value("SELECT true FROM pg_locks WHERE pid = %s AND NOT granted", (worker.pid,)))
        order = looker.value("SELECT '\"Order\"'::regclass::oid")
        assert order in {one.oid for one in relations.held(looker, blocker.pid)}
        assert order not in {one.oid for one in relations.held(looker, worker.pid)}
        blocker.execute("ROLLBACK")
        waiting.join()


def test_the_meter_s_own_time_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([10.0, 12.0, 15.0, 16.0])
    monkeypatch.setattr("time.monotonic", lambda: next(moments))
    clock = measure._Clock()
    assert clock.now() == 10.0
    with clock:
        assert clock.now() == 12.0
    assert clock.now() == 13.0


def _when_waiting(looker: Session, pid: int, blocker: Session) -> threading.Thread:
    def wait_and_end() -> None:
        until(lambda: looker.value("SELECT true FROM pg_locks WHERE pid = %s AND NOT granted", (pid,)))
        blocker.execute("ROLLBACK")

    thread = threading.Thread(target=wait_and_end)
    thread.start()
    return thread


@both_majors
def test_bytes(server: EmbeddedServer, shop: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "_SIZE_SHARE", 0)
    with metered(shop) as (worker, hook):
        worker.execute("ALTER TABLE \"Order\" ADD COLUMN long text DEFAULT repeat('μ', 40)")
        rewrite = only(run_file(worker, hook, b'ALTER TABLE "Order" ALTER total TYPE bigint'))
        table, index = (worker.value(f"SELECT {size}('\"Order\"')") for size in ("pg_relation_size", "pg_indexes_size"))
        build = only(run_file(worker, hook, b'CREATE INDEX fresh ON "Order" (long, id)'))
        fresh = worker.value("SELECT pg_relation_size('fresh')")
        drop = only(run_file(worker, hook, b"DROP TABLE stock.item", splits=True))
    assert rewrite.wal_bytes >= table
    assert table + index <= rewrite.growth <= 2 * (table + index), "the old copy is still there"
    assert fresh <= build.growth <= 2 * fresh
    assert build.wal_bytes > 0
    assert drop.growth <= 0


@both_majors
@pytest.mark.parametrize("splits", [False, True])
def test_temporary_files(server: EmbeddedServer, shop: DatabaseUrl, splits: bool) -> None:
    told: list[str] = []
    with (
        connect(shop, purpose="worker", on_notice=told.append) as worker,
        connect(shop, purpose="observer") as observer,
        measuring(worker, observer) as meter,
    ):
        worker.script(b"SET work_mem = '64kB'; SET log_temp_files = 0; SET client_min_messages = log")
        file = b'SELECT 1; CREATE TABLE sorted AS SELECT id, note FROM "Order" ORDER BY note DESC; SELECT 2'
        seen = run_file(worker, meter, file, splits=splits)
        truth = sum(int(size) for line in told for size in re.findall(r"temporary file: .*size (\d+)", line))
        assert truth > 100_000
        assert [one.temp_bytes for one in seen] == [0, truth, 0]
        assert [one.temp_bytes for one in run_file(worker, meter, b"SELECT 1")] == [0]


@both_majors
def test_a_file_that_sets_its_transaction_up_is_not_disturbed(server: EmbeddedServer, shop: DatabaseUrl) -> None:
    file = b"""SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET LOCAL search_path = stock;
    UPDATE item SET id = id + 1; CREATE TABLE public.made (id int); ALTER TABLE public.made ADD COLUMN more int"""
    with metered(shop) as (worker, hook):
        *_, update, create, alter = run_file(worker, hook, file)
        assert worker.value("SELECT count(*) FROM stock.item WHERE id = 501") == 1
    assert modes(update) == {"stock.item": LockMode.ROW_EXCLUSIVE}
    assert update.scanned == {"stock.item": 500}
    assert (create.locks, alter.locks) == ((), ()), "nobody else can want a table that they can't see"


def test_a_failed_file_leaves_the_measures_of_what_went_through(shop: DatabaseUrl) -> None:
    with metered(shop) as (worker, hook):
        with pytest.raises(psycopg.Error):
            run_file(worker, hook, b'UPDATE "Order" SET total = 0 WHERE id = 3; SELECT 1 / 0')
        seen = run_file(worker, hook, b'ALTER TABLE "Customer" ADD COLUMN zone int')
        assert modes(only(seen)) == {CUSTOMER: LockMode.ACCESS_EXCLUSIVE}, "nothing of the failed file is left over"


def test_a_lost_observer_or_worker_only_costs_knowledge(shop: DatabaseUrl) -> None:
    with connect(shop, purpose="worker") as worker, connect(shop, purpose="observer") as observer:
        meter = Meter(worker, observer)
        observer.close()
        seen = only(run_file(worker, meter, b'UPDATE "Order" SET total = 0 WHERE id = 3'))
        assert (seen.rows, seen.locks) == (1, ())
    with connect(shop, purpose="worker") as worker, connect(shop, purpose="observer") as observer:
        meter = Meter(worker, observer)
        with pytest.raises(psycopg.Error):
            run_file(worker, meter, b"SELECT 1; SELECT pg_terminate_backend(pg_backend_pid())")
        assert meter.ended(committed=False) == ()


def test_measures_in_the_middle_say_what_is_held_so_far(shop: DatabaseUrl) -> None:
    seen: list[StatementMeasure] = []

    class Listening:
        def __init__(self, hook: Hook) -> None:
            self.before, self.ended, self._hook = hook.before, hook.ended, hook

        def after(self, statement, seconds, rows):  # type: ignore[no-untyped-def]
            seen.append(self._hook.after(statement, seconds, rows))
            return seen[-1]

    with metered(shop) as (worker, hook):
        final = run_file(worker, Listening(hook), b'LOCK TABLE "Order"; SELECT pg_sleep(0.1)')
    (now,), (later,) = seen[0].locks, final[0].locks
    assert isinstance(now, HeldLock)
    assert now.mode is later.mode is LockMode.ACCESS_EXCLUSIVE
    assert now.seconds + 0.1 <= later.seconds
