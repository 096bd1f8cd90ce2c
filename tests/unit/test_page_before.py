"""A maintenance page that was up before this run: for whom it has to stay, whatever becomes of this run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import Verdict
from dixis_tui.notices.page import BY_HAND
from dixis_tui.run import folders
from dixis_tui.run.journal import Journal
from dixis_tui.run.phases import page_before
from dixis_tui.run.state import RunState, fold
from dixis_tui.run.views import PageView
from tests.screens.story import Story, stages

STARTED = next(entry.event for entry in Story().begin().entries if isinstance(entry.event, ev.RunStarted))
ELSEWHERE = msgspec.structs.replace(STARTED, target="postgresql://app:•••@other.example:5432/other")
HOW = {"done": Verdict.DONE, "unknown": Verdict.UNKNOWN}


def earlier(runs: Path, how: str) -> str:
    folder = runs / how
    folder.mkdir(parents=True)
    Journal(folder / folders.JOURNAL).append(*(entry.event for entry in stages()[how].entries))
    return how


def stays(runs: Path, inherited: str, verdict: Verdict, run: ev.RunStarted = STARTED) -> str:
    state = RunState(run=run, page=PageView(file="/srv/page.html", put=True, inherited=inherited))
    return page_before.stays_for(SimpleNamespace(state=state, folder=runs / "this"), verdict)  # type: ignore[arg-type]


@pytest.mark.parametrize("verdict", [Verdict.ABANDONED, Verdict.CLOSED, Verdict.CHECKED])
def test_what_is_broken_keeps_its_page_where_nothing_was_changed(tmp_path: Path, verdict: Verdict) -> None:
    assert stays(tmp_path, earlier(tmp_path, "unknown"), verdict) == "unknown"


@pytest.mark.parametrize("verdict", [Verdict.DONE, Verdict.ROLLED_BACK])
def test_one_that_ends_well_on_the_same_target_mends_it_and_no_other(tmp_path: Path, verdict: Verdict) -> None:
    earlier(tmp_path, "unknown")
    assert stays(tmp_path, "unknown", verdict) == ""
    assert stays(tmp_path, "unknown", verdict, ELSEWHERE) == "unknown"


def test_a_run_of_another_folder_of_ours_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    earlier(tmp_path / "dixis-tui" / "demo" / "default" / "runs", "done")
    assert stays(tmp_path / "dixis-tui" / "runs", "done", Verdict.ABANDONED) == ""


def test_a_sound_run_s_page_a_stranger_s_and_one_by_hand(tmp_path: Path) -> None:
    earlier(tmp_path, "done")
    assert stays(tmp_path, "done", Verdict.ABANDONED) == ""
    assert stays(tmp_path, "nobody-here", Verdict.DONE) == "nobody-here"
    assert stays(tmp_path, BY_HAND, Verdict.ABANDONED) == BY_HAND
    assert stays(tmp_path, BY_HAND, Verdict.DONE) == ""
    assert stays(tmp_path, "", Verdict.ABANDONED) == ""


def test_whose_page_it_was_outlives_a_new_estimate() -> None:
    story = Story().begin().write(ev.PagePut(file="/srv/p", sha256="a", ends_at=None, replaced="r0"))
    story.write(ev.PagePut(file="/srv/p", sha256="b", ends_at=None, moved=True))
    state = fold(story.entries)
    assert state.page is not None
    assert state.page.inherited == "r0"


def test_a_rollback_shuts_out_again_whom_the_run_had_let_in() -> None:
    story = Story().ready().into_window().go().migrated().verify().write(ev.Reopened(operator="maria"))
    assert fold(story.entries).reopened is not None
    story.roll_back_begins()
    assert fold(story.entries).reopened is None
