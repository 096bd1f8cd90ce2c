"""Dumps: whole or not there, counted in their own snapshot, with a manifest that recognises them."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup
from dixis_tui.postgres.dump import dump
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.manifest import load_manifest, read_manifest, verify_backup
from dixis_tui.postgres.progress import TableProgress
from dixis_tui.postgres.restore import compare_counts
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from tests.majors import both_majors
from tests.waiting import until


@both_majors
def test_a_dump_and_its_manifest(server: EmbeddedServer, filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    lines: list[str] = []
    folder = tmp_path / "backups"
    backup = dump(filled, tools, folder, on_progress=lambda *step: seen.append(step), on_line=lines.append)
    path = Path(backup.path)
    assert sorted(file.name for file in folder.iterdir()) == [path.name, f"{path.name}.manifest.json"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert backup.counts["public.Order"] == 20000
    assert backup.counts["public.part_1"] == 2
    assert backup.server_version // 10000 == tools.major
    assert read_manifest(path) == backup
    manifest = load_manifest(path.with_name(f"{path.name}.manifest.json"))
    assert manifest.extensions.keys() >= {"citext", "hstore"}
    assert manifest.source.database == filled.database
    verify_backup(backup, tools)
    assert any("dumping contents of table" in line for line in lines)
    assert {what for what, _, _ in seen} >= {"public.Order", "shop.t", "checksum"}
    done = [step[1] for step in seen]
    assert done == sorted(done)
    assert done[-1] == seen[-1][2] > 0
    assert filled.password.reveal() not in path.with_name(f"{path.name}.manifest.json").read_text()


def test_counts_are_those_of_the_snapshot(filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    """A row that comes while pg_dump runs is neither dumped nor counted."""
    with connect(filled, purpose="writer") as writer:

        def write(_: subprocess.Popen[bytes]) -> None:
            writer.execute("INSERT INTO shop.t VALUES (1, 'good', 1)")

        backup = dump(filled, tools, tmp_path, on_progress=lambda *_: None, on_line=lambda _: None, started=write)
        assert backup.counts["shop.t"] == 0
        assert [one.table for one in compare_counts(writer, backup)] == ["shop.t"]


def test_a_killed_dump_leaves_nothing(filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    with connect(filled, purpose="fill") as session:
        session.script(b"CREATE TABLE zz AS SELECT md5(g::text) FROM generate_series(1, 400000) g")
    running: list[subprocess.Popen[bytes]] = []
    parts: list[Path] = []

    def kill(line: str) -> None:
        if 'contents of table "public.zz"' in line:
            parts.extend(tmp_path.glob("*.part"))
            running[0].kill()

    with pytest.raises(ToolError, match="stopped by signal 9") as caught:
        dump(filled, tools, tmp_path, on_progress=lambda *_: None, on_line=kill, started=running.append)
    assert caught.value.remedy
    assert len(parts) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_failing_dump_says_why_and_leaves_nothing(filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    """The tables can be read and counted, the large object can't."""
    role = f"r_{filled.database}"
    with connect(filled, purpose="test") as session:
        session.script(f"CREATE ROLE {role} IN ROLE pg_read_all_data".encode())
    weak = replace(filled, libpq={"options": f"-c role={role}"})
    with pytest.raises(ToolError, match=r"pg_dump failed with exit code 1.*permission denied for large object"):
        dump(weak, tools, tmp_path, on_progress=lambda *_: None, on_line=lambda _: None)
    assert list(tmp_path.iterdir()) == []
    with connect(filled, purpose="test") as session:
        session.script(f"DROP ROLE {role}".encode())


def test_a_full_disk_is_seen_before(
    filled: DatabaseUrl, tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dixis_tui.postgres.dump.SPARE_BYTES", 2**62)
    with pytest.raises(ToolError, match="MB free") as caught:
        dump(filled, tools, tmp_path, on_progress=lambda *_: None, on_line=lambda _: None)
    assert "backup.directory" in caught.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_recognised(backup: Backup, tools: Tools) -> None:
    path = Path(backup.path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(ToolError, match="bytes and should have"):
        verify_backup(backup, tools)
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ToolError, match="SHA-256"):
        verify_backup(backup, tools)
    path.unlink()
    with pytest.raises(ToolError, match="can't be read"):
        verify_backup(backup, tools)
    manifest = path.with_name(f"{path.name}.manifest.json")
    manifest.write_text("{}")
    with pytest.raises(ToolError, match="not a backup's manifest"):
        read_manifest(path)
    manifest.unlink()
    with pytest.raises(ToolError, match="can't be read"):
        read_manifest(path)


def test_no_secret_is_in_pg_dumps_arguments_or_environment(filled: DatabaseUrl, tools: Tools, tmp_path: Path) -> None:
    seen: list[bytes] = []

    def look(process: subprocess.Popen[bytes]) -> None:
        os.kill(process.pid, signal.SIGSTOP)
        for name in ("cmdline", "environ"):
            file = Path(f"/proc/{process.pid}/{name}")  # empty for a moment while the program is being loaded
            seen.append(until(file.read_bytes, what=name))
        os.kill(process.pid, signal.SIGCONT)

    if not Path("/proc/self/environ").exists():
        pytest.skip("needs /proc")
    dump(filled, tools, tmp_path, on_progress=lambda *_: None, on_line=lambda _: None, started=look)
    assert b"--format=custom" in seen[0]
    for text in seen:
        assert filled.password.reveal().encode() not in text


def test_progress_inside_a_table_and_never_backwards() -> None:
    seen: list[tuple[str, int, int]] = []
    progress = TableProgress(
        {"public.a": 100, "public.b": 300}, {"public.a": 10, "public.b": 30}, lambda *s: seen.append(s)
    )
    progress.copying(1, 5)
    progress.line('pg_dump: dumping contents of table "public.a"')
    progress.copying(1, 5)
    progress.line('pg_restore: processing data for table "public.b"')
    progress.copying(1, 15)
    progress.copying(1, 3)
    progress.copying(1, 300)
    progress.finished("checksum")
    assert [(what, done) for what, done, _ in seen] == [
        ("public.a", 0),
        ("public.a", 50),
        ("public.b", 100),
        ("public.b", 250),
        ("public.b", 250),
        ("public.b", 400),
        ("checksum", 400),
    ]
