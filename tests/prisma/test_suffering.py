"""What readers suffer from one file of the direct executor: the bound that its lock manners promise, by the clock."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.direct_file import Conduct
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.lock_budget import keeps_waiting, left
from dixis_tui.prisma.manners import Manners
from dixis_tui.prisma.steps import Applied, Retried, StatementStarted, Step
from dixis_tui.sql.script import parse_script
from tests.crowd import Crowd
from tests.majors import both_majors
from tests.prisma.conftest import write_migrations
from tests.prisma.test_manners import run
from tests.readers import Readers
from tests.waiting import until

TIMEOUT = 1.0
ASLEEP = "SELECT wait_event = 'PgSleep' FROM pg_stat_activity WHERE pid = %s"
MARGIN = 0.5
"""The aim: readers never wait longer than the time-out and so much more."""
TWO = 'ALTER TABLE public."Item" ADD COLUMN a int; ALTER TABLE public."Order" ADD COLUMN a int;'


class Heard(Struct):
    id: int


@pytest.fixture
def session(database: DatabaseUrl) -> Iterator[Session]:
    with connect(database, purpose="migrate", lock_timeout_seconds=TIMEOUT) as opened:
        yield opened


@pytest.fixture
def other(database: DatabaseUrl) -> Iterator[Session]:
    with connect(database, purpose="shop") as opened:
        opened.script(b'CREATE TABLE "Item" (id int); CREATE TABLE "Order" (id int)')
        yield opened


@both_majors
def test_two_blocked_tables_share_one_time_out(
    session: Session, other: Session, database: DatabaseUrl, tmp_path: Path
) -> None:
    """Readers of the first table wait for the first lock and, behind it, for the second: together no longer."""
    blocker = connect(database, purpose="shop")
    # It lets the first table go when most of the time-out has been waited for it; the second one stays locked.
    blocks = f'BEGIN; SELECT FROM "Item"; SELECT pg_sleep({TIMEOUT * 0.8}); ROLLBACK'
    other.script(b'BEGIN; SELECT FROM "Order"')
    tries: list[Step] = []

    def on(step: Step) -> None:
        if isinstance(step, StatementStarted) and not tries:
            crowd.runs(blocker, blocks)
            until(lambda: other.value(ASLEEP, (blocker.pid,)), what="the first table to be locked")
            tries.append(step)

    def pause(_: float) -> bool:
        other.rollback()
        return False

    with Crowd(database) as crowd, blocker, Readers(database, 4, '"Item"') as readers:
        steps = run(session, tmp_path, TWO, Conduct(manners=Manners(retries=5), pause=pause), on)
    assert isinstance(steps[-1], Applied)
    assert [(step.number, step.sqlstate) for step in steps if isinstance(step, Retried)] == [(2, "55P03")]
    assert readers.errors == []
    assert TIMEOUT * 0.8 < readers.longest <= TIMEOUT + MARGIN
    assert session.value("SHOW lock_timeout") == "1s", "what was told held for one transaction"


def test_what_a_file_says_of_lock_timeout_holds_for_it_alone(
    session: Session, other: Session, database: DatabaseUrl, tmp_path: Path
) -> None:
    """As a dump begins: `SET lock_timeout = 0`. The files after it must not wait for ever."""
    folder = write_migrations(
        tmp_path,
        {
            "1_dump": b"SET lock_timeout = 0; CREATE TABLE heard AS SELECT current_setting('lock_timeout') AS said;",
            "2_next": b"INSERT INTO heard SELECT current_setting(concat('lock_', 'timeout')); SELECT 1",
        },
    )
    list(apply(session, read_migrations(folder), "fresh"))
    assert session.value("SELECT array_agg(said ORDER BY said) FROM heard") == ["0", "1s"]


def test_a_time_out_of_the_file_s_own_is_left_alone(
    session: Session, other: Session, database: DatabaseUrl, tmp_path: Path
) -> None:
    """Its second wait is as long as it says, though the first one took its time."""
    says = 'SELECT pg_sleep(0.3); INSERT INTO public."Order" SELECT setting::int FROM pg_settings WHERE name = %s;'
    own = TWO + says % "'lock_timeout'"
    run(session, tmp_path / "own", own, Conduct())
    shared = TWO.replace(" a int", " b int") + says % "concat('lock_', 'timeout')"
    session.script(b"DROP SCHEMA history CASCADE")
    run(session, tmp_path / "shared", shared, Conduct())
    heard = other.query('SELECT id FROM "Order"', row=Heard)
    assert heard[0].id == 1000
    assert heard[1].id <= 700


@pytest.mark.parametrize(
    ("spent", "seconds"), [(0.0, 1.0), (0.3, 0.7), (0.95, 0.1), (1.05, 0.1), (1.4, 0.4), (30.0, 1.0)]
)
def test_what_is_left_of_a_time_out(spent: float, seconds: float) -> None:
    """Never more than was configured, and after long work of our own no less than that work is worth."""
    assert left(1.0, spent) == pytest.approx(seconds)
    assert left(0.05, spent) <= 0.05


@pytest.mark.parametrize(
    ("sql", "waits"),
    [
        ("ALTER TABLE a ADD b int", True),
        ("CREATE INDEX ON a (b)", True),
        ("DO 'BEGIN NULL; END'", True),
        ("UPDATE a SET b = 1", False),
        ("SELECT 1", False),
        ("CREATE INDEX CONCURRENTLY ON a (b)", False),
    ],
)
def test_who_keeps_others_waiting(*, sql: str, waits: bool) -> None:
    assert keeps_waiting(parse_script(sql.encode()).statements[0]) is waits
