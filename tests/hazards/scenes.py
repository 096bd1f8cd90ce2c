"""The scenes of `test_scenes.py`: a statement, the hazard it is, and what a real server shows of it."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.locks import LockMode

AE, SRE, SHARE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_ROW_EXCLUSIVE, LockMode.SHARE
REWRITE, SCAN, BUILD, NONE = "rewrite", "scan", "build", ""


class LockScene(Struct, frozen=True):
    """A statement that locks `table` with `mode`, so that readers and writers wait or do not, and works on its rows."""

    code: str
    sql: str
    table: str
    mode: LockMode
    work: str = NONE


class FailScene(Struct, frozen=True):
    """A file that the server refuses with `sqlstate`; nothing of it stays."""

    code: str
    sql: str
    sqlstate: str


class GoneScene(Struct, frozen=True):
    """A statement after which `query`, which ran before it, fails with `sqlstate`."""

    code: str
    sql: str
    query: str
    sqlstate: str


LOCKS = [
    LockScene("DH102", "TRUNCATE other", "other", AE),
    LockScene("DH103", 'CLUSTER "Order" USING order_total', "Order", AE, REWRITE),
    LockScene("DH112", 'ALTER TABLE "Order" ADD COLUMN n serial', "Order", AE, REWRITE),
    LockScene("DH113", 'ALTER TABLE "Order" ADD COLUMN n int CHECK (n > 0)', "Order", AE, SCAN),
    LockScene("DH114", "REFRESH MATERIALIZED VIEW sums", "sums", AE, REWRITE),
    LockScene("DH115", "ALTER TABLE other SET UNLOGGED", "other", AE, REWRITE),
    LockScene("DH115", "ALTER TABLE other SET ACCESS METHOD heap2", "other", AE, REWRITE),
    LockScene(
        "adding-field-with-default",
        'ALTER TABLE "Order" ADD COLUMN u uuid DEFAULT gen_random_uuid()',
        "Order",
        AE,
        REWRITE,
    ),
    LockScene(
        "adding-field-with-default",
        'ALTER TABLE "Order" ADD COLUMN n int GENERATED ALWAYS AS (id + 1) STORED',
        "Order",
        AE,
        REWRITE,
    ),
    LockScene(
        "adding-field-with-default",
        'ALTER TABLE "Order" ADD COLUMN n int GENERATED ALWAYS AS IDENTITY',
        "Order",
        AE,
        REWRITE,
    ),
    LockScene("changing-column-type", "ALTER TABLE other ALTER COLUMN total TYPE bigint", "other", AE, REWRITE),
    LockScene("adding-not-nullable-field", 'ALTER TABLE "Order" ALTER COLUMN total SET NOT NULL', "Order", AE, SCAN),
    LockScene("adding-serial-primary-key-field", "ALTER TABLE event_2 ADD PRIMARY KEY (id)", "event_2", AE, BUILD),
    LockScene("disallowed-unique-constraint", 'ALTER TABLE "Order" ADD CONSTRAINT u UNIQUE (note)', "Order", AE, BUILD),
    LockScene("disallowed-unique-constraint", 'ALTER TABLE "Order" ADD COLUMN u int UNIQUE', "Order", AE, BUILD),
    LockScene("constraint-missing-not-valid", 'ALTER TABLE "Order" ADD CONSTRAINT c CHECK (id > 0)', "Order", AE, SCAN),
    LockScene(
        "constraint-missing-not-valid", "ALTER TABLE other ADD EXCLUDE USING btree (total WITH =)", "other", AE, BUILD
    ),
    LockScene(
        "adding-foreign-key-constraint",
        "ALTER TABLE other ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES customer (id)",
        "other",
        SRE,
        SCAN,
    ),
    LockScene(
        "adding-foreign-key-constraint",
        "ALTER TABLE other ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES customer (id)",
        "customer",
        SRE,
    ),
    LockScene(
        "adding-foreign-key-constraint",
        "ALTER TABLE other ADD COLUMN c int DEFAULT 1 REFERENCES customer (id)",
        "customer",
        SRE,
    ),
    LockScene("require-concurrent-index-creation", 'CREATE INDEX i ON "Order" (note)', "Order", SHARE, BUILD),
    LockScene(
        "require-concurrent-index-creation",
        "ALTER TABLE other ADD COLUMN n int; CREATE INDEX i ON other (total)",
        "other",
        AE,
        BUILD,
    ),
    LockScene(
        "adding-foreign-key-constraint",
        "ALTER TABLE other ADD COLUMN n int; ALTER TABLE other ADD FOREIGN KEY (id) REFERENCES customer (id)",
        "other",
        AE,
        SCAN,
    ),
    LockScene("require-concurrent-index-deletion", "DROP INDEX order_total", "Order", AE),
    LockScene("require-concurrent-reindex", 'REINDEX TABLE "Order"', "Order", SHARE),
    LockScene("require-concurrent-partition-detach", "ALTER TABLE event DETACH PARTITION event_1", "event", AE),
    LockScene(
        "ban-alter-domain-with-add-constraint",
        "ALTER DOMAIN amount ADD CONSTRAINT positive CHECK (value > 0)",
        "paid",
        SHARE,
        SCAN,
    ),
    LockScene(
        "DH104",
        'ALTER TABLE "Order" ADD CONSTRAINT c CHECK (id > 0) NOT VALID; ALTER TABLE "Order" VALIDATE CONSTRAINT c',
        "Order",
        AE,
        SCAN,
    ),
    LockScene(
        "DH104",
        "ALTER TABLE other ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES customer (id) NOT VALID;"
        " ALTER TABLE other VALIDATE CONSTRAINT f",
        "other",
        SRE,
        SCAN,
    ),
    LockScene("DH105", "ALTER TABLE other ADD COLUMN n int; ALTER TABLE customer ADD COLUMN n int", "other", AE),
    LockScene("DH105", "ALTER TABLE other ADD COLUMN n int; ALTER TABLE customer ADD COLUMN n int", "customer", AE),
    LockScene("DH111", "ALTER TABLE other ADD COLUMN n int; UPDATE other SET n = 1 WHERE id < 10", "other", AE),
    LockScene("DH111", "ALTER TABLE other ADD COLUMN n int; UPDATE customer SET name = 'x' WHERE id = 1", "other", AE),
]
FAILURES = [
    FailScene("DH100", "SELECT 1; ALTER TABL other", "42601"),
    FailScene("DH107", "ALTER TYPE mood ADD VALUE 'new'; ALTER TABLE felt ALTER COLUMN m SET DEFAULT 'new'", "55P04"),
    FailScene("DH107", "ALTER TYPE mood ADD VALUE 'new'; UPDATE felt SET m = 'new' WHERE id = 1", "55P04"),
    FailScene("DH107", "ALTER TYPE mood ADD VALUE 'new'; INSERT INTO felt VALUES (9, 'new')", "55P04"),
    FailScene("DH108", 'DROP TABLE "Order"', "2BP01"),
    FailScene("DH108", 'ALTER TABLE "Order" DROP COLUMN note', "2BP01"),
    FailScene("DH108", 'ALTER TABLE "Order" ALTER COLUMN note TYPE text', "0A000"),
    FailScene("DH109", 'CREATE INDEX CONCURRENTLY i ON "Order" (note); SELECT 1', "25001"),
    FailScene("adding-required-field", 'ALTER TABLE "Order" ADD COLUMN zone text NOT NULL', "23502"),
    FailScene("adding-not-nullable-field", "ALTER TABLE felt ALTER COLUMN m SET NOT NULL", "23502"),
    FailScene("ban-duplicate-column-assignments", "UPDATE other SET total = 1, total = 2 WHERE id = 1", "42601"),
]
GONE = [
    GoneScene("renaming-column", "ALTER TABLE other RENAME COLUMN total TO sum", "SELECT total FROM other", "42703"),
    GoneScene("renaming-table", "ALTER TABLE other RENAME TO others", "SELECT total FROM other", "42P01"),
    GoneScene("ban-drop-table", "DROP TABLE other", "SELECT total FROM other", "42P01"),
    GoneScene("ban-drop-column", "ALTER TABLE other DROP COLUMN total", "SELECT total FROM other", "42703"),
    GoneScene("ban-drop-view", "DROP VIEW big", "SELECT id FROM big", "42P01"),
    GoneScene("ban-drop-schema", "DROP SCHEMA side CASCADE", "SELECT n FROM side.t", "42P01"),
    GoneScene("ban-set-schema", "ALTER TABLE other SET SCHEMA side", "SELECT total FROM other", "42P01"),
    GoneScene("DH108", "ALTER TABLE other RENAME TO others", "SELECT total_of_other()", "42P01"),
    GoneScene("DH108", "ALTER TABLE other RENAME COLUMN total TO sum", "SELECT total_of_other()", "42703"),
    GoneScene("DH108", 'DROP TABLE "Order" CASCADE', "SELECT id FROM big", "42P01"),
]
ELSEWHERE = {"DH101", "DH103", "DH106", "DH110", "ban-drop-database", "ban-uncommitted-transaction"}
"""Shown by tests of their own in `test_scenes.py`."""
MORE = b"""
CREATE ACCESS METHOD heap2 TYPE TABLE HANDLER heap_tableam_handler;
CREATE DOMAIN amount AS int;
CREATE TABLE paid (id int, amount amount);
INSERT INTO paid SELECT n, n FROM generate_series(1, 100) n;
CREATE TABLE felt (id int PRIMARY KEY, m mood);
INSERT INTO felt VALUES (1, 'good'), (2, NULL);
CREATE SCHEMA side;
CREATE TABLE side.t (n int);
CREATE FUNCTION total_of_other() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN RETURN (SELECT sum(total) FROM other); END $$;
"""
"""What some scenes need beside `tables.MADE`."""
