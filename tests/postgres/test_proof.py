"""What a restored database is compared by: rows, contents, sequences, schema, pages."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.model import Backup
from dixis_tui.postgres.amcheck import amcheck
from dixis_tui.postgres.contents import between
from dixis_tui.postgres.dump import DumpOptions, dump
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.proof import compare_contents
from dixis_tui.postgres.restore import restore_into
from dixis_tui.postgres.schema import compare_schema
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.swap import maintenance
from dixis_tui.postgres.tools import Tools, find_tools, major_in
from dixis_tui.postgres.url import DatabaseUrl
from tests.conftest import fresh_database
from tests.majors import both_majors

ONE_OF_EACH = (Path(__file__).parent / "one_of_each.sql").read_bytes()
MORE = """
CREATE SCHEMA "Ελιές";
CREATE TABLE "Ελιές"."a.b ""c" (t text, PRIMARY KEY (t));
INSERT INTO "Ελιές"."a.b ""c" VALUES ('one'), ('two'), ('δύο');
CREATE TABLE numbers (f float8, n numeric, b bytea, j json, at timestamptz, days interval, x float4);
INSERT INTO numbers VALUES ('NaN', 'NaN', '\\x00ff', '{"a":  1}', '-infinity', '1 mon', '-0'),
  ('-Infinity', 0.10, '', '{}', '2026-11-25 23:00+02', '-1 day 00:00:01', 3.3),
  (1e-310, -1, NULL, NULL, 'infinity', NULL, NULL);
CREATE TABLE nothing ();
INSERT INTO nothing DEFAULT VALUES;
CREATE TABLE mother (i int); CREATE TABLE daughter () INHERITS (mother);
ALTER TABLE daughter ADD own int; ALTER TABLE mother ADD late text DEFAULT 'x';
INSERT INTO mother VALUES (1); INSERT INTO daughter VALUES (2), (2);
CREATE TABLE big (i int PRIMARY KEY, word text);
INSERT INTO big SELECT i, md5(i::text) FROM generate_series(1, 5000) i;
SELECT lo_from_bytea(0, 'a large object');
""".encode()


@pytest.fixture
def full(database: DatabaseUrl) -> DatabaseUrl:
    """One of each kind of object, and values that are easily changed on the way."""
    with connect(database, purpose="test") as session:
        session.script(ONE_OF_EACH)
        session.script(MORE)
    return database


@pytest.fixture
def restored(
    server: EmbeddedServer, full: DatabaseUrl, tools: Tools, tmp_path: Path
) -> Iterator[tuple[DatabaseUrl, Backup]]:
    """A copy by way of a dump."""
    backup = made(full, tools, tmp_path)
    with fresh_database(server) as copy:
        quietly_restore(copy, tools, backup)
        yield copy, backup


def made(url: DatabaseUrl, tools: Tools, folder: Path, **options: int) -> Backup:
    return dump(url, tools, folder, on_progress=lambda *_: None, on_line=lambda _: None, options=DumpOptions(**options))


def quietly_restore(url: DatabaseUrl, tools: Tools, backup: Backup) -> None:
    restore_into(url, tools, backup, jobs=2, keep_owners=True, on_progress=lambda *_: None, on_line=lambda _: None)


@both_majors
def test_a_copy_is_equal(server: EmbeddedServer, restored: tuple[DatabaseUrl, Backup], tools: Tools) -> None:
    copy, backup = restored
    assert backup.digests.keys() > backup.counts.keys()
    assert compare_contents(copy, backup, jobs=3) == []
    assert compare_schema(copy, tools, backup, keep_owners=True) == []
    assert amcheck(copy, tools, jobs=2, on_line=lambda _: None).problem == ""


CHANGES = {
    "UPDATE big SET word = 'x' WHERE i = 17": "contents of public.big",
    "UPDATE big SET word = CASE i WHEN 1 THEN md5('2') ELSE md5('1') END WHERE i IN (1, 2)": "contents of public.big",
    "DELETE FROM big WHERE i = 5000": "rows of public.big",
    "DELETE FROM big WHERE i = 5000; INSERT INTO big VALUES (5001, md5('5000'))": "contents of public.big",
    "UPDATE numbers SET x = 0 WHERE x = 0": "contents of public.numbers",
    "UPDATE numbers SET n = 0.1 WHERE n = 0.10": "contents of public.numbers",
    "UPDATE numbers SET j = '{\"a\": 1}' WHERE j::text <> '{}'": "contents of public.numbers",
    "UPDATE numbers SET b = NULL WHERE b = ''": "contents of public.numbers",
    'UPDATE "Ελιές"."a.b ""c" SET t = \'ένα\' WHERE t = \'one\'': 'contents of Ελιές.a.b "c',
    "INSERT INTO daughter VALUES (1)": "rows of public.daughter",
    "UPDATE mother SET i = 3 WHERE i = 1": "contents of public.mother",
    "CREATE TABLE one_more (i int)": "rows of public.one_more",
    "SELECT lo_put((SELECT min(oid) FROM pg_largeobject_metadata), 0, 'b')": "large objects",
    "SELECT lo_unlink((SELECT min(oid) FROM pg_largeobject_metadata))": "large objects",
}


def test_every_change_is_seen(restored: tuple[DatabaseUrl, Backup]) -> None:
    copy, backup = restored
    for change, what in CHANGES.items():
        with _changed(copy, change) as other:
            assert [one.what for one in compare_contents(other, backup)] == [what], change
    with connect(copy, purpose="test") as session:
        session.execute("CREATE SEQUENCE bills")
    assert [str(one) for one in compare_contents(copy, backup)] == [
        "sequence public.bills: none in the backup, 1 next found"
    ]


@contextmanager
def _changed(url: DatabaseUrl, change: str) -> Iterator[DatabaseUrl]:
    """A copy of that database, changed."""
    other = replace(url, database=f"{url.database}_changed")
    with maintenance(url) as session:
        session.execute(f'CREATE DATABASE "{other.database}" TEMPLATE "{url.database}"')  # type: ignore[arg-type]
        try:
            with connect(other, purpose="test") as inside:
                inside.script(change.encode())
            yield other
        finally:
            session.execute(f'DROP DATABASE "{other.database}" WITH (FORCE)')  # type: ignore[arg-type]


SCHEMA_CHANGES = {
    "DROP INDEX big_word": ("INDEX public.big_word", "missing"),
    "ALTER TABLE big ALTER word SET DEFAULT 'x'": ("TABLE public.big", "different"),
    "CREATE VIEW one_more AS SELECT 1": ("VIEW public.one_more", "extra"),
    "CREATE OR REPLACE FUNCTION tidy() RETURNS void LANGUAGE sql AS $$\nUPDATE big\nSET word = 'b'\n-- why\n$$": (
        "FUNCTION public.tidy()",
        "different",
    ),
    "GRANT SELECT ON big TO PUBLIC": ("ACL public.TABLE big", "extra"),
    "ALTER TABLE big ALTER CONSTRAINT big_of DEFERRABLE": ("FK CONSTRAINT public.big big_of", "different"),
}


def test_every_change_of_the_schema_is_seen(
    server: EmbeddedServer, full: DatabaseUrl, tools: Tools, tmp_path: Path
) -> None:
    with connect(full, purpose="test") as session:
        session.script(b"CREATE INDEX big_word ON big (word)")
        session.script(
            b"CREATE FUNCTION tidy() RETURNS void LANGUAGE sql AS $$\nUPDATE big\nSET word = 'a'\n-- why\n$$"
        )
        session.script(b"ALTER TABLE big ADD of int CONSTRAINT big_of REFERENCES big")
    backup = made(full, tools, tmp_path)
    with fresh_database(server) as copy:
        quietly_restore(copy, tools, backup)
        undo = []
        for change, (what, how) in SCHEMA_CHANGES.items():
            with connect(copy, purpose="test") as session:
                session.script(change.encode())
            seen = compare_schema(copy, tools, backup, keep_owners=True)
            found = [(one.what.partition(", owner")[0], one.how) for one in seen]
            undo.append((what, how))
            assert sorted(found) == sorted(undo), change
        role = f"other_{uuid.uuid4().hex[:6]}"
        with connect(copy, purpose="test") as session:
            session.script(f"CREATE ROLE {role}; ALTER TABLE numbers OWNER TO {role}".encode())
        found = [one.what for one in compare_schema(copy, tools, backup, keep_owners=True)]
        assert f"TABLE public.numbers, owner {role}" in found
        with connect(copy, purpose="test") as session:
            session.script(f"DROP OWNED BY {role}; DROP ROLE {role}".encode())


def test_a_sequence_that_moved_while_the_backup_was_made(database: DatabaseUrl) -> None:
    """Sequences know no snapshot: any value between the first look and the last is the backup's."""
    assert between(
        {"public.bills": "5 used", "public.same": "1 next"}, {"public.bills": "9 used", "public.same": "1 next"}
    ) == {
        "public.bills": "5 used to 9 used",
        "public.same": "1 next",
    }
    with connect(database, purpose="test") as session:
        session.execute("CREATE SEQUENCE bills")
        backup = Backup("", 0, "", 0.0, 150000, {}, digests={"x": "1"}, sequences={"public.bills": "5 used to 9 used"})
        for value, fits in ((4, False), (5, True), (7, True), (9, True), (10, False)):
            session.value("SELECT setval('bills', %s)", (value,))
            assert (compare_contents(database, backup) == []) is fits, value


def test_a_sample_sees_what_it_samples(full: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    backup = made(full, tools, tmp_path, sample_bytes=100_000, one_in=4)
    assert backup.sampled == {"public.big": 4, "public.Order": 4}
    assert compare_contents(full, backup) == []
    with connect(full, purpose="test") as session:
        session.execute("UPDATE big SET word = 'x' WHERE i < 100")
    assert [one.what for one in compare_contents(full, backup)] == ["contents of public.big"]


def test_the_same_on_every_major(
    embedded_server: EmbeddedServer, system_server: EmbeddedServer, tmp_path: Path
) -> None:
    """From 15 to 18, by the newer one's tools: what is compared does not depend on the server."""
    older, newer = find_tools(major_in(system_server.bindir)), find_tools(major_in(embedded_server.bindir))
    with fresh_database(system_server) as source, fresh_database(embedded_server) as copy:
        with connect(source, purpose="test") as session:
            session.script(ONE_OF_EACH)
            session.script(MORE)
        backup = made(source, older, tmp_path)
        quietly_restore(copy, newer, backup)
        assert compare_contents(copy, backup, jobs=2) == []


def test_nothing_keeps_the_servers_workers_from_helping(database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        kinds = "SELECT array_agg(DISTINCT proparallel) FROM pg_proc WHERE proname = ANY (%s)"
        assert session.value(kinds, (["hashtextextended", "record_out", "sum", "count"],)) == ["s"]
