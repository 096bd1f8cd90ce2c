"""Lock manners of the direct executor: waiting, giving way, trying again, and never twice what may have stayed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.direct_file import Conduct, Way, _keeps_nobody_waiting, undone, way_of
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import read_history, read_rows
from dixis_tui.prisma.manners import Manners, gives_way
from dixis_tui.prisma.steps import (
    Applied,
    Failed,
    Outcome,
    Retried,
    Started,
    StatementEnded,
    StatementStarted,
    Step,
    Waiting,
)
from dixis_tui.sql.script import parse_script
from tests.majors import both_majors
from tests.prisma.conftest import write_migrations
from tests.waiting import until

POLITE = Manners(retries=5)


@pytest.fixture
def session(database: DatabaseUrl) -> Iterator[Session]:
    with connect(database, purpose="migrate", lock_timeout_seconds=0.1) as opened:
        yield opened


@pytest.fixture
def other(database: DatabaseUrl) -> Iterator[Session]:
    with connect(database, purpose="shop") as opened:
        opened.script(b'CREATE TABLE "Order" (id int); INSERT INTO "Order" VALUES (1); CREATE TABLE "Item" (id int);')
        opened.script(b"CREATE TABLE _prisma_migrations (LIKE pg_class)")
        opened.script(b"DROP TABLE _prisma_migrations")
        yield opened


@contextmanager
def reading(other: Session) -> Iterator[None]:
    """An idle transaction that has read the table: nothing else, and that is enough."""
    other.script(b'BEGIN; SELECT * FROM "Order"')
    try:
        yield
    finally:
        other.rollback()


def run(
    session: Session, folder: Path, sql: str, conduct: Conduct, on: Callable[[Step], None] = lambda _: None
) -> list[Step]:
    """The steps of one file, with a history that knows nothing yet."""
    files = read_migrations(write_migrations(folder, {"0_baseline": b"SELECT 1", "1_a": sql.encode()}))
    if read_rows(session) is None:
        session.script(b"CREATE SCHEMA IF NOT EXISTS history")
    found = []
    for step in apply(session, files, "history", conduct=conduct):
        if step.name == "1_a":
            on(step)
            found.append(step)
    return found


TWO = 'ALTER TABLE public."Item" ADD COLUMN a int; ALTER TABLE public."Order" ADD COLUMN a int;'


@both_majors
def test_a_file_that_gave_way_begins_anew(session: Session, other: Session, tmp_path: Path) -> None:
    other.script(b'BEGIN; SELECT * FROM "Order"')
    pauses: list[float] = []

    def pause(seconds: float) -> bool:
        pauses.append(seconds)
        # Given way means: whoever waits behind us is through, and nothing of ours is left.
        assert not session.in_transaction
        if len(pauses) == 2:
            other.rollback()
        return False

    steps = run(session, tmp_path, TWO, Conduct(manners=POLITE, pause=pause))
    retries = [step for step in steps if isinstance(step, Retried)]
    assert [(step.attempt, step.sqlstate, step.whole, step.number) for step in retries] == [
        (1, "55P03", True, 2),
        (2, "55P03", True, 2),
    ]
    assert [step.seconds for step in retries] == pauses
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1.0
    assert isinstance(steps[-1], Applied)
    assert [step.measure.number for step in steps if isinstance(step, StatementEnded)] == [1, 1, 1, 2]
    rows = read_rows(session, "history")
    assert rows is not None
    assert [(row.migration_name, row.applied, row.logs) for row in rows] == [
        ("0_baseline", True, None),
        ("1_a", True, None),
    ]


def test_not_for_ever(session: Session, other: Session, tmp_path: Path) -> None:
    with reading(other):
        steps = run(session, tmp_path, TWO, Conduct(manners=Manners(retries=2), pause=lambda _: False))
    failed = steps[-1]
    assert isinstance(failed, Failed)
    assert (failed.sqlstate, failed.outcome, failed.recorded, failed.number) == ("55P03", Outcome.UNDONE, True, 2)
    assert "statement 2 of 2" in failed.error
    assert sum(isinstance(step, Retried) for step in steps) == 2
    assert other.value("SELECT count(*) FROM pg_attribute WHERE attname = 'a' AND attrelid = '\"Item\"'::regclass") == 0


def test_a_stop_in_the_pause_ends_it(session: Session, other: Session, tmp_path: Path) -> None:
    with reading(other):
        steps = run(session, tmp_path, TWO, Conduct(manners=POLITE, pause=lambda _: True))
    assert [type(step) for step in steps[-2:]] == [Retried, Failed]


@pytest.mark.parametrize(
    ("sql", "splits"),
    [
        # Its own COMMIT came before: a second try would do the first half again.
        ('BEGIN; INSERT INTO public."Item" VALUES (1); COMMIT; ALTER TABLE public."Order" ADD a int;', False),
        # A failed concurrent build leaves an invalid index.
        ('CREATE INDEX CONCURRENTLY i ON public."Order" (id)', False),
        # What a block commits on its way, nobody undoes.
        (
            'DO $$ BEGIN INSERT INTO public."Item" VALUES (1); COMMIT; ALTER TABLE public."Order" ADD a int; END $$',
            False,
        ),
        # So may what a block calls.
        ('DO $$ BEGIN CALL public.half(); ALTER TABLE public."Order" ADD COLUMN a int; END $$', False),
        # What fails for another reason than waiting.
        ("SELECT 1/0", False),
    ],
)
def test_never_again_where_something_may_have_stayed(
    session: Session, other: Session, tmp_path: Path, *, sql: str, splits: bool
) -> None:
    half = 'INSERT INTO public."Item" VALUES (1); COMMIT;'
    other.script(f"CREATE PROCEDURE half() LANGUAGE plpgsql AS $$ BEGIN {half} END $$".encode())
    other.script(b'BEGIN; LOCK TABLE "Order" IN SHARE UPDATE EXCLUSIVE MODE')
    conduct = Conduct(manners=Manners(retries=5, patience_seconds=0.1), splits=splits, pause=lambda _: False)
    steps = run(session, tmp_path, sql, conduct)
    other.rollback()
    assert not [step for step in steps if isinstance(step, Retried)]
    assert isinstance(steps[-1], Failed)
    assert other.value('SELECT count(*) FROM "Item"') == ("COMMIT" in sql or "CALL" in sql)


def test_its_own_transaction_begins_anew_where_nothing_was_committed(
    session: Session, other: Session, tmp_path: Path
) -> None:
    other.script(b'BEGIN; SELECT * FROM "Order"')

    def pause(_: float) -> bool:
        other.rollback()
        return False

    sql = 'BEGIN; INSERT INTO public."Item" VALUES (1); ALTER TABLE public."Order" ADD a int; COMMIT;'
    # COMMIT stands behind the statement that gave way: nothing was committed.
    steps = run(session, tmp_path, sql, Conduct(manners=POLITE, pause=pause))
    kinds = [type(step) for step in steps if not isinstance(step, StatementStarted)]
    assert kinds == [Started, Retried, StatementEnded, Applied]
    assert other.value('SELECT count(*) FROM "Item"') == 1


def test_statement_by_statement_only_the_one_that_gave_way(session: Session, other: Session, tmp_path: Path) -> None:
    """As Prisma 7.4 and later run a file."""
    other.script(b'BEGIN; SELECT * FROM "Order"')

    def pause(_: float) -> bool:
        assert other.value('SELECT count(*) FROM "Item"') == 1  # what came before has been committed
        other.rollback()
        return False

    sql = (
        'INSERT INTO public."Item" VALUES (1); ALTER TABLE public."Order" ADD a int;'
        'CREATE INDEX CONCURRENTLY i ON public."Order" (a);'
    )
    steps = run(session, tmp_path, sql, Conduct(manners=POLITE, splits=True, pause=pause))
    assert [(step.number, step.whole) for step in steps if isinstance(step, Retried)] == [(2, False)]
    assert isinstance(steps[-1], Applied)
    assert other.value('SELECT count(*) FROM "Item"') == 1
    assert other.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'i'::regclass") is True


@pytest.mark.parametrize("rest", ["COMMIT;", "COMMIT; SELECT 1;"])
def test_statement_by_statement_a_transaction_of_the_file_begins_anew_whole(
    session: Session, other: Session, tmp_path: Path, rest: str
) -> None:
    """Giving way undid what its transaction had done before: nothing of that may be left out."""
    other.script(b'BEGIN; SELECT * FROM "Order"')

    def pause(_: float) -> bool:
        assert not session.in_transaction
        other.rollback()
        return False

    sql = (
        'INSERT INTO public."Item" VALUES (1); BEGIN; INSERT INTO public."Item" VALUES (2);'
        f'ALTER TABLE public."Order" ADD a int; {rest}'
    )
    steps = run(session, tmp_path, sql, Conduct(manners=POLITE, splits=True, pause=pause))
    assert [(step.number, step.whole) for step in steps if isinstance(step, Retried)] == [(2, False)]
    assert isinstance(steps[-1], Applied)
    assert other.value('SELECT array_agg(id ORDER BY id) FROM "Item"') == [1, 2]
    assert (
        other.value("SELECT count(*) FROM pg_attribute WHERE attname = 'a' AND attrelid = '\"Order\"'::regclass") == 1
    )


def test_statement_by_statement_a_failure_leaves_what_came_before(
    session: Session, other: Session, tmp_path: Path
) -> None:
    sql = 'INSERT INTO public."Item" VALUES (1);\nSELECT 1/0;\nINSERT INTO public."Item" VALUES (2);'
    failed = run(session, tmp_path, sql, Conduct(splits=True))[-1]
    assert isinstance(failed, Failed)
    assert (failed.number, failed.line, failed.sqlstate) == (2, 2, "22012")
    assert other.value('SELECT count(*) FROM "Item"') == 1


def test_our_own_cancel_is_tried_again_and_a_stranger_s_is_not(
    session: Session, other: Session, tmp_path: Path, database: DatabaseUrl
) -> None:
    cancelled = [True, False]

    def on(step: Step) -> None:
        if isinstance(step, StatementStarted):
            threading.Thread(target=cancel_when_asleep, daemon=True).start()

    def cancel_when_asleep() -> None:
        with connect(database, purpose="victim rule") as rule:
            asleep = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
            until(lambda: rule.value(asleep, (session.pid,)), what="the statement to sleep")

    conduct = Conduct(manners=POLITE, pause=lambda _: False, cancelled=lambda: cancelled.pop(0))
    steps = run(session, tmp_path, "SELECT pg_sleep(600)", conduct, on)
    assert [step.sqlstate for step in steps if isinstance(step, Retried)] == ["57014"]
    failed = steps[-1]
    assert isinstance(failed, Failed)
    assert failed.sqlstate == "57014"


@both_majors
def test_waits_for_older_transactions_before_it_begins(session: Session, other: Session, tmp_path: Path) -> None:
    other.script(b'BEGIN; SELECT * FROM "Order"')
    until(lambda: other.value("SELECT clock_timestamp() - now() > interval '1.2 s'"), what="an older transaction")
    seen: list[str] = []

    def pause(_: float) -> bool:
        # Nobody waits behind us while we wait: no lock was asked for, no row was written.
        assert read_history(session, (), "history").failed == ()
        if len(seen) > 1:
            other.rollback()
        return False

    def on(step: Step) -> None:
        if isinstance(step, Waiting):
            seen.append(str(step.peers[0]))

    conduct = Conduct(manners=Manners(quiet_seconds=60), pause=pause)
    steps = run(session, tmp_path, 'ALTER TABLE public."Order" ADD a int', conduct, on)
    assert isinstance(steps[-1], Applied)
    assert f"process {other.pid} (dixis-tui shop, user postgres, idle in transaction)" in seen[0]
    assert 'public."Order"' in seen[0]
    assert len(seen) == 2


def test_a_young_transaction_and_one_elsewhere_are_not_waited_for(
    session: Session, other: Session, tmp_path: Path
) -> None:
    other.script(b'BEGIN; SELECT * FROM "Order"')
    until(lambda: other.value("SELECT clock_timestamp() - now() > interval '1.2 s'"), what="an older transaction")
    conduct = Conduct(manners=Manners(quiet_seconds=60), pause=lambda _: False)
    steps = run(session, tmp_path, 'ALTER TABLE public."Item" ADD a int', conduct)
    assert not [step for step in steps if isinstance(step, Waiting)]
    other.rollback()


@pytest.mark.parametrize(
    ("sql", "splits", "way"),
    [
        ("CREATE TABLE a (); CREATE TABLE b ()", False, Way.IN_ONE),
        ("CREATE TABLE a (); CREATE TABLE b ()", True, Way.EACH),
        ("CREATE TABLE a ()", False, Way.WHOLE),
        ("BEGIN; CREATE TABLE a (); COMMIT", False, Way.WHOLE),
        ("BEGIN; CREATE TABLE a (); COMMIT", True, Way.EACH),
        ("SELECT 1; VACUUM a", False, Way.WHOLE),
        ("SELECT 1; SAVEPOINT a", False, Way.WHOLE),
        ("SET standard_conforming_strings = off; SELECT '\\'", False, Way.WHOLE),
        ("SELECT set_config('standard_conforming_strings', 'off', false); SELECT 1", False, Way.WHOLE),
        ("SELECT statement_timestamp(); SELECT 1", False, Way.WHOLE),
        ("SELECT 1;" * 2_001, False, Way.WHOLE),
        ("SET search_path = a; SELECT 1", False, Way.IN_ONE),
        ("SELECT nonsense(; SELECT 1", False, Way.WHOLE),
    ],
)
def test_the_way_a_file_is_sent(*, sql: str, splits: bool, way: Way) -> None:
    assert way_of("1_a", parse_script(sql.encode()), splits=splits) is way


def test_what_is_undone_is_never_guessed() -> None:
    def left(sql: str, way: Way, completed: int) -> bool:
        return undone(parse_script(sql.encode()), way, completed)

    assert left("SELECT 1; SELECT 2", Way.IN_ONE, 1)
    assert left("BEGIN; SELECT 1; COMMIT; SELECT 2", Way.WHOLE, 3) is False
    assert left("CALL p()", Way.WHOLE, 0) is False
    assert left("DO 'BEGIN NULL; END'", Way.WHOLE, 0)
    assert left("DO 'BEGIN CALL p(); END'", Way.WHOLE, 0) is False
    assert left("DO 'BEGIN EXECUTE q; END'", Way.WHOLE, 0) is False
    assert left("not sql at all", Way.WHOLE, 0) is False
    assert left("BEGIN; SELECT 1; SELECT 2; COMMIT", Way.EACH, 2)
    assert left("BEGIN; SELECT 1; COMMIT AND CHAIN; SELECT 2; COMMIT", Way.EACH, 3) is False


@pytest.mark.parametrize(
    ("sql", "patient"),
    [
        ("CREATE INDEX CONCURRENTLY i ON t (a)", True),
        ("DROP INDEX CONCURRENTLY i", True),
        ("REINDEX TABLE CONCURRENTLY t", True),
        ("VACUUM t", True),
        ("VACUUM FULL t", False),
        # No table is named: all of them are locked, one after the other.
        ("VACUUM FULL", False),
        ("CLUSTER", False),
        ("REINDEX SCHEMA public", False),
        ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", False),
        ("ALTER TABLE t ADD COLUMN a int", False),
    ],
)
def test_whose_wait_may_be_long(*, sql: str, patient: bool) -> None:
    assert _keeps_nobody_waiting(parse_script(sql.encode()).statements[0]) is patient


def test_pauses_grow_are_jittered_and_end() -> None:
    manners = Manners(retries=8, deadline_seconds=60)
    for attempt, longest in enumerate([0.5, 1, 2, 4, 8, 15, 15, 15], 1):
        drawn = {manners.pause(attempt, 0.0) for _ in range(50)}
        assert len(drawn) > 1
        assert all(pause is not None and longest / 2 <= pause <= longest for pause in drawn)
    assert manners.pause(9, 0.0) is None
    assert manners.pause(1, 60.0) is None
    assert Manners().pause(1, 0.0) is None


def test_what_gives_way() -> None:
    assert gives_way("55P03", cancelled=False)
    assert gives_way("40P01", cancelled=False)
    assert gives_way("57014", cancelled=True)
    assert not gives_way("57014", cancelled=False)
    assert not gives_way("23505", cancelled=True)
