"""`dixis-tui migrations`: what it prints, what it gives a machine, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dixis_tui.cli.main import run
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from tests.prisma.conftest import write_migrations


@pytest.fixture
def project(database: DatabaseUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two applied migrations, and the working directory of a project; returns the migrations folder."""
    folder = write_migrations(tmp_path, {"1_a": b"CREATE TABLE a ();", "2_b": b"CREATE TABLE b ();"})
    (tmp_path / "package.json").write_text('{"devDependencies": {"prisma": "6.19.3"}}')
    with connect(database, purpose="migrate") as session:
        list(apply(session, read_migrations(folder)))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.raw.reveal())
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = run(["migrations", *words])
    return code, capsys.readouterr().out


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    code, output = said(capsys, "--json", *words)
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return code, found


def test_nothing_wrong(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "3_c").mkdir()
    (project / "3_c" / "migration.sql").write_text("SELECT 1")
    code, output = said(capsys)
    assert code == 0
    assert "managed by Prisma\n2 applied, 3 in all\n3_c: pending\n" in output
    assert "1_a" not in output
    code, output = said(capsys, "--all")
    assert "1_a: applied\n    applied 20" in output


def test_something_wrong(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "1_a" / "migration.sql").write_text("SELECT 1")
    code, output = said(capsys)
    assert code == 3
    assert "1_a: edited since applied\n" in output
    assert "    Prisma says: Database schema is up to date!\n" in output
    assert "    do: Restore the file as it was applied; put changes in a new one.\n" in output


def test_an_unfinished_one_is_reconciled(
    project: Path, database: DatabaseUrl, capsys: pytest.CaptureFixture[str]
) -> None:
    with connect(database, purpose="crash") as session:
        session.script(b"UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '2_b'")
    code, output = said(capsys)
    assert code == 3
    assert "2_b: failed\n" in output
    assert "    by the catalog: all of it is there: statement 1 of 1\n" in output
    assert "npx --no-install prisma migrate resolve --applied 2_b" in output
    code, found = as_json(capsys)
    assert (code, found["sound"], found["applied"], found["database"]) == (3, False, 1, "managed by Prisma")
    assert [one["name"] for one in found["migrations"]] == ["2_b"]
    assert found["migrations"][0]["reconciliation"]["outcome"] == "all of it is there"
    assert found["migrations"][0]["attempts"] == 1


def test_it_only_reads(project: Path, database: DatabaseUrl, capsys: pytest.CaptureFixture[str]) -> None:
    """A role that may write nothing is enough."""
    with connect(database, purpose="look") as session:
        session.script(b"DROP TABLE _prisma_migrations, a, b")
        session.script(f"ALTER DATABASE {database.database} SET default_transaction_read_only = on".encode())
        code, found = as_json(capsys, "--all")
        assert session.value("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace") == 0
    assert (code, found["applied"], [one["standing"] for one in found["migrations"]]) == (0, 0, ["pending", "pending"])


def test_a_missing_database(
    project: Path, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.raw.reveal().replace(f"/{database.database}", "/not_there"))
    code, found = as_json(capsys)
    assert (code, found["database"], found["sound"]) == (3, "missing", False)
    assert "not_there" in found["remedy"]


def test_errors_as_elsewhere(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret-pw@127.0.0.1:1/x")
    code, found = as_json(capsys)
    assert (code, found["verdict"]) == (1, "error")
    assert "secret-pw" not in json.dumps(found)
    monkeypatch.delenv("DATABASE_URL")
    assert as_json(capsys)[0] == 2
