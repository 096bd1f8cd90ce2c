"""Dumps encrypted with age: only the key opens them, and no plain copy outlives its use."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup, DumpFormat
from dixis_tui.postgres.dump import DumpOptions, dump
from dixis_tui.postgres.dump_files import OPENED, sweep
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.encryption import check_keys, opened
from dixis_tui.postgres.manifest import read_manifest, verify_backup
from dixis_tui.postgres.proof import compare_contents
from dixis_tui.postgres.restore import restore_into
from dixis_tui.postgres.schema import compare_schema
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from tests.conftest import fresh_database
from tests.needs import needs


def key(path: Path) -> tuple[str, Path]:
    """A new key: its public half, and the file of the secret one."""
    needs("age", "age-keygen")
    subprocess.run(["age-keygen", "-o", str(path)], check=True, capture_output=True)
    public = subprocess.run(["age-keygen", "-y", str(path)], check=True, capture_output=True, text=True)
    return public.stdout.strip(), path


def encrypted(url: DatabaseUrl, tools: Tools, folder: Path, form: DumpFormat, recipient: str) -> Backup:
    options = DumpOptions(form=form, jobs=2, recipient=recipient)
    return dump(url, tools, folder, on_progress=lambda *_: None, on_line=lambda _: None, options=options)


@pytest.mark.parametrize("form", list(DumpFormat))
def test_there_and_back(
    server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, tmp_path: Path, form: DumpFormat
) -> None:
    recipient, identity = key(tmp_path / "key")
    folder = tmp_path / "backups"
    backup = encrypted(filled, tools, folder, form, recipient)
    path = Path(backup.path)
    assert backup.encrypted
    assert read_manifest(path) == backup
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    assert all(file.name.endswith(".age") for file in files)
    assert all(file.read_bytes().startswith(b"age-encryption.org/v1") for file in files)
    assert backup.bytes == sum(file.stat().st_size for file in files)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    verify_backup(backup, tools)
    before = sorted(folder.rglob("*"))
    with opened(backup, identity) as plain, fresh_database(server) as new:
        assert stat.S_IMODE(Path(plain.path).parent.stat().st_mode) == 0o700
        assert sweep(folder) == [], "a copy that is read is left alone"
        restore_into(new, tools, plain, jobs=2, keep_owners=True, on_progress=lambda *_: None, on_line=lambda _: None)
        assert compare_contents(new, plain) == []
        assert compare_schema(new, tools, plain, keep_owners=True) == []
    assert sorted(folder.rglob("*")) == before
    with pytest.raises(RuntimeError, match="in the block"), opened(backup, identity):
        raise RuntimeError("in the block")
    assert sorted(folder.rglob("*")) == before


@pytest.fixture
def sealed(tmp_path: Path) -> tuple[Backup, Path]:
    """Something encrypted, and its key."""
    recipient, identity = key(tmp_path / "key")
    path = tmp_path / "shop.dump.age"
    subprocess.run(["age", "-r", recipient, "-o", str(path)], input=b"dump", check=True)
    return Backup(str(path), path.stat().st_size, "", 1.0, 150008, {}, encrypted=True), identity


def test_only_its_key_opens_it(sealed: tuple[Backup, Path], tmp_path: Path) -> None:
    backup, identity = sealed
    _, other = key(tmp_path / "other")
    here = sorted(tmp_path.iterdir())
    for wrong, words in (
        (None, "no key is named"),
        (tmp_path / "missing", "missing can't be read: No such file"),
        (other, "does not open shop.dump.age: it was encrypted for another"),
    ):
        with pytest.raises(ToolError, match=words) as caught, opened(backup, wrong):
            pytest.fail("opened without its key")
        assert "backup.age_identity" in caught.value.remedy
    assert sorted(tmp_path.iterdir()) == here
    with opened(backup, identity) as plain:
        assert Path(plain.path).read_bytes() == b"dump"
        assert Path(plain.path).name == "shop.dump"
        assert not plain.encrypted


def test_a_changed_byte_is_not_opened(sealed: tuple[Backup, Path], tmp_path: Path) -> None:
    backup, identity = sealed
    path = Path(backup.path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    here = sorted(tmp_path.iterdir())
    with pytest.raises(ToolError, match=r"age could not open shop\.dump\.age"), opened(backup, identity):
        pytest.fail("opened although it was changed")
    assert sorted(tmp_path.iterdir()) == here


def test_without_age(sealed: tuple[Backup, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backup, identity = sealed
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match="age is not installed"), opened(backup, identity):
        pytest.fail("opened without age")
    with opened(replace(backup, encrypted=False), None) as plain:
        assert plain.path == backup.path


def test_keys_that_fit(tmp_path: Path) -> None:
    recipient, identity = key(tmp_path / "key")
    check_keys(recipient, identity)
    _, other = key(tmp_path / "other")
    with pytest.raises(ToolError, match="encrypted for another"):
        check_keys(recipient, other)
    with pytest.raises(ToolError, match="age could not encrypt"):
        check_keys("age1nonsense", identity)


def test_a_recipient_that_age_refuses_leaves_nothing(filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    needs("age")
    with pytest.raises(ToolError, match="age could not encrypt the backup"):
        encrypted(filled, tools, tmp_path, DumpFormat.CUSTOM, "age1nonsense")
    assert list(tmp_path.iterdir()) == []


def test_a_copy_that_a_killed_runner_left_is_swept(tmp_path: Path) -> None:
    left = tmp_path / f"{OPENED}x"
    left.mkdir()
    (left / "shop.dump").write_bytes(b"plain")
    assert sweep(tmp_path) == [left]
    assert list(tmp_path.iterdir()) == []
