"""Backups of real runs: in the form that the settings want, encrypted, proven, and retired by the next one."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from dixis_tui.model import CheckState, DumpFormat, Phase
from dixis_tui.postgres.manifest import read_proof
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.settings import BackupSettings
from tests.postgres.test_encryption import key
from tests.run.conftest import Begin, settings_for, write_project


def test_encrypted_proven_retired_and_restored(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    """Two runs: the second's proof sends the first's backup away, and its rollback opens its own."""
    recipient, identity = key(tmp_path / "key")
    backup = BackupSettings(
        directory=str(tmp_path / "dumps"),
        format="directory",
        jobs=2,
        keep=1,
        sample_gb=0,
        sample_one_in=2,
        age_recipient=recipient,
        age_identity=str(identity),
    )
    settings = replace(settings_for(write_project(tmp_path / "shop")), backup=backup)
    with connect(database, purpose="test") as session:
        session.script(b"CREATE SCHEMA own; CREATE TABLE own.kept (id int PRIMARY KEY)")
        session.script(b"INSERT INTO own.kept SELECT generate_series(1, 100)")
    first = begin(settings)
    state = first.to_go()
    assert state.backup is not None
    earlier = Path(state.backup.path)
    assert earlier.exists()
    assert first.send(cmd.End()) == ""
    first.wait(lambda state: state.ended, "the first one's end")

    second = begin(settings)
    state = second.to_go()
    assert state.backup is not None
    assert state.backup.encrypted
    assert state.backup.form is DumpFormat.DIRECTORY
    assert "age and a key" in state.check("DX107").evidence
    assert state.check("DX200").evidence.startswith("encrypted, a folder by 2 jobs, ")
    assert "own.kept by one row in 2" in state.check("DX202").evidence
    assert state.check("DX313").evidence == f"removed: {earlier.name}"
    assert not earlier.exists()
    path = Path(state.backup.path)
    proof = read_proof(path)
    assert proof is not None
    assert proof.passed
    assert (proof.tables, proof.rows) == (1, 100)
    assert sorted(file.name for file in path.parent.iterdir()) == [
        path.name,
        f"{path.name}.manifest.json",
        f"{path.name}.proof.json",
    ]
    assert second.confirm() == ""
    second.ended(Phase.VERIFY)
    assert second.look().check("DX502").state is CheckState.PASSED
    assert second.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")) == ""
    state = second.ended(Phase.ROLLBACK)
    assert state.check("DX902").state is CheckState.PASSED
    assert len(list(path.parent.iterdir())) == 3, "no opened copy is left"
    with connect(database, purpose="test") as session:
        assert session.value("SELECT to_regclass('\"Farm\"') IS NULL AND to_regclass('own.kept') IS NOT NULL")
