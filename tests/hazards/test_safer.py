"""The safer form that comes with a hazard is SQL that PostgreSQL takes, for this very statement."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.hazards.judge import relations_named
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.sizes import read_sizes
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.sql.script import parse_script
from tests.conftest import fresh_database
from tests.hazards.judged import judged, written
from tests.hazards.scenes import FAILURES, GONE, LOCKS, MORE
from tests.hazards.tables import MADE

SCENES = {f"{scene.code}: {scene.sql}": scene for scene in (*LOCKS, *FAILURES, *GONE) if scene.code != "DH100"}
PLAIN = {
    # No statement of a form that is safe in every case: words alone.
    "ban-drop-view",
    "ban-drop-schema",
    "ban-set-schema",
    "ban-alter-domain-with-add-constraint",
    "ban-duplicate-column-assignments",
    "DH102",
    "DH105",
    "DH113",
    "DH115",
    "renaming-column",
}
HOSTILE = [
    'ALTER TABLE "user" ALTER COLUMN "order" SET NOT NULL',
    'ALTER TABLE "user" ALTER COLUMN "order" TYPE bigint',
    'ALTER TABLE "user" ADD COLUMN "a""b" uuid NOT NULL',
    'ALTER TABLE "user" ADD UNIQUE ("order", "Ελλάδα")',
    'CREATE UNIQUE INDEX ON "user" ("order" DESC) INCLUDE ("Ελλάδα") WHERE "order" > 0',
    'ALTER TABLE "user" RENAME TO "select"',
    'ALTER TABLE "user" ADD FOREIGN KEY ("order") REFERENCES "user" (id) ON DELETE CASCADE INITIALLY DEFERRED',
    f'ALTER TABLE "{"Ω" * 31}" ALTER COLUMN "{"β" * 31}" SET NOT NULL',
    'ALTER TABLE "user" ADD COLUMN n serial',
]


RESET = b"DROP SCHEMA IF EXISTS public, side CASCADE; DROP ACCESS METHOD IF EXISTS heap2; CREATE SCHEMA public"


@pytest.fixture(scope="module")
def house(embedded_server: EmbeddedServer) -> Iterator[DatabaseUrl]:
    """One database for all: a fresh one for each test would cost more than the test."""
    with fresh_database(embedded_server) as url:
        yield url


@pytest.fixture
def session(house: DatabaseUrl) -> Iterator[Session]:
    """A session in that database, emptied."""
    with connect(house, purpose="safer") as ours:
        ours.script(RESET)
        yield ours


def run(session: Session, safer: str) -> int:
    """Run it statement by statement, each as a migration of its own would be; how many there are."""
    script = parse_script(safer.encode())
    assert script.problem is None, f"{script.problem}\n{safer}"
    for statement in script.statements:
        session.script(statement.text.encode())
    return len(script.statements)


@pytest.mark.parametrize("name", SCENES, ids=lambda name: name[:70])
def test_it_runs(name: str, session: Session, tmp_path: Path) -> None:
    scene = SCENES[name]
    session.script(MADE + MORE)
    known = scene.code == "DH108"
    sizes = read_sizes(session, relations_named(written(tmp_path, scene.sql)), "public") if known else None
    hazard = next(one for one in judged(tmp_path, scene.sql, sizes=sizes) if one.code == scene.code)
    safer = hazard.safer
    if scene.code == "adding-required-field":  # a person names the value
        safer = safer.replace("-- UPDATE", "UPDATE").replace("= VALUE", "= 'x'")
    if scene.code in ("DH104", "DH111"):  # the first step is the file itself without its second
        session.script(scene.sql.partition(";")[0].encode())
    if scene.sql.startswith("ALTER TABLE felt"):  # a NULL is in the way
        session.script(b"DELETE FROM felt WHERE m IS NULL")
    if (ran := run(session, safer)) == 0:
        assert scene.code in PLAIN or "EXCLUDE" in scene.sql or "DEFAULT 1" in scene.sql or "may be used" in hazard.what
        assert hazard.safer.startswith("--") or not hazard.safer
    else:
        assert ran >= 1


@pytest.mark.parametrize("sql", HOSTILE)
def test_it_runs_with_names_that_need_quotes(sql: str, session: Session, tmp_path: Path) -> None:
    session.script(
        f'CREATE TABLE "user" (id int PRIMARY KEY, "order" int DEFAULT 1, "Ελλάδα" text);'
        f'CREATE TABLE "{"Ω" * 31}" ("{"β" * 31}" int);'.encode()
    )
    for hazard in judged(tmp_path, sql):
        assert run(session, hazard.safer) > 0


def test_a_name_with_a_line_break_stays_in_its_comment(session: Session, tmp_path: Path) -> None:
    table = '"o\\ne\nDROP TABLE other; --"'
    session.script(f"CREATE TABLE other (id int); CREATE TABLE {table} (id int, a int)".encode())
    for sql in (f"ALTER TABLE {table} ADD COLUMN b int NOT NULL", f"TRUNCATE {table}", f"DELETE FROM {table}"):
        for hazard in judged(tmp_path, sql):
            assert "\nDROP" not in hazard.safer
            run(session, hazard.safer)
    assert session.value("SELECT to_regclass('other')::text") == "other"
    (hazard,) = judged(tmp_path, f"ALTER TABLE {table} ALTER COLUMN a SET NOT NULL")
    assert run(session, hazard.safer) == 4


def test_a_key_of_a_safer_form_is_the_same_in_the_end(session: Session, tmp_path: Path) -> None:
    """NOT NULL by way of a check, and a key by way of an index: what is left is what was asked for."""
    session.script(MADE)
    for sql in ('ALTER TABLE "Order" ALTER COLUMN total SET NOT NULL', 'ALTER TABLE "Order" ADD UNIQUE (note)'):
        (hazard,) = judged(tmp_path, sql)
        run(session, hazard.safer)
    columns = (
        "SELECT attnotnull FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE relname = %s AND attname = %s"
    )
    assert session.value(columns, ("Order", "total")) is True
    keys = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'Order_note_key' AND contype = 'u'"
    assert session.value(keys) == "UNIQUE (note)"
