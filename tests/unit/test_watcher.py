"""A watcher has a run's files and nothing else: it sees what is written, whether the runner lives, and can't act."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.errors import JournalError, UsageError
from dixis_tui.model import Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, watcher
from dixis_tui.run.journal import Journal
from dixis_tui.run.pulse import Pulse, pulse
from dixis_tui.run.watcher import Watcher
from tests.accounts import needs_root
from tests.unit.examples import STARTED
from tests.waiting import until

HERE = f"maria@{socket.gethostname()}"
_SLEEPS = "import sys; sys.stdin.read()  # as dixis_tui.run"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folders.new_run(tmp_path / "runs")


@pytest.fixture
def runner() -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a runner's."""
    with subprocess.Popen([sys.executable, "-c", _SLEEPS, "dixis_tui.run"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def begun(folder: Path, pid: int, host: str = HERE) -> Journal:
    journal = Journal(folder / folders.JOURNAL)
    journal.append(msgspec.structs.replace(STARTED, pid=pid, host=host))
    return journal


# -- whether the runner lives


def test_a_living_runner_is_found_by_its_process(folder: Path, runner: subprocess.Popen[bytes]) -> None:
    until(lambda: pulse(folder, runner.pid, HERE) is Pulse.LIVES, what="the process to be the program")
    runner.kill()
    until(lambda: pulse(folder, runner.pid, HERE) is Pulse.GONE, what="the zombie to be told from a runner")
    runner.wait()
    assert pulse(folder, runner.pid, HERE) is Pulse.GONE


@pytest.mark.parametrize("pid", [os.getpid(), 1, 2**40, 0, -1], ids=["our own", "init", "none", "zero", "below"])
def test_another_process_with_its_number_is_no_runner(folder: Path, pid: int) -> None:
    assert pulse(folder, pid, HERE) is Pulse.GONE


def test_on_another_machine_it_is_not_known(folder: Path, runner: subprocess.Popen[bytes]) -> None:
    assert pulse(folder, runner.pid, "maria@elsewhere") is Pulse.UNKNOWN


def test_a_runner_whose_process_is_not_seen_may_still_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(folders.SOCKET)
        server.listen()
        assert pulse(folder, 2**40, HERE) is Pulse.LIVES
        assert pulse(folder, 1, "maria@elsewhere") is Pulse.LIVES
    assert pulse(folder, 2**40, HERE) is Pulse.GONE


def test_another_accounts_runner_is_seen_too(folder: Path, runner: subprocess.Popen[bytes]) -> None:
    needs_root()
    _as_nobody(lambda: pulse(folder, runner.pid, HERE) is Pulse.LIVES)
    runner.kill()
    runner.wait()
    _as_nobody(lambda: pulse(folder, runner.pid, HERE) is Pulse.GONE)


def _as_nobody(holds: Callable[[], bool]) -> None:
    child = os.fork()
    if child == 0:
        os.setgid(65534)
        os.setuid(65534)
        os._exit(0 if holds() else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


# -- following


def followed(client: Watcher, use: Callable[[asyncio.Event], object]) -> None:
    async def both() -> None:
        news = asyncio.Event()
        following = asyncio.create_task(client.follow(news.set))
        await asyncio.wait_for(use(news), 20)  # type: ignore[arg-type]
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    asyncio.run(both())


def test_what_is_written_is_heard_of_until_the_end(folder: Path, runner: subprocess.Popen[bytes]) -> None:
    journal = begun(folder, runner.pid)
    client = Watcher(folder)
    seen: list[ev.Event] = []

    async def use(news: asyncio.Event) -> None:
        await news.wait()
        seen.extend(entry.event for entry in client.read())
        await asyncio.to_thread(until, lambda: client.live and client.seen, 5, "the runner to be seen")
        for written in (ev.Noted(text="one"), ev.Noted(text="δύο")):
            news.clear()
            journal.append(written)
            await news.wait()
            seen.extend(entry.event for entry in client.read())
        journal.append(ev.RunEnded(verdict=Verdict.DONE, summary="done"))
        await client.follow(lambda: seen.extend(entry.event for entry in client.read()))

    followed(client, use)
    assert [event.text for event in seen if isinstance(event, ev.Noted)] == ["one", "δύο"]
    assert isinstance(seen[-1], ev.RunEnded)
    assert client.ended


def test_a_runner_that_dies_is_told_and_one_that_takes_the_run_up(
    folder: Path, runner: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher, "PULSE_SECONDS", 0.0)
    journal = begun(folder, runner.pid)
    client = Watcher(folder)
    client.read()

    async def use(news: asyncio.Event) -> None:
        await news.wait()
        assert (client.live, client.seen) == (True, True)
        news.clear()
        runner.kill()
        await news.wait()
        assert (client.live, client.seen) == (False, True)
        news.clear()
        with subprocess.Popen([sys.executable, "-c", _SLEEPS, "dixis_tui.run"], stdin=subprocess.PIPE) as second:
            journal.append(ev.RunnerResumed(operator="eleni", host=HERE, pid=second.pid, version="1"))
            await news.wait()
            client.read()
            news.clear()
            await news.wait()
            assert client.live
            second.kill()

    followed(client, use)


def test_nothing_is_ever_sent(folder: Path) -> None:
    begun(folder, 1).close()
    assert asyncio.run(Watcher(folder).send(cmd.Stop())) == "This screen only watches: nothing was sent."


def test_a_journal_that_is_not_there_or_not_ours_to_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no run at"):
        Watcher(tmp_path)
    (tmp_path / folders.JOURNAL).mkdir()
    with pytest.raises(UsageError, match="can't be read") as caught:
        Watcher(tmp_path)
    assert "[watch] group" in caught.value.remedy


def test_a_broken_journal_is_said(tmp_path: Path) -> None:
    (tmp_path / folders.JOURNAL).write_text("no journal\n")
    with pytest.raises(JournalError):
        Watcher(tmp_path).read()
