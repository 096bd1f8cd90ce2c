"""Watchers of a real run, and worse guests on its socket: it goes on, and its journal is the same as without them."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.errors import UsageError
from dixis_tui.model import MigrationState, Phase, Verdict
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders
from dixis_tui.run.journal import read
from dixis_tui.run.pulse import Pulse
from dixis_tui.run.watcher import Watcher
from tests.accounts import needs_root
from tests.conftest import fresh_database
from tests.run.conftest import Begin, Hand, settings_for, write_project
from tests.unit.served import Hand as Socket
from tests.waiting import until

COUNT = 30
_OF_THE_MOMENT = (ev.Progress, ev.RadarSeen, ev.Noted, ev.WaysSeen)
"""How many of these there are is a matter of time."""


@pytest.fixture
def hand(begin: Begin, tmp_path: Path) -> Hand:
    return begin(settings_for(write_project(tmp_path / "project")))


@pytest.fixture
def other(server: EmbeddedServer) -> Iterator[DatabaseUrl]:
    with fresh_database(server) as url:
        yield url


class Crowd:
    """Watchers in a thread of their own, each of which reads all that it hears of."""

    def __init__(self, folder: Path) -> None:
        self.watchers = [Watcher(folder) for _ in range(COUNT)]
        self.entries = [0] * COUNT
        self.answers: list[str] = []
        self._thread = threading.Thread(target=lambda: asyncio.run(self._watch()), daemon=True)

    async def _watch(self) -> None:
        self.answers += [await one.send(cmd.Stop()) for one in self.watchers]
        await asyncio.gather(*(one.follow(lambda at=at: self._read(at)) for at, one in enumerate(self.watchers)))  # type: ignore[misc]

    def _read(self, at: int) -> None:
        self.entries[at] += len(self.watchers[at].read())

    def start(self) -> Crowd:
        """Watch until the run has ended."""
        self._thread.start()
        until(lambda: all(self.entries), 20, "every watcher to have read")
        return self

    def until_over(self) -> None:
        """Wait until all have seen the end."""
        self._thread.join(20)
        assert not self._thread.is_alive()


@contextmanager
def bad_guests(folder: Path) -> Iterator[None]:
    """Thirty that never read, one with garbage, one with a line without end, one that asks and asks and never reads."""
    with ExitStack() as stack:
        guests = [stack.enter_context(Socket(folder)) for _ in range(COUNT + 3)]
        guests[-1].send(b"\x00GET / HTTP/1.1\r\n\xff\n" * 100)
        floods = [(guests[-2], b"x" * 10_000_000), (guests[-3], b'{"id":1,"command":{"type":"nothing"}}\n' * 20_000)]
        threads = [threading.Thread(target=guest.send, args=(data,), daemon=True) for guest, data in floods]
        for thread in threads:
            thread.start()
        yield
    for thread in threads:
        thread.join(20)


def connections(hand: Hand) -> int:
    """Connections that the run's runner has on its socket, by the kernel's own lists."""
    run = hand.look().run
    assert run is not None
    mine = set()
    for handle in Path("/proc", str(run.pid), "fd").iterdir():
        with suppress(OSError):  # closed meanwhile
            mine.add(handle.readlink().name.removeprefix("socket:[").removesuffix("]"))
    rows = (line.split() for line in Path("/proc/net/unix").read_text().splitlines())
    return sum(1 for row in rows if row[-1].endswith(folders.SOCKET) and row[5] == "03" and row[6] in mine)


def whole_run(hand: Hand) -> list[tuple[str, str]]:
    """From preflight to the end; what was journaled, by its kind and what it is about."""
    hand.to_go()
    assert hand.confirm() == ""
    state = hand.ended(Phase.VERIFY)
    assert all(view.state is MigrationState.APPLIED for view in state.migrations.values())
    assert hand.send(cmd.End()) == ""
    hand.wait(lambda state: state.ended, "the end")
    entries = read(hand.folder / folders.JOURNAL)
    return [_gist(entry.event) for entry in entries[1:] if not isinstance(entry.event, _OF_THE_MOMENT)]


def _gist(event: ev.Event) -> tuple[str, str]:
    what = (getattr(event, name, "") for name in ("phase", "code", "name", "state", "number", "place"))
    return type(event).__name__, " ".join(map(str, what))


def test_a_run_with_a_crowd_is_the_run_without(hand: Hand, begin: Begin, tmp_path: Path, other: DatabaseUrl) -> None:
    hand.ended(Phase.PREFLIGHT)
    with bad_guests(hand.folder):
        crowd = Crowd(hand.folder).start()
        crowded = whole_run(hand)
        crowd.until_over()
    assert set(crowd.answers) == {"This screen only watches: nothing was sent."}
    assert set(crowd.entries) == {len(read(hand.folder / folders.JOURNAL))}
    alone = whole_run(begin(settings_for(tmp_path / "project"), DATABASE_URL=other.raw.reveal()))
    assert crowded == alone


def test_watchers_leave_no_trace_at_the_runner(hand: Hand) -> None:
    hand.ended(Phase.PREFLIGHT)
    until(lambda: connections(hand) == 0, 10, "our own looks to be over")
    with Socket(hand.folder):
        until(lambda: connections(hand) == 1, 10, "a connection to be seen where there is one")
    until(lambda: connections(hand) == 0, 10, "it to be gone")
    before = hand.look().entries
    crowd = Crowd(hand.folder).start()
    until(lambda: all(one.pulse is Pulse.LIVES for one in crowd.watchers), 10, "every watcher to see the runner")
    assert connections(hand) == 0
    assert hand.look().entries == before
    assert hand.send(cmd.End()) == ""
    crowd.until_over()
    assert all(one.ended for one in crowd.watchers)
    assert hand.wait(lambda state: state.ended, "the end").verdict is Verdict.CHECKED


def test_a_killed_runner_is_seen_to_be_gone(hand: Hand) -> None:
    hand.ended(Phase.PREFLIGHT)
    crowd = Crowd(hand.folder).start()
    run = hand.look().run
    assert run is not None
    os.kill(run.pid, signal.SIGKILL)
    until(lambda: all(one.pulse is Pulse.GONE for one in crowd.watchers), 20, "every watcher to see it")


def test_another_account_watches_by_the_files_alone(hand: Hand) -> None:
    needs_root()
    hand.ended(Phase.PREFLIGHT)
    entries = hand.look().entries
    assert _as_nobody(hand.folder, entries) == 2, "nobody may read it before"
    hand.folder.chmod(0o755)
    (hand.folder / folders.JOURNAL).chmod(0o644)
    assert _as_nobody(hand.folder, entries) == 0
    assert hand.send(cmd.End()) == ""


def _as_nobody(folder: Path, entries: int) -> int:
    """0: read all, and saw that the runner lives; 2: it was told that it may not."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.chdir(folder)  # nobody may not walk there by the test's own folders
            os.setgid(65534)
            os.setuid(65534)
            watcher = Watcher(Path())
            seen = len(watcher.read())
            watcher.feel()
            code = 0 if seen == entries and watcher.pulse is Pulse.LIVES else 1
        except UsageError:
            code = 2
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
