"""A database with one of each kind of object, and what is needed to dump and restore it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.model import Backup
from dixis_tui.postgres.dump import dump
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tools import Tools, find_tools, major_in
from dixis_tui.postgres.url import DatabaseUrl

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
