"""`dixis-tui backups`: every backup of this machine, whole or not, and the check of one."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.cli import main
from dixis_tui.model import Backup
from dixis_tui.postgres.manifest import write_proof
from tests.postgres.test_retention import PROOF, made
from tests.unit.examples import START


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty state directory, and a working directory with a `dixis.toml` that names a backup folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "dixis.toml").write_text('[backup]\ndirectory = "dumps"\n')
    return tmp_path / "state" / "dixis-tui"


def test_there_are_none(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["backups"]) == 0
    assert capsys.readouterr().out == "No backups yet.\n"


def test_all_are_listed_newest_first(state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = state / "runs" / "20261125-200000-abcd"
    run.mkdir(parents=True)
    (run / "journal.jsonl").touch()
    older = made(tmp_path / "dumps", "shop-1.dump", 1)
    newer = made(run / "backup", "shop-2.dir", 2)
    (tmp_path / "dumps" / "x\x1b[31m.dump.part").write_bytes(b"x")
    write_proof(older, PROOF)
    assert main.run(["backups"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("2026-11-25 22:00 UTC (")
    assert lines[0].endswith(f"  dixis  PostgreSQL 15.8  0.0 MB  directory  1 tables, 5 rows  not proven  {newer}")
    assert lines[1].endswith(f"custom  1 tables, 5 rows  proven on staging 2026-11-25 20:00 UTC  {older}")
    assert lines[2].startswith("not whole: never finished")
    assert "\x1b" not in lines[2]
    write_proof(older, replace(PROOF, passed=False))
    assert main.run(["backups"]) == 0
    assert "did NOT come back on staging" in capsys.readouterr().out
    assert main.run(["backups", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["backups"]
    assert [line["wrong"] for line in listed] == ["", "", "never finished"]
    assert listed[0]["taken_at"] == (START + timedelta(hours=2)).isoformat().replace("+00:00", "Z")


def test_one_is_verified(state: Path, backup: Backup, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path(backup.path)
    for named in (path, path.with_name(f"{path.name}.manifest.json")):
        assert main.run(["backups", "--verify", str(named)]) == 0
        assert capsys.readouterr().out.startswith(f"{path} is as it was written: {backup.bytes:,} bytes")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert main.run(["backups", "--verify", str(path)]) == 1
    assert "was changed since it was made" in capsys.readouterr().err
    assert main.run(["backups", "--verify", str(path.with_name("none.dump"))]) == 1
    assert "can't be read" in capsys.readouterr().err


@pytest.mark.parametrize(("path", "code"), [("/", 2), (".manifest.json", 2), (".", 1), ("..", 1), ("", 1)])
def test_verify_of_what_is_no_backups_name(
    path: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main.run(["backups", "--verify", path]) == code
    assert capsys.readouterr().err.startswith("dixis-tui: ")
