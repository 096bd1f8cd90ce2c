"""What the live catalog says of tables, and what that makes of a hazard."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.hazard import Severity
from dixis_tui.hazards.judge import relations_named
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.sizes import read_sizes
from dixis_tui.postgres.table_facts import Sizes, TableFacts
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.sql.names import Relation
from tests.hazards.judged import codes, judged, written
from tests.hazards.tables import MADE
from tests.majors import both_majors


def sizes_of(session: Session, *names: str) -> Sizes:
    return read_sizes(session, [Relation("", name) for name in names], "public")


@both_majors
def test_tables_indexes_views_and_functions(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(MADE)
        session.script(
            b"""
            CREATE FUNCTION body() RETURNS bigint LANGUAGE plpgsql AS $$
            BEGIN RETURN (SELECT count(*) FROM "Order"); END $$;
            INSERT INTO event SELECT n, 1 FROM generate_series(1, 500) n;
            ANALYZE "Order"; ANALYZE event_1;
            """
        )
        sizes = sizes_of(session, "Order", "other", "order_total", "sums", "event", "big", "not_there")
    order = sizes.table(Relation("", "Order"))
    assert order
    assert (order.rows, order.kind, order.indexes) == (2000, "r", 3)
    assert order.bytes > 100_000
    assert order.index_bytes > 100_000
    assert sizes.table(Relation("public", "order_total")) == order
    assert sizes.table(Relation("other", "Order")) is None
    assert [(view.name, view.column) for view in order.dependents if view.name == "public.big"] == [
        ("public.big", "id"),
        ("public.big", "note"),
        ("public.big", "total"),
    ]
    assert {view.kind for view in order.dependents} == {"view", "materialized view"}
    assert [function.name for function in sizes.functions] == ["public.body"]
    assert sizes.functions[0].mentions("order")
    assert not sizes.functions[0].mentions("orde")
    other, event, sums = (sizes.tables[f"public.{name}"] for name in ("other", "event", "sums"))
    assert other.rows == -1, "never analyzed is not empty"
    assert (event.kind, event.rows) == ("p", 500)
    assert sums.kind == "m"
    assert "public.not_there" not in sizes.tables
    assert "rows unknown" in size_words(other)
    assert size_words(order, "every row is read").startswith("2 k rows, ")


@both_majors
def test_a_check_proves_a_column(server: EmbeddedServer, database: DatabaseUrl, tmp_path: Path) -> None:
    sql = 'ALTER TABLE t ALTER COLUMN "A b" SET NOT NULL'
    with connect(database, purpose="test") as session:
        session.script(
            b'CREATE TABLE t ("A b" int, c int NOT NULL); INSERT INTO t SELECT n, n FROM generate_series(1, 99) n'
        )
        for change, found in (
            ('ADD CONSTRAINT k CHECK ("A b" IS NOT NULL) NOT VALID', ["adding-not-nullable-field"]),
            ("VALIDATE CONSTRAINT k", []),
        ):
            session.script(f"ALTER TABLE t {change}".encode())
            sizes = read_sizes(session, relations_named(written(tmp_path, sql)), "public")
            assert codes(judged(tmp_path, sql, sizes=sizes)) == found
        # And so the server: no row is read.
        scans = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 't'"
        session.execute("BEGIN")
        before = session.value(scans)
        session.script(sql.encode())
        assert session.value(scans) == before
        session.rollback()


TYPES = [
    ("varchar(10)", "varchar(20)"),
    ("varchar(10)", "varchar(5)"),
    ("varchar(10)", "varchar"),
    ("varchar(10)", "text"),
    ("varchar", "varchar(10)"),
    ("text", "varchar"),
    ("text", "varchar(10)"),
    ("text", "text"),
    ("char(5)", "text"),
    ("numeric(10,2)", "numeric(12,2)"),
    ("numeric(10,2)", "numeric(12,3)"),
    ("numeric(10,2)", "numeric(8,2)"),
    ("numeric(10,2)", "numeric"),
    ("int", "bigint"),
    ("int", "int"),
    ("int", "oid"),
    ("bigint", "int"),
    ("varbit(5)", "varbit(9)"),
    ("bit(5)", "bit(9)"),
    ("timestamp(3)", "timestamp"),
    ("timestamp(3)", "timestamptz(3)"),
    ("int[]", "bigint[]"),
    ("varchar(5)[]", "varchar(9)[]"),
    ("cidr", "inet"),
    ("json", "jsonb"),
    ("mood", "text"),
]


@both_majors
def test_a_type_change_called_harmless_writes_no_row(server: EmbeddedServer, database: DatabaseUrl) -> None:
    """Never wrong on the side of danger; and it knows the common cases."""
    harmless = []
    with connect(database, purpose="test") as session:
        session.script(b"CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id int)")
        for old, new in TYPES:
            session.script(f"DROP TABLE t; CREATE TABLE t (c {old})".encode())
            before = session.value("SELECT relfilenode FROM pg_class WHERE relname = 't'")
            sizes = sizes_of(session, "t")
            session.script(f"ALTER TABLE t ALTER COLUMN c TYPE {new} USING c::{new}".encode())
            rewritten = session.value("SELECT relfilenode FROM pg_class WHERE relname = 't'") != before
            said = sizes.rewrites(sizes.tables["public.t"].columns[0].type, new)
            assert said or not rewritten, f"{old} to {new} rewrites"
            if not said:
                harmless.append((old, new))
    assert ("varchar(10)", "varchar(20)") in harmless
    assert ("varchar(10)", "text") in harmless
    assert ("numeric(10,2)", "numeric(12,2)") in harmless
    assert ("int", "bigint") not in harmless
    assert len(harmless) >= 9


def test_a_harmless_type_change_is_no_hazard(database: DatabaseUrl, tmp_path: Path) -> None:
    with connect(database, purpose="test") as session:
        session.script(
            b"CREATE TABLE t (c varchar(10), n int); INSERT INTO t SELECT 'x', n FROM generate_series(1, 9) n"
        )
        sizes = sizes_of(session, "t")
    assert codes(judged(tmp_path, "ALTER TABLE t ALTER COLUMN c TYPE varchar(20)", sizes=sizes)) == []
    assert codes(judged(tmp_path, "ALTER TABLE t ALTER COLUMN c TYPE text USING c::text", sizes=sizes)) == []
    assert codes(judged(tmp_path, "ALTER TABLE t ALTER COLUMN c TYPE text USING lower(c)", sizes=sizes)) == [
        "changing-column-type"
    ]
    (found,) = judged(tmp_path, "ALTER TABLE t ALTER COLUMN n TYPE bigint", sizes=sizes)
    assert "from integer to bigint" in found.what


@pytest.mark.parametrize(
    ("rows", "size", "severity"),
    [
        (0, 0, Severity.NOTICE),
        (999, 900_000, Severity.NOTICE),
        (999, 2_000_000, Severity.WARNING),
        (-1, 8_192, Severity.NOTICE),
        (-1, 50_000_000, Severity.WARNING),
        (5_000, 400_000, Severity.WARNING),
        (1_000_000, 50_000_000, Severity.DANGER),
        (5_000, 2_000_000_000, Severity.DANGER),
    ],
)
def test_what_a_size_makes_of_a_warning(rows: int, size: int, severity: Severity) -> None:
    table = TableFacts(schema="public", name="t", kind="r", rows=rows, bytes=size, indexes=0, index_bytes=0)
    assert weigh(Severity.WARNING, table) is severity
    assert weigh(Severity.WARNING, None) is Severity.WARNING


def test_what_is_there_already_is_not_new(database: DatabaseUrl, tmp_path: Path) -> None:
    sql = "CREATE TABLE IF NOT EXISTS t (id int); TRUNCATE t"
    with connect(database, purpose="test") as session:
        assert codes(judged(tmp_path, sql, sizes=sizes_of(session, "t"))) == []
        session.script(b"CREATE TABLE t AS SELECT 1 AS id")
        assert codes(judged(tmp_path, sql, sizes=sizes_of(session, "t"))) == ["DH102"]


def test_a_dropped_index_is_counted_for_its_table(database: DatabaseUrl, tmp_path: Path) -> None:
    sql = "DROP INDEX order_total; ALTER TABLE other ADD COLUMN n int"
    with connect(database, purpose="test") as session:
        session.script(MADE)
        sizes = read_sizes(session, relations_named(written(tmp_path, sql)), "public")
    assert "DH105" not in codes(judged(tmp_path, sql))
    found = {one.code: one for one in judged(tmp_path, sql, sizes=sizes)}
    assert '"Order" and other' in found["DH105"].what
    assert '"Order"' in found["require-concurrent-index-deletion"].what
