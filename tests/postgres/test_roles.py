"""The roles that a backup needs, also where the server's first superuser is called otherwise than elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.postgres import embedded
from dixis_tui.postgres.dump import dump
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.proof import compare_contents
from dixis_tui.postgres.restore import restore
from dixis_tui.postgres.schema import compare_schema
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.snapshot_facts import make_roles, missing_roles
from dixis_tui.postgres.tools import find_tools, major_in
from dixis_tui.postgres.url import DatabaseUrl, parse
from tests.conftest import fresh_database

FIRST = "shopkeeper"


@pytest.fixture
def elsewhere(server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DatabaseUrl]:
    """A database whose owner is the first superuser of its server, as in a container made with POSTGRES_USER."""
    other = EmbeddedServer(tmp_path / "other", server.bindir, fsync=False)
    monkeypatch.setattr(embedded, "SUPERUSER", FIRST)
    other.create()
    other.start()
    try:
        other.create_database("shop")
        url = parse(other.url("shop"), "DATABASE_URL")
        monkeypatch.undo()
        yield url
    finally:
        other.remove()


def test_the_first_superuser_is_a_role_like_any_other(
    server: EmbeddedServer, elsewhere: DatabaseUrl, tmp_path: Path
) -> None:
    """On another server nobody has that name: the backup says so, and comes back once it is there."""
    with connect(elsewhere, purpose="test") as session:
        session.script(
            b"CREATE ROLE clerk; CREATE TABLE x (id int); INSERT INTO x VALUES (1); GRANT SELECT ON x TO clerk"
        )
    tools = find_tools(major_in(server.bindir))
    backup = dump(elsewhere, tools, tmp_path / "dumps", on_progress=lambda *_: None, on_line=lambda _: None)
    assert backup.roles == ("clerk", FIRST)
    with fresh_database(server) as new:
        with connect(new, purpose="test") as session:
            missing = missing_roles(session, backup.roles)
            assert missing == ["clerk", FIRST]
            make_roles(session, missing)
        try:
            restore(
                new, tools, backup, keep_owners=True, atomic=False, on_progress=lambda *_: None, on_line=lambda _: None
            )
            assert compare_contents(new, backup) == []
            assert compare_schema(new, tools, backup, keep_owners=True) == []
        finally:
            with connect(new, purpose="test") as session:
                session.script(f"DROP OWNED BY clerk, {FIRST} CASCADE; DROP ROLE clerk; DROP ROLE {FIRST}".encode())
