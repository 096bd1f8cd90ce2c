"""A replay's client on real files: what it gives when, a cut journal, a broken one, one that still grows."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dixis_tui.errors import JournalError, UsageError
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL, LOG, SOCKET, Record, find_record
from dixis_tui.run.replay_client import ReplayClient
from dixis_tui.run.state import RunState, fold
from tests.recordings import lines, record
from tests.screens.story import Story, stages

ENTRIES = stages()["done"].entries


class Hands:
    """A client whose clocks a test moves."""

    def __init__(self, found: Record, *, speed: int = 1, playing: bool = True) -> None:
        self.seconds = 0.0
        self.now = ENTRIES[-1].at + timedelta(hours=1)
        self.client = ReplayClient(
            found, speed=speed, playing=playing, monotonic=lambda: self.seconds, utc=lambda: self.now
        )

    def pass_(self, seconds: float) -> bool:
        """Beats of a second each; whether the last had something to show."""
        shows = False
        while seconds > 0:
            step = min(seconds, 1.0)
            self.seconds += step
            self.now += timedelta(seconds=step)
            seconds -= step
            shows = self.client.beat()
        return shows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return record(tmp_path / "20261125-223000-dixis", ENTRIES)


def test_it_gives_each_entry_when_its_moment_comes(folder: Path) -> None:
    hands = Hands(find_record(str(folder)))
    client, state = hands.client, RunState()
    while not client.player.at_end:
        state = fold(client.read(), state)
        assert state == fold([entry for entry in ENTRIES if entry.at <= client.player.moment])
        hands.pass_(1.0 if hands.seconds < 60 else 100.0)
    assert fold(client.read(), state) == fold(ENTRIES)
    assert client.read() == []


def test_where_it_went_back_it_begins_again_with_the_first(folder: Path) -> None:
    client = Hands(find_record(str(folder)), playing=False).client
    client.player = client.player.to_entry(50)
    assert client.read() == ENTRIES[:50]
    assert not client.went_back()
    client.player = client.player.back()
    assert client.went_back()
    assert client.read() == ENTRIES[:49]
    assert not client.went_back()


def test_a_beat_tells_whether_anything_is_to_be_drawn(folder: Path) -> None:
    hands = Hands(find_record(str(folder)))
    assert hands.pass_(1.0)
    hands.client.player = hands.client.player.toggled()
    assert not hands.pass_(5.0)


def test_a_machine_that_slept_does_not_run_through_the_evening(folder: Path) -> None:
    hands = Hands(find_record(str(folder)))
    hands.seconds += 3600
    hands.client.beat()
    assert hands.client.player.at == 2.0


def test_the_log_ends_at_the_moment_and_is_whole_at_the_end(folder: Path) -> None:
    client = Hands(find_record(str(folder)), playing=False).client
    told = (folder / LOG).read_text().splitlines(keepends=True)
    assert client.log_end() == len(told[0])
    client.player = client.player.to_entry(40)
    shown = (folder / LOG).read_bytes()[: client.log_end()].decode().splitlines()
    # The log's stamps have milliseconds: an entry's own line may be one of the next.
    assert len(shown) in (39, 40)
    client.player = client.player.to_end()
    assert client.log_end() is None


@pytest.mark.parametrize("cut", [1, 30, 200])
def test_a_journal_cut_in_mid_line_plays_up_to_its_last_whole_entry(folder: Path, cut: int) -> None:
    journal = folder / JOURNAL
    data = journal.read_bytes()
    last = lines(ENTRIES)[-1]
    journal.write_bytes(data[: -min(cut, len(last) - 1)])
    client = Hands(find_record(str(folder))).client
    assert client.cut
    assert len(client.player.tape.entries) == len(ENTRIES) - 1


def test_a_whole_journal_is_not_cut(folder: Path) -> None:
    assert not Hands(find_record(str(folder))).client.cut


def test_a_broken_chain_is_located(folder: Path) -> None:
    made = lines(ENTRIES)
    (folder / JOURNAL).write_bytes(b"".join([*made[:41], *made[42:]]))
    with pytest.raises(JournalError, match="line 42 does not follow"):
        Hands(find_record(str(folder)))


@pytest.mark.parametrize("content", [b"", b'{"number":1'])
def test_nothing_whole_is_nothing_to_replay(folder: Path, content: bytes) -> None:
    (folder / JOURNAL).write_bytes(content)
    with pytest.raises(UsageError, match="no whole entry"):
        Hands(find_record(str(folder)))


def test_a_journal_of_another_name_without_a_log_in_a_folder_that_is_read_only(tmp_path: Path) -> None:
    journal = (record(tmp_path / "copied", ENTRIES, log=()) / JOURNAL).rename(tmp_path / "copied" / "evening.jsonl")
    (tmp_path / "copied").chmod(0o500)
    try:
        client = Hands(find_record(str(journal))).client
        assert client.run_id == "evening.jsonl"
        assert client.log_end() == 0
        assert not client.player.live
    finally:
        (tmp_path / "copied").chmod(0o700)


def test_nothing_can_be_asked_of_it(folder: Path) -> None:
    client = Hands(find_record(str(folder))).client
    assert asyncio.run(client.send(cmd.Seal())) == "This is a replay: nobody is there to be asked."


@pytest.fixture
def living(folder: Path) -> Iterator[Path]:
    """A run whose runner answers, and that is half-way."""
    (folder / JOURNAL).write_bytes(b"".join(lines(ENTRIES)[:60]))
    with socket.socket(socket.AF_UNIX) as runner:
        runner.bind(str(folder / SOCKET))
        runner.listen(8)
        yield folder


def test_a_live_run_goes_on_at_its_end(living: Path) -> None:
    hands = Hands(find_record(str(living)), playing=True)
    client = hands.client
    client.player = client.player.to_end()
    assert client.player.live
    assert client.player.moment == hands.now, "its end is the present"
    for _ in range(3):
        hands.pass_(0.4)
        assert client.player.at_end
        assert client.player.moment == hands.now
    with (living / JOURNAL).open("ab") as journal:
        journal.write(b"".join(lines(ENTRIES)[60:100]))
    hands.pass_(1.0)
    assert client.player.shown == 100
    with (living / JOURNAL).open("ab") as journal:
        journal.write(b"".join(lines(ENTRIES)[100:]))
    hands.pass_(1.0)
    assert client.player.shown == len(ENTRIES)
    assert client.player.at_end
    assert not client.player.live, "its last entry has come"


def test_a_runner_that_dies_meanwhile_leaves_a_recording(living: Path) -> None:
    hands = Hands(find_record(str(living)))
    assert hands.client.player.live
    (living / SOCKET).unlink()
    with (living / JOURNAL).open("ab") as journal:
        journal.write(lines(ENTRIES)[60][:-9])
    hands.pass_(5.0)
    assert not hands.client.cut, "it may be writing"
    hands.pass_(6.0)
    assert not hands.client.player.live
    assert hands.client.cut


def test_a_live_journal_that_breaks_is_said_and_not_followed(living: Path) -> None:
    hands = Hands(find_record(str(living)))
    with (living / JOURNAL).open("ab") as journal:
        journal.write(lines(ENTRIES)[61])
    hands.pass_(1.0)
    assert "line 61 does not follow" in hands.client.problem
    assert not hands.client.player.live


def test_a_story_of_one_entry_can_be_replayed(tmp_path: Path) -> None:
    client = Hands(find_record(str(record(tmp_path / "one", Story().begin().entries)))).client
    assert client.player.at_end
    assert client.player.length == 0
