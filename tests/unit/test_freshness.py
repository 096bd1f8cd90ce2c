"""DX502: the backup's age, and its files as they lie there."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.model import Backup, BackupFile, CheckState, DumpFormat, Snapshot
from dixis_tui.postgres.dump_files import digest_of
from dixis_tui.run.phases import freshness
from dixis_tui.run.phases.freshness import fresh
from dixis_tui.run.state import RunState
from tests.unit.examples import START


@pytest.fixture(params=list(DumpFormat))
def state(request: pytest.FixtureRequest, tmp_path: Path) -> RunState:
    """A run with a backup taken at START."""
    path, form = tmp_path / "shop", request.param
    if form is DumpFormat.DIRECTORY:
        path.mkdir()
    file = path / "toc.dat" if form is DumpFormat.DIRECTORY else path
    file.write_bytes(b"whole")
    files = (BackupFile(file.name, 5, hashlib.sha256(b"whole").hexdigest()),)
    backup = Backup(str(path), 5, digest_of(files, form), 1.0, 150008, {}, form=form, taken_at=START)
    return RunState(backup=replace(backup, files=files if form is DumpFormat.DIRECTORY else ()))


def file_of(state: RunState) -> Path:
    assert state.backup
    path = Path(state.backup.path)
    return path / "toc.dat" if path.is_dir() else path


def test_young_and_whole(state: RunState) -> None:
    found = fresh(state, START + timedelta(hours=4), 4)
    assert found.state is CheckState.PASSED
    assert found.evidence == "taken 2026-11-25 20:00 UTC, 4 h 0 min ago; sizes and SHA-256 as written"


def test_too_old(state: RunState) -> None:
    found = fresh(state, START + timedelta(hours=4, minutes=1), 4)
    assert found.state is CheckState.FAILED
    assert "4 h 1 min ago; backup.max_age_hours is 4" in found.evidence
    assert fresh(state, START + timedelta(hours=4, minutes=1), 4.5).state is CheckState.PASSED


def test_changed_or_gone(state: RunState) -> None:
    file = file_of(state)
    file.write_bytes(b"whose")
    assert fresh(state, START, 4).state is CheckState.FAILED
    assert fresh(state, START, 4, digests=False).state is CheckState.PASSED, "its sizes are as written"
    file.write_bytes(b"who")
    assert fresh(state, START, 4, digests=False).state is CheckState.FAILED
    file.unlink()
    assert fresh(state, START, 4, digests=False).state is CheckState.FAILED


def test_a_large_one_is_only_measured(state: RunState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(freshness, "READ_AT_SEAL_BYTES", 5)
    assert fresh(state, START, 4).evidence.endswith("; sizes as written")
    monkeypatch.setattr(freshness, "READ_AT_SEAL_BYTES", 6)
    assert fresh(state, START, 4).evidence.endswith("; sizes and SHA-256 as written")


def test_of_an_earlier_version_the_age_is_not_known(state: RunState) -> None:
    assert state.backup
    old = replace(state, backup=replace(state.backup, taken_at=None))
    found = fresh(old, START, 4)
    assert found.state is CheckState.WARNED
    assert "its age is not known" in found.evidence


def test_without_a_backup() -> None:
    assert fresh(RunState(), START, 4).evidence == "there is no backup (waived)"
    found = fresh(RunState(snapshot=Snapshot("snap-7", START, "provider")), START, 4)
    assert (found.state, found.evidence[-6:]) == (CheckState.WARNED, "snap-7")
