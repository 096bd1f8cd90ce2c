"""How much of an unfinished file is in the database: never more than is, and as much as the catalog proves."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dixis_tui.errors import ConnectError, QueryError
from dixis_tui.model import MigrationFile
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.traces import Catalog
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.reconcile import Executed, judge, reconcile
from dixis_tui.sql.catalog_facts import THERE, Fact, Kind
from dixis_tui.sql.script import parse_script
from dixis_tui.sql.traces import traces
from dixis_tui.standing import Reconciled, Reconciliation
from tests.majors import both_majors
from tests.prisma.conftest import write_migrations
from tests.waiting import until

ALL, NONE, PART, CANT_TELL = Reconciled.ALL, Reconciled.NONE, Reconciled.PART, Reconciled.CANT_TELL
SPLIT = Executed(splits=True)
WHOLE = Executed()


@pytest.fixture
def session(database: DatabaseUrl) -> Iterator[Session]:
    with connect(database, purpose="look") as opened:
        yield opened


def written(folder: Path, sql: str) -> MigrationFile:
    return read_migrations(write_migrations(folder, {"1_x": sql.encode()}))[0]


def told(session: Session, folder: Path, sql: str, executed: Executed = WHOLE) -> Reconciliation:
    return reconcile(session, {written(folder, sql): executed}, "public")["1_x"]


def relations(*names: str) -> Catalog:
    return Catalog({Fact(Kind.RELATION, "public", "", name): THERE for name in names})


def with_column(catalog: Catalog, table: str, column: str) -> Catalog:
    return Catalog(catalog.answers | {Fact(Kind.COLUMN, "public", table, column): THERE})


SWAPPED = "ALTER TABLE a RENAME TO old; ALTER TABLE b RENAME TO a; ALTER TABLE a ADD COLUMN c int"
OWN = "BEGIN; CREATE TABLE a (); CREATE TABLE b (); COMMIT; CREATE TABLE c (); SELECT 1/0"
THEN_INDEX = "BEGIN; CREATE TABLE a (n int); COMMIT; CREATE INDEX CONCURRENTLY i ON a (n)"
TWO = "CREATE TABLE a (); CREATE TABLE b ();"


@pytest.mark.parametrize(
    ("sql", "executed", "catalog", "outcome", "there", "unclear"),
    [
        (TWO, WHOLE, relations(), NONE, 0, ()),
        (TWO, WHOLE, relations("a", "b"), ALL, 2, ()),
        (TWO, WHOLE, relations("a"), CANT_TELL, 0, ()),  # one transaction: a half of it is a contradiction
        (TWO, SPLIT, relations("a"), PART, 1, ()),
        (TWO, SPLIT, relations("b"), CANT_TELL, 0, ()),
        ("CREATE TABLE a (); UPDATE x SET y = 1", WHOLE, relations("a"), ALL, 2, ()),
        ("CREATE TABLE a (); UPDATE x SET y = 1", SPLIT, relations("a"), CANT_TELL, 1, (2,)),
        ("UPDATE x SET y = 1; CREATE TABLE a ()", SPLIT, relations("a"), ALL, 2, ()),
        ("UPDATE x SET y = 1; CREATE TABLE a ()", SPLIT, relations(), CANT_TELL, 0, (1,)),
        ("UPDATE x SET y = 1; CREATE TABLE a ()", WHOLE, relations(), NONE, 0, ()),
        ("UPDATE x SET y = 1", WHOLE, relations(), CANT_TELL, 0, (1,)),
        ("SET lock_timeout = 1; CREATE TABLE a ()", SPLIT, relations(), NONE, 0, ()),
        ("CREATE TABLE a (); SET lock_timeout = 1", SPLIT, relations("a"), ALL, 2, ()),
        # Tolerant ones prove nothing by being there, and all by not being there.
        ("CREATE TABLE IF NOT EXISTS a ()", WHOLE, relations("a"), CANT_TELL, 0, (1,)),
        ("CREATE TABLE IF NOT EXISTS a ()", WHOLE, relations(), NONE, 0, ()),
        ("DROP TABLE IF EXISTS a", WHOLE, relations(), CANT_TELL, 0, (1,)),
        ("DROP TABLE IF EXISTS a", WHOLE, relations("a"), NONE, 0, ()),
        ("CREATE OR REPLACE VIEW v AS SELECT 1", WHOLE, relations("v"), CANT_TELL, 0, (1,)),
        # A later statement of the same file undoes an earlier one.
        ("CREATE TABLE a (); DROP TABLE a", SPLIT, relations("a"), PART, 1, ()),
        ("CREATE TABLE a (); DROP TABLE a", SPLIT, relations(), CANT_TELL, 0, (1, 2)),
        ("ALTER TABLE a RENAME TO b", WHOLE, relations("b"), ALL, 1, ()),
        ("ALTER TABLE a RENAME TO b", WHOLE, relations("a"), NONE, 0, ()),
        ("ALTER TABLE a RENAME TO b", WHOLE, relations("a", "b"), CANT_TELL, 0, ()),
        # With a table its indexes and partitions go, so what is made later may have been there before.
        ("DROP TABLE a; CREATE TABLE a (); CREATE TABLE b ()", SPLIT, relations("a", "b"), CANT_TELL, 0, (1, 2, 3)),
        ("DROP TABLE a; CREATE TABLE a (); CREATE TABLE b ()", SPLIT, relations(), PART, 1, ()),
        # The column of that name belonged to another table before.
        (SWAPPED, SPLIT, with_column(relations("a", "b"), "a", "c"), NONE, 0, ()),
        (SWAPPED, SPLIT, with_column(relations("a", "old"), "old", "c"), PART, 2, ()),
        # Own transactions stop at their ends only.
        ("BEGIN; CREATE TABLE a (); COMMIT; CREATE TABLE b ()", WHOLE, relations("a"), PART, 3, ()),
        ("BEGIN; CREATE TABLE a (); CREATE TABLE b (); COMMIT", SPLIT, relations("a"), CANT_TELL, 0, ()),
        ("CREATE TABLE a (); ROLLBACK; CREATE TABLE b ()", WHOLE, relations("b"), ALL, 3, ()),
        # What is not understood may have touched what it names.
        ("CREATE TABLE a (); DO $$ BEGIN DROP TABLE a; END $$", SPLIT, relations("a"), CANT_TELL, 1, (2,)),
        ("CREATE TABLE a (); DO $$ BEGIN EXECUTE 'x'; END $$", SPLIT, relations("a"), CANT_TELL, 1, (2,)),
        ("CREATE TABLE a (); DO $$ BEGIN EXECUTE 'x'; END $$", SPLIT, relations(), CANT_TELL, 0, (1, 2)),
        ("CREATE TEMP TABLE a (); DROP TABLE a; CREATE TABLE b ()", WHOLE, relations(), NONE, 0, ()),
        ("SET search_path = other; CREATE TABLE a ()", WHOLE, relations("a"), CANT_TELL, 0, (1, 2)),
        # The server's own refusal undoes one transaction whole, whatever somebody else has made.
        (TWO, Executed(logs="ERROR: relation \"a\" already exists"), relations("a", "b"), NONE, 0, ()),
        (TWO, Executed(splits=True, logs='ERROR: relation "a" already exists'), relations("a"), CANT_TELL, 0, (1,)),
        (TWO, Executed(splits=True, logs="ERROR: division by zero"), relations("a"), PART, 1, ()),
        (OWN, Executed(logs='ERROR: relation "b" already exists'), relations("b"), NONE, 0, ()),
        (OWN, Executed(logs="ERROR: division by zero"), relations("a", "b"), PART, 4, ()),
        (THEN_INDEX, Executed(logs="ERROR: cannot run inside a transaction block"), relations("a"), PART, 3, ()),
        (THEN_INDEX, Executed(logs="ERROR: cannot run inside a transaction block"), relations(), NONE, 0, ()),
        ("", WHOLE, relations(), ALL, 0, ()),
        ("CREATE TABLE (", WHOLE, relations(), CANT_TELL, 0, ()),
    ],
)  # fmt: skip
def test_judged(
    sql: str, *, executed: Executed, catalog: Catalog, outcome: Reconciled, there: int, unclear: tuple[int, ...]
) -> None:
    script = parse_script(sql.encode())
    found = judge("1_x", script, traces(script, "public"), catalog, executed)
    assert (found.outcome, found.there, found.unclear) == (outcome, tuple(range(1, there + 1)), unclear), found
    resolves = [command for command in found.commands if "resolve" in command]
    assert bool(resolves) is (outcome in (ALL, NONE) or (outcome is PART and not unclear))
    assert all(("--rolled-back" in command) is (outcome is NONE) for command in resolves)


BEFORE = """
CREATE TABLE t (id int PRIMARY KEY, c text, n int, old int, d int DEFAULT 1 NOT NULL);
CREATE TABLE gone (i int); CREATE INDEX gone_i ON gone (i); CREATE INDEX t_c ON t (c);
CREATE TYPE e AS ENUM ('a', 'b'); CREATE TYPE gone_type AS ENUM ('x');
CREATE FUNCTION f(i int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION tr() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
ALTER TABLE t ADD CONSTRAINT n_positive CHECK (n > 0) NOT VALID; CREATE VIEW v AS SELECT 1 AS one;
CREATE SEQUENCE s; CREATE SCHEMA other; ALTER TABLE t ADD CONSTRAINT keep CHECK (id > 0);
"""
STATEMENTS = [
    'CREATE TABLE "Order" (id int, CONSTRAINT "Order_pkey" PRIMARY KEY (id))',
    'CREATE INDEX "Order_id_idx" ON "Order" (id)',
    "ALTER TABLE \"Order\" ADD COLUMN x varchar(20) NOT NULL DEFAULT 'a'",
    "CREATE VIEW w AS SELECT 1 AS one",
    "CREATE MATERIALIZED VIEW m AS SELECT 1 AS one",
    "CREATE SEQUENCE s2",
    "CREATE TYPE e2 AS ENUM ('p', 'q')",
    "CREATE DOMAIN dom AS int",
    "CREATE TYPE comp AS (a int)",
    "CREATE FUNCTION f(i text, OUT o int, VARIADIC r int[]) LANGUAGE sql AS 'SELECT 1'",
    "CREATE TRIGGER trg BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tr()",
    "CREATE SCHEMA fresh",
    "CREATE TABLE other.inside (i int)",
    "CREATE EXTENSION citext",
    "CREATE POLICY pol ON t USING (true)",
    "ALTER TYPE e ADD VALUE 'c'",
    "ALTER TYPE e RENAME VALUE 'a' TO 'z'",
    "ALTER TABLE t ADD COLUMN added int",
    "ALTER TABLE t ALTER COLUMN added SET NOT NULL",
    "ALTER TABLE t DROP COLUMN old",
    "ALTER TABLE t ALTER COLUMN c TYPE varchar(40), ALTER COLUMN n TYPE numeric(10, 2)",
    "ALTER TABLE t ALTER COLUMN c SET NOT NULL",
    "ALTER TABLE t ALTER COLUMN d DROP NOT NULL",
    "ALTER TABLE t ALTER COLUMN d SET DEFAULT 2",
    "ALTER TABLE t ALTER COLUMN id DROP DEFAULT, ADD CONSTRAINT id_positive CHECK (id > 0)",
    "ALTER TABLE t VALIDATE CONSTRAINT n_positive",
    "ALTER TABLE t DROP CONSTRAINT keep",
    "ALTER TABLE t RENAME COLUMN n TO number",
    "ALTER TABLE t RENAME CONSTRAINT n_positive TO number_positive",
    "ALTER INDEX t_c RENAME TO t_c_idx",
    "ALTER VIEW v RENAME TO v2",
    "ALTER TYPE gone_type RENAME TO kept_type",
    "ALTER TABLE gone SET SCHEMA other",
    "ALTER TABLE other.gone RENAME TO went",
    "DROP TABLE other.went",
    "DROP FUNCTION f(int)",
    "DROP TYPE kept_type",
    "DROP SEQUENCE s",
    "DROP VIEW v2",
    "COMMENT ON TABLE t IS 'a; comment'",
    "COMMENT ON COLUMN t.id IS 'an id'",
    "DROP TRIGGER trg ON t",
    "DROP INDEX t_c_idx",
    "DROP SCHEMA fresh",
    "DROP EXTENSION citext",
    "DROP POLICY pol ON t",
]


@both_majors
def test_every_kind_of_statement_by_itself(session: Session, tmp_path: Path) -> None:
    """Each one, alone in its file, shows as not there before and as there after."""
    session.script(BEFORE.encode())
    for sql in STATEMENTS:
        before = told(session, tmp_path, sql)
        session.script(sql.encode())
        after = told(session, tmp_path, sql)
        assert (before.outcome, after.outcome) == (NONE, ALL), sql


@both_majors
def test_one_long_file_stopped_after_each_statement(session: Session, tmp_path: Path) -> None:
    session.script(BEFORE.encode())
    script = ";\n".join(STATEMENTS[:34])
    file = written(tmp_path, script)
    parsed = parse_script(script.encode())
    exact = 0
    for statement in parsed.statements:
        session.script(parsed.piece(statement))
        found = reconcile(session, {file: SPLIT}, "public")["1_x"]
        assert max(found.there, default=0) <= statement.number, found
        assert statement.number in (*found.there, *found.unclear), found
        exact += max(found.there) == statement.number and not found.unclear
    assert exact == 33  # all but the constraint that a dropped column may have taken along


def _run_in_background(url: DatabaseUrl, sql: str) -> threading.Thread:
    def work() -> None:
        with suppress(ConnectError, QueryError), connect(url, purpose="victim", lock_timeout_seconds=0) as session:
            session.script(sql.encode())

    thread = threading.Thread(target=work)
    thread.start()
    return thread


_VICTIM = "SELECT pid FROM pg_stat_activity WHERE application_name = 'dixis-tui victim' AND wait_event IS NOT NULL"


def _kill_while_it_waits(session: Session, url: DatabaseUrl, sql: str, blocker: str = "") -> None:
    """Run `sql`, and end its backend once it waits for something (a lock that `blocker` takes, or sleeping)."""
    with connect(url, purpose="blocker") as other:
        if blocker:
            other.script(f"BEGIN; {blocker}".encode())
        waiting = _VICTIM + " AND wait_event_type IN ('Lock', 'Timeout') AND state = 'active'"
        thread = _run_in_background(url, sql)
        pid = until(lambda: session.value(waiting), what="the file to wait")
        session.value("SELECT pg_terminate_backend(%s)", (pid,))
        thread.join()
    until(lambda: session.value(f"SELECT count(*) FROM ({_VICTIM}) AS v") == 0, what="the backend to be gone")


@both_majors
@pytest.mark.parametrize(
    ("sql", "executed", "sentence", "commands"),
    [
        (
            "CREATE TABLE a (); CREATE TABLE b (); SELECT pg_sleep(60)",
            WHOLE,
            "none of it is there",
            ("prisma migrate resolve --rolled-back 1_x",),
        ),
        (
            "BEGIN; CREATE TABLE a (); CREATE TABLE b (); COMMIT;\nSELECT pg_sleep(60); CREATE TABLE c ()",
            WHOLE,
            "statements 1 to 4 of 6 are there; statements 5 to 6 are still to be run",
            (
                "-- run statements 5 to 6 by hand, from line 2 of 1_x/migration.sql on",
                "prisma migrate resolve --applied 1_x",
            ),
        ),
    ],
)
def test_a_backend_killed_in_the_middle(
    session: Session,
    database: DatabaseUrl,
    tmp_path: Path,
    *,
    sql: str,
    executed: Executed,
    sentence: str,
    commands: tuple[str, ...],
) -> None:
    _kill_while_it_waits(session, database, sql)
    found = told(session, tmp_path, sql, executed)
    assert found.sentence.startswith(sentence)
    assert found.commands == commands


@both_majors
def test_killed_after_the_commit(session: Session, tmp_path: Path) -> None:
    sql = 'CREATE TABLE "A" (i int);\nALTER TABLE "A" ADD COLUMN "x" text;\nUPDATE "A" SET x = 1;'
    session.script(sql.encode())
    found = told(session, tmp_path, sql)
    assert (found.outcome, found.commands) == (ALL, ("prisma migrate resolve --applied 1_x",))
    assert found.sentence == "all of it is there: statements 1 to 3 of 3"


@both_majors
def test_statement_by_statement_half_done(session: Session, database: DatabaseUrl, tmp_path: Path) -> None:
    """psql sends one statement after another, each committed by itself, and stops at the first that fails."""
    sql = "CREATE TABLE a (i int);\nCREATE INDEX CONCURRENTLY i ON a (i);\nSELECT 1/0;\nCREATE TABLE b ();\n"
    file = written(tmp_path, sql)
    assert psql(database, Path(file.path)) != 0
    found = reconcile(session, {file: Executed(splits=True, logs="ERROR: division by zero")}, "public")["1_x"]
    assert (found.outcome, found.there, found.unclear) == (PART, (1, 2), (3,))
    assert found.sentence == ("statements 1 to 2 of 4 are there; whether statement 3 ran can't be seen in the catalog")


def psql(url: DatabaseUrl, file: Path) -> int:
    from dixis_tui.postgres.tools import find_tools
    from dixis_tui.process import child_environment

    with connect(url, purpose="version") as session:
        tools = find_tools(session.server_version // 10000)
    command = [str(tools.path("psql")), "-X", "-v", "ON_ERROR_STOP=1", "-h", url.host, "-p", str(url.port)]
    command += ["-U", url.user, "-d", url.database, "-f", str(file)]
    environment = child_environment({"PGPASSWORD": url.password.reveal()})
    return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False).returncode


@both_majors
def test_an_invalid_index_counts_as_not_there(session: Session, database: DatabaseUrl, tmp_path: Path) -> None:
    session.script(b'CREATE TABLE "A" (i int)')
    sql = 'CREATE INDEX CONCURRENTLY "A i" ON "A" (i)'
    _kill_while_it_waits(session, database, sql, 'INSERT INTO "A" VALUES (1)')
    assert session.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid") == 1
    found = told(session, tmp_path, sql)
    drop = 'DROP INDEX CONCURRENTLY public."A i";'
    assert (found.outcome, found.commands) == (NONE, (drop, "prisma migrate resolve --rolled-back 1_x"))
    # The repair that it gives makes way for the file.
    session.script(drop.encode())
    session.script(sql.encode())
    assert told(session, tmp_path, sql).outcome is ALL


@both_majors
def test_an_enum_made_anew_as_prisma_writes_it(session: Session, tmp_path: Path) -> None:
    session.script(b"CREATE TYPE \"S\" AS ENUM ('A', 'B'); CREATE TABLE t (s \"S\" DEFAULT 'A');")
    sql = """BEGIN;
        CREATE TYPE "S_new" AS ENUM ('A', 'C');
        ALTER TABLE t ALTER COLUMN s DROP DEFAULT;
        ALTER TABLE t ALTER COLUMN s TYPE "S_new" USING (s::text::"S_new");
        ALTER TYPE "S" RENAME TO "S_old";
        ALTER TYPE "S_new" RENAME TO "S";
        DROP TYPE "S_old";
        ALTER TABLE t ALTER COLUMN s SET DEFAULT 'C';
        COMMIT;"""
    assert told(session, tmp_path, sql).outcome is NONE
    session.script(sql.encode())
    assert told(session, tmp_path, sql).outcome is ALL


def test_another_schema_and_a_read_only_session(database: DatabaseUrl, tmp_path: Path) -> None:
    file = written(tmp_path, "CREATE TABLE a (); ALTER TABLE a ADD COLUMN c kind;")
    with connect(database, purpose="write") as session:
        session.script(b'CREATE SCHEMA "S s"; CREATE TYPE "S s".kind AS ENUM (); CREATE TABLE "S s".a (c "S s".kind)')
    with connect(database, purpose="look", read_only=True) as session:
        assert reconcile(session, {file: WHOLE}, "S s")["1_x"].outcome is ALL
        assert reconcile(session, {file: WHOLE}, "public")["1_x"].outcome is NONE
        assert not session.in_transaction


def test_a_file_that_changed_or_went_meanwhile(session: Session, tmp_path: Path) -> None:
    file = written(tmp_path, "CREATE TABLE a ()")
    Path(file.path).write_bytes(b"CREATE TABLE b ()")
    assert reconcile(session, {file: WHOLE}, "public")["1_x"].outcome is CANT_TELL
    Path(file.path).unlink()
    assert "can't be read" in reconcile(session, {file: WHOLE}, "public")["1_x"].sentence
