"""Files of records: what was said to be on disk is there whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from msgspec import Struct

from dixis_tui.run import records


class Line(Struct, frozen=True):
    text: str


def test_a_write_that_takes_a_part_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.write
    monkeypatch.setattr(os, "write", lambda file, data: really(file, data[:5]))
    assert records.append(tmp_path / "lines", Line("Καλησπέρα")) == ""
    monkeypatch.undo()
    assert records.read(tmp_path / "lines", Line) == ((Line("Καλησπέρα"),), "")


def test_half_a_line_on_a_full_disk_is_no_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really, left = os.write, [7]

    def full(file: int, data: bytes) -> int:
        if not left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(file, data[: left.pop()])

    monkeypatch.setattr(os, "write", full)
    assert "No space left on device" in records.append(tmp_path / "lines", Line("lost"))
    monkeypatch.undo()
    assert records.append(tmp_path / "lines", Line("whole")) == ""
    found, problem = records.read(tmp_path / "lines", Line)
    assert found == (Line("whole"),)
    assert problem.startswith("1 damaged lines")
