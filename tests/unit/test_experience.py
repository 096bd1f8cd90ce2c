"""What is kept of earlier runs: private, whole, and never in the way."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dixis_tui.model import Identity
from dixis_tui.plan.learning import Outcome, Pair, learned
from dixis_tui.run import experience
from dixis_tui.run.experience import recall, remember
from tests.unit.examples import IDENTITY

AT = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
PAIR = Pair("20251110_zone", 1, 1.0, 1.5)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "dixis-tui" / "experience"


def outcome(number: int = 1, actual: float = 20.0) -> Outcome:
    at = AT + timedelta(days=number)
    return Outcome(run=f"run {number}", at=at, predicted=10.0, actual=actual, statements=(PAIR,))


def test_what_is_remembered_is_recalled(state: Path) -> None:
    assert recall(IDENTITY) == experience.Recalled()
    assert remember(IDENTITY, outcome()) == ""
    found = recall(IDENTITY)
    assert found == experience.Recalled((outcome(),))
    assert learned(found.outcomes).ratio == pytest.approx(20.5 / 10.5)
    (path,) = state.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    for word in ("dixis", IDENTITY.host, IDENTITY.system_identifier):
        assert word not in path.name + path.read_text()


def test_only_the_last_ten_are_kept_and_a_run_counts_once(state: Path) -> None:
    for number in range(13):
        remember(IDENTITY, outcome(number))
    assert next(state.iterdir()).read_text().count('"run":') == 10
    remember(IDENTITY, outcome(12, actual=99.0))
    kept = recall(IDENTITY).outcomes
    assert [one.run for one in kept] == [f"run {number}" for number in range(3, 13)]
    assert kept[-1].actual == 99.0


def test_targets_are_told_apart_however_they_are_reached() -> None:
    replace = msgspec.structs.replace
    remember(IDENTITY, outcome())
    assert recall(replace(IDENTITY, host="10.0.0.1", port=6432)).outcomes
    assert not recall(replace(IDENTITY, database="other")).outcomes
    assert not recall(replace(IDENTITY, system_identifier="1")).outcomes
    hidden: Identity = replace(IDENTITY, system_identifier="")
    remember(hidden, outcome(2))
    assert [one.run for one in recall(hidden).outcomes] == ["run 2"]
    assert not recall(replace(hidden, host="elsewhere.example")).outcomes


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"target": "x"}',
        b'{"target": 1, "outcomes": []}',
        b'{"target": "x", "outcomes": [], "more": 1}',
        b'{"target": "of somebody else", "outcomes": []}',
        b"[" * 100_000,
    ],
)
def test_a_broken_or_foreign_file_is_left_out_with_a_note_and_written_anew(state: Path, content: bytes) -> None:
    remember(IDENTITY, outcome())
    (path,) = state.iterdir()
    path.write_bytes(content)
    found = recall(IDENTITY)
    assert found.outcomes == ()
    assert found.note.endswith("It is left out.")
    assert remember(IDENTITY, outcome(2)) == ""
    assert recall(IDENTITY) == experience.Recalled((outcome(2),))


def test_numbers_that_no_run_has_are_left_out(state: Path) -> None:
    remember(IDENTITY, outcome())
    (path,) = state.iterdir()
    path.write_text(path.read_text().replace("20.0", "1e300"))
    assert recall(IDENTITY) == experience.Recalled()


def test_what_can_t_be_read_or_written_is_a_note(state: Path) -> None:
    remember(IDENTITY, outcome())
    (path,) = state.iterdir()
    elsewhere = path.rename(state.parent / "elsewhere")
    path.symlink_to(elsewhere)
    assert recall(IDENTITY).note.endswith("It is left out.")
    assert remember(IDENTITY, outcome()) == "", "a link is replaced, never followed"
    assert not path.is_symlink()
    path.unlink()
    path.mkdir()
    assert recall(IDENTITY).note.endswith("It is left out.")
    assert "could not be kept" in remember(IDENTITY, outcome())
    assert [*state.iterdir()] == [path], "no draft stays behind"


def test_a_pipe_does_not_hold_anybody_up(state: Path) -> None:
    remember(IDENTITY, outcome())
    (path,) = state.iterdir()
    path.unlink()
    os.mkfifo(path)
    assert recall(IDENTITY).note.endswith("It is left out.")


def test_a_state_directory_that_can_t_be_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert recall(IDENTITY).note.endswith("It is left out.")
    assert "could not be kept" in remember(IDENTITY, outcome())
