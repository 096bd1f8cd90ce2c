"""Each rule without a server: what it finds, what it lets pass, what is new and so exempt."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.hazard import Severity
from tests.hazards.judged import codes, judged
from tests.hazards.scenes import FAILURES, GONE, LOCKS

PASS = [
    "UPDATE t SET a = 1 WHERE b > 0",
    "WITH x AS (DELETE FROM t WHERE a = 1 RETURNING *) INSERT INTO gone SELECT * FROM x",
    "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1",
    "VACUUM t",
    "VACUUM (FULL off) t",
    "ALTER TABLE t ADD COLUMN a text",
    "ALTER TABLE t ADD COLUMN a text DEFAULT 'x'",
    "ALTER TABLE t ADD COLUMN a timestamptz DEFAULT now()",
    "ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT 'x'",
    "ALTER TABLE t ADD COLUMN a int REFERENCES u (id)",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
    "ALTER TABLE t VALIDATE CONSTRAINT c",
    "ALTER TABLE t ADD CONSTRAINT t_pkey PRIMARY KEY USING INDEX t_pkey",
    "ALTER TABLE t ADD COLUMN a int; ALTER TABLE t ADD COLUMN b int",
    "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u (id) NOT VALID",
    "ALTER TYPE mood ADD VALUE 'x'",
    "CREATE TYPE mood AS ENUM ('a'); ALTER TYPE mood ADD VALUE 'x'; CREATE TABLE t (m mood DEFAULT 'x')",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY v",
    'CREATE TABLE "' + "Ω" * 31 + '" (id int)',
    "UPDATE t SET a = 1 WHERE id = 2; ALTER TABLE t ADD COLUMN b int",
    "DO $$ BEGIN DELETE FROM t; END $$",
    "COMMENT ON TABLE t IS 'TRUNCATE t; DELETE FROM t'",
    "",
    "-- nothing but a comment",
]


@pytest.mark.parametrize("sql", PASS, ids=lambda sql: sql[:60])
def test_what_is_no_hazard_is_none(sql: str, tmp_path: Path) -> None:
    assert codes(judged(tmp_path, sql)) == []


@pytest.mark.parametrize("scene", [*LOCKS, *GONE], ids=lambda scene: f"{scene.code}: {scene.sql[:60]}")
def test_tables_that_the_pending_files_make_are_exempt(scene: object, tmp_path: Path) -> None:
    """Nobody uses a table yet that is made in the same evening."""
    made = """
CREATE TABLE other (id int, total int); CREATE TABLE customer (id int, name text); CREATE TABLE "Order" (id int);
CREATE TABLE event (id int, day int) PARTITION BY LIST (day); CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1);
CREATE TABLE event_2 (id int, day int); CREATE MATERIALIZED VIEW sums AS SELECT 1 AS one; CREATE VIEW big AS SELECT 1;
"""
    sql, code = str(getattr(scene, "sql", "")), getattr(scene, "code", "")
    whole = {"ban-drop-schema", "require-concurrent-index-deletion", "ban-alter-domain-with-add-constraint"}
    if code in whole:  # which name no table
        return
    assert code not in codes(judged(tmp_path, made, sql))
    if code != "DH108":  # which needs a server, or files that make the view
        assert code in codes(judged(tmp_path, made, sql, one_set=False)), "each file by itself"


@pytest.mark.parametrize("scene", [*LOCKS, *FAILURES], ids=lambda scene: f"{scene.code}: {scene.sql[:60]}")
def test_a_comment_with_a_reason_lets_it_stand(scene: object, tmp_path: Path) -> None:
    sql, code = str(getattr(scene, "sql", "")), str(getattr(scene, "code", ""))
    if code in ("DH108", "DH100"):
        return
    ignored = judged(tmp_path, f"-- dixis-ignore-file {code}: agreed on Monday\n{sql}")
    assert code not in codes(ignored)
    assert [one.suppressed for one in ignored if one.code == code] == ["agreed on Monday"]


def test_a_name_that_was_there_before_is_not_exempt(tmp_path: Path) -> None:
    assert codes(judged(tmp_path, "TRUNCATE t", "CREATE TABLE t (id int)")) == ["DH102"]
    assert codes(judged(tmp_path, "CREATE TABLE a.t (id int)", "TRUNCATE t")) == ["DH102"]
    assert codes(judged(tmp_path, "CREATE TABLE public.t (id int)", "TRUNCATE t")) == []
    renamed = "CREATE TABLE t (id int); ALTER TABLE t RENAME TO u"
    assert codes(judged(tmp_path, renamed, "TRUNCATE u")) == []


def test_where_it_is_said(tmp_path: Path) -> None:
    sql = (
        '-- Ελλάδα\n/* ; */ ALTER TABLE "Ω" ADD COLUMN a int, -- DROP\n  ALTER COLUMN "β" SET NOT NULL;\nDELETE FROM t;'
    )
    first, second, third = judged(tmp_path, sql)
    assert (first.code, first.line, first.column, first.end_line, first.end_column) == (
        "adding-not-nullable-field",
        3,
        20,
        3,
        32,
    )
    assert (second.code, third.code) == ("DH101", "DH111")
    assert (third.line, third.column, third.end_column, third.statement) == (4, 1, 14, 2)


def test_crlf_and_several_statements_in_a_line(tmp_path: Path) -> None:
    found = judged(tmp_path, "SELECT 1;\r\nSELECT 2; TRUNCATE t;\r\n")
    assert [(one.line, one.column, one.end_column) for one in found] == [(2, 11, 21)]


def test_one_finding_a_fact(tmp_path: Path) -> None:
    """What both squawk and a rule of ours see is said once."""
    whole = {
        "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id)": ["adding-foreign-key-constraint"],
        "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)": ["disallowed-unique-constraint"],
        "ALTER TABLE t ADD PRIMARY KEY (a)": ["adding-serial-primary-key-field"],
        "TRUNCATE t CASCADE": ["DH102"],
        'ALTER TABLE t ADD COLUMN "' + "Ω" * 40 + '" int': ["DH106"],
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c": ["DH104"],
        "CREATE INDEX CONCURRENTLY i ON t (a); SELECT 1": ["DH109"],
        "ALTER TABLE t ADD COLUMN a serial": ["DH112"],
    }
    assert {sql: codes(judged(tmp_path, sql)) for sql in whole} == whole


def test_the_transaction_decides(tmp_path: Path) -> None:
    """The same text under Prisma 6, which sends it whole, and under 7.4, which commits each statement."""
    together = "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c"
    assert codes(judged(tmp_path, together)) == ["DH104"]
    assert codes(judged(tmp_path, together, splits=True)) == ["DH110"]
    several = "ALTER TABLE t ADD COLUMN a int; ALTER TABLE u ADD COLUMN a int"
    assert codes(judged(tmp_path, several)) == ["DH105"]
    assert codes(judged(tmp_path, several, splits=True)) == ["DH110"]
    own = "BEGIN; ALTER TABLE t ADD COLUMN a int; COMMIT; ALTER TABLE u ADD COLUMN a int"
    assert codes(judged(tmp_path, own)) == ["DH110"]
    assert codes(judged(tmp_path, f"{own}; ALTER TABLE v ADD COLUMN a int")) == ["DH110", "DH105"]
    assert codes(judged(tmp_path, f"BEGIN; {several}; COMMIT", splits=True)) == ["DH110", "DH105"]
    assert codes(
        judged(tmp_path, f"{several.split('; ', maxsplit=1)[0]}; BEGIN; {several.split('; ')[1]}; COMMIT")
    ) == [
        "DH110",
        "DH105",
    ]
    enum = "ALTER TYPE mood ADD VALUE 'x'; UPDATE t SET m = 'x' WHERE id = 1"
    assert codes(judged(tmp_path, enum)) == ["DH107"]
    assert codes(judged(tmp_path, enum, splits=True)) == ["DH110"]
    assert codes(judged(tmp_path, *enum.split("; "))) == []
    lonely = "CREATE INDEX CONCURRENTLY i ON t (a); SELECT 1"
    assert codes(judged(tmp_path, lonely, splits=True)) == ["DH110"]


def test_a_lock_that_is_held_makes_what_follows_worse(tmp_path: Path) -> None:
    """An index built after an ALTER TABLE of its table, in one transaction, keeps readers out too."""
    sql = "ALTER TABLE t ADD COLUMN a int; CREATE INDEX i ON t (a)"
    (found,) = judged(tmp_path, sql)
    assert (found.severity, "line 1 took is still held" in found.why) == (Severity.DANGER, True)
    assert [one.severity for one in judged(tmp_path, sql, splits=True)][1] is Severity.WARNING
    (found,) = judged(tmp_path, "ALTER TABLE u ADD COLUMN a int; CREATE INDEX i ON t (a)")
    assert found.severity is Severity.WARNING


def test_the_server_decides_what_is_safer(tmp_path: Path) -> None:
    sql = "ALTER TABLE p DETACH PARTITION q"
    assert "CONCURRENTLY;" in judged(tmp_path, sql, server_version=140000)[0].safer
    assert "CONCURRENTLY" not in judged(tmp_path, sql, server_version=130000)[0].safer


def test_a_long_name_that_becomes_another(tmp_path: Path) -> None:
    first, second = "Ω" * 31 + "α", "Ω" * 31 + "β"
    found = judged(tmp_path, f'CREATE TABLE "{first}" (id int); CREATE TABLE "{second}" (id int);')
    assert [one.severity for one in found if one.code == "DH106"] == [Severity.WARNING, Severity.DANGER]
    assert f'"{first}"' in found[1].what


def test_views_and_functions_of_the_pending_files(tmp_path: Path) -> None:
    view = 'CREATE VIEW v AS SELECT a, "Order".b FROM "Order"'
    assert codes(judged(tmp_path, view, 'ALTER TABLE "Order" DROP COLUMN a')) == ["DH108", "ban-drop-column"]
    assert codes(judged(tmp_path, view, 'ALTER TABLE "Order" DROP COLUMN c')) == ["ban-drop-column"]
    assert "DH108" in codes(judged(tmp_path, 'CREATE VIEW v AS SELECT * FROM "Order"', 'ALTER TABLE "Order" DROP c'))
    assert "DH108" not in codes(judged(tmp_path, view, 'DROP VIEW v; ALTER TABLE "Order" DROP COLUMN a'))
    assert "DH108" not in codes(judged(tmp_path, 'ALTER TABLE "Order" DROP COLUMN a', view))
    function = 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT a FROM "Order" $$'
    found = [one for one in judged(tmp_path, function, 'ALTER TABLE "Order" DROP COLUMN a') if one.code == "DH108"]
    assert [(one.severity, "may be used by f" in one.what) for one in found] == [(Severity.WARNING, True)]
    assert "DH108" not in codes(judged(tmp_path, function, 'ALTER TABLE "Order" DROP COLUMN ab'))


def test_set_not_null_after_a_proof(tmp_path: Path) -> None:
    """Whoever does what we say is not told it again."""
    steps = (
        "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID",
        "ALTER TABLE t VALIDATE CONSTRAINT c",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
    )
    assert codes(judged(tmp_path, *steps)) == []
    assert codes(judged(tmp_path, steps[0], steps[2])) == ["adding-not-nullable-field"]
    assert codes(judged(tmp_path, *steps[:2], steps[2].replace("COLUMN a", "COLUMN b"))) == [
        "adding-not-nullable-field"
    ]


def test_prisma_writes_what_is_let_pass(tmp_path: Path) -> None:
    """A first migration as Prisma writes it: everything in it is new."""
    sql = """-- CreateEnum
CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN');

-- CreateTable
CREATE TABLE "User" (
    "id" SERIAL NOT NULL,
    "name" VARCHAR(100) NOT NULL,
    "role" "Role" NOT NULL DEFAULT 'USER',
    "at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "User_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "User_name_key" ON "User"("name");

-- AddForeignKey
ALTER TABLE "User" ADD CONSTRAINT "User_id_fkey" FOREIGN KEY ("id") REFERENCES "User"("id") ON DELETE RESTRICT;
"""
    assert codes(judged(tmp_path, sql)) == []
