"""Which backups lie in a folder, and which of them may go."""

from __future__ import annotations

import fcntl
import hashlib
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.model import Backup, BackupFile, DumpFormat, Identity
from dixis_tui.postgres.dump_files import digest_of, sweep
from dixis_tui.postgres.manifest import Manifest, ProofRecord, manifest_path, read_proof, write_manifest, write_proof
from dixis_tui.postgres.retention import look_into, retire
from tests.unit.examples import IDENTITY, START

PROOF = ProofRecord(where="staging", at=START, seconds=2.5, tables=1, rows=5, passed=True)


def made(folder: Path, name: str, hours: int, source: Identity = IDENTITY) -> Path:
    """A backup of one file (or a folder, `.dir`) that was taken so many hours after START."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    if name.endswith(".dir"):
        path.mkdir()
    file = path / "toc.dat" if path.is_dir() else path
    file.write_bytes(b"whole")
    form = DumpFormat.DIRECTORY if path.is_dir() else DumpFormat.CUSTOM
    files = (BackupFile(file.name, 5, hashlib.sha256(b"whole").hexdigest()),)
    taken = START + timedelta(hours=hours)
    backup = Backup(str(path), 5, digest_of(files, form), 1.0, 150008, {"public.x": 5}, form=form, taken_at=taken)
    backup = replace(backup, files=files if path.is_dir() else ())
    write_manifest(Manifest(backup=backup, source=source, taken_at=taken, tools_major=15, extensions={}))
    return path


def test_the_newest_stay(tmp_path: Path) -> None:
    """Over several folders, whatever their form; with manifest and proof."""
    oldest = made(tmp_path / "a", "shop-1.dir", 1)
    old = made(tmp_path / "b", "shop-2.dump", 2)
    made(tmp_path / "a", "shop-3.dump.age", 3)
    new = made(tmp_path / "b", "shop-4.dump", 4)
    write_proof(old, PROOF)
    assert read_proof(old) == PROOF
    folders = [tmp_path / "a", tmp_path / "b"]
    assert retire(folders, 0, IDENTITY, ()) == []
    assert retire(folders, 4, IDENTITY, ()) == []
    assert retire(folders, 2, IDENTITY, ()) == [old, oldest]
    assert [kept.path.name for folder in folders for kept in look_into(folder)] == ["shop-3.dump.age", "shop-4.dump"]
    assert {file.name for file in tmp_path.rglob("shop-[12]*")} == set()
    assert retire(folders, 1, IDENTITY, [new, tmp_path / "a" / "shop-3.dump.age"]) == []


def test_what_is_spared(tmp_path: Path) -> None:
    """Those named, those of another database or of a copy of its server, and whatever is not whole."""
    named = made(tmp_path, "shop-1.dump", 1)
    made(tmp_path, "other-1.dump", 1, replace(IDENTITY, database="other"))
    made(tmp_path, "copy-1.dump", 1, replace(IDENTITY, host="staging.example"))
    changed = made(tmp_path, "shop-2.dump", 2)
    changed.write_bytes(b"longer than it was")
    bare = made(tmp_path, "shop-3.dump", 3)
    manifest_path(bare).unlink()
    made(tmp_path, "shop-5.dump", 5)
    before = sorted(tmp_path.iterdir())
    assert retire([tmp_path], 1, IDENTITY, [named]) == []
    assert sorted(tmp_path.iterdir()) == before


def test_a_manifest_is_not_believed_about_another_place(tmp_path: Path) -> None:
    """One that was copied beside another dump speaks of that one alone."""
    outside = made(tmp_path / "outside", "shop-0.dump", 0)
    old = made(tmp_path / "here", "shop-1.dump", 1)
    manifest_path(old).write_bytes(manifest_path(outside).read_bytes())
    made(tmp_path / "here", "shop-2.dump", 2)
    assert retire([tmp_path / "here"], 1, IDENTITY, ()) == [old]
    assert outside.exists()


@pytest.mark.parametrize("name", ["shop-1.dump", "shop-1.dir"])
def test_half_removed_it_never_looks_whole(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at the removal itself: a part is left, which the next dump sweeps."""
    made(tmp_path, name, 1)
    new = made(tmp_path, "shop-2.dump", 2)

    def killed(_: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dixis_tui.postgres.retention.remove", killed)
    with pytest.raises(KeyboardInterrupt):
        retire([tmp_path], 1, IDENTITY, ())
    left = {kept.path.name: kept.wrong for kept in look_into(tmp_path)}
    assert left == {f"{name}.part": "never finished", new.name: ""}
    assert [part.name for part in sweep(tmp_path)] == [f"{name}.part"]


def test_what_is_not_whole_is_told(tmp_path: Path) -> None:
    made(tmp_path, "a.dump", 1)
    (tmp_path / "b.dump").write_bytes(b"x")
    (tmp_path / "c.dump.part").write_bytes(b"x")
    made(tmp_path, "d.dump", 1).unlink()
    made(tmp_path, "e.dump", 1).write_bytes(b"other size")
    (tmp_path / "f.dump.part").write_bytes(b"x")
    (tmp_path / "notes.txt").write_bytes(b"x")
    with (tmp_path / "f.dump.part.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = {kept.path.name: kept.wrong for kept in look_into(tmp_path)}
    assert found["a.dump"] == ""
    assert "b.dump.manifest.json can't be read" in found["b.dump"]
    assert found["c.dump.part"] == "never finished"
    assert found["d.dump.manifest.json"] == "its dump is gone"
    assert "has 10 bytes and should have 5" in found["e.dump"]
    assert found["f.dump.part"] == "being written"
    assert len(found) == 6
    assert look_into(tmp_path / "missing") == []
