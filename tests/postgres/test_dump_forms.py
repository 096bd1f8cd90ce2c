"""Both forms of a dump: whole cycles, killed ones, changed ones, and a full disk."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup, DumpFormat
from dixis_tui.postgres.dump import DumpOptions, dump
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.manifest import read_manifest, verify_backup
from dixis_tui.postgres.proof import compare_contents
from dixis_tui.postgres.restore import restore, restore_into
from dixis_tui.postgres.schema import compare_schema
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from tests.conftest import fresh_database
from tests.majors import both_majors
from tests.waiting import until

FOLDER = DumpOptions(form=DumpFormat.DIRECTORY, jobs=2)
both_forms = pytest.mark.parametrize("form", list(DumpFormat))
_HELD = """
import os, signal, sys
from pathlib import Path
from dixis_tui.model import DumpFormat
from dixis_tui.postgres.dump import DumpOptions, dump
from dixis_tui.postgres.tools import find_tools
from dixis_tui.postgres.url import parse

running = []

def hold(line):
    if "dumping contents of table" in line:
        os.kill(running[0].pid, signal.SIGSTOP)
        print(running[0].pid, flush=True)
        sys.stdin.read()

dump(
    parse(sys.argv[1], "DATABASE_URL"), find_tools(int(sys.argv[2])), Path(sys.argv[3]), started=running.append,
    on_progress=lambda *_: None, on_line=hold, options=DumpOptions(form=DumpFormat(sys.argv[4]), jobs=2),
)
"""
"""A dump that stands still in the middle. The URL is that of a test server."""


def taken(url: DatabaseUrl, tools: Tools, folder: Path, options: DumpOptions) -> Backup:
    """A dump in silence."""
    return dump(url, tools, folder, on_progress=lambda *_: None, on_line=lambda _: None, options=options)


@both_majors
def test_a_folder_there_and_back(server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    """Made by two jobs, verified, restored both ways: contents and schema are equal."""
    backup = taken(filled, tools, tmp_path, FOLDER)
    assert backup.form is DumpFormat.DIRECTORY
    assert Path(backup.path).is_dir()
    assert {"toc.dat"} < {file.name for file in backup.files}
    assert backup.bytes == sum(file.bytes for file in backup.files)
    assert read_manifest(Path(backup.path)) == backup
    verify_backup(backup, tools)
    with fresh_database(server) as new:
        restore_into(new, tools, backup, jobs=2, keep_owners=True, on_progress=lambda *_: None, on_line=lambda _: None)
        assert compare_contents(new, backup, jobs=2) == []
        assert compare_schema(new, tools, backup, keep_owners=True) == []
        with connect(new, purpose="test") as session:
            session.script(b"UPDATE \"Order\" SET word = 'other' WHERE id = 7; CREATE TABLE late (id int)")
        assert any("public.Order" in str(one) for one in compare_contents(new, backup))
        assert compare_schema(new, tools, backup, keep_owners=True)
        restore(
            new,
            tools,
            backup,
            keep_owners=True,
            atomic=True,
            on_progress=lambda *_: None,
            on_line=lambda _: None,
        )
        assert compare_contents(new, backup) == []
        assert compare_schema(new, tools, backup, keep_owners=True) == []


@both_forms
def test_what_a_killed_dump_left_is_swept_by_the_next(
    filled: DatabaseUrl, tools: Tools, tmp_path: Path, form: DumpFormat
) -> None:
    """Not before: the part of one that lives is left alone."""
    words = [sys.executable, "-c", _HELD, filled.raw.reveal(), str(tools.major), str(tmp_path), form.value]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        pid = int(child.stdout.readline())
        try:
            parts = {file.name for file in tmp_path.iterdir()}
            assert len(parts) == 2
            assert all(".part" in name for name in parts), "nothing here looks whole"
            meanwhile = Path(taken(filled, tools, tmp_path, DumpOptions(form=form)).path)
            assert parts < {file.name for file in tmp_path.iterdir()}
        finally:
            child.kill()
            os.kill(pid, signal.SIGKILL)
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text(), what="its end")
    later = Path(taken(filled, tools, tmp_path, DumpOptions(form=form)).path)
    assert meanwhile != later
    wanted = {f"{path.name}{ending}" for path in (meanwhile, later) for ending in ("", ".manifest.json")}
    assert {file.name for file in tmp_path.iterdir()} == wanted


@both_forms
def test_no_changed_dump_passes(filled: DatabaseUrl, tools: Tools, tmp_path: Path, form: DumpFormat) -> None:
    """A hundred changes of one byte, or truncations, anywhere in it."""
    backup = taken(filled, tools, tmp_path, DumpOptions(form=form))
    path = Path(backup.path)
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    chance = random.Random(f"dumps {form}")
    for _ in range(100):
        file = chance.choice(files)
        whole = file.read_bytes()
        place = chance.randrange(len(whole))
        changed = bytearray(whole)
        changed[place] ^= chance.randrange(1, 256)
        file.write_bytes(whole[:place] if chance.random() < 0.3 else bytes(changed))
        with pytest.raises(ToolError) as caught:
            verify_backup(backup, tools)
        assert caught.value.remedy == "Take a new backup; this file is not to be trusted.", str(caught.value)
        file.write_bytes(whole)
    verify_backup(backup, tools)


def test_a_folder_with_a_file_too_few_or_too_many(filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    backup = taken(filled, tools, tmp_path, FOLDER)
    extra = Path(backup.path, "9999.dat")
    extra.touch()
    with pytest.raises(ToolError, match=r"9999\.dat was not in it"):
        verify_backup(backup, tools)
    extra.unlink()
    one = max(Path(backup.path).glob("*.dat.gz"))
    whole = one.read_bytes()
    one.unlink()
    with pytest.raises(ToolError, match="is missing"):
        verify_backup(backup, tools)
    one.write_bytes(whole)
    verify_backup(backup, tools)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for 64 kB."""
    place = tmp_path / "small"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(words, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@both_forms
def test_a_disk_that_fills_up(
    filled: DatabaseUrl, tools: Tools, small_disk: Path, monkeypatch: pytest.MonkeyPatch, form: DumpFormat
) -> None:
    """There was room when it began: pg_dump's words become a sentence, and nothing stays."""
    monkeypatch.setattr("dixis_tui.postgres.dump._check_space", lambda *_: None)
    with pytest.raises(ToolError, match="No space left on device") as caught:
        taken(filled, tools, small_disk, DumpOptions(form=form))
    assert caught.value.remedy.endswith("The disk is full: make room, or set backup.directory to a larger disk.")
    assert list(small_disk.iterdir()) == []
