"""Restores: the same database again, on another major too; and, where it matters, all or nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup
from dixis_tui.postgres.catalog import extensions
from dixis_tui.postgres.dump import dump
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.restore import CountDifference, compare_counts, restore
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tools import Tools, archive_major, archive_readable_by, find_tools, major_in
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.process import child_environment
from dixis_tui.secrets import Secret
from tests.conftest import fresh_database
from tests.majors import both_majors
from tests.waiting import until

WRITERS = "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^dixis-tui restore .' AND datname = %s"
MIGRATION = b"""
ALTER TABLE "Order" ADD COLUMN zone text NOT NULL DEFAULT 'x';
DROP TABLE tree;
CREATE SCHEMA late; CREATE TABLE late.t AS SELECT 1 AS id;
CREATE EXTENSION fuzzystrmatch;
DELETE FROM item;
CREATE TYPE weather AS ENUM ('sun');
"""


def schema_of(url: DatabaseUrl, tools: Tools, *words: str) -> str:
    with connection_files(url, major=tools.major) as environment:
        done = subprocess.run(
            [tools.path("pg_dump"), *words, "--restrict-key=x", f"--dbname=service={SERVICE}"],
            env=child_environment(environment),
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout


def quietly(
    url: DatabaseUrl,
    tools: Tools,
    backup: Backup,
    *,
    keep_owners: bool = True,
    atomic: bool = True,
    on_line: Callable[[str], None] = lambda _: None,
    started: Callable[[subprocess.Popen[bytes]], None] | None = None,
) -> float:
    return restore(
        url,
        tools,
        backup,
        keep_owners=keep_owners,
        atomic=atomic,
        on_progress=lambda *_: None,
        on_line=on_line,
        started=started,
    )


@both_majors
@pytest.mark.parametrize("atomic", [True, False], ids=["atomic", "parallel"])
def test_a_migrated_database_is_as_it_was(
    server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, backup: Backup, atomic: bool
) -> None:
    before = schema_of(filled, tools)
    with connect(filled, purpose="test") as session:
        session.script(MIGRATION)
        assert {one.table for one in compare_counts(session, backup)} == {"late.t", "public.item", "public.tree"}
    assert schema_of(filled, tools) != before
    seen: list[tuple[str, int, int]] = []
    seconds = restore(
        filled,
        tools,
        backup,
        keep_owners=True,
        atomic=atomic,
        on_progress=lambda *step: seen.append(step),
        on_line=lambda _: None,
    )
    assert seconds > 0
    assert schema_of(filled, tools) == before
    with connect(filled, purpose="test") as session:
        assert compare_counts(session, backup) == []
        assert "fuzzystrmatch" not in extensions(session)
        assert session.value("SELECT obj_description('public'::regnamespace)") == "ours"
        assert session.value("SELECT count(*) FROM pg_largeobject_metadata") == 1
        assert session.value("SELECT reltuples FROM pg_class WHERE oid = '\"Order\"'::regclass") == 20000
    done = [step[1] for step in seen]
    assert done == sorted(done)
    assert done[-1] == sum(backup.counts.values())


@both_majors
def test_staging_takes_everything_as_its_own(
    server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, backup: Backup
) -> None:
    with fresh_database(server, "STAGING_DATABASE_URL") as staging:
        with connect(staging, purpose="test") as session:
            session.script(b'CREATE SCHEMA rest; CREATE TABLE rest.old (id int); CREATE TABLE "Order" (other int)')
        for _ in range(2):
            quietly(staging, tools, backup, keep_owners=False, atomic=False)
        bare = ("--no-owner", "--no-acl")
        assert schema_of(staging, tools, *bare) == schema_of(filled, tools, *bare)
        assert "GRANT SELECT" not in schema_of(staging, tools)
        with connect(staging, purpose="test") as session:
            assert compare_counts(session, backup) == []
            session.script(b"DELETE FROM part WHERE id = 1; DROP TABLE shop.t")
            assert compare_counts(session, backup) == [
                CountDifference("public.part_1", 2, 1),
                CountDifference("shop.t", 0, -1),
            ]


def test_an_older_majors_dump_goes_into_a_newer_server(
    system_server: EmbeddedServer, embedded_server: EmbeddedServer, tmp_path: Path
) -> None:
    old, new = find_tools(major_in(system_server.bindir)), find_tools(major_in(embedded_server.bindir))
    sql = (Path(__file__).parent / "one_of_each.sql").read_bytes()
    with fresh_database(system_server) as source, fresh_database(embedded_server) as staging:
        with connect(source, purpose="test") as session:
            session.script(sql)
        backup = dump(source, old, tmp_path, on_progress=lambda *_: None, on_line=lambda _: None)
        assert archive_major(Path(backup.path), new) == old.major
        quietly(staging, new, backup, keep_owners=False, atomic=False)
        with connect(staging, purpose="test") as session:
            assert compare_counts(session, backup) == []
        if old.major < new.major:
            newer = dump(staging, new, tmp_path, on_progress=lambda *_: None, on_line=lambda _: None)
            assert not archive_readable_by(Path(newer.path), old)
            with pytest.raises(ToolError, match="can't read"):
                quietly(source, old, newer)
            with connect(source, purpose="test") as session:
                assert compare_counts(session, backup) == []


def _migrated(url: DatabaseUrl, tools: Tools) -> str:
    """Migrate, and take the whole database's text: a restore that failed must leave exactly this."""
    with connect(url, purpose="test") as session:
        session.script(MIGRATION)
    return schema_of(url, tools)


@both_majors
@pytest.mark.parametrize("victim", ["psql", "pg_restore"])
def test_a_program_killed_in_the_middle_changes_nothing(
    server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, large_backup: Backup, victim: str
) -> None:
    before = _migrated(filled, tools)
    psql: list[subprocess.Popen[bytes]] = []

    def kill(line: str) -> None:
        if 'processing data for table "public.Order"' not in line:
            return
        if victim == "psql":
            until(lambda: psql, 20, "psql")  # it comes up behind what feeds it
            psql[0].kill()
            return
        for pid in _children(os.getpid()):
            with suppress(FileNotFoundError):  # another child that has just ended
                if Path(f"/proc/{pid}/exe").resolve().name == "pg_restore":
                    os.kill(pid, signal.SIGKILL)

    with pytest.raises(ToolError, match="as it was before") as caught:
        quietly(filled, tools, large_backup, on_line=kill, started=psql.append)
    assert f"{victim} was stopped by signal 9" in str(caught.value)
    assert schema_of(filled, tools) == before


@both_majors
def test_a_failure_after_a_large_object_changes_nothing(
    server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, tmp_path: Path
) -> None:
    """pg_restore would commit behind large objects by itself: indexes and keys come after them."""
    with connect(filled, purpose="fill") as session:
        session.script(
            b"CREATE FUNCTION picky(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN "
            b"IF current_setting('application_name') ~ 'restore' THEN RAISE 'not while restoring'; END IF; "
            b"RETURN $1; END $$; CREATE TABLE picked (t text); INSERT INTO picked VALUES ('x'); "
            b"CREATE INDEX ON picked (picky(t))"
        )
    backup = dump(filled, tools, tmp_path / "picky", on_progress=lambda *_: None, on_line=lambda _: None)
    before = _migrated(filled, tools)
    with pytest.raises(ToolError, match=r"not while restoring.*the database is as it was before"):
        quietly(filled, tools, backup)
    assert schema_of(filled, tools) == before


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(word) for word in (task / "children").read_text().split()]
    return found


@both_majors
def test_our_own_death_in_the_middle_changes_nothing(
    server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, backup: Backup
) -> None:
    """The whole program is killed with SIGKILL; psql sees the end of its input and must not commit."""
    before = _migrated(filled, tools)
    script = """
import os, signal, sys
from pathlib import Path
from dixis_tui.postgres.manifest import read_manifest
from dixis_tui.postgres.restore import restore
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import parse

def line(text):
    if 'processing data for table "public.Order"' in text:
        os.kill(os.getpid(), signal.SIGKILL)

restore(parse(os.environ["TARGET"], "TARGET"), Tools(Path(sys.argv[1]), int(sys.argv[2]), ""),
        read_manifest(Path(sys.argv[3])), keep_owners=True, atomic=True, on_progress=lambda *_: None, on_line=line)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tools.bindir), str(tools.major), backup.path],
        env=os.environ | {"TARGET": filled.raw.reveal()},
        capture_output=True,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    with connect(filled, purpose="test") as session:
        until(lambda: session.value(WRITERS, (filled.database,)) == 0, what="the server to let go")
    assert schema_of(filled, tools) == before


@both_majors
def test_a_damaged_archive_changes_nothing(
    server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, backup: Backup
) -> None:
    """The table of contents is whole, the data behind it is cut off."""
    before = _migrated(filled, tools)
    path = Path(backup.path)
    path.write_bytes(path.read_bytes()[: backup.bytes // 2])
    with pytest.raises(ToolError, match=r"pg_restore failed with exit code 1.*as it was before"):
        quietly(filled, tools, backup)
    assert schema_of(filled, tools) == before


def test_an_error_of_the_server_changes_nothing(filled: DatabaseUrl, tools: Tools, backup: Backup) -> None:
    """A role that may not do it all: what it may do is undone too."""
    before = schema_of(filled, tools)
    role = f"r_{filled.database}"
    with connect(filled, purpose="test") as session:
        session.script(f"CREATE ROLE {role} IN ROLE pg_read_all_data".encode())
    weak = replace(filled, libpq={"options": f"-c role={role}"})
    with pytest.raises(ToolError, match="must be owner") as caught:
        quietly(weak, tools, backup)
    assert "as it was before" in str(caught.value)
    assert schema_of(filled, tools) == before
    with connect(filled, purpose="test") as session:
        session.script(f"DROP ROLE {role}".encode())


@pytest.mark.parametrize("atomic", [True, False], ids=["atomic", "parallel"])
def test_who_holds_a_table_is_named(
    filled: DatabaseUrl, tools: Tools, backup: Backup, atomic: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dixis_tui.postgres.restore.LOCK_TIMEOUT_SECONDS", 1.0)
    before = schema_of(filled, tools)
    with connect(filled, purpose="the shop's worker") as holder:
        holder.script(b'BEGIN; SELECT count(*) FROM "Order"')
        with pytest.raises(ToolError) as caught:
            quietly(filled, tools, backup, atomic=atomic)
        assert f"{holder.pid} (dixis-tui the shop's worker, idle in transaction)" in str(caught.value)
    assert schema_of(filled, tools) == before


def test_a_server_that_dies_in_the_middle(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "mine", fsync=False)
    server.create()
    try:
        server.start()
        server.create_database("shop")
        url = _url(server)
        tools = find_tools(major_in(server.bindir))
        with connect(url, purpose="test") as session:
            session.script((Path(__file__).parent / "one_of_each.sql").read_bytes())
        backup = dump(url, tools, tmp_path / "b", on_progress=lambda *_: None, on_line=lambda _: None)
        before = _migrated(url, tools)
        stopper = threading.Thread(target=server.stop)

        def stop(line: str) -> None:
            if 'processing data for table "public.Order"' in line:
                stopper.start()
                stopper.join()

        with pytest.raises(ToolError, match="psql"):
            quietly(url, tools, backup, on_line=stop)
        server.start()
        assert schema_of(_url(server), tools) == before
    finally:
        server.remove()


def _url(server: EmbeddedServer) -> DatabaseUrl:
    return parse(server.url("shop"), "DATABASE_URL")


@both_majors
@pytest.mark.parametrize("atomic", [True, False], ids=["atomic", "parallel"])
def test_an_owner_who_is_no_superuser_can_go_back(
    server: EmbeddedServer, database: DatabaseUrl, tools: Tools, tmp_path: Path, atomic: bool
) -> None:
    """As on hosted servers: the database is ours, some of its extensions are not."""
    role = f"app_{database.database}"
    with connect(database, purpose="test") as session:
        session.script(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'".encode())
        session.script(f"ALTER DATABASE {database.database} OWNER TO {role}".encode())
        session.script(b"CREATE EXTENSION pg_stat_statements; CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext")
        session.script(b"COMMENT ON EXTENSION pg_stat_statements IS 'theirs'")
    owner = replace(database, user=role, password=Secret("secret"))
    with connect(owner, purpose="test") as session:
        session.script(b"CREATE EXTENSION citext; CREATE TABLE a (word citext); INSERT INTO a VALUES ('x'), ('y')")
        session.script(b"CREATE SCHEMA mine; CREATE TABLE mine.b AS SELECT generate_series(1, 5) AS id")
    backup = dump(owner, tools, tmp_path, on_progress=lambda *_: None, on_line=lambda _: None)
    before = schema_of(owner, tools)
    with connect(owner, purpose="test") as session:
        session.script(b"DROP TABLE a; ALTER TABLE mine.b ADD c int; CREATE EXTENSION hstore")
    quietly(owner, tools, backup, keep_owners=atomic, atomic=atomic)
    assert schema_of(owner, tools) == before
    with connect(owner, purpose="test") as session:
        assert compare_counts(session, backup) == []
        assert extensions(session).keys() == {"plpgsql", "citext", "pg_trgm", "pg_stat_statements"}
    with connect(database, purpose="test") as session:
        session.script(f"REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}".encode())
