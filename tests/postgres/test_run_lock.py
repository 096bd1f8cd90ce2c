"""One run a database: the lock in PostgreSQL, on real servers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ConnectError
from dixis_tui.postgres import run_lock
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.run_lock import Held, HeldBy, NotTaken, Row, RunLock, holder, purpose
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.secrets import Secret
from tests.conftest import fresh_database
from tests.majors import both_majors
from tests.waiting import until

RUN, OTHER = "20261125-210512-0a1b", "20261125-210513-ffff"
OURS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name ~ '^dixis-tui run'"
)
SINCE = datetime(2026, 11, 25, 21, 5, 12, tzinfo=UTC)


@both_majors
def test_the_second_hears_who_has_it_and_since_when(server: EmbeddedServer, database: DatabaseUrl) -> None:
    anna, nikos = RunLock(database, RUN, "Άννα@bastion"), RunLock(database, OTHER, "nikos@laptop")
    first = anna.begin()
    assert isinstance(first, Held)
    assert anna.ensure() == first, "asked again, it is held since then"
    told = nikos.begin()
    assert isinstance(told, HeldBy)
    assert (told.run, told.who, told.since, told.address) == (RUN, "Anna@bastion", SINCE, "127.0.0.1")
    with connect(database, purpose="test") as session:
        assert session.value("SELECT application_name FROM pg_stat_activity WHERE pid = %s", (told.pid,)) == (
            f"dixis-tui run {RUN} Anna@bastion"
        )
        assert session.value(OURS) == 1, "whoever was refused has gone"
    anna.release()
    assert isinstance(nikos.ensure(), Held)
    nikos.release()


@both_majors
def test_each_database_has_its_own(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with fresh_database(server) as second:
        locks = [RunLock(url, run, "x@y") for url, run in ((database, RUN), (second, OTHER))]
        assert [type(lock.ensure()) for lock in locks] == [Held, Held]
        for lock in locks:
            lock.release()


@both_majors
def test_another_role_sees_who_without_rights(server: EmbeddedServer, database: DatabaseUrl) -> None:
    """pg_stat_activity hides address and start of another role's session; its name and the run's id are enough."""
    with connect(database, purpose="set-up") as session:
        role = f"plain_{database.database}"
        session.script(f"CREATE ROLE {role} LOGIN PASSWORD 'plain'".encode())
        lock = RunLock(database, RUN, "anna@bastion")
        lock.ensure()
        plain = replace(database, user=role, password=Secret("plain"))
        told = RunLock(plain, OTHER, "nikos@laptop").ensure()
        assert isinstance(told, HeldBy)
        assert (told.run, told.who, told.since, told.address) == (RUN, "anna@bastion", SINCE, "")
        lock.release()
        session.script(f"DROP ROLE {role}".encode())


@both_majors
def test_its_session_is_idle_bounded_by_nothing_and_takes_no_number(
    server: EmbeddedServer, database: DatabaseUrl
) -> None:
    with connect(database, purpose="set-up") as session:
        session.script(f"ALTER DATABASE {database.database} SET idle_session_timeout = '1s'".encode())
        lock = RunLock(database, RUN, "anna@bastion")
        begun = time.monotonic()
        first = lock.ensure()
        pid = session.value("SELECT pid FROM pg_stat_activity WHERE application_name ~ %s", (RUN,))
        row = "SELECT state || ',' || (backend_xid IS NULL) || ',' || (backend_xmin IS NULL) FROM pg_stat_activity"
        until(lambda: session.value(f"{row} WHERE pid = %s", (pid,)) == "idle,true,true")  # type: ignore[arg-type]
        until(lambda: time.monotonic() > begun + 1.5, what="the time after which others are ended")
        assert lock.ensure() == first
        assert lock._session is not None
        assert lock._session.value("SHOW idle_session_timeout") == "0"
        assert lock._session.value("SHOW tcp_keepalives_idle") == "15"
        assert lock._session.value("SHOW default_transaction_read_only") == "on"
        session.execute(f"ALTER DATABASE {database.database} RESET idle_session_timeout")  # type: ignore[arg-type]
        lock.release()


def test_lost_it_is_taken_anew_unless_another_was_quicker(database: DatabaseUrl) -> None:
    lock, other = RunLock(database, RUN, "anna@bastion"), RunLock(database, OTHER, "nikos@laptop")
    lock.ensure()
    end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name ~ '^dixis-tui run'"
    with connect(database, purpose="test") as session:
        assert session.value(end)
        again = lock.ensure()
        assert isinstance(again, Held)
        assert again.anew
        assert session.value(end)
    assert isinstance(other.ensure(), Held)
    told = lock.ensure()
    assert isinstance(told, HeldBy)
    assert told.run == OTHER
    other.release()
    assert isinstance(lock.ensure(), Held)
    lock.release()


def test_our_own_session_of_before_a_cut_line_does_not_keep_us_out(database: DatabaseUrl) -> None:
    """The server may hold it for half a minute more: it is ended."""
    lock = RunLock(database, RUN, "anna@bastion")
    lock.ensure()
    assert lock._session is not None
    before, line = lock._session.pid, lock._session._connection.fileno()
    with closing(socket.socket(fileno=os.dup(line))):  # what the server sees is a client that says nothing
        dead, gone = socket.socketpair()
        gone.close()
        os.dup2(dead.fileno(), line)
        dead.close()
        again = lock.ensure()
        assert isinstance(again, Held)
        assert again.anew
        assert lock._session.pid != before
    lock.release()


def test_another_of_the_same_instant_is_another(database: DatabaseUrl) -> None:
    """Run ids are times: two machines may give out the same one."""
    first, second = RunLock(database, RUN, "anna@bastion"), RunLock(database, RUN, "anna@bastion")
    assert isinstance(first.ensure(), Held)
    assert isinstance(second.ensure(), HeldBy)
    assert first.ensure() == first.ensure()
    first.release()


def test_it_ends_with_its_process_and_with_release(server: EmbeddedServer, database: DatabaseUrl) -> None:
    code = (
        "import sys; from dixis_tui.postgres.run_lock import RunLock; from dixis_tui.postgres.url import parse; "
        f"lock = RunLock(parse(sys.stdin.readline().strip(), 'x'), '{RUN}', 'a@b'); lock.ensure(); "
        "print('held', flush=True); sys.stdin.read()"
    )
    words = [sys.executable, "-c", code]
    lock = RunLock(database, OTHER, "nikos@laptop")
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(database.raw.reveal() + "\n")
        process.stdin.flush()
        assert process.stdout.readline() == "held\n"
        assert isinstance(lock.ensure(), HeldBy)
        os.kill(process.pid, signal.SIGKILL)
        until(lambda: isinstance(lock.ensure(), Held), what="the server to give it back")
    lock.release()
    with connect(parse(server.url("postgres"), "x"), purpose="test") as session:
        session.execute(f"DROP DATABASE {database.database}")  # type: ignore[arg-type]


@pytest.mark.parametrize("mark", ["?pgbouncer=true", ""])
def test_through_a_pooler_none_is_taken(database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch, mark: str) -> None:
    url = parse(database.raw.reveal() + mark, "DATABASE_URL")
    if not mark:  # PgBouncer gives out process ids of its own
        monkeypatch.setattr(run_lock.Session, "pid", property(lambda _: 7))
    outcome = RunLock(url, RUN, "anna@bastion").ensure()
    assert isinstance(outcome, NotTaken)
    assert "pgbouncer=true" in outcome.reason or "pooler answers" in outcome.reason
    with connect(database, purpose="test") as session:
        locks = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE locktype = 'advisory'"
        assert session.value(f"{locks} AND datname = current_database()") == 0  # type: ignore[arg-type]


def test_a_server_that_says_nothing_keeps_no_start_waiting(database: DatabaseUrl) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lock = RunLock(replace(database, port=silent.getsockname()[1]), RUN, "anna@bastion")
        assert lock.begin(0.1) is None, "the start goes on"
        with pytest.raises(ConnectError, match="did not answer in time"):
            lock.ensure()


def test_nobody_there_or_a_wrong_password_is_no_error_at_the_start(database: DatabaseUrl) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = replace(database, port=closed.getsockname()[1])
    assert RunLock(nobody, RUN, "anna@bastion").begin() is None


def test_two_at_once_give_one(database: DatabaseUrl) -> None:
    for _ in range(20):
        locks = [RunLock(database, run, "x@y") for run in (RUN, OTHER)]
        barrier = threading.Barrier(2)

        def take(lock: RunLock, barrier: threading.Barrier = barrier) -> object:
            barrier.wait()
            return lock.ensure()

        with ThreadPoolExecutor(2) as pool:
            outcomes = list(pool.map(take, locks))
        winner = next(number for number, outcome in enumerate(outcomes) if isinstance(outcome, Held))
        told = outcomes[1 - winner]
        assert isinstance(told, HeldBy)
        assert told.run == (RUN, OTHER)[winner]
        for lock in locks:
            lock.release()


@pytest.mark.parametrize(
    ("who", "called"),
    [
        ("anna@bastion", f"run {RUN} anna@bastion"),
        ("Νίκος Παπαδόπουλος@β", f"run {RUN} Nikos Papadopoulos@v"),
        ("Θάνος Ξυδάκης Ψ@h", f"run {RUN} Thanos Xydakis Ps@h"),
        ("José\x1b[2J🐟@h", f"run {RUN} Jose[2J@h"),
        ("x" * 90, f"run {RUN} {'x' * 28}"),
        ("", f"run {RUN}"),
    ],
)
def test_what_the_session_is_called(who: str, called: str) -> None:
    assert purpose(RUN, who) == called
    assert len(f"dixis-tui {called}") <= 63


@pytest.mark.parametrize(
    ("application", "run", "who"),
    [
        (f"dixis-tui run {RUN} anna@bastion", RUN, "anna@bastion"),
        (f"dixis-tui run {RUN}", RUN, "app"),
        ("dixis-tui run ../../etc x", "", "app"),
        ("\x1b]52;c;eA==\x07psql", "", "app"),
        (f"dixis-tui run {RUN} \x1b[31mred", RUN, "red"),
    ],
)
def test_who_holds_it_is_outside_text(database: DatabaseUrl, application: str, run: str, who: str) -> None:
    found = holder(Row(4711, application, "app", "10.0.0.1", None), database)
    assert (found.run, found.who) == (run, who)
    assert found.since == (SINCE if run else None)
