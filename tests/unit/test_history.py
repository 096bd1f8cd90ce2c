"""The history of runs: what is kept, what is read, and the table in a file of the project."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.errors import UsageError
from dixis_tui.model import Executor, Phase, Verdict
from dixis_tui.run import folders, history, history_table
from dixis_tui.run.history import History, RunRecord
from dixis_tui.run.journal import Journal
from dixis_tui.run.state import fold
from tests.screens.story import Story

AT = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
RECORD = RunRecord(
    run="20261125-210000-abcd",
    at=AT,
    ended=AT + timedelta(minutes=9),
    target="postgresql://app:•••@db.example:5432/dixis",
    database="dixis",
    system_identifier="74231111",
    environment="production",
    executor=Executor.DIRECT,
    verdict=Verdict.DONE,
    planned=2,
    migrations=("20251110_zone", "20251111_fill"),
    predicted_seconds=4.0,
    seconds=4.4,
    operator="Ελένη",
    plan="7f3a·c2e1",
    went=True,
)


def written(place: Path, name: str, story: Story) -> Path:
    """The story as a run's journal below `place`."""
    folder = place / "runs" / name
    folder.mkdir(parents=True)
    Journal(folder / folders.JOURNAL).append(*(entry.event for entry in story.entries))
    return folder


def done() -> Story:
    return Story().ready().into_window().go().migrated().verify().end(Verdict.DONE, "4 migrations applied.")


def test_a_run_that_is_done_is_a_row_with_what_it_took() -> None:
    state = fold(done().entries)
    record = history.of_state("r1", state, state.verdict)
    assert record is not None
    assert record.went
    assert record.verdict is Verdict.DONE
    assert record.seconds == pytest.approx(sum(view.seconds or 0 for view in state.migrations.values()))
    assert record.predicted_seconds == state.predicted_seconds
    assert record.migrations == tuple(state.migrations)
    assert state.confirmed is not None
    assert record.operator == state.confirmed.operator
    assert record.plan == (state.plan.hash if state.plan else None)


def test_a_run_that_ended_before_the_phrase_is_no_row_of_the_appendix() -> None:
    state = fold(Story().begin().preflight().entries)
    record = history.of_state("r1", state, Verdict.ABANDONED)
    assert record is not None
    assert not record.went
    assert record.seconds is None


def test_what_is_kept_outlives_the_runs_own_folder(tmp_path: Path) -> None:
    folder = written(tmp_path, "20261125-210000-0001", done())
    state = fold(done().entries)
    assert history.keep(folder, state) == ""
    with_journal = history.read([tmp_path])
    assert [record.verdict for record in with_journal.records] == [Verdict.DONE]
    shutil.rmtree(folder)
    assert [record.run for record in history.read([tmp_path]).records] == [folder.name]


def test_a_run_that_never_ended_is_read_from_its_journal(tmp_path: Path) -> None:
    written(tmp_path, "20261125-210000-0001", Story().ready().seal().confirm())
    (record,) = history.read([tmp_path]).records
    assert record.verdict is Verdict.UNKNOWN, "its runner is gone after the phrase"
    assert record.went


def test_a_damaged_line_is_said_and_hides_no_other(tmp_path: Path) -> None:
    (tmp_path / history.FILE).write_bytes(msgspec.json.encode(RECORD) + b'\n{"run": 7}\n')
    found = history.read([tmp_path])
    assert found.records == (RECORD,)
    assert "1 damaged" in found.problem


def test_one_server_by_two_names_is_one_target() -> None:
    other = msgspec.structs.replace(
        RECORD, run="r2", target="postgresql://app:•••@10.0.0.1:5432/dixis", at=AT + timedelta(1)
    )
    elsewhere = msgspec.structs.replace(RECORD, run="r3", system_identifier="9")
    targets = History((RECORD, elsewhere, other)).targets()
    assert [[one.run for one in found] for found in targets.values()] == [[RECORD.run, "r2"], ["r3"]]


def test_the_table_holds_hostile_names_as_text() -> None:
    record = msgspec.structs.replace(
        RECORD, operator="a | b <img src=x>\x1b[31m", migrations=("`x`|y", "[z](http://x)")
    )
    table = history_table.markdown(History((record,)), "Europe/Athens")
    (row,) = [line for line in table.splitlines() if "2026-11-25 23:00" in line]
    assert row.replace("\\|", "").count("|") == len(history_table._HEAD) + 1
    assert "\\<img" in row
    assert "\x1b" not in row
    assert "\\[z\\](" in row


@pytest.mark.parametrize(
    ("seconds", "plot"), [([], ""), ([0.0, 0.0], "▁▁"), ([1.0, 8.0], "▂█"), ([8.0, 4.0, 1.0], "█▅▂")]
)
def test_the_plot(seconds: list[float], plot: str) -> None:
    assert history_table.spark(seconds) == plot


@pytest.mark.parametrize(
    ("seconds", "told"), [(None, "–"), (0.04, "0.0 s"), (59.94, "59.9 s"), (61, "1 min 1 s"), (7384, "2 h 3 min")]
)
def test_seconds_as_people_say_them(seconds: float | None, told: str) -> None:
    assert history_table.told(seconds) == told


BOOK = "# Runbook\r\n\r\nwords | of people\r\n"


def test_only_what_is_between_the_marks_is_ever_touched(tmp_path: Path) -> None:
    file = tmp_path / "RUNBOOK.md"
    file.write_bytes(BOOK.encode())
    assert history_table.export(file, "one")
    assert file.read_bytes().decode().startswith(BOOK)
    with_more = file.read_bytes() + b"after\r\n"
    file.write_bytes(with_more)
    assert history_table.export(file, "two")
    text = file.read_bytes().decode()
    assert text == with_more.decode().replace("\n\none\n\n", "\n\ntwo\n\n")
    assert not history_table.export(file, "two"), "nothing changed, and it says so"
    assert [*tmp_path.iterdir()] == [file], "no draft stays behind"


def test_a_link_stays_a_link_and_a_file_its_rights(tmp_path: Path) -> None:
    real = tmp_path / "docs" / "history.md"
    real.parent.mkdir()
    real.write_text("x\n")
    real.chmod(0o640)
    link = tmp_path / "history.md"
    link.symlink_to(real)
    history_table.export(link, "one")
    assert link.is_symlink()
    assert "one" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    "text",
    [
        history_table.BEGIN,
        history_table.END,
        history_table.END + history_table.BEGIN,
        (history_table.BEGIN + history_table.END) * 2,
    ],
)
def test_marks_that_are_no_pair_are_refused_and_nothing_is_lost(tmp_path: Path, text: str) -> None:
    file = tmp_path / "RUNBOOK.md"
    file.write_text(text)
    with pytest.raises(UsageError, match="not one pair"):
        history_table.export(file, "one")
    assert file.read_text() == text


def test_what_is_no_text_or_can_t_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(UsageError, match="no UTF-8 text"):
        history_table.export(tmp_path / "binary", "one")
    with pytest.raises(UsageError, match="can't be written"):
        history_table.export(tmp_path / "missing" / "file", "one")


def test_a_rolled_back_run_went(tmp_path: Path) -> None:
    state = fold(Story().ready().into_window().go().failed().roll_back().end(Verdict.ROLLED_BACK, "Back.").entries)
    record = history.of_state("r1", state, state.verdict)
    assert record is not None
    assert record.went
    assert record.verdict is Verdict.ROLLED_BACK
    assert state.phase(Phase.ROLLBACK).seconds
    assert isinstance(state.run, ev.RunStarted)
