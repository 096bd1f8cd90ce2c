"""One database or two: told by a lock that both see, or not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from dixis_tui.postgres import catalog
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.sameness import same_database
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from tests.conftest import fresh_database
from tests.majors import both_majors

# Runs of other tests hold their own databases on this server.
_HELD = """
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@both_majors
def test_one_database_by_two_names(server: EmbeddedServer, database: DatabaseUrl) -> None:
    """`localhost` and 127.0.0.1 are the same place, whatever they are called."""
    alias = parse(database.raw.reveal().replace("127.0.0.1", "localhost"), "STAGING_DATABASE_URL")
    with connect(database, purpose="a", read_only=True) as first, connect(alias, purpose="b", read_only=True) as second:
        assert same_database(first, second)
        assert first.value(_HELD) == 0


@both_majors
def test_two_databases_of_one_server(server: EmbeddedServer, database: DatabaseUrl) -> None:
    """Another database of the same server is another database."""
    with (
        fresh_database(server) as other,
        connect(database, purpose="a") as first,
        connect(other, purpose="b") as second,
    ):
        assert not same_database(first, second)


def test_a_copy_of_the_server_is_another_place(tmp_path: Path) -> None:
    """A restored snapshot has production's system_identifier and database name, and is not production."""
    server = EmbeddedServer(tmp_path / "first", fsync=False)
    server.create()
    server.start()
    try:
        server.create_database("shop")
        server.stop()
        subprocess.run(["cp", "-a", str(tmp_path / "first"), str(tmp_path / "copy")], check=True)
        copy = EmbeddedServer(tmp_path / "copy", fsync=False)
        try:
            server.start()
            copy.start()
            urls = [parse(each.url("shop"), "DATABASE_URL") for each in (server, copy)]
            with connect(urls[0], purpose="a") as first, connect(urls[1], purpose="b") as second:
                names = [catalog.identify(each, url) for each, url in zip((first, second), urls, strict=True)]
                assert names[0].system_identifier == names[1].system_identifier
                assert names[0].port != names[1].port
                assert not same_database(first, second)
        finally:
            copy.remove()
    finally:
        server.remove()
        shutil.rmtree(tmp_path / "copy", ignore_errors=True)
