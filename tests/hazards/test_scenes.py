"""Each hazard on a real server: the lock that it claims is taken, readers and writers wait as it says, rows are
written, read or refused as it says. A rule that can't be shown here is not shipped.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from dixis_tui.errors import QueryError
from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.catalogue import OTHERS, RULES
from dixis_tui.hazards.judge import relations_named
from dixis_tui.hazards.rulings import RULINGS
from dixis_tui.locks import LockMode
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.sizes import read_sizes
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.sql.script import parse_script
from tests.conftest import fresh_database
from tests.hazards.judged import codes, judged, written
from tests.hazards.scenes import (
    BUILD,
    ELSEWHERE,
    FAILURES,
    GONE,
    LOCKS,
    MORE,
    REWRITE,
    SCAN,
    FailScene,
    GoneScene,
    LockScene,
)
from tests.hazards.tables import MADE, strongest
from tests.waiting import until

_FILES = "SELECT oid::bigint AS oid, relfilenode::bigint AS file FROM pg_class WHERE relname = %s"
_SCANS = "SELECT seq_scan FROM pg_stat_xact_all_tables WHERE relname = %s AND schemaname = 'public'"
_INDEXES = "SELECT count(*) FROM pg_index WHERE indrelid = (SELECT oid FROM pg_class WHERE relname = %s)"


class Stored(Struct, frozen=True):
    """Which file a table lies in."""

    oid: int
    file: int


@pytest.fixture(scope="module", params=["embedded", "system"])
def stage(request: pytest.FixtureRequest) -> Iterator[DatabaseUrl]:
    """A database with the tables, on each major; every scene undoes what it did."""
    with fresh_database(request.getfixturevalue(f"{request.param}_server")) as url:
        with connect(url, purpose="stage") as session:
            session.script(MADE + MORE)
        yield url


@pytest.fixture
def ours(stage: DatabaseUrl) -> Iterator[Session]:
    """The session that migrates."""
    with connect(stage, purpose="scene") as session:
        yield session
        session.rollback()


@pytest.fixture
def others(stage: DatabaseUrl) -> Iterator[Session]:
    """The session of somebody else, who is not patient: 55P03 after 50 ms."""
    with connect(stage, purpose="others", lock_timeout_seconds=0.05) as session:
        yield session


def one(hazards: list[Hazard], code: str) -> Hazard:
    found = [hazard for hazard in hazards if hazard.code == code]
    assert len(found) == 1, f"{code}: {[hazard.code for hazard in hazards]}"
    return found[0]


def live(ours: Session, folder: Path, sql: str) -> list[Hazard]:
    """The hazards of a file with what the server says of its tables."""
    sizes = read_sizes(ours, relations_named(written(folder, sql)), "public")
    return judged(folder, sql, server_version=ours.server_version, sizes=sizes)


def waits(session: Session, sql: str) -> bool:
    """Whether the statement has to wait for a lock; it is undone."""
    session.execute("BEGIN")
    try:
        session.script(sql.encode())
    except QueryError as error:
        if error.sqlstate == "55P03":
            return True
        raise
    finally:
        session.rollback()
    return False


def refused(session: Session, sql: str) -> str:
    """The SQLSTATE with which the script is refused; empty where it is not."""
    try:
        session.script(sql.encode())
    except QueryError as error:
        return error.sqlstate
    return ""


@pytest.mark.parametrize("scene", LOCKS, ids=lambda scene: f"{scene.code}: {scene.sql[:60]}")
def test_the_lock_that_a_rule_claims_is_taken(scene: LockScene, ours: Session, others: Session, tmp_path: Path) -> None:
    hazard = one(judged(tmp_path, scene.sql, server_version=ours.server_version), scene.code)
    assert hazard.severity is not Severity.NOTICE
    if scene.code not in ("DH105", "DH111"):  # which say in words alone whom they hold up
        assert scene.mode in f"{hazard.why} {hazard.what}"
    before = ours.query(_FILES, (scene.table,), row=Stored)[0]
    indexes = ours.value(_INDEXES, (scene.table,))
    ours.execute("BEGIN")
    scans = ours.value(_SCANS, (scene.table,)) or 0
    ours.script(scene.sql.encode())
    assert strongest(others, ours.pid, [scene.table]) == {scene.table: scene.mode}
    table = f'"{scene.table}"'
    # A query that could use the index waits for it, though the table's own lock would let it read.
    reindexed = scene.code == "require-concurrent-reindex"
    assert waits(others, f"SELECT FROM {table} LIMIT 1") is (scene.mode.blocks_reads or reindexed)
    if scene.table != "sums":
        assert waits(others, f"DELETE FROM {table}") is scene.mode.blocks_writes
    if scene.work == REWRITE:
        assert ours.query(_FILES, (scene.table,), row=Stored)[0].file != before.file
    if scene.work == SCAN:
        assert ours.value(_SCANS, (scene.table,)) > scans
        assert ours.query(_FILES, (scene.table,), row=Stored)[0] == before
    if scene.work == BUILD:
        assert ours.value(_INDEXES, (scene.table,)) == indexes + 1
        assert ours.value(_SCANS, (scene.table,)) > scans


@pytest.mark.parametrize("scene", FAILURES, ids=lambda scene: f"{scene.code}: {scene.sql[:60]}")
def test_what_a_rule_says_will_fail_fails(scene: FailScene, ours: Session, tmp_path: Path) -> None:
    # What a view needs is the catalog's to say; on a table of two rows a scan is no danger, but here it fails.
    known = scene.code == "DH108"
    hazard = one(live(ours, tmp_path, scene.sql) if known else judged(tmp_path, scene.sql), scene.code)
    assert hazard.severity is Severity.DANGER
    if scene.code != "DH100":
        assert scene.sqlstate in hazard.why
    assert refused(ours, scene.sql) == scene.sqlstate


@pytest.mark.parametrize("scene", GONE, ids=lambda scene: f"{scene.code}: {scene.sql[:60]}")
def test_what_the_running_application_asks_fails_afterwards(scene: GoneScene, ours: Session, tmp_path: Path) -> None:
    hazard = one(live(ours, tmp_path, scene.sql), scene.code)
    assert hazard.severity is not Severity.NOTICE
    ours.execute("BEGIN")
    assert refused(ours, scene.query) == ""
    ours.script(scene.sql.encode())
    assert refused(ours, scene.query) == scene.sqlstate


def test_every_row_is_locked_without_where(ours: Session, others: Session, tmp_path: Path) -> None:
    for sql in ("UPDATE other SET total = 0", "DELETE FROM other"):
        assert one(judged(tmp_path, sql), "DH101").severity is Severity.DANGER
        ours.execute("BEGIN")
        ours.script(sql.encode())
        assert waits(others, "UPDATE other SET total = 1 WHERE id = 20")
        assert not waits(others, "SELECT FROM other")
        assert not waits(others, "INSERT INTO other VALUES (-1, 1)")
        ours.rollback()


def test_vacuum_full_waits_for_every_reader_and_writes_the_table_anew(
    ours: Session, others: Session, stage: DatabaseUrl, tmp_path: Path
) -> None:
    assert one(judged(tmp_path, "VACUUM FULL other"), "DH103").severity is Severity.DANGER
    before = ours.query(_FILES, ("other",), row=Stored)[0]
    others.execute("BEGIN")
    others.script(b"SELECT FROM other LIMIT 1")
    runner = threading.Thread(target=lambda: ours.script(b"VACUUM FULL other"))
    runner.start()
    try:
        with connect(stage, purpose="watcher") as watcher:
            asked = until(lambda: strongest(watcher, ours.pid, ["other"], granted=False))
    finally:
        others.rollback()
        runner.join()
    assert asked == {"other": LockMode.ACCESS_EXCLUSIVE}
    assert ours.query(_FILES, ("other",), row=Stored)[0].file != before.file


def test_a_long_name_is_cut_and_only_noticed(stage: DatabaseUrl, tmp_path: Path) -> None:
    name = "παραγγελία_" * 4
    sql = f'CREATE TABLE "{name}" (id int)'
    hazard = one(judged(tmp_path, sql), "DH106")
    notices: list[str] = []
    with connect(stage, purpose="scene", on_notice=notices.append) as session:
        session.execute("BEGIN")
        session.script(sql.encode())
        kept = session.value("SELECT relname::text FROM pg_class WHERE relname LIKE 'παραγ%%'", {})
        assert refused(session, f'CREATE TABLE "{name}!" (id int)') == "42P07"
        session.rollback()
    assert kept != name
    assert kept in hazard.safer
    assert "will be truncated" in notices[0]


def test_a_second_session_in_another_order_makes_a_deadlock(ours: Session, others: Session, stage: DatabaseUrl) -> None:
    """What DH105 says of several tables in one transaction."""
    ours.script(b"SET deadlock_timeout = '50ms'; BEGIN; ALTER TABLE other ADD COLUMN n int")
    others.script(b"SET lock_timeout = '20s'; BEGIN; SELECT FROM customer LIMIT 1")
    reader = threading.Thread(target=lambda: refused(others, "SELECT FROM other LIMIT 1"))
    reader.start()
    with connect(stage, purpose="watcher") as watcher:
        until(lambda: strongest(watcher, others.pid, ["other"], granted=False))
    assert refused(ours, "ALTER TABLE customer ADD COLUMN n int") == "40P01"
    ours.rollback()
    reader.join()
    others.rollback()


def test_what_a_file_committed_stays_when_it_fails_later(ours: Session, tmp_path: Path) -> None:
    own = "BEGIN; CREATE TABLE half (id int); COMMIT; SELECT 1 / 0"
    assert one(judged(tmp_path, own), "DH110").severity is Severity.WARNING
    assert refused(ours, own) == "22012"
    assert ours.value("SELECT to_regclass('half')::text") == "half"
    ours.script(b"DROP TABLE half")
    # Statement by statement, as Prisma 7.4 does it.
    split = "CREATE TABLE half (id int); SELECT 1 / 0"
    assert one(judged(tmp_path, split, splits=True), "DH110").severity is Severity.NOTICE
    assert "DH110" not in codes(judged(tmp_path, split))
    sent = [refused(ours, statement.text) for statement in parse_script(split.encode()).statements]
    assert sent == ["", "22012"]
    assert ours.value("SELECT to_regclass('half')::text") == "half"
    ours.script(b"DROP TABLE half")


def test_a_failed_concurrent_index_stays_invalid(ours: Session, tmp_path: Path) -> None:
    sql = 'CREATE UNIQUE INDEX CONCURRENTLY twice ON "Order" (customer_id)'
    assert one(judged(tmp_path, sql), "DH110").severity is Severity.NOTICE
    assert refused(ours, sql) == "23505"
    assert ours.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'twice'::regclass") is False
    ours.script(b"DROP INDEX twice")


def test_a_begin_without_commit_is_undone(ours: Session, stage: DatabaseUrl, tmp_path: Path) -> None:
    sql = "BEGIN; CREATE TABLE lost (id int)"
    assert one(judged(tmp_path, sql), "ban-uncommitted-transaction").severity is Severity.DANGER
    with connect(stage, purpose="scene") as session:
        session.script(sql.encode())
    assert ours.value("SELECT to_regclass('lost')::text") is None


def test_a_dropped_database_is_gone(ours: Session, tmp_path: Path) -> None:
    name = f"{ours.url.database}_other"
    assert one(judged(tmp_path, f"DROP DATABASE {name}"), "ban-drop-database").severity is Severity.DANGER
    ours.script(f"CREATE DATABASE {name}".encode())
    ours.script(f"DROP DATABASE {name}".encode())
    assert ours.value("SELECT count(*) FROM pg_database WHERE datname = %s", (name,)) == 0


def test_every_rule_that_warns_has_its_scene() -> None:
    shown = {scene.code for scene in (*LOCKS, *FAILURES, *GONE)} | ELSEWHERE
    loud = {name for name, law in RULINGS.items() if law.severity in (Severity.DANGER, Severity.WARNING)}
    loud |= {rule.code for rule in RULES} | {code for code, (_, level, _) in OTHERS.items() if level != Severity.NOTICE}
    assert shown == loud
