"""A disk that takes no more once pg_dump is done, and what killed runners leave: a sentence, and nothing stays."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup, DumpFormat
from dixis_tui.postgres import dump as dumping
from dixis_tui.postgres import encryption, manifest, retention
from dixis_tui.postgres.dump import SPARE_BYTES, DumpOptions, dump
from dixis_tui.postgres.dump_files import OPENED, sweep
from dixis_tui.postgres.retention import look_into, retire
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal
from dixis_tui.run.log import Log
from dixis_tui.run.phases import rollback
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from tests.postgres.test_encryption import key
from tests.postgres.test_retention import PROOF, made
from tests.unit.examples import IDENTITY

MAKE_ROOM = "The disk is full: make room, or set backup.directory to a larger disk."


def failing(code: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("form", list(DumpFormat))
@pytest.mark.parametrize(
    "at", [(dumping, "digest_files"), (dumping, "flush_tree"), (dumping, "flush"), (manifest, "flush")]
)
def test_what_the_disk_does_not_take_is_no_backup(  # noqa: PLR0917  fixtures
    filled: DatabaseUrl,
    tools: Tools,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at: tuple[object, str],
    form: DumpFormat,
) -> None:
    """Before its new name, after it, and at the manifest."""
    folder = tmp_path / "dumps"
    for code, remedy in ((errno.ENOSPC, MAKE_ROOM), (errno.EIO, "Mend that and try again.")):
        monkeypatch.setattr(*at, failing(code))
        with pytest.raises(ToolError, match=os.strerror(code)) as caught:
            dump(
                filled,
                tools,
                folder,
                on_progress=lambda *_: None,
                on_line=lambda _: None,
                options=DumpOptions(form=form),
            )
        assert caught.value.remedy == f"No backup was made. {remedy}"
        assert not [kept for kept in look_into(folder) if kept.manifest and not kept.wrong], "nothing looks whole"
        assert list(folder.iterdir()) == []


def test_encrypting_needs_room_for_both(
    filled: DatabaseUrl, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipient, _ = key(tmp_path / "key")
    asked: list[int] = []
    monkeypatch.setattr(dumping, "_check_space", lambda _, size: asked.append(size))
    for wanted in ("", recipient):
        dump(
            filled,
            tools,
            tmp_path / "dumps",
            on_progress=lambda *_: None,
            on_line=lambda _: None,
            options=DumpOptions(recipient=wanted),
        )
    assert asked[1] == 2 * asked[0] > 0
    assert SPARE_BYTES > 0


def test_a_full_disk_is_not_the_keys_fault(tmp_path: Path) -> None:
    recipient, _ = key(tmp_path / "key")
    sample = tmp_path / "sample"
    sample.write_bytes(b"x" * 100)
    (tmp_path / "sample.age").symlink_to("/dev/full")
    with pytest.raises(ToolError, match=r"(?i)no space left on device") as caught:
        encryption.encrypt(sample, recipient)
    assert caught.value.remedy == MAKE_ROOM
    assert sample.read_bytes() == b"x" * 100


@pytest.mark.parametrize("dies_at", ["flush", "remove_records", "remove"])
def test_a_removal_that_is_cut_short_is_ended_by_the_next_dump(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    """With the manifest and the proof, wherever it was cut."""
    old = made(tmp_path, "shop-1.dump", 1)
    manifest.write_proof(old, PROOF)
    new = made(tmp_path, "shop-2.dump", 2)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(retention, dies_at, killed)
        with pytest.raises(KeyboardInterrupt):
            retire([tmp_path], 1, IDENTITY, ())
    assert not any(kept.path == old for kept in look_into(tmp_path))
    sweep(tmp_path)
    assert [kept.path for kept in look_into(tmp_path)] == [new]
    assert {file.name for file in tmp_path.iterdir()} == {new.name, f"{new.name}.manifest.json"}


def test_a_part_beside_a_whole_dump_of_its_name_leaves_its_manifest(tmp_path: Path) -> None:
    whole = made(tmp_path, "shop-1.dump", 1)
    (tmp_path / "shop-1.dump.part").touch()
    sweep(tmp_path)
    assert [(kept.path, kept.wrong) for kept in look_into(tmp_path)] == [(whole, "")]


def test_who_sweeps_while_a_copy_is_being_opened_leaves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its making and its lock it can't be told from one that was left."""
    recipient, identity = key(tmp_path / "key")
    path = tmp_path / "dumps" / "shop.dump.age"
    path.parent.mkdir()
    path.write_bytes(b"dump")
    encryption.encrypt(path, recipient)
    backup = Backup(str(path), path.stat().st_size, "", 1.0, 150008, {}, encrypted=True)
    real = encryption.fcntl

    def lock_late(handle: int, how: int) -> None:
        sweep(path.parent)
        real.flock(handle, how)

    monkeypatch.setattr(encryption, "fcntl", SimpleNamespace(flock=lock_late, LOCK_EX=real.LOCK_EX))
    with encryption.opened(backup, identity) as plain:
        assert Path(plain.path).read_bytes() == b"dump"
        assert sweep(path.parent) == []
    assert list(path.parent.iterdir()) == [path]


def test_what_a_killed_run_opened_is_removed_by_the_next_run(tmp_path: Path) -> None:
    """Each run has a folder of its own, to which no later dump goes."""
    runs = tmp_path / "runs"
    left = runs / "one" / "backup" / f"{OPENED}x"
    left.mkdir(parents=True)
    (left / "shop.dump").write_bytes(b"plain")
    part = runs / "one" / "backup" / "shop-1.dump.part"
    part.touch()
    own = made_in(runs / "two")
    folder = runs / "two"
    log = Log(folder / "run.log", Redactor())
    context = Context(folder, Settings(root=str(tmp_path)), {}, Journal(folder / "journal.jsonl"), log)
    backup = replace(Backup(str(own), 5, "", 1.0, 150008, {}), encrypted=False)
    with rollback.opened(context, backup) as plain:
        assert plain == backup
        assert list((runs / "one" / "backup").iterdir()) == []
        assert own.exists()
    assert f"Removed what a killed runner had left: {left}" in (folder / "run.log").read_text()


def made_in(run: Path) -> Path:
    run.mkdir(parents=True)
    return made(run / "backup", "shop-2.dump", 2)
