"""A database with one of each kind of object, and what is needed to dump and restore it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.model import Backup
from dixis_tui.postgres.dump import dump
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tools import Tools, find_tools, major_in
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.secrets import Secret
from tests.crowd import Crowd

ONE_OF_EACH = (Path(__file__).parent / "one_of_each.sql").read_bytes()


@pytest.fixture
def tools(server: EmbeddedServer) -> Tools:
    """The tools of the server's major."""
    return find_tools(major_in(server.bindir))


@pytest.fixture
def filled(database: DatabaseUrl) -> DatabaseUrl:
    """A database that holds one of each."""
    with connect(database, purpose="fill") as session:
        session.script(ONE_OF_EACH)
    return database


@pytest.fixture
def large_backup(filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> Backup:
    """A dump of `filled` whose orders alone keep a restore at work for a good while."""
    with connect(filled, purpose="fill") as session:
        session.execute("INSERT INTO \"Order\" (word) SELECT 'Λέξη ' || g FROM generate_series(20001, 600000) g")
    return dump(filled, tools, tmp_path / "backups", on_progress=lambda *_: None, on_line=lambda _: None)


@pytest.fixture
def backup(filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> Backup:
    """A dump of `filled`."""
    return dump(filled, tools, tmp_path / "backups", on_progress=lambda *_: None, on_line=lambda _: None)


@pytest.fixture
def crowd(database: DatabaseUrl) -> Iterator[Crowd]:
    """A crowd on a database that has two tables."""
    with Crowd(database) as crowd:
        crowd.admin.script(b'CREATE TABLE "Order" (id int PRIMARY KEY); CREATE TABLE farm (id int)')
        yield crowd


@pytest.fixture
def plain_role(database: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """The database for a role with no rights but to connect and to make tables."""
    with _role(database, f"r_{database.database}") as url:
        yield url


@pytest.fixture
def other_role(database: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """The same for another role."""
    with _role(database, f"s_{database.database}") as url:
        yield url


@contextmanager
def _role(database: DatabaseUrl, role: str) -> Iterator[DatabaseUrl]:
    with connect(database, purpose="test") as session:
        session.script(f"CREATE ROLE {role} LOGIN PASSWORD 'pw of role'".encode())
        session.script(f"GRANT CREATE ON SCHEMA public TO {role}".encode())
    yield replace(database, user=role, password=Secret("pw of role"))
    with connect(database, purpose="test") as session:
        session.script(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}".encode())
