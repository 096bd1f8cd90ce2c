"""Finding the tools: the right major or a sentence that says what was found where."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.errors import ToolError
from dixis_tui.postgres.embedded import wheel_bindir
from dixis_tui.postgres.tools import PROGRAMS, archive_major, archive_readable_by, find_tools, major_in


def _fake(folder: Path, **majors: int) -> Path:
    folder.mkdir()
    for program, major in majors.items():
        file = folder / program
        file.write_text(f"#!/bin/sh\necho '{program} (PostgreSQL) {major}.3 (Debian {major}.3-1.pgdg)'\n")
        file.chmod(0o755)
    return folder


def test_the_embedded_wheel_is_the_last_resort_and_never_for_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    major = major_in(wheel_bindir())
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("dixis_tui.postgres.tools._USUAL", ())
    assert find_tools(major).source == "embedded"
    with pytest.raises(ToolError, match="no TLS") as caught:
        find_tools(major, tls=True)
    assert f"postgresql-client-{major}" in caught.value.remedy


def test_a_wrapper_on_path_is_asked_for_its_major(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = _fake(tmp_path / "old", **dict.fromkeys(PROGRAMS, 98))
    new = _fake(tmp_path / "new", **dict.fromkeys(PROGRAMS, 99))
    monkeypatch.setenv("PATH", f"{old}:{new}:/usr/bin:/bin")
    tools = find_tools(99)
    assert (tools.bindir, tools.major, tools.source) == (new, 99, "PATH")
    assert tools.path("psql") == new / "psql"


def test_another_major_is_named_and_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(_fake(tmp_path / "bin", **dict.fromkeys(PROGRAMS, 98))))
    with pytest.raises(ToolError, match=f"98 in {tmp_path / 'bin'}"):
        find_tools(99)


def test_an_incomplete_or_mixed_folder_is_not_taken(tmp_path: Path) -> None:
    assert major_in(_fake(tmp_path / "incomplete", pg_dump=98, psql=98)) == 0
    assert major_in(_fake(tmp_path / "mixed", pg_dump=98, pg_restore=98, psql=97)) == 0
    assert major_in(tmp_path / "nothing") == 0


def test_pg_bindir_is_the_only_place_looked_at(tmp_path: Path) -> None:
    folder = _fake(tmp_path / "mine", **dict.fromkeys(PROGRAMS, 98))
    assert find_tools(98, pg_bindir=str(folder)).source == "pg_bindir"
    with pytest.raises(ToolError, match="pg_bindir"):
        find_tools(major_in(wheel_bindir()), pg_bindir=str(folder))
    with pytest.raises(ToolError, match="none in"):
        find_tools(98, pg_bindir=str(tmp_path))


def test_no_archive_at_all(tmp_path: Path) -> None:
    tools = find_tools(major_in(wheel_bindir()))
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(b"PGDMP rubbish")
    assert archive_major(rubbish, tools) == 0
    assert not archive_readable_by(tmp_path / "missing", tools)
