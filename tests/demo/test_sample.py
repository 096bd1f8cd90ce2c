"""The sample project: its migrations, and what the real Prisma says of them."""

from __future__ import annotations

import os
import re
import subprocess

import pytest
from msgspec import Struct

from dixis_tui.demo.lifecycle import Demo, DemoReady
from dixis_tui.demo.project import APPLIED, SAMPLE
from dixis_tui.model import Executor
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.prisma.files import read_migrations
from dixis_tui.settings import load
from tests.conftest import fresh_database
from tests.demo.conftest import ROWS, history, open_production
from tests.needs import needs

FILES = read_migrations(SAMPLE / "prisma" / "migrations")

STRUCTURE = """
SELECT 'column' AS kind, format('%I.%I', table_name, column_name) AS name,
    concat_ws(' ', udt_name, is_nullable, column_default, datetime_precision) AS definition
FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '_prisma_migrations'
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'
UNION ALL
SELECT 'key', conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'
UNION ALL
SELECT 'enum', typname, string_agg(enumlabel, ' ' ORDER BY enumsortorder)
FROM pg_enum JOIN pg_type AS t ON t.oid = enumtypid GROUP BY typname
ORDER BY 1, 2
"""


class Thing(Struct, frozen=True):
    kind: str
    name: str
    definition: str


def structure(session: Session) -> list[Thing]:
    return session.query(STRUCTURE, row=Thing)


def test_eight_are_applied_and_four_pending_of_the_promised_kinds() -> None:
    assert len(FILES) == 12
    assert APPLIED == 8
    wanted = [r'^CREATE INDEX .* ON "Order"', r"\bNOT NULL DEFAULT gen_random_uuid\(\)", r"\bDO \$\$", r"\bFOREIGN KEY"]
    for file, pattern in zip(FILES[APPLIED:], wanted, strict=True):
        text = (SAMPLE / "prisma" / "migrations" / file.name / "migration.sql").read_text("utf-8")
        assert re.search(pattern, text, re.MULTILINE), file.name


def test_no_file_names_a_registry() -> None:
    for file in SAMPLE.rglob("*"):
        if file.is_file() and "node_modules" not in file.parts:
            assert "registry." not in file.read_text("utf-8"), file


def prisma(ready: DemoReady, *words: str) -> subprocess.CompletedProcess[str]:
    """The project's own CLI, with what a run would give it."""
    environment = os.environ | ready.environment | {"CHECKPOINT_DISABLE": "1", "PRISMA_HIDE_UPDATE_MESSAGE": "1"}
    project = ready.folder / "project"
    command = [str(project / "node_modules" / ".bin" / "prisma"), *words]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)


@pytest.mark.node
def test_the_real_prisma_agrees(demo: Demo, embedded_server: EmbeddedServer) -> None:
    needs("node", "npm")
    said: list[str] = []
    ready = demo.prepare(ROWS, executor="prisma", on_line=said.append)
    assert load(ready.config).migrate.executor is Executor.PRISMA
    assert prisma(ready, "validate").returncode == 0
    status = prisma(ready, "migrate", "status")
    assert status.returncode == 1
    assert [name for name in status.stdout.split() if name.startswith("2025")] == [f.name for f in FILES[APPLIED:]]
    assert prisma(ready, "migrate", "deploy").returncode == 0
    assert "Database schema is up to date!" in prisma(ready, "migrate", "status").stdout
    assert history(ready).up_to_date

    words = ("migrate", "diff", "--from-empty", "--to-schema-datamodel", "prisma/schema.prisma", "--script")
    script = prisma(ready, *words)
    assert script.returncode == 0
    with fresh_database(embedded_server) as url, connect(url, purpose="test") as modelled:
        modelled.script(script.stdout.encode())
        with open_production(ready) as migrated:
            assert structure(migrated) == structure(modelled)

    said.clear()
    demo.prepare(ROWS, executor="prisma", on_line=said.append)
    assert not any("npm" in line for line in said)
