"""A screen's end of a run: it reads what there is, hears what is new, and always gets an answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dixis_tui import events as ev
from dixis_tui.errors import JournalError
from dixis_tui.run import client as clients
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, work
from dixis_tui.run.client import Client
from dixis_tui.run.journal import Journal
from dixis_tui.run.runs import live
from tests.unit.examples import EVENTS
from tests.unit.served import Served
from tests.waiting import until

TICK = cmd.Tick(code="DX131", operator="maria")


@pytest.fixture(params=["short", "longer than a socket's path may be"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    runs = tmp_path / "runs" if request.param == "short" else tmp_path / ("x" * 120) / ("Φάκελος" * 10)
    made = folders.new_run(runs)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    served = Served(folder)
    monkeypatch.setattr(work, "perform", served.perform)
    served.start()
    yield served
    served.end()


def attached(client: Client, use: Callable[[Client, asyncio.Event], Coroutine[Any, Any, None]]) -> int:
    """Run `use` while `client` follows; returns how often it was told of changes."""
    told = 0

    async def both() -> None:
        news = asyncio.Event()

        def changed() -> None:
            nonlocal told
            told += 1
            news.set()

        following = asyncio.create_task(client.follow(changed))
        await asyncio.wait_for(use(client, news), 20)
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    asyncio.run(both())
    return told


def test_a_run_without_a_runner_is_read(tmp_path: Path) -> None:
    folder = folders.new_run(tmp_path)
    journal = Journal(folder / folders.JOURNAL)
    journal.append(*EVENTS)
    journal.close()
    client = Client(folder)
    answers = []

    async def use(client: Client, news: asyncio.Event) -> None:
        await news.wait()
        answers.append(await client.send(TICK))

    assert attached(client, use) == 1
    assert not client.live
    assert [entry.event for entry in client.read()] == list(EVENTS)
    assert client.read() == []
    assert answers == ["The runner is gone: nothing was done. Open dixis-tui again to look at what it left."]


def test_a_socket_that_a_killed_runner_left_is_no_runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folders.new_run(tmp_path)
    monkeypatch.chdir(folder)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(folders.SOCKET)
    assert not live(folder)

    async def use(client: Client, news: asyncio.Event) -> None:
        await news.wait()
        assert (await client.send(TICK)).startswith("The runner is gone")

    attached(Client(folder), use)


def test_a_broken_journal_is_said_to_whoever_reads(tmp_path: Path) -> None:
    (tmp_path / folders.JOURNAL).write_text("no journal\n")
    with pytest.raises(JournalError):
        Client(tmp_path).read()


def test_a_live_run_is_followed_and_spoken_to(run: Served) -> None:
    client = Client(run.folder)
    seen: list[ev.Event] = []

    async def use(client: Client, news: asyncio.Event) -> None:
        assert await client.send(TICK) == "", "sent before the connection stands, it waits for it"
        assert client.live
        assert "looked up by the program" in await client.send(cmd.Tick(code="DX101", operator="maria"))
        while not any(isinstance(event, ev.Ticked) for event in seen):
            await news.wait()
            news.clear()
            seen.extend(entry.event for entry in client.read())

    assert attached(client, use) >= 2
    assert seen == run.events()
    assert not client.live


def test_answers_find_their_questions(run: Served) -> None:
    async def use(client: Client, _: asyncio.Event) -> None:
        codes = ["DX131", "DX101", "DX132", "DX999"] * 10
        commands = [cmd.Tick(code=code, operator="maria") for code in codes]
        answers = await asyncio.gather(*map(client.send, commands))
        for code, answer in zip(codes, answers, strict=True):
            assert bool(answer) is (code in ("DX101", "DX999"))
            assert not answer or code in answer

    attached(Client(run.folder), use)


def test_the_end_of_the_runner_is_the_end_of_following(run: Served) -> None:
    async def use(client: Client, news: asyncio.Event) -> None:
        assert await client.send(cmd.End()) == ""
        while client.live:
            news.clear()
            if client.live:
                await news.wait()
        assert (await client.send(TICK)).startswith("The runner is gone")

    client = Client(run.folder)
    attached(client, use)
    assert isinstance([entry.event for entry in client.read()][-1], ev.RunEnded)


def stranger(folder: Path, answer: bytes) -> threading.Thread:
    """Something else listens on the socket: it sends `answer` to the first client and closes."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(folders.SOCKET)
    server.listen()

    def serve() -> None:
        with server, server.accept()[0] as connection:
            connection.recv(65536)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    until((folder / folders.SOCKET).exists, what="the socket")
    return thread


@pytest.mark.parametrize(
    "answer", [b"", b"garbage\n", b'{"id":', b"\xff\xff\n", b"x" * 200_000, b'{"refused":5}\n', b'{"refused":"\xff"}\n']
)
def test_a_runner_that_breaks_off_or_talks_nonsense_is_gone(folder: Path, answer: bytes) -> None:
    thread = stranger(folder, answer)

    async def use(client: Client, _: asyncio.Event) -> None:
        assert (await client.send(TICK)).startswith("The runner is gone")

    attached(Client(folder), use)
    thread.join(20)


def test_a_runner_that_never_answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_ANSWER_SECONDS", 0.1)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(folders.SOCKET)
        server.listen()

        async def use(client: Client, news: asyncio.Event) -> None:
            await news.wait()
            assert "did not answer in time" in await client.send(TICK)

        attached(Client(folder), use)
