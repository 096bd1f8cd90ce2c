"""What a group gets of a run's folder, and that nobody gets more."""

from __future__ import annotations

import grp
import os
import stat
from pathlib import Path

import pytest

from dixis_tui.errors import UsageError
from dixis_tui.run import folders, peers, sharing

OURS = os.getegid()


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = folders.new_run(folders.state_directory() / "runs")
    for name in (folders.JOURNAL, folders.LOG, folders.ERRORS):
        (folder / name).touch(mode=0o600)
    (folder / "backup").mkdir(mode=0o700)
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_more_than_what_is_watched(run: Path) -> None:
    sharing.open_run(run, OURS)
    modes = {path.name: mode(path) for path in run.iterdir()}
    assert modes == {folders.JOURNAL: 0o640, folders.LOG: 0o640, folders.ERRORS: 0o600, "backup": 0o700}
    assert [mode(path) for path in (run, run.parent, run.parents[1])] == [0o750, 0o710, 0o710]
    assert all(path.stat().st_gid == OURS for path in (run, run.parent, run.parents[1], run / folders.JOURNAL))


def test_the_folder_that_keeps_the_group_out_is_named(run: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    shut = sharing.open_run(run, OURS)
    assert shut is not None
    assert shut in run.parents
    assert not shut.stat().st_mode & 0o011
    assert mode(tmp_path) == 0o700, "what lies above the state directory is not ours to open"


def test_folders_that_are_open_already_stay_as_they_are(run: Path) -> None:
    run.parents[1].chmod(0o755)
    sharing.open_run(run, OURS)
    assert mode(run.parents[1]) == 0o755
    assert mode(run.parent) == 0o710


def test_a_state_directory_of_a_demo_is_open_as_far_as_it_has_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = folders.new_run(folders.private(folders.demo_directory()) / "runs")
    for name in (folders.JOURNAL, folders.LOG):
        (folder / name).touch(mode=0o600)
    sharing.open_run(folder, OURS)
    runs, default, _, state = folder.parents[:4]
    assert [mode(path) for path in (runs, default, state)] == [0o710] * 3


def test_no_group_is_no_group() -> None:
    assert sharing.group_id("") is None


def test_a_group_by_name() -> None:
    assert sharing.group_id(grp.getgrgid(OURS).gr_name) == OURS


@pytest.mark.parametrize("name", ["no-such-group", "no\x00group", "\x1b]0;x\x07"])
def test_an_unknown_group_is_said(name: str) -> None:
    with pytest.raises(UsageError, match="there is no group") as caught:
        sharing.group_id(name)
    assert "\x1b" not in str(caught.value)


def test_a_group_that_we_are_not_in_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "getegid", lambda: 1000)
    monkeypatch.setattr(os, "getgroups", lambda: [1000])
    with pytest.raises(UsageError, match="is not in the group") as caught:
        sharing.group_id(grp.getgrgid(OURS).gr_name)
    assert "usermod -aG" in caught.value.remedy
    monkeypatch.setattr(os, "getgroups", lambda: [1000, OURS])
    assert sharing.group_id(grp.getgrgid(OURS).gr_name) == OURS


def test_no_group_where_accounts_cannot_be_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "KNOWN", False)
    with pytest.raises(UsageError, match="does not tell who"):
        sharing.group_id(grp.getgrgid(OURS).gr_name)
    assert sharing.group_id("") is None
