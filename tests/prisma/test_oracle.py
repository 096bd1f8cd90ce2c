"""The oracle's forecast, held to what really happens: the real CLI, our executor, and each statement by itself.

Prisma 7.4 and later split a file only in their native engine, which npm does not carry (the WebAssembly engine of 7.9
hands the whole file to its driver adapter). In its place psql sends one statement after another, each committed by
itself: that is what such an engine asks of the server, and the server decides what stays.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from msgspec import Struct

from dixis_tui.hazard import Execution
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.cli import PrismaCli
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.oracle import forecast
from dixis_tui.prisma.project import discover
from dixis_tui.sql.script import parse_script
from tests.conftest import fresh_database
from tests.majors import both_majors
from tests.prisma.conftest import MakeProject, write_migrations
from tests.prisma.test_reconcile import psql

ONE, EACH, OWN = Execution.ONE_TRANSACTION, Execution.STATEMENT_BY_STATEMENT, Execution.OWN_TRANSACTIONS
FAILS, UNKNOWN = Execution.FAILS, Execution.UNKNOWN
FAIL = "SELECT 1/0;"


class Shape(Struct, frozen=True):
    """A file; how it runs and what of `a`, `b`, `i` is there afterwards, as one query and statement by statement."""

    sql: str
    whole: tuple[Execution, str]
    split: tuple[Execution, str]
    fails: bool = True


SHAPES = {
    "failing last": Shape(f"CREATE TABLE a (); CREATE TABLE b (); {FAIL}", (ONE, ""), (EACH, "a b")),
    "failing second": Shape(f"CREATE TABLE a (); {FAIL} CREATE TABLE b ();", (ONE, ""), (EACH, "a")),
    "alone and failing": Shape("DO $$ BEGIN CREATE TABLE a (); PERFORM 1/0; END $$", (ONE, ""), (ONE, "")),
    "concurrent index beside others": Shape(
        "CREATE TABLE a (n int); CREATE INDEX CONCURRENTLY i ON a (n); " + FAIL, (FAILS, ""), (EACH, "a i")
    ),
    "concurrent index first": Shape(
        f"CREATE INDEX CONCURRENTLY i ON old (n); CREATE TABLE a (); {FAIL}", (FAILS, ""), (EACH, "a i")
    ),
    "concurrent index in its own block": Shape(
        "BEGIN; CREATE TABLE a (n int); CREATE INDEX CONCURRENTLY i ON a (n); COMMIT;", (FAILS, ""), (FAILS, "")
    ),
    "concurrent index in a later block": Shape(
        "CREATE TABLE a (n int); BEGIN; CREATE INDEX CONCURRENTLY i ON a (n); COMMIT;", (FAILS, ""), (FAILS, "a")
    ),
    "concurrent index after a commit": Shape(
        f"BEGIN; CREATE TABLE a (n int); COMMIT; CREATE INDEX CONCURRENTLY i ON a (n); {FAIL}",
        (FAILS, "a"),
        (OWN, "a i"),
    ),
    "concurrent index alone": Shape("CREATE INDEX CONCURRENTLY i ON old (n)", (EACH, "i"), (EACH, "i"), fails=False),
    "unique concurrent index on duplicates": Shape(
        "CREATE UNIQUE INDEX CONCURRENTLY i ON old (n)", (EACH, "i!"), (EACH, "i!")
    ),
    "vacuum beside others": Shape(f"CREATE TABLE a (); VACUUM old; {FAIL}", (FAILS, ""), (EACH, "a")),
    "own transaction, then a failure": Shape(
        f"BEGIN; CREATE TABLE a (); COMMIT; CREATE TABLE b (); {FAIL}", (OWN, "a"), (OWN, "a b")
    ),
    "failure in its own transaction": Shape(
        f"CREATE TABLE a (); BEGIN; CREATE TABLE b (); {FAIL} COMMIT;", (OWN, ""), (OWN, "a")
    ),
    "commit without a beginning": Shape(
        f"CREATE TABLE a (); COMMIT; CREATE TABLE b (); {FAIL}", (OWN, "a"), (OWN, "a b")
    ),
    "rolled back by itself": Shape(
        f"BEGIN; CREATE TABLE a (); ROLLBACK; CREATE TABLE b (); {FAIL}", (OWN, ""), (OWN, "b")
    ),
    "an enum's new value used at once": Shape(
        "ALTER TYPE kind ADD VALUE 'y'; CREATE TABLE a (k kind DEFAULT 'y'); INSERT INTO a DEFAULT VALUES;",
        (ONE, ""),
        (EACH, "a"),
        fails=False,
    ),
    "not to be parsed": Shape("CREATE TABLE a (); CREATE TABLE (", (UNKNOWN, ""), (UNKNOWN, "a")),
}
BY_THE_CLI = (
    "failing last",
    "concurrent index beside others",
    "concurrent index in its own block",
    "concurrent index after a commit",
    "concurrent index alone",
    "unique concurrent index on duplicates",
    "own transaction, then a failure",
    "commit without a beginning",
    "an enum's new value used at once",
)
"""Those whose outcome is least like another's: a call takes seconds."""
_BEFORE = "CREATE TABLE old (n int); INSERT INTO old VALUES (1), (1); CREATE TYPE kind AS ENUM ('x');"
_STAYED = """
SELECT coalesce(string_agg(relname || CASE WHEN indisvalid IS FALSE THEN '!' ELSE '' END, ' ' ORDER BY relname), '')
FROM pg_class LEFT JOIN pg_index ON indexrelid = pg_class.oid
WHERE relnamespace = 'public'::regnamespace AND relname IN ('a', 'b', 'i')
"""


def scripts(shape: Shape) -> dict[str, bytes]:
    return {"1_before": _BEFORE.encode(), "2_shape": shape.sql.encode()}


def stayed(url: DatabaseUrl) -> str:
    with connect(url, purpose="look") as session:
        return str(session.value(_STAYED))


@pytest.mark.parametrize("name", SHAPES)
def test_forecast(name: str) -> None:
    shape = SHAPES[name]
    script = parse_script(shape.sql.encode())
    assert forecast("x", script, splits=False).execution is shape.whole[0]
    assert forecast("x", script, splits=True).execution is shape.split[0]


@pytest.mark.node
@pytest.mark.parametrize("name", BY_THE_CLI)
def test_the_real_cli_does_so(
    name: str, embedded_server: EmbeddedServer, tmp_path: Path, make_project: MakeProject
) -> None:
    shape = SHAPES[name]
    project = discover(make_project(tmp_path, scripts(shape)))
    with fresh_database(embedded_server) as url:
        with connect(url, purpose="before") as session:
            list(apply(session, read_migrations(project.migrations)[:1]))
        result = PrismaCli(project, url).deploy(lambda stream, line: None)
        assert stayed(url) == shape.whole[1]
        assert (result.code == 0) is (name == "concurrent index alone")
        # In the file's own block the CLI can't even write down why (25P02), and says only that.
        refusals = ("cannot run inside a transaction block", "current transaction is aborted")
        assert any(words in result.error_text for words in refusals) is (shape.whole[0] is FAILS)


@both_majors
@pytest.mark.parametrize("name", SHAPES)
def test_our_executor_does_so(name: str, *, database: DatabaseUrl, tmp_path: Path) -> None:
    shape = SHAPES[name]
    with connect(database, purpose="migrate") as session:
        list(apply(session, read_migrations(write_migrations(tmp_path, scripts(shape)))))
    assert stayed(database) == shape.whole[1]


@both_majors
@pytest.mark.parametrize("name", SHAPES)
def test_statement_by_statement_does_so(name: str, *, database: DatabaseUrl, tmp_path: Path) -> None:
    shape = SHAPES[name]
    with connect(database, purpose="before") as session:
        session.script(_BEFORE.encode())
    file = tmp_path / "shape.sql"
    file.write_text(shape.sql)
    assert (psql(database, file) != 0) is shape.fails
    assert stayed(database) == shape.split[1]


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("column", ["whole", "split"])
def test_what_the_forecast_promises_is_kept(name: str, column: str) -> None:
    """The table itself: one transaction that fails leaves nothing, and what stays half-way is called a surprise."""
    shape = SHAPES[name]
    execution, left = getattr(shape, column)
    told = forecast("x", parse_script(shape.sql.encode()), splits=column == "split")
    if execution is ONE:
        assert left == ""
    if left and shape.fails and execution is not UNKNOWN:
        assert re.search(r"\bstays?\b|may leave", told.surprise)
