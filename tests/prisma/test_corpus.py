"""The direct executor and the real Prisma CLI, held to each other over the corpus."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.cli import DeployResult, PrismaCli
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import foreign_tables, read_history, read_rows
from dixis_tui.prisma.project import discover
from dixis_tui.prisma.steps import Applied, Failed, Outcome
from tests.conftest import fresh_database
from tests.prisma.conftest import MakeProject
from tests.prisma.corpus import BEFORE, CORPUS, FAILING, SETS, failing, migrations
from tests.prisma.sameness import content_of, history_of, schema_of
from tests.thorough import some

pytestmark = pytest.mark.node


def deploy(project: Path, url: DatabaseUrl) -> DeployResult:
    return PrismaCli(discover(project), url).deploy(lambda stream, line: None)


def test_the_corpus_is_whole() -> None:
    """Every file that lies there is used, and git has left alone what it would have put right."""
    assert {path.name for path in CORPUS.iterdir()} == {"failing", *SETS}
    assert {path.stem for path in (CORPUS / "failing").iterdir()} == set(FAILING)
    contents = [content for name in SETS for content in migrations(name).values()]
    assert len(contents) >= 200
    assert [sum(mark in one for one in contents) for mark in (b"\r\n", b"\r", b"\f")] == [5, 6, 1]
    assert failing("byte_order_mark").startswith(b"\xef\xbb\xbf")


ON_BOTH = list(product(SETS, ["embedded", "system"]))


# By default each set meets one major, and both majors meet two; the shapes meet both.
@pytest.mark.parametrize(
    ("name", "server"), some(ON_BOTH, [ON_BOTH[0], ON_BOTH[3], *ON_BOTH[4:6], ON_BOTH[6]]), indirect=["server"]
)
def test_same_database_and_same_history(
    name: str, server: EmbeddedServer, tmp_path: Path, make_project: MakeProject
) -> None:
    files = read_migrations(discover(make_project(tmp_path, migrations(name))).migrations)
    names = [file.name for file in files]
    with fresh_database(server) as ours, fresh_database(server) as theirs:
        with connect(ours, purpose="migrate") as session:
            steps = list(apply(session, files))
        assert [step.name for step in steps if isinstance(step, Applied)] == names, steps[-1]
        result = deploy(tmp_path, theirs)
        assert list(result.applied) == names, result
        assert history_of(ours) == history_of(theirs)
        assert content_of(ours) == content_of(theirs)
        assert schema_of(ours) == schema_of(theirs)


def test_each_finds_the_work_of_the_other_complete(
    embedded_server: EmbeddedServer, tmp_path: Path, make_project: MakeProject
) -> None:
    project = discover(make_project(tmp_path, migrations("shapes")))
    files = read_migrations(project.migrations)
    with fresh_database(embedded_server) as ours, fresh_database(embedded_server) as theirs:
        with connect(ours, purpose="migrate") as session:
            assert isinstance(list(apply(session, files))[-1], Applied)
        cli = PrismaCli(project, ours)
        assert cli.status(lambda stream, line: None).up_to_date
        again = cli.deploy(lambda stream, line: None)
        assert (again.code, again.applied) == (0, ())
        assert deploy(tmp_path, theirs).code == 0
        with connect(theirs, purpose="look", read_only=True) as session:
            history = read_history(session, files)
        assert history.up_to_date
        assert history.consistent
        assert len(history.applied) == len(files)


@pytest.mark.parametrize("name", FAILING)
def test_failures_are_alike(
    name: str, embedded_server: EmbeddedServer, tmp_path: Path, make_project: MakeProject
) -> None:
    project = make_project(tmp_path, {"1_before": BEFORE, f"2_{name}": failing(name), "3_after": b"SELECT 1;"})
    with fresh_database(embedded_server) as ours, fresh_database(embedded_server) as theirs:
        with connect(ours, purpose="migrate") as session:
            last = list(apply(session, read_migrations(project / "prisma" / "migrations")))[-1]
        assert isinstance(last, Failed)
        assert (last.name, last.outcome, last.recorded) == (f"2_{name}", Outcome.UNDONE, True)
        assert last.sqlstate == FAILING[name]
        result = deploy(project, theirs)
        assert (result.code, result.failed_migration) == (1, f"2_{name}")
        assert history_of(ours) == history_of(theirs)
        assert content_of(ours) == content_of(theirs)
        assert schema_of(ours) == schema_of(theirs)


def test_prisma_refuses_after_our_failure(database: DatabaseUrl, tmp_path: Path, make_project: MakeProject) -> None:
    project = discover(make_project(tmp_path, {"1_a": b"SELECT 1/0;", "2_b": b"SELECT 1;"}))
    with connect(database, purpose="migrate") as session:
        assert isinstance(list(apply(session, read_migrations(project.migrations)))[-1], Failed)
    cli = PrismaCli(project, database)
    assert cli.deploy(lambda stream, line: None).error_code == "P3009"
    # Prisma's status speaks of the pending one alone; our own reading names both.
    status = cli.status(lambda stream, line: None)
    assert not status.up_to_date
    with connect(database, purpose="look") as session:
        history = read_history(session, read_migrations(project.migrations))
    assert [row.migration_name for row in history.failed] == ["1_a"]
    assert [file.name for file in history.pending] == ["2_b"]


def test_order_is_that_of_prisma(database: DatabaseUrl, tmp_path: Path, make_project: MakeProject) -> None:
    names = ["10_x", "1_x", "1-x", "1.x", "B", "a", "A", "b", "2_é", "2_f", "2_e", "Ωμέγα", "άλφα", "αβγ", "(", "z~"]
    project = discover(make_project(tmp_path, dict.fromkeys(names, b"SELECT 1;")))
    applied = deploy(tmp_path, database).applied
    assert tuple(file.name for file in read_migrations(project.migrations)) == applied


def test_prisma_loses_what_we_refuse(
    embedded_server: EmbeddedServer, tmp_path: Path, make_project: MakeProject
) -> None:
    """A file that leaves its transaction open: Prisma reports success and loses it; we undo, record and say so."""
    scripts = {"1_open": b'BEGIN;\nCREATE TABLE "Lost" ();\n', "2_next": b'CREATE TABLE "Next" ();\n'}
    project = make_project(tmp_path, scripts)
    with fresh_database(embedded_server) as theirs, fresh_database(embedded_server) as ours:
        assert deploy(project, theirs).code == 0
        assert tables(theirs) == ["_prisma_migrations"]
        with connect(theirs, purpose="look") as session:
            rows = read_rows(session) or ()
        assert [(row.migration_name, row.unfinished, row.logs) for row in rows] == [("1_open", True, None)]
        with connect(ours, purpose="migrate") as session:
            failed = list(apply(session, read_migrations(project / "prisma" / "migrations")))[-1]
        assert isinstance(failed, Failed)
        assert (failed.name, failed.sqlstate, failed.recorded) == ("1_open", "25001", True)
        assert tables(ours) == ["_prisma_migrations"]


def tables(url: DatabaseUrl) -> list[str]:
    with connect(url, purpose="look") as session:
        return list(foreign_tables(session)) + (["_prisma_migrations"] if read_rows(session) is not None else [])


def test_prisma_loses_its_table_where_we_do_not(
    embedded_server: EmbeddedServer, tmp_path: Path, make_project: MakeProject
) -> None:
    """A file that leads the session's search path away: Prisma writes to its history without a schema's name."""
    scripts = {
        "1_away": b'CREATE SCHEMA other;\nSET search_path = other;\nCREATE TABLE "There" ();\n',
        "2_next": b'CREATE TABLE "There2" ();\n',
    }
    project = make_project(tmp_path, scripts)
    with fresh_database(embedded_server) as theirs, fresh_database(embedded_server) as ours:
        result = deploy(project, theirs)
        assert (result.code, result.error_code) == (1, "P1014")
        assert content_of(theirs)[0].startswith("other.There: "), "applied, and recorded as unfinished"
        assert [(row[0], row[2]) for row in history_of(theirs)] == [("1_away", False)]
        with connect(ours, purpose="migrate") as session:
            steps = list(apply(session, read_migrations(project / "prisma" / "migrations")))
        assert [step.name for step in steps if isinstance(step, Applied)] == ["1_away", "2_next"]
        assert [(row[0], row[2]) for row in history_of(ours)] == [("1_away", True), ("2_next", True)]
