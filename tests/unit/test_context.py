"""What phases say and how they end; and the log, the only place that outside lines go."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import subprocess
import threading
from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, StoppedError, ToolError
from dixis_tui.model import CheckState, Phase, PhaseState, failed, passed, unknown, warned
from dixis_tui.run import folders
from dixis_tui.run.context import Context
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from tests.unit.examples import STARTED

SECRET = "correct-horse-battery"
CHECKS = [("DX201", ""), ("DX202", "")]


@pytest.fixture
def context(tmp_path: Path) -> Context:
    folder = tmp_path / "runs" / "1"
    folder.mkdir(parents=True)
    log = Log(folder / folders.LOG, Redactor([SECRET]))
    made = Context(folder, Settings(), {}, Journal(folder / folders.JOURNAL), log)
    made.emit(STARTED)
    return made


def journaled(context: Context) -> list[ev.Event]:
    return [entry.event for entry in read(context.folder / folders.JOURNAL)]


def logged(context: Context) -> str:
    return (context.folder / folders.LOG).read_text()


def test_a_phase_that_went_well(context: Context) -> None:
    with context.phase(Phase.BACKUP, CHECKS):
        assert context.state.running is Phase.BACKUP
        context.found("DX201", passed("readable"))
        context.found("DX202", warned("no rows", "Look."))
    view = context.state.phase(Phase.BACKUP)
    assert (view.state, view.reason) == (PhaseState.PASSED, "")
    assert view.seconds >= 0
    kinds = [type(event) for event in journaled(context)]
    assert kinds == [ev.RunStarted, ev.PhaseStarted, ev.CheckChanged, ev.CheckChanged, ev.PhaseEnded, ev.Checkpointed]


@pytest.mark.parametrize("finding", [failed("torn", "Make it anew."), unknown("not there")])
def test_a_closed_gate_fails_its_phase(context: Context, finding: object) -> None:
    with context.phase(Phase.BACKUP, CHECKS):
        context.found("DX201", finding)  # type: ignore[arg-type]
    assert context.state.phase(Phase.BACKUP).state is PhaseState.FAILED


def test_advice_fails_nothing(context: Context) -> None:
    with context.phase(Phase.PREFLIGHT, [("DX105", "")]):
        context.found("DX105", failed("no TLS", "Ask for it."))
    assert context.state.phase(Phase.PREFLIGHT).state is PhaseState.PASSED


def test_an_error_ends_the_phase_at_the_check_that_was_being_worked_on(context: Context) -> None:
    with context.phase(Phase.BACKUP, CHECKS):
        context.found("DX201", passed("readable"))
        raise ToolError(f"pg_dump ended with 1: {SECRET}", "Look into the log.")
    view = context.state.phase(Phase.BACKUP)
    assert (view.state, view.reason) == (PhaseState.FAILED, "pg_dump ended with 1: •••. Look into the log.")
    assert context.state.check("DX201").state is CheckState.PASSED
    blamed = context.state.check("DX202")
    assert (blamed.state, blamed.remedy) == (CheckState.FAILED, "Look into the log.")


def test_a_fault_of_ours_ends_the_phase_and_not_the_runner(context: Context) -> None:
    with context.phase(Phase.BACKUP, CHECKS):
        local = SECRET
        raise ZeroDivisionError(local)
    view = context.state.phase(Phase.BACKUP)
    assert view.state is PhaseState.FAILED
    assert "ZeroDivisionError" in view.reason
    assert "test_context.py" in logged(context)
    assert SECRET not in logged(context) + (context.folder / folders.JOURNAL).read_text()


def test_a_stop_is_called_a_stop_whatever_it_broke(context: Context) -> None:
    with context.phase(Phase.BACKUP, CHECKS):
        context.stop()
        raise ToolError("pg_dump was killed by signal 15", "Look into the log.")
    assert context.state.phase(Phase.BACKUP).reason == "Stopped by the operator."
    with context.phase(Phase.BACKUP, CHECKS):
        context.safe_point()
        context.found("DX201", passed("readable"))
        context.found("DX202", passed("readable"))
    assert context.state.phase(Phase.BACKUP).state is PhaseState.PASSED, "the stop is forgotten"


def test_a_safe_point_is_where_a_stop_takes_hold(context: Context) -> None:
    context.safe_point()
    context.stop()
    with pytest.raises(StoppedError):
        context.safe_point()


@pytest.mark.parametrize("stop_first", [True, False])
def test_a_stop_ends_the_children(context: Context, stop_first: bool) -> None:
    child = subprocess.Popen(["sleep", "600"])
    if stop_first:
        context.stop()
    context.child(child)
    context.stop()
    assert child.wait(20) == -15


def test_a_check_that_cannot_look_has_failed(context: Context) -> None:
    def look() -> object:
        raise DixisError(f"no answer from {SECRET}", "Try again.")

    context.check("DX103", look)  # type: ignore[arg-type]
    view = context.state.check("DX103")
    assert (view.state, view.evidence, view.remedy) == (CheckState.FAILED, "no answer from •••", "Try again.")
    states = [event.state for event in journaled(context) if isinstance(event, ev.CheckChanged)]
    assert states == [CheckState.RUNNING, CheckState.FAILED]


def test_a_stop_is_no_finding(context: Context) -> None:
    def look() -> object:
        raise StoppedError("Stopped by the operator")

    with pytest.raises(StoppedError):
        context.check("DX103", look)  # type: ignore[arg-type]
    assert context.state.check("DX103").state is CheckState.RUNNING


def test_what_could_not_be_looked_at_is_said(context: Context) -> None:
    context.skip(["DX104", "DX105"], "the target was not reached")
    assert {context.state.check(code).state for code in ("DX104", "DX105")} == {CheckState.UNKNOWN}


def test_outside_words_are_cleaned_and_redacted_on_every_way(context: Context) -> None:
    hostile = f"\x1b]0;x\x07{SECRET}\u202e postgresql://u:pw@h/d"
    context.found("DX103", failed(hostile, hostile))
    context.note(hostile)
    context.log.line("server", hostile)
    context.log.sink("pg_dump")(hostile)
    kept = logged(context) + (context.folder / folders.JOURNAL).read_text()
    for bad in (SECRET, "\x1b", "\u202e", "\\u001b", ":pw@", "\x07"):
        assert bad not in kept
    assert kept.count("u:•••@h/d") == 7, "four times in the log, three times in the journal"


def test_progress_is_said_at_most_twice_a_second_but_always_at_the_end(context: Context) -> None:
    for done in range(1000):
        context.progress(Phase.BACKUP, "dump", done, 1000)
    context.progress(Phase.BACKUP, "dump", 1000, 1000)
    said = [event.done for event in journaled(context) if isinstance(event, ev.Progress)]
    assert said[-1] == 1000
    assert len(said) < 100


def test_after_the_end_nothing_is_added(context: Context) -> None:
    changes: list[None] = []
    context.emit(ev.RunEnded(verdict="done", summary="x"))  # type: ignore[arg-type]
    entries = journaled(context)
    context.changed = lambda: changes.append(None)
    context.note("too late")
    context.emit(ev.Ticked(code="DX131", operator="maria"))
    assert journaled(context) == entries
    assert not changes


def test_the_state_and_the_journal_agree_from_many_threads(context: Context) -> None:
    begin = threading.Barrier(4)

    def say() -> None:
        begin.wait()
        for _ in range(50):
            context.emit(ev.ConfirmationRefused(operator="maria", reason="x"), flush=False)

    threads = [threading.Thread(target=say) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (context.settled().refusals, context.settled().entries) == (200, 201)
    assert len(journaled(context)) == 201


# -- the log


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "run.log", Redactor([SECRET]))


def lines(log: Log) -> list[list[str]]:
    return [line.split("\t") for line in log._path.read_text().splitlines()]


def test_a_line_has_four_parts(log: Log) -> None:
    log.line("prisma", "Applying\tmigration", "warning")
    [(stamp, *rest)] = lines(log)
    assert rest == ["prisma", "warning", "Applying    migration"]
    assert len(stamp) == len("2026-11-25T20:00:00.000Z")
    assert stamp.endswith("Z")
    assert stat.S_IMODE(log._path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("one\ntwo\r\nthree", ["one", "two", "three"]),
        ("a\n\nb", ["a", "", "b"]),
        (f"{SECRET}\n{SECRET}", ["•••", "•••"]),
        ("x" * 10_000, ["x" * 4000 + "…"]),
        ("a\rb\x0bc\u2028d\x85e", ["a�b�c�d�e"]),
        ("x\n" * 1_000_000, ["x"] * 1000 + ["… and 999000 more lines"]),
        ("\ud800", ["\ufffd"]),
        ("forged\n2026-11-25T20:00:00.000Z\toperator\tinfo\tconfirmed", None),
    ],
)
def test_what_a_text_becomes(log: Log, text: str, parts: list[str] | None) -> None:
    log.line("server", text)
    written = lines(log)
    assert all(line[1:3] == ["server", "info"] and len(line) == 4 for line in written), (
        "no text makes a line of its own"
    )
    if parts is not None:
        assert [line[3] for line in written] == parts


def test_many_threads_write_whole_lines(log: Log) -> None:
    def write(number: int) -> None:
        for _ in range(200):
            log.line("server", f"{number} " + "x" * 500)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(lines(log)) == 800
    assert all(len(line) == 4 and line[3].endswith("x" * 500) for line in lines(log))


def mark(log: Log) -> tuple[int, str]:
    with log.held() as found:
        return found.bytes, found.sha256


def of_the_file(log: Log) -> tuple[int, str]:
    data = log._path.read_bytes()
    return len(data), hashlib.sha256(data).hexdigest()


def test_the_digest_is_the_files_at_every_moment(log: Log) -> None:
    assert mark(log) == of_the_file(log) == (0, hashlib.sha256().hexdigest())
    for text in ("a", "Ελληνικά\nτρεις", SECRET, "\ud800"):
        log.line("server", text)
        assert mark(log) == of_the_file(log)


def test_what_others_do_to_the_file_shows_against_its_digest(log: Log) -> None:
    log.line("server", "a")
    log._path.write_bytes(log._path.read_bytes().replace(b"a\n", b"b\n"))
    assert mark(log)[0] == of_the_file(log)[0]
    assert mark(log)[1] != of_the_file(log)[1]


def test_a_log_that_is_there_is_gone_on_with(log: Log) -> None:
    log.line("server", "a")
    again = Log(log._path, Redactor())
    assert mark(again) == of_the_file(log)
    again.line("server", "b")
    assert [line[3] for line in lines(again)] == ["a", "b"]
    assert mark(again) == of_the_file(log)


def test_a_line_that_a_crash_cut_takes_no_other_with_it(log: Log) -> None:
    log.line("server", "a")
    with log._path.open("ab") as file:
        file.write(b"2026-11-25T20")
    again = Log(log._path, Redactor())
    again.line("server", "b")
    assert [line[-1] for line in lines(again)] == ["a", "2026-11-25T20", "b"]
    assert mark(again) == of_the_file(log)


def test_a_sealed_log_takes_no_line_and_one_whose_seal_failed_does(log: Log) -> None:
    def fail() -> None:
        with log.held(end=True):
            raise OSError

    with pytest.raises(OSError):
        fail()
    log.line("server", "it goes on")
    with log.held(end=True) as found:
        pass
    log.line("server", "too late")
    assert (found.bytes, found.sha256) == of_the_file(log)
    assert len(lines(log)) == 1


@pytest.mark.parametrize("taken", [0, 1, 30])
def test_a_full_disk_leaves_no_half_line_in_the_log(log: Log, monkeypatch: pytest.MonkeyPatch, taken: int) -> None:
    log.line("server", "first")
    real, left = os.write, [taken]

    def write(file: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(file, data[: left[0]])
        left[0] -= written
        return written

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space left"):
        log.line("server", "second")
    monkeypatch.setattr(os, "write", real)
    log.line("server", "third")
    assert [line[3] for line in lines(log)] == ["first", "third"]
    assert mark(log) == of_the_file(log)


def test_a_log_is_never_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        Log(tmp_path / "link", Redactor())
    assert not (tmp_path / "elsewhere").exists()
