"""The maintenance page of a run: up before the go, known again after its runner was killed, gone at the end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Phase, Verdict
from dixis_tui.notices import page, page_file
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live
from dixis_tui.run.spawn import resume
from dixis_tui.settings import Settings
from dixis_tui.settings_records import MaintenanceSettings
from tests.run.conftest import Begin, Hand, settings_for, write_project
from tests.waiting import until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = settings_for(write_project(tmp_path / "project"))
    return msgspec.structs.replace(found, maintenance=MaintenanceSettings(file=str(tmp_path / "www" / "m.html")))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "www").mkdir()
    return tmp_path / "www" / "m.html"


def to_banner(hand: Hand) -> None:
    hand.ended(Phase.PREFLIGHT)
    for code in ("DX131", "DX132", "DX133"):
        assert hand.send(cmd.Tick(code=code, operator="Ελένη")) == ""
    assert "come first" in hand.send(cmd.StartPhase(phase=Phase.BANNER))
    hand.do(Phase.BACKUP)
    assert hand.send(cmd.Waive(code="DX300", operator="Ελένη", reason="not what is tested")) == ""


def test_a_killed_runner_s_page_is_known_again_and_goes_with_the_run(
    begin: Begin, settings: Settings, file: Path, database: DatabaseUrl
) -> None:
    hand = begin(settings)
    to_banner(hand)
    state = hand.do(Phase.BANNER)
    assert state.check("DX400").state is CheckState.PASSED
    assert state.check("DX401").state is CheckState.WARNED, "nobody looked: there is no address"
    assert page_file.owner_of(file) == hand.folder.name
    assert state.run is not None
    os.kill(state.run.pid, signal.SIGKILL)
    until(lambda: not live(hand.folder), what="the runner to be gone")
    assert page_file.owner_of(file) == hand.folder.name
    resume(hand.folder, settings, {"DATABASE_URL": database.raw.reveal()}, "Νίκος").wait()
    hand.wait(lambda state: state.recovery, "the look at what was left")
    assert hand.look().page is not None
    assert hand.send(cmd.End()) == ""
    ended = hand.wait(lambda state: state.ended, "the end")
    assert ended.verdict is Verdict.ABANDONED
    assert not file.exists()
    assert ended.page is not None
    assert not ended.page.put


def test_a_stranger_s_file_closes_the_phase_until_it_is_gone(begin: Begin, settings: Settings, file: Path) -> None:
    file.write_text("<h1>theirs</h1>")
    hand = begin(settings)
    to_banner(hand)
    assert any("not a maintenance page" in note.text for note in hand.look().notes), "preflight says it already"
    state = hand.do(Phase.BANNER)
    assert state.check("DX400").state is CheckState.FAILED
    assert "not a maintenance page" in state.check("DX401").evidence
    assert file.read_text() == "<h1>theirs</h1>"
    assert not [entry for entry in read(hand.folder / JOURNAL) if isinstance(entry.event, ev.PagePut)]
    file.unlink()
    assert hand.do(Phase.BANNER).check("DX400").state is CheckState.PASSED
    assert page.owner(file.read_text()) == hand.folder.name
    assert hand.send(cmd.Reopen(operator="Ελένη")) == ""
    state = hand.wait(lambda state: state.check("DX400").state is CheckState.WAITING, "visitors to be let in")
    assert not file.exists()
    assert hand.do(Phase.BANNER).reopened is None, "shut out once more"
