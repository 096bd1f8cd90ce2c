"""Sessions: named, bounded, typed, and errors in plain words, on real servers."""

from __future__ import annotations

import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import ConnectError, QueryError
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.secrets import Secret
from tests.majors import both_majors
from tests.waiting import until


class Pair(Struct, frozen=True):
    number: int
    word: str


def test_a_network_that_is_gone_is_noticed_in_half_a_minute(database: DatabaseUrl) -> None:
    """Also where a statement is on its way: the kernel alone would try to send it for a quarter of an hour."""
    with (
        connect(database, purpose="test") as session,
        socket.fromfd(session._connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as line,
    ):
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 30_000


@both_majors
def test_a_session_that_waits_for_its_end_says_who_ended_it(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="waits") as waits, connect(database, purpose="ends") as ends:
        waits.execute("BEGIN")
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(waits.until_ended)
            until(lambda: ends.value("SELECT state FROM pg_stat_activity WHERE pid = %s", (waits.pid,)) != "active")
            assert not answer.done()
            assert ends.value("SELECT pg_terminate_backend(%s)", (waits.pid,))
            assert answer.result(10) == "57P01"
        assert waits.closed


@both_majors
def test_rows_values_and_settings(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test", lock_timeout_seconds=1.5, statement_timeout_seconds=7) as session:
        sql = "SELECT g AS number, 'λ' || g AS word FROM generate_series(1, %s) g"
        assert session.query(sql, (2,), row=Pair) == [Pair(1, "λ1"), Pair(2, "λ2")]
        assert session.value("SELECT 1 WHERE false") is None
        assert session.value("SHOW lock_timeout") == "1500ms"
        assert session.value("SHOW statement_timeout") == "7s"
        assert session.value("SHOW application_name") == "dixis-tui test"
        assert session.value("SHOW client_connection_check_interval") == "500ms"
        assert session.value("SELECT pg_backend_pid()") == session.pid
        assert session.server_version >= 150000
    assert session.closed
    assert session.pid > 0, "it may be asked for by another thread at any time"


def test_read_only_refuses_writes(database: DatabaseUrl) -> None:
    with connect(database, purpose="test", read_only=True) as session:
        with pytest.raises(QueryError) as caught:
            session.execute("CREATE TABLE a (id int)")
        assert caught.value.sqlstate == "25006"
        assert caught.value.remedy


def test_options_of_the_url_are_kept(database: DatabaseUrl) -> None:
    url = replace(database, libpq={"options": "-c work_mem=7MB"})
    with connect(url, purpose="test") as session:
        assert session.value("SHOW work_mem") == "7MB"
        assert session.value("SHOW lock_timeout") == "5s"


def test_a_stray_hostaddr_leads_nowhere(database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOSTADDR", "192.0.2.1")
    with connect(database, purpose="test", connect_timeout_seconds=3) as session:
        assert session.value("SELECT 1") == 1


@both_majors
def test_a_script_is_one_implicit_transaction(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        with pytest.raises(QueryError) as caught:
            session.script("CREATE TABLE a (id int);\n-- λ λ λ\nINSERT INTO a\nSELECT nothing;\n".encode())
        assert caught.value.sqlstate == "42703"
        assert caught.value.line == 4
        assert 'column "nothing" does not exist' in str(caught.value)
        assert "(line 4)" in str(caught.value)
        assert caught.value.error_text.startswith("ERROR: column")
        assert session.value("SELECT to_regclass('a')::text") is None
        assert not session.in_transaction
        session.script(b"")
        session.script(b"-- nothing")
        session.script("SELECT '100%s %% λ'".encode())


def test_a_script_with_its_own_begin_is_seen_and_undone(database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(b"BEGIN; CREATE TABLE a (id int)")
        before = session.in_transaction
        session.rollback()
        assert (before, session.in_transaction) == (True, False)
        session.rollback()
        assert session.value("SELECT to_regclass('a')::text") is None


@pytest.mark.parametrize(
    ("script", "sqlstate"),
    [
        (b"CREATE TABLE a (id int); COPY a FROM STDIN; SELECT 1", "0A000"),
        (b"COPY (SELECT generate_series(1, 10000)) TO STDOUT; CREATE TABLE a (); SELECT 1 / 0", "22012"),
        (b"CREATE TABLE a (); COPY (SELECT 1 / (3 - i) FROM generate_series(1, 5) AS i) TO STDOUT; SELECT 1", "22012"),
        (b"SELECT 1;\0 DROP TABLE x", "22021"),
    ],
)
def test_what_a_script_can_not_hold(database: DatabaseUrl, script: bytes, sqlstate: str) -> None:
    with connect(database, purpose="test") as session:
        with pytest.raises(QueryError) as caught:
            session.script(script)
        assert caught.value.sqlstate == sqlstate
        assert not session.in_transaction
        assert session.value("SELECT to_regclass('a')::text") is None


def test_what_a_copy_tells_is_dropped_and_the_script_goes_on(database: DatabaseUrl) -> None:
    """The server commits such a script, so it is done (and Prisma says so too)."""
    with connect(database, purpose="test") as session:
        session.script(
            b"CREATE TABLE a (id int); COPY (SELECT generate_series(1, 10000)) TO STDOUT; COPY a TO STDOUT;"
            b"INSERT INTO a VALUES (7)"
        )
        assert session.value("SELECT id FROM a") == 7
        session.script(b"COPY a TO STDOUT")
        assert not session.in_transaction


def test_notices_reach_their_sink(database: DatabaseUrl) -> None:
    seen: list[str] = []
    with connect(database, purpose="test", on_notice=seen.append) as session:
        session.execute("DO $$ BEGIN RAISE WARNING 'mind the gap'; END $$")
    assert seen == ["WARNING: mind the gap"]


def test_a_transaction_commits_or_undoes(database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        with session.transaction():
            session.execute("CREATE TABLE kept (id int)")
        with contextlib.suppress(ZeroDivisionError), session.transaction():
            session.execute("CREATE TABLE undone (id int)")
            raise ZeroDivisionError
        with pytest.raises(QueryError), session.transaction("READ ONLY"):
            session.execute("CREATE TABLE undone (id int)")
        assert session.value("SELECT to_regclass('kept')::text") == "kept"
        assert session.value("SELECT to_regclass('undone')::text") is None
        assert not session.in_transaction


def test_a_statement_is_cancelled_from_another_thread(database: DatabaseUrl) -> None:
    with connect(database, purpose="sleeper") as session, connect(database, purpose="test") as other:
        caught: list[QueryError] = []

        def sleep() -> None:
            with pytest.raises(QueryError) as error:
                session.execute("SELECT pg_sleep(60)")
            caught.append(error.value)

        thread = threading.Thread(target=sleep)
        thread.start()
        asleep = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
        until(lambda: other.value(asleep, (session.pid,)), what="the sleeper")
        session.cancel()
        thread.join(30)
        assert caught[0].sqlstate == "57014"
        assert session.value("SELECT 1") == 1


def test_a_lock_is_not_waited_for_for_ever(database: DatabaseUrl) -> None:
    with (
        connect(database, purpose="holder") as holder,
        connect(database, purpose="t", lock_timeout_seconds=0.1) as session,
    ):
        holder.script(b"CREATE TABLE a (id int)")
        holder.script(b"BEGIN; LOCK a")
        with pytest.raises(QueryError) as caught:
            session.execute("SELECT * FROM a")
        assert caught.value.sqlstate == "55P03"
        assert "lock" in caught.value.remedy


def test_a_lost_connection_is_no_statement_error(database: DatabaseUrl) -> None:
    with connect(database, purpose="victim") as session, connect(database, purpose="test") as other:
        other.execute("SELECT pg_terminate_backend(%s)", (session.pid,))
        with pytest.raises(ConnectError) as caught:
            until(lambda: session.value("SELECT NULL"), what="the loss")
        assert caught.value.kind == "unreachable"
        assert session.closed
        assert not session.in_transaction
        session.rollback()


def _refused(url: DatabaseUrl, seconds: int = 3) -> ConnectError:
    with pytest.raises(ConnectError) as caught:
        connect(url, purpose="test", connect_timeout_seconds=seconds).close()
    error = caught.value
    assert error.remedy
    assert error.__cause__ is None
    assert (url.password.reveal() or "no password") not in f"{error}{error.remedy}"
    assert "\n" not in str(error)
    return error


@both_majors
def test_why_no_connection_came_about(server: EmbeddedServer, database: DatabaseUrl) -> None:
    wrong = replace(database, password=Secret("wrong-password"))
    assert _refused(wrong).kind == "authentication"
    assert _refused(replace(database, password=Secret(""), user="nobody here")).kind == "authentication"
    assert _refused(replace(wrong, user="nobody here")).kind == "authentication"
    missing = _refused(database.replace_database("ssl certificate"))
    assert missing.kind == "missing_database"
    assert "ssl certificate" in str(missing)
    assert _refused(replace(database, libpq={"sslmode": "require"})).kind == "tls"
    assert _refused(replace(database, host="nowhere.invalid")).kind == "unreachable"
    assert _refused(replace(database, libpq={"options": "-c no_such_thing=1"})).kind == "other"
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert "refused" in str(_refused(replace(database, port=closed.getsockname()[1])))


def test_a_silent_server_is_given_up(database: DatabaseUrl) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        error = _refused(replace(database, port=silent.getsockname()[1]), seconds=2)
    assert error.kind == "unreachable"
    assert "in time" in str(error)


def test_no_free_connection(database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(f"ALTER DATABASE {database.database} CONNECTION LIMIT 0".encode())
        role = f"r_{database.database}"
        session.script(f"CREATE ROLE {role} LOGIN PASSWORD 'pw of role'".encode())
    url = parse(
        f"postgresql://{role}:pw%20of%20role@{database.host}:{database.port}/{database.database}", "DATABASE_URL"
    )
    error = _refused(url)
    assert error.kind == "other"
    assert "no free connection" in str(error)
    with connect(database, purpose="test") as session:
        session.script(f"DROP ROLE {role}".encode())
