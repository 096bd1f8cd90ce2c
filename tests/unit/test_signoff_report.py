"""A report that can't be written at the sign-off is a warning, whatever was in its way; the sign-off goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.process import Answer
from dixis_tui.run import folders
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal
from dixis_tui.run.log import Log
from dixis_tui.run.phases import report
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from tests.unit.examples import STARTED


@pytest.fixture
def context(tmp_path: Path) -> Context:
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    made = Context(folder, Settings(), {}, Journal(folder / folders.JOURNAL), Log(folder / "run.log", Redactor([])))
    made.emit(STARTED)
    return made


def test_where_its_folder_should_be_is_a_file(context: Context) -> None:
    """The real program, and a real obstacle."""
    blocked = context.folder.parents[1] / "reports"
    blocked.write_text("mine")
    report.write(context)
    note = context.state.notes[-1]
    assert note.level == "warning"
    assert "can't be written" in note.text
    assert "`dixis-tui report 1`" in note.text
    assert blocked.read_text() == "mine"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (ToolError("python had no answer after 30 s"), "no answer after 30 s"),
        (Answer(-9, b"", b""), "it ended with -9"),
        (Answer(0, b"", b""), "could not be written"),
        (Answer(0, b"not json", b""), "could not be written"),
        (Answer(1, b"", b"\x1b[31mTraceback\x1b[0m"), "Traceback"),
    ],
)
def test_what_the_program_may_answer(
    answer: Answer | ToolError, words: str, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(*_: object, **__: object) -> Answer:
        if isinstance(answer, ToolError):
            raise answer
        return answer

    monkeypatch.setattr(report, "ask", ask)
    report.write(context)
    assert words in context.state.notes[-1].text
    assert "\x1b" not in context.state.notes[-1].text


def test_its_place_is_journaled(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "ask", lambda *_, **__: Answer(0, b'{"run":"1","html":"/srv/r.html"}\n', b""))
    seen: list[ev.Event] = []
    monkeypatch.setattr(context, "emit", seen.append)
    report.write(context)
    assert seen == [ev.ReportMade(file="/srv/r.html")]
