"""Real runners, each a process of its own, against a target that nobody listens on."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.errors import JournalError, RunnerError, UnderWayError, UsageError
from dixis_tui.model import CheckState, Phase, Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, spawn, under_way
from dixis_tui.run.client import Client
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.runs import live, live_runs, look
from dixis_tui.run.spawn import Starting, start
from dixis_tui.run.state import RunState, fold
from dixis_tui.settings import Settings
from tests.unit.examples import EVENTS, STARTED
from tests.waiting import until

PASSWORD = "p@ss:w/rd-geheim"
Begin = Callable[..., Path]


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "dixis-tui"


@pytest.fixture
def nobody() -> Iterator[int]:
    """A port on which nobody listens, kept from others."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def url(port: int, database: str = "shop") -> str:
    return f"postgresql://app:p%40ss%3Aw%2Frd-geheim@127.0.0.1:{port}/{database}"


def ask(folder: Path, command: cmd.Command) -> str:
    async def both() -> str:
        client = Client(folder)
        following = asyncio.create_task(client.follow(lambda: None))
        answer = await client.send(command)
        following.cancel()
        return answer

    return asyncio.run(both())


def told(folder: Path) -> RunState:
    return fold(read(folder / folders.JOURNAL))


@pytest.fixture
def begin(state: Path, tmp_path: Path, nobody: int) -> Iterator[Begin]:
    begun: list[Path] = []

    def begin(database: str = "shop", settings: Settings | None = None) -> Path:
        wanted = settings or Settings(root=str(tmp_path))
        folder = start(wanted, {"DATABASE_URL": url(nobody, database)}, "maria").wait()
        begun.append(folder)
        until(lambda: told(folder).phase(Phase.PREFLIGHT).attempts and not told(folder).running, 30, "preflight")
        return folder

    yield begin
    for folder in begun:
        if live(folder):
            until(lambda folder=folder: ask(folder, cmd.End()) == "" or not live(folder), what="the end")
            until(lambda folder=folder: not live(folder), what="the runner to go")


def test_a_runner_is_a_process_of_its_own(begin: Begin) -> None:
    folder = begin()
    run = told(folder).run
    assert run is not None
    pid = run.pid
    assert os.getsid(pid) == pid, "a session of its own"
    assert live(folder)
    proc = Path("/proc", str(pid))
    if not proc.exists():
        pytest.skip("needs /proc")
    environment, words = (proc / "environ").read_bytes(), (proc / "cmdline").read_bytes()
    assert b"geheim" not in environment + words
    assert b"DATABASE_URL" not in environment
    assert "Max core file size        0                    0" in (proc / "limits").read_text()
    assert {(proc / "fd" / number).readlink() for number in "12"} == {folder / folders.ERRORS}
    assert (proc / "fd" / "0").readlink().name.startswith("pipe:")


def test_its_folder_is_ours_alone_and_holds_no_secret(begin: Begin) -> None:
    folder = begin()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} >= {folders.JOURNAL, folders.LOG}
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        data = path.read_bytes()
        assert b"geheim" not in data
        assert PASSWORD.encode() not in data
    assert stat.S_IMODE((folder / folders.SOCKET).stat().st_mode) == 0o600


def test_a_target_that_nobody_listens_on_closes_preflight(begin: Begin) -> None:
    folder = begin()
    assert told(folder).check("DX103").state is CheckState.FAILED
    assert ask(folder, cmd.End()) == ""
    until(lambda: told(folder).ended, what="the end")
    assert look(folder).verdict is Verdict.CLOSED
    until(lambda: not (folder / folders.SOCKET).exists(), what="the socket to go")
    assert (folder / folders.ERRORS).read_text() == ""


def test_a_hang_up_and_ctrl_c_do_not_end_it(begin: Begin) -> None:
    folder = begin()
    run = told(folder).run
    assert run is not None
    for hang_up in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        os.killpg(run.pid, hang_up)
    assert ask(folder, cmd.Tick(code="DX131", operator="maria")) == ""


def test_two_runs_on_one_target_are_one_too_many(begin: Begin, state: Path, tmp_path: Path, nobody: int) -> None:
    first = begin()
    said = rf"Run {first.name} by maria@\S+ is under way on 127.0.0.1:{nobody}/shop since 20.* UTC \(lock in the state"
    with pytest.raises(UnderWayError, match=said) as caught:
        start(Settings(root=str(tmp_path)), {"DATABASE_URL": url(nobody)}, "nikos").wait()
    assert f"dixis-tui attach {first.name}" in caught.value.remedy
    assert caught.value.run == first.name
    assert under_way.come_up(first.name) == first
    assert list((state / "runs").iterdir()) == [first], "a run that never began leaves nothing"
    other = begin("other")
    assert [run.folder for run in live_runs()] == [first, other]
    until(lambda: ask(first, cmd.End()) == "", what="the end")
    until(lambda: not live(first), what="the first to go")
    again = begin()
    assert [run.folder for run in live_runs()] == [other, again]


def test_a_killed_runner_is_told_from_one_that_ended(begin: Begin) -> None:
    folder = begin()
    run = told(folder).run
    assert run is not None
    os.kill(run.pid, signal.SIGKILL)
    until(lambda: not live(folder), what="the runner to be gone")
    assert (folder / folders.SOCKET).exists(), "it could not clean up"
    assert look(folder).verdict is Verdict.INTERRUPTED
    assert begin() != folder, "its lock went with it"


def test_without_a_target_a_run_says_so_itself(state: Path, tmp_path: Path) -> None:
    folder = start(Settings(root=str(tmp_path)), {}, "maria").wait()
    until(lambda: told(folder).check("DX101").state is CheckState.FAILED, 30, "preflight to say so")
    until(lambda: ask(folder, cmd.End()) == "", what="the end")
    until(lambda: not live(folder), what="the runner to go")


def test_names_from_the_file_are_cleaned(begin: Begin, tmp_path: Path) -> None:
    folder = begin(settings=Settings(root=str(tmp_path), name="Di\x1b[2Jxis"))
    run = told(folder).run
    assert run is not None
    assert (run.name, run.operator) == ("Dixis", "maria")
    assert run.secrets == {"DATABASE_URL": True, "STAGING_DATABASE_URL": False, "SHADOW_DATABASE_URL": False}


def test_a_runner_that_dies_at_start_gives_its_sentence(state: Path, tmp_path: Path, nobody: int) -> None:
    state.mkdir(parents=True)
    (state / "locks").write_text("in the way")
    with pytest.raises(RunnerError, match="locks can't be made") as caught:
        start(Settings(root=str(tmp_path)), {"DATABASE_URL": url(nobody)}, "maria").wait()
    assert "XDG_STATE_HOME" in caught.value.remedy
    assert not list((state / "runs").iterdir())


@pytest.mark.parametrize(
    ("said", "sentence", "remedy"),
    [
        ("", "The runner ended at once", ""),
        ("Run x is under way\nLook at it.\n", "Run x is under way", "Look at it."),
        ("Run x is under way\nLook at it.\nUNDER WAY x\n", "Run x is under way", "Look at it."),
        (
            "Traceback (most recent call last):\n  File …\nValueError: \x1b[2Jx\n",
            "The runner ended at once: ValueError: x",
            "This is a fault of dixis-tui itself: report it.",
        ),
    ],
)
def test_last_words(tmp_path: Path, said: str, sentence: str, remedy: str) -> None:
    folder = folders.new_run(tmp_path)
    (folder / folders.ERRORS).write_text(said)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    with pytest.raises(RunnerError) as caught:
        Starting(folder, dead, 0, began=True).wait()
    assert (str(caught.value), caught.value.remedy) == (sentence, remedy)
    assert isinstance(caught.value, UnderWayError) == ("UNDER WAY" in said)
    assert not folder.exists()


def test_a_runner_that_does_not_come_up_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawn, "_START_SECONDS", 0.05)
    slow = subprocess.Popen(["sleep", "600"])
    with pytest.raises(RunnerError, match="did not start in time"):
        Starting(folders.new_run(tmp_path), slow, 0, began=True).wait()
    slow.kill()
    slow.wait()


def test_bytes_that_are_no_utf8_start_nothing(state: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no UTF-8"):
        start(Settings(root=str(tmp_path)), {"STAGING_DATABASE_URL": "x\udcff"}, "maria")
    assert not list((state / "runs").iterdir())


# -- folders and runs, looked at from outside


def recorded(runs: Path, *events: ev.Event) -> Path:
    folder = folders.new_run(runs)
    journal = Journal(folder / folders.JOURNAL)
    journal.append(*events)
    journal.close()
    return folder


def test_runs_are_found_wherever_they_are(state: Path) -> None:
    assert folders.all_runs() == []
    own, demo = recorded(state / "runs", STARTED), recorded(folders.demo_directory() / "runs", STARTED)
    folders.new_run(state / "runs")
    assert sorted(folders.all_runs()) == sorted([own, demo])
    assert folders.all_runs() == sorted(folders.all_runs(), key=lambda folder: folder.name)
    assert folders.find_run(own.name) == own
    assert folders.find_run(demo.name) == demo
    with pytest.raises(UsageError, match="fits 2 runs"):
        folders.find_run(own.name[:8])
    with pytest.raises(UsageError, match="fits no run"):
        folders.find_run("1999")


def test_a_run_is_found_by_the_path_of_its_folder_or_its_journal(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = recorded(tmp_path / "from-elsewhere", STARTED)
    for path in (copied, copied / folders.JOURNAL):
        assert folders.find_run(str(path)) == copied
        assert folders.find_record(str(path)) == folders.Record(
            copied.name, copied / folders.JOURNAL, copied / folders.LOG
        )
    monkeypatch.chdir(copied.parent)
    assert folders.find_run(copied.name) == copied
    assert folders.find_run(f"./{copied.name}/") == copied
    monkeypatch.chdir(copied)
    assert folders.find_run(".") == folders.find_run(folders.JOURNAL) == copied
    with pytest.raises(UsageError, match="fits no run"):
        folders.find_own_run(str(copied))


def test_a_journal_may_have_any_name_and_lie_where_nothing_can_be_written(state: Path, tmp_path: Path) -> None:
    copied = recorded(tmp_path / "copied", STARTED)
    renamed = (copied / folders.JOURNAL).rename(copied / "evening.jsonl")
    renamed.chmod(0o400)
    copied.chmod(0o500)
    try:
        assert folders.find_record(str(renamed)) == folders.Record("evening.jsonl", renamed, copied / "evening.log")
        with pytest.raises(UsageError, match=r"is not called journal\.jsonl"):
            folders.find_run(str(renamed))
        with pytest.raises(UsageError, match=r"holds no journal\.jsonl"):
            folders.find_run(str(copied))
    finally:
        copied.chmod(0o700)


def test_what_is_no_path_of_a_run_is_one_sentence(state: Path, tmp_path: Path) -> None:
    for path, said in (
        (tmp_path, "holds no journal.jsonl"),
        (tmp_path / "gone" / folders.JOURNAL, "is not there"),
        (Path(os.devnull), "is no file"),
        (tmp_path / ("long" * 100), "can't be read: File name too long"),
    ):
        with pytest.raises(UsageError, match=said):
            folders.find_run(str(path))
    for word in ("", "nul\0", "\x1b[2J"):
        with pytest.raises(UsageError) as error:
            folders.find_run(word)
        assert "\x1b" not in str(error.value)


def test_an_id_in_use_is_that_run_whatever_lies_in_the_working_directory(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recorded(state / "runs", STARTED)
    (tmp_path / run.name[:4]).mkdir()
    monkeypatch.chdir(tmp_path)
    assert folders.find_run(run.name[:4]) == run


def test_runs_of_one_moment_are_in_order(state: Path) -> None:
    made = [recorded(state / "runs", STARTED) for _ in range(50)]
    assert folders.all_runs() == made


def test_an_id_that_begins_another_is_meant_itself(state: Path) -> None:
    run = recorded(state / "runs", STARTED)
    longer = run.with_name(f"{run.name}0")
    longer.mkdir()
    (longer / folders.JOURNAL).write_bytes((run / folders.JOURNAL).read_bytes())
    assert folders.find_run(run.name) == run


def test_the_state_directory_is_private(state: Path) -> None:
    assert folders.state_directory() == state
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert stat.S_IMODE(folders.new_run(state / "runs").stat().st_mode) == 0o700


def test_a_state_directory_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(UsageError, match="can't be made"):
        folders.state_directory()


def test_a_run_as_it_is_seen(state: Path) -> None:
    whole = look(recorded(state / "runs", *EVENTS))
    assert (whole.verdict, whole.live, whole.target) == (Verdict.DONE, False, STARTED.target)
    assert whole.started is not None
    cut = recorded(state / "runs", *EVENTS)
    data = (cut / folders.JOURNAL).read_bytes()
    (cut / folders.JOURNAL).write_bytes(data[:-10])
    assert look(cut).verdict is Verdict.UNKNOWN
    broken = recorded(state / "runs", *EVENTS)
    (broken / folders.JOURNAL).write_bytes(data.replace(b"Dixis", b"Dixit"))
    with pytest.raises(JournalError):
        read(broken / folders.JOURNAL)
    seen = look(broken)
    assert (seen.verdict, seen.started, seen.state) == (Verdict.UNKNOWN, None, RunState())
