"""The direct executor and the real Prisma CLI, held to each other over many shapes of migrations."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tools import find_tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.cli import DeployResult, PrismaCli
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import HistoryRow, foreign_tables, read_history, read_rows
from dixis_tui.prisma.project import discover
from dixis_tui.prisma.steps import Applied, Failed, Outcome
from dixis_tui.process import child_environment
from tests.conftest import fresh_database
from tests.prisma.conftest import MakeProject
from tests.prisma.corpus import FAILING, GOOD

pytestmark = pytest.mark.node
both_majors = pytest.mark.parametrize("server", ["embedded", "system"], indirect=True)


def schema_of(url: DatabaseUrl) -> str:
    """`pg_dump -s` without what differs from call to call."""
    with connect(url, purpose="version") as session:
        tools = find_tools(session.server_version // 10000)
    command = [str(tools.path("pg_dump")), "--schema-only", "--host", url.host, "--port", str(url.port)]
    command += ["--username", url.user, url.database]
    environment = child_environment({"PGPASSWORD": url.password.reveal()})
    dump = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return "\n".join(line for line in dump.splitlines() if not line.startswith(("\\restrict", "\\unrestrict")))


def facts(row: HistoryRow) -> tuple[object, ...]:
    """What two runs of the same migration must agree about; ids, times and the wording of errors are each their own."""
    return (
        row.migration_name,
        row.checksum,
        row.finished_at is not None,
        row.rolled_back_at,
        row.applied_steps_count,
        bool(row.logs),
    )


def rows_of(url: DatabaseUrl) -> list[tuple[object, ...]]:
    with connect(url, purpose="look") as session:
        return [facts(row) for row in read_rows(session) or ()]


def deploy(project: Path, url: DatabaseUrl) -> DeployResult:
    return PrismaCli(discover(project), url).deploy(lambda stream, line: None)


@both_majors
def test_same_database_and_same_history(server: EmbeddedServer, tmp_path: Path, make_project: MakeProject) -> None:
    project = discover(make_project(tmp_path, GOOD))
    files = read_migrations(project.migrations)
    assert [file.name for file in files] == sorted(GOOD)
    assert len(files) >= 30
    with fresh_database(server) as ours, fresh_database(server) as theirs:
        with connect(ours, purpose="migrate") as session:
            steps = list(apply(session, files))
        assert [step.name for step in steps if isinstance(step, Applied)] == sorted(GOOD)
        assert deploy(tmp_path, theirs).applied == tuple(sorted(GOOD))

        assert rows_of(ours) == rows_of(theirs)
        assert schema_of(ours) == schema_of(theirs)

        # Each finds the other's work complete.
        cli = PrismaCli(project, ours)
        assert cli.status(lambda stream, line: None).up_to_date
        again = cli.deploy(lambda stream, line: None)
        assert (again.code, again.applied) == (0, ())
        with connect(theirs, purpose="look", read_only=True) as session:
            history = read_history(session, files)
        assert history.up_to_date
        assert history.consistent
        assert len(history.applied) == len(files)


@pytest.mark.parametrize("name", FAILING)
def test_failures_are_alike(
    name: str, embedded_server: EmbeddedServer, tmp_path: Path, make_project: MakeProject
) -> None:
    project = make_project(tmp_path, {"1_first": b"CREATE TABLE first ();", f"2_{name}": FAILING[name]})
    with fresh_database(embedded_server) as ours, fresh_database(embedded_server) as theirs:
        with connect(ours, purpose="migrate") as session:
            last = list(apply(session, read_migrations(project / "prisma" / "migrations")))[-1]
        assert isinstance(last, Failed)
        assert (last.name, last.outcome, last.recorded) == (f"2_{name}", Outcome.UNDONE, True)
        result = deploy(project, theirs)
        assert (result.code, result.failed_migration) == (1, f"2_{name}")
        assert rows_of(ours) == rows_of(theirs)
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
