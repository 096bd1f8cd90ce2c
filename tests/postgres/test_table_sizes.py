"""Sizes of tables, and the room on their server's disk."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import msgspec
import pytest

from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.table_sizes import free_bytes, table_sizes
from dixis_tui.postgres.url import DatabaseUrl
from tests.majors import both_majors

TABLES = b"""
CREATE TABLE "Order" (id int PRIMARY KEY, note text);
INSERT INTO "Order" SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g;
CREATE SCHEMA stock; CREATE TABLE stock.item (id int);
CREATE MATERIALIZED VIEW sums AS SELECT generate_series(1, 10) AS n;
CREATE VIEW no_table AS SELECT 1;
CREATE TEMP TABLE passing (id int);
ANALYZE
"""


@both_majors
def test_sizes(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(TABLES)
        found = table_sizes(session)
        total = session.value("SELECT pg_total_relation_size('\"Order\"')")
        indexes = session.value("SELECT pg_indexes_size('\"Order\"')")
    assert found.keys() == {'public."Order"', "stock.item", "public.sums"}
    order = found['public."Order"']
    assert (order.rows, order.bytes, order.total) == (5000, total - indexes, total)
    assert (found["stock.item"].rows, found["stock.item"].bytes) == (0, 0)
    assert found["public.sums"].rows == 10


@both_majors
def test_rows_are_known_without_statistics_and_without_analyze(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(b"CREATE TABLE t AS SELECT generate_series(1, 700) AS id")
        session.execute("SELECT pg_stat_force_next_flush()")
        assert table_sizes(session)["public.t"].rows == 700, "counted, never analyzed"
        session.execute("ANALYZE t")
        session.value("SELECT pg_stat_reset_single_table_counters('t'::regclass)")
        assert table_sizes(session)["public.t"].rows == 700, "analyzed, the counters lost"


@both_majors
def test_free_room_is_known_where_the_server_is_here(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        found = free_bytes(session)
    assert found is not None
    whole = shutil.disk_usage(server.folder)
    assert 0 < found <= whole.total


def test_a_tunnel_s_end_is_not_the_server(
    database: DatabaseUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same path may hold the data of another server of this machine."""
    with connect(database, purpose="test") as session:
        directory = Path(session.value("SHOW data_directory"))
        told = (directory / "postmaster.pid").read_text().splitlines()
        for pid in ("", "\n".join([*told[:2], "1", *told[3:]]), "one\ntwo\nthree"):
            monkeypatch.setattr(Path, "read_text", lambda _, pid=pid: pid)
            assert free_bytes(session) is None
        monkeypatch.undo()
        monkeypatch.setattr(Path, "read_bytes", lambda _: b"\1" * 8)
        assert free_bytes(session) is None
        monkeypatch.undo()
        assert free_bytes(session) is not None
        monkeypatch.setattr(os, "statvfs", lambda _: (_ for _ in ()).throw(PermissionError()))
        assert free_bytes(session) is None
        monkeypatch.undo()
        session.url = msgspec.structs.replace(session.url, host="db.example")
        assert free_bytes(session) is None


def test_a_role_that_may_not_look_knows_nothing(database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(b"CREATE ROLE looks_not; SET ROLE looks_not")
        try:
            assert free_bytes(session) is None
        finally:
            session.script(b"RESET ROLE; DROP ROLE looks_not")
