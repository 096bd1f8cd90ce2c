"""The direct executor on a real server: what it refuses, what it records, what it leaves behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dixis_tui.errors import ProjectError, QueryError
from dixis_tui.model import MigrationFile
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma import direct
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import HistoryRow, LockHolder, lock_holder, read_history, read_rows
from dixis_tui.prisma.steps import Applied, Failed, Outcome, Started, StatementEnded, StatementStarted, Step
from tests.prisma.conftest import write_migrations
from tests.waiting import until


@pytest.fixture
def session(database: DatabaseUrl) -> Iterator[Session]:
    with connect(database, purpose="migrate") as opened:
        yield opened


@pytest.fixture
def look(database: DatabaseUrl) -> Iterator[Session]:
    with connect(database, purpose="look") as opened:
        yield opened


def files_of(folder: Path, scripts: Mapping[str, str | bytes]) -> tuple[MigrationFile, ...]:
    content = {name: sql if isinstance(sql, bytes) else sql.encode() for name, sql in scripts.items()}
    return read_migrations(write_migrations(folder, content))


def rows(look: Session, schema: str = "public") -> tuple[HistoryRow, ...]:
    found = read_rows(look, schema)
    assert found is not None
    return found


def failure(steps: list[Step]) -> Failed:
    assert isinstance(steps[-1], Failed)
    return steps[-1]


def test_steps_and_rows(session: Session, look: Session, tmp_path: Path) -> None:
    files = files_of(tmp_path, {"1_a": "CREATE TABLE a ()", "2_b": "SELECT 1"})
    steps = list(apply(session, files))
    kinds = (Started, StatementStarted, StatementEnded, Applied)
    assert [(type(step), step.name) for step in steps] == [(kind, name) for name in ("1_a", "2_b") for kind in kinds]
    first, second = rows(look)
    assert first.checksum == files[0].checksum
    assert len(first.id) == 36
    assert first.logs is None
    assert first.finished_at is not None
    assert first.started_at <= first.finished_at <= second.started_at
    assert lock_holder(look) is None


def test_started_comes_before_the_deed(session: Session, look: Session, tmp_path: Path) -> None:
    steps = apply(session, files_of(tmp_path, {"1_a": "CREATE TABLE a ()"}))
    assert next(steps) == Started("1_a")
    assert rows(look) == ()
    assert isinstance(next(steps), StatementStarted)
    assert rows(look)[0].unfinished
    assert look.value("SELECT to_regclass('a')") is None
    assert isinstance(next(steps), StatementEnded)
    assert isinstance(next(steps), Applied)
    assert rows(look)[0].applied


def test_closed_between_two_files_leaves_nothing_half_done(session: Session, look: Session, tmp_path: Path) -> None:
    files = files_of(tmp_path, {"1_a": "CREATE TABLE a ()", "2_b": "CREATE TABLE b ()"})
    steps = apply(session, files)
    assert [next(steps).name for _ in range(5)] == ["1_a", "1_a", "1_a", "1_a", "2_b"]
    steps.close()  # type: ignore[attr-defined]  # a generator, though promised as an iterator only
    assert lock_holder(look) is None
    history = read_history(look, files)
    assert [file.name for file in history.pending] == ["2_b"]
    assert not history.failed


def test_stops_at_the_first_failure_and_records_it(session: Session, look: Session, tmp_path: Path) -> None:
    scripts = {"1_a": "CREATE TABLE a ()", "2_b": "SELECT 1;\n\nSELECT nope", "3_c": "CREATE TABLE c ()"}
    failed = failure(list(apply(session, files_of(tmp_path, scripts))))
    assert (failed.name, failed.sqlstate, failed.outcome, failed.recorded) == ("2_b", "42703", Outcome.UNDONE, True)
    assert 'column "nope" does not exist (line 3)' in failed.error
    assert [row.migration_name for row in rows(look)] == ["1_a", "2_b"]
    broken = rows(look)[1]
    assert broken.unfinished
    assert broken.applied_steps_count == 0
    assert broken.logs
    assert "Migration name: 2_b\n\nDatabase error code: 42703" in broken.logs
    with pytest.raises(ProjectError, match=r"2_b, started .* UTC, is recorded as failed \(P3009\)"):
        list(apply(session, ()))


@pytest.mark.parametrize(
    ("script", "sqlstate", "left"),
    [
        ("BEGIN; CREATE TABLE a (); SELECT 1/0; COMMIT;", "22012", None),
        ("BEGIN; CREATE TABLE a ();", "25001", None),
        ("BEGIN; CREATE TABLE a (); COMMIT; SELECT 1/0;", "22012", "a"),
        ("CREATE TABLE a (i INT); COPY a FROM STDIN;\n1\n\\.\n", "42601", None),
        ("CREATE TABLE a (i INT); COPY a FROM STDIN;", "0A000", None),
    ],
)
def test_a_failed_file_is_undone_and_recorded(
    session: Session, look: Session, tmp_path: Path, *, script: str, sqlstate: str, left: str | None
) -> None:
    failed = failure(list(apply(session, files_of(tmp_path, {"1_it's \\ odd": script}))))
    assert (failed.sqlstate, failed.outcome, failed.recorded) == (sqlstate, Outcome.UNDONE, True)
    assert look.value("SELECT to_regclass('a')::text") == left
    assert [(row.migration_name, bool(row.logs)) for row in rows(look)] == [("1_it's \\ odd", True)]
    assert not session.in_transaction
    assert lock_holder(look) is None


def test_settings_of_a_file_last_for_the_next_as_in_prisma(session: Session, look: Session, tmp_path: Path) -> None:
    scripts = {
        "1_baseline": "SELECT pg_catalog.set_config('search_path', '', false); SET standard_conforming_strings = off;"
        "SET client_encoding = 'LATIN1'; SET timezone = 'Asia/Tokyo'; CREATE TABLE public.a ()",
        "2_'\\δ": "CREATE TABLE b ()",
    }
    failed = failure(list(apply(session, files_of(tmp_path, scripts))))
    assert (failed.name, failed.sqlstate, failed.recorded) == ("2_'\\δ", "3F000", True)
    assert [row.migration_name for row in rows(look)] == list(scripts)


def test_discard_all_takes_nothing_that_is_needed(session: Session, look: Session, tmp_path: Path) -> None:
    files = files_of(tmp_path, {"1_a": "DISCARD ALL", "2_b": "CREATE TABLE b ()"})
    assert isinstance(list(apply(session, files))[-1], Applied)
    assert read_history(look, files).up_to_date


def test_history_table_dropped_by_a_file(session: Session, tmp_path: Path) -> None:
    failed = failure(list(apply(session, files_of(tmp_path, {"1_a": "DROP TABLE _prisma_migrations"}))))
    assert (failed.outcome, failed.recorded, failed.sqlstate) == (Outcome.APPLIED, False, "42P01")


@pytest.mark.parametrize(
    ("script", "outcome", "number"),
    [
        # Between BEGIN and COMMIT nothing is committed without us; of one query nobody knows how far it came.
        ("CREATE TABLE a (); SELECT pg_terminate_backend(pg_backend_pid());", Outcome.UNDONE, 2),
        ("BEGIN; CREATE TABLE a (); COMMIT; SELECT pg_terminate_backend(pg_backend_pid());", Outcome.UNKNOWN, 0),
        ("SELECT pg_terminate_backend(pg_backend_pid())", Outcome.UNKNOWN, 0),
    ],
)
def test_connection_lost_while_a_file_runs(
    session: Session, look: Session, tmp_path: Path, *, script: str, outcome: Outcome, number: int
) -> None:
    failed = failure(list(apply(session, files_of(tmp_path, {"1_a": script, "2_b": "SELECT 1"}))))
    assert (failed.name, failed.outcome, failed.recorded, failed.number) == ("1_a", outcome, False, number)
    assert [row.unfinished for row in rows(look)] == [True]
    until(lambda: lock_holder(look) is None, what="the lost session's end")
    assert look.value("SELECT to_regclass('a')::text") == ("a" if "COMMIT" in script else None)


_CLIENT = """
import sys
from pathlib import Path
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import parse
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
with connect(parse(sys.stdin.read(), "DATABASE_URL"), purpose="victim") as session:
    list(apply(session, read_migrations(Path(sys.argv[1]))))
"""


def test_client_killed_while_a_file_runs(
    look: Session, server: EmbeddedServer, database: DatabaseUrl, tmp_path: Path
) -> None:
    """The server notices within half a second, and undoes the file; the row says unfinished, the lock is free."""
    files_of(tmp_path, {"1_a": "CREATE TABLE a (); SELECT pg_sleep(600)"})
    command = [sys.executable, "-c", _CLIENT, str(tmp_path / "prisma" / "migrations")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as client:
        assert client.stdin
        client.stdin.write(server.url(database.database))
        client.stdin.close()
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        until(lambda: look.value(sleeping), what="the file to run")
        client.kill()
    until(lambda: lock_holder(look) is None, what="the server to end the dead client's session")
    assert look.value("SELECT to_regclass('a')") is None
    assert [(row.unfinished, row.logs) for row in rows(look)] == [(True, None)]


def test_waits_for_the_lock(session: Session, look: Session, tmp_path: Path) -> None:
    look.value("SELECT pg_advisory_lock(72707369)")
    seen: list[LockHolder | None] = []

    def release(holder: LockHolder | None) -> None:
        seen.append(holder)
        look.value("SELECT pg_advisory_unlock(72707369)")

    steps = list(apply(session, files_of(tmp_path, {"1_a": "SELECT 1"}), on_waiting_for_lock=release))
    assert isinstance(steps[-1], Applied)
    assert [holder.pid for holder in seen if holder] == [look.pid]


def test_lock_not_given(session: Session, look: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(direct, "_WAIT_FOR_LOCK", direct._WAIT_FOR_LOCK.replace("10s", "50ms"))
    look.value("SELECT pg_advisory_lock(72707369)")
    with pytest.raises(QueryError, match=rf"held by process {look.pid} \(dixis-tui look, user ") as caught:
        list(apply(session, files_of(tmp_path, {"1_a": "SELECT 1"})))
    assert caught.value.sqlstate == "55P03"
    assert read_rows(look) is None


def test_schema_of_the_url(session: Session, look: Session, tmp_path: Path) -> None:
    schema = 'Τα "δικά" μας'
    files = files_of(tmp_path, {"1_a": "CREATE TABLE a ()"})
    assert isinstance(list(apply(session, files, schema))[-1], Applied)
    assert look.value("SELECT schemaname FROM pg_tables WHERE tablename = 'a'") == schema
    assert read_history(look, files, schema).up_to_date
    assert read_rows(look) is None


def test_refuses_an_unmanaged_database(session: Session, look: Session, tmp_path: Path) -> None:
    look.execute("CREATE TABLE stranger ()")
    with pytest.raises(ProjectError, match="P3005"):
        list(apply(session, files_of(tmp_path, {"1_a": "SELECT 1"})))
    assert read_rows(look) is None
    assert lock_holder(look) is None


def test_refuses_what_another_has_applied_meanwhile(session: Session, look: Session, tmp_path: Path) -> None:
    files = files_of(tmp_path, {"1_a": "SELECT 1", "2_b": "SELECT 1"})
    list(apply(session, files[:1]))
    with pytest.raises(ProjectError, match="1_a is already applied"):
        list(apply(session, files))
    assert len(rows(look)) == 1


def test_runs_again_what_was_rolled_back(session: Session, look: Session, tmp_path: Path) -> None:
    files = files_of(tmp_path, {"1_a": "SELECT 1/0"})
    list(apply(session, files))
    look.execute("UPDATE _prisma_migrations SET rolled_back_at = now()")
    files = files_of(tmp_path, {"1_a": "SELECT 1"})
    assert isinstance(list(apply(session, files))[-1], Applied)
    assert read_history(look, files).up_to_date


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"SELECT 2", "has changed"), (b"SELECT '\xff'", "is not UTF-8"), (b"SELECT 1 \x00", "NUL byte")],
)
def test_refuses_before_anything_is_sent(
    session: Session, look: Session, tmp_path: Path, content: bytes, problem: str
) -> None:
    files = files_of(tmp_path, {"1_a": "SELECT 1", "2_b": "SELECT 1" if problem == "has changed" else content})
    Path(files[1].path).write_bytes(content)
    with pytest.raises(ProjectError, match=f"2_b.*{problem}"):
        list(apply(session, files))
    Path(files[1].path).unlink()
    with pytest.raises(ProjectError, match="can't be read"):
        list(apply(session, files))
    assert read_rows(look) is None


def test_role_that_may_not_write(session: Session, look: Session, tmp_path: Path) -> None:
    files = files_of(tmp_path, {"1_a": "CREATE TABLE a ()", "2_b": "SELECT 1"})
    list(apply(session, files[:1]))
    session.script(b"SET default_transaction_read_only = on")
    failed = failure(list(apply(session, files[1:])))
    assert (failed.name, failed.sqlstate, failed.outcome, failed.recorded) == ("2_b", "25006", Outcome.UNDONE, False)
    assert len(rows(look)) == 1
