"""Real PostgreSQL servers, one of each kind for the whole test session, shared by all its workers.

The last worker that goes stops and removes them. Set-up is bounded by a file lock.
"""

from __future__ import annotations

import fcntl
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from tests.faults.table import print_table

os.environ["DIXIS_LANG"] = "en"  # what the tests look for is English, whatever this machine speaks; children get it too


def system_bindir() -> Path:
    """The newest PostgreSQL that the system has; skip (fail in CI) where it has none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda bindir: int(bindir.parent.name))
    reason = "needs a PostgreSQL server of the system (Debian: postgresql)"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must not skip")
    pytest.skip(reason)


@contextmanager
def _shared(folder: Path, bindir: Path | None, wishes: str = "") -> Iterator[EmbeddedServer]:
    """A running server that every worker of this session uses; `users` counts them. `wishes`: more of its settings."""
    server = EmbeddedServer(folder / "server", bindir, fsync=False)
    folder.mkdir(exist_ok=True)
    with _locked(folder):
        users = _users(folder, +1)
        if users == 1:
            server.create()
            with (server.folder / "data" / "postgresql.conf").open("a") as settings:
                settings.write("max_prepared_transactions = 4\n")  # a prepared one is in a rename's way
                settings.write(wishes)
        server.start()
    try:
        yield server
    finally:
        with _locked(folder):
            if _users(folder, -1) == 0:
                server.remove()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _users(folder: Path, change: int) -> int:
    file = folder / "users"
    users = (int(file.read_text()) if file.exists() else 0) + change
    file.write_text(str(users))
    return users


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all workers of this test session."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def embedded_server(session_folder: Path) -> Iterator[EmbeddedServer]:
    """The embedded wheel's server (PostgreSQL 18), running."""
    with _shared(session_folder / "embedded", None) as server:
        yield server


@pytest.fixture(scope="session")
def system_server(session_folder: Path) -> Iterator[EmbeddedServer]:
    """A server of the system's newest major, running."""
    bindir = system_bindir()
    with _shared(session_folder / "system", bindir) as server:
        yield server


@pytest.fixture(scope="session")
def watched_server(session_folder: Path) -> Iterator[EmbeddedServer]:
    """One that counts its statements and keeps a log that can be read through SQL; the extension is in `postgres`."""
    wishes = "shared_preload_libraries = 'pg_stat_statements'\nlogging_collector = on\nlog_destination = 'csvlog'\n"
    with _shared(session_folder / "watched", None, wishes) as server:
        with connect(parse(server.url("postgres"), "DATABASE_URL"), purpose="set-up") as session:
            session.execute("SELECT pg_advisory_lock(1)")
            session.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        yield server


@pytest.fixture
def server(request: pytest.FixtureRequest) -> EmbeddedServer:
    """The embedded server; the system's where the test is parametrized so (`@both_majors`)."""
    kind = getattr(request, "param", "embedded")
    found: EmbeddedServer = request.getfixturevalue(f"{kind}_server")
    return found


@pytest.fixture
def database(server: EmbeddedServer) -> Iterator[DatabaseUrl]:
    """A fresh, empty database on `server`, dropped afterwards."""
    with fresh_database(server) as url:
        yield url


@contextmanager
def fresh_database(server: EmbeddedServer, variable: str = "DATABASE_URL") -> Iterator[DatabaseUrl]:
    """A fresh, empty database with a name of its own."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    server.create_database(name)
    yield parse(server.url(name), variable)
    with connect(parse(server.url("postgres"), variable), purpose="drop test database") as session:
        session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The fault matrix, which its tests counted in all workers."""
    print_table(terminalreporter)
