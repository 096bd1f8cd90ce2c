"""The journal: on disk before anyone is told, chained, and read while it grows."""

from __future__ import annotations

import errno
import os
import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dixis_tui import events as ev
from dixis_tui.errors import JournalError
from dixis_tui.run.journal import Journal, JournalReader, read
from tests.unit.examples import EVENTS


def note(number: int) -> ev.Noted:
    return ev.Noted(text=f"Σημείωση {number}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a journal with every kind of event."""
    path = tmp_path_factory.mktemp("journal") / "journal.jsonl"
    journal = Journal(path)
    for event in EVENTS:
        journal.append(event)
    journal.close()
    return path.read_bytes()


def test_what_was_written_is_read(path: Path) -> None:
    before = datetime.now(UTC)
    journal = Journal(path)
    written = [*journal.append(*EVENTS[:5]), *journal.append(*EVENTS[5:], flush=False)]
    head = journal.head
    journal.close()
    reader = JournalReader(path)
    assert reader.read() == written
    assert [entry.event for entry in written] == list(EVENTS)
    assert [entry.number for entry in written] == list(range(1, len(EVENTS) + 1))
    assert all(before <= entry.at <= datetime.now(UTC) for entry in written)
    assert (reader.head, reader.cut) == (head, False)


def test_the_file_is_ours_alone_and_never_overwritten(path: Path) -> None:
    Journal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        Journal(path)
    link = path.with_name("link")
    link.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(OSError, match="link"):
        Journal(link)


def test_it_is_on_disk_before_append_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deeds: list[str] = []
    real_write, real_fsync = os.write, os.fsync

    def write(file: int, data: bytes) -> int:
        deeds.append("write")
        return real_write(file, data)

    def fsync(file: int) -> None:
        deeds.append("fsync folder" if stat.S_ISDIR(os.fstat(file).st_mode) else "fsync")
        real_fsync(file)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "fsync", fsync)
    journal = Journal(path)
    assert deeds == ["fsync folder"]
    journal.append(note(1), note(2))
    assert deeds == ["fsync folder", "write", "fsync"]
    journal.append(note(3), flush=False)
    assert deeds[3:] == ["write"]
    journal.close()
    assert deeds[4:] == ["fsync"]


def test_a_write_may_take_several(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:7]))
    journal = Journal(path)
    written = journal.append(*EVENTS)
    journal.close()
    assert read(path) == written


@pytest.mark.parametrize("taken", [0, 1, 40])
def test_a_full_disk_leaves_no_half_line_and_the_chain_goes_on(
    path: Path, monkeypatch: pytest.MonkeyPatch, taken: int
) -> None:
    journal = Journal(path)
    first = journal.append(note(1))
    real, left = os.write, [taken]

    def write(file: int, data: bytes) -> int:
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = real(file, data[: left[0]])
        left[0] -= written
        return written

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space left"):
        journal.append(note(2), note(3))
    monkeypatch.setattr(os, "write", real)
    reader = JournalReader(path)
    assert reader.read() == first
    assert not reader.cut
    after = journal.append(note(4))
    journal.close()
    assert reader.read() == after
    assert after[0].number == 2
    assert reader.head == journal.head


def test_a_closed_journal_writes_into_no_other_file(path: Path) -> None:
    journal = Journal(path)
    journal.append(note(1))
    journal.close()
    other = path.with_name("other")
    # The other gets the lowest free handle: the journal's.
    with other.open("wb"), pytest.raises(OSError, match="could not be flushed"):
        journal.append(note(2))
    assert other.read_bytes() == b""


def test_an_event_that_cannot_be_written_changes_nothing(path: Path) -> None:
    journal = Journal(path)
    with pytest.raises(UnicodeEncodeError):
        journal.append(note(1), ev.Noted(text="\ud800"))
    journal.append(note(2))
    journal.close()
    assert [entry.event for entry in read(path)] == [note(2)]


def test_a_missing_journal_has_no_entries(path: Path) -> None:
    assert read(path) == []


def test_a_reader_follows_a_growing_journal(path: Path) -> None:
    reader = JournalReader(path)
    assert reader.read() == []
    journal = Journal(path)
    assert reader.read() == []
    seen = []
    for number in range(5):
        written = journal.append(note(number), note(-number))
        assert reader.read() == written
        seen += written
        assert reader.read() == []
    assert read(path) == seen
    journal.close()


def test_a_line_that_is_being_written_is_left_for_later(whole: bytes, path: Path) -> None:
    lines = whole.splitlines(keepends=True)
    reader = JournalReader(path)
    path.write_bytes(lines[0] + lines[1][:-1])
    assert [entry.number for entry in reader.read()] == [1]
    assert reader.cut
    path.write_bytes(b"".join(lines[:2]))
    assert [entry.number for entry in reader.read()] == [2]
    assert not reader.cut


@given(cut=st.integers(min_value=0))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cut_anywhere_it_tells_the_whole_entries(whole: bytes, path: Path, cut: int) -> None:
    cut %= len(whole) + 1
    path.write_bytes(whole[:cut])
    reader = JournalReader(path)
    assert len(reader.read()) == whole[:cut].count(b"\n")
    assert reader.cut == (cut > 0 and whole[cut - 1 : cut] != b"\n")


def broken_line(path: Path, data: bytes) -> int:
    path.write_bytes(data)
    with pytest.raises(JournalError) as caught:
        read(path)
    assert caught.value.remedy
    return int(str(caught.value).split(" line ")[1].split()[0])


@given(at=st.integers(min_value=0), flip=st.integers(1, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_byte_is_found_at_its_line(whole: bytes, path: Path, at: int, flip: int) -> None:
    at %= whole.rindex(b"\n", 0, -1)  # the last line's digest stands nowhere in the file
    data = bytearray(whole)
    data[at] ^= flip
    line = whole[:at].count(b"\n") + 1
    # A byte that still makes a line of it shows in the line after; a line break more or less shifts nothing else.
    assert broken_line(path, bytes(data)) - line in (0, 1)


@given(at=st.integers(min_value=0), extra=st.binary(min_size=1, max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_added_byte_is_found_at_its_line(whole: bytes, path: Path, at: int, extra: bytes) -> None:
    at %= whole.rindex(b"\n", 0, -1)
    line = whole[:at].count(b"\n") + 1
    assert broken_line(path, whole[:at] + extra + whole[at:]) - line in (0, 1)


@given(at=st.integers(min_value=0))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_missing_byte_is_found_at_its_line(whole: bytes, path: Path, at: int) -> None:
    at %= whole.rindex(b"\n", 0, -1)
    line = whole[:at].count(b"\n") + 1
    assert broken_line(path, whole[:at] + whole[at + 1 :]) - line in (0, 1)


def test_a_missing_doubled_or_moved_line_is_found(whole: bytes, path: Path) -> None:
    lines = whole.splitlines(keepends=True)
    assert broken_line(path, b"".join(lines[:3] + lines[4:])) == 4
    assert broken_line(path, b"".join(lines[:3] + lines[2:])) == 4
    assert broken_line(path, b"".join([*lines[:3], lines[4], lines[3], *lines[5:]])) == 4
    assert broken_line(path, b"".join(lines[1:])) == 1
    assert broken_line(path, b"\n" + whole) == 1


def test_a_rewritten_entry_with_its_own_digest_is_found_at_the_next(path: Path) -> None:
    journal = Journal(path)
    journal.append(note(1), note(2), note(3))
    journal.close()
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b' 2"', b' 9"')  # the note's own 2: the digest before it may end with one too
    assert broken_line(path, b"".join(lines)) == 3


@pytest.mark.parametrize(
    "line", [b"garbage", b"{}", b"[]", b"null", b"\xff\xfe", b'{"number":1,"at":"x","prev":"","event":{"type":"new"}}']
)
def test_what_is_no_entry_is_one_sentence(path: Path, line: bytes) -> None:
    assert broken_line(path, line + b"\n") == 1


def test_a_broken_chain_stays_broken(whole: bytes, path: Path) -> None:
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:2] + lines[3:]))
    reader = JournalReader(path)
    for _ in range(3):
        with pytest.raises(JournalError, match="line 3"):
            reader.read()


def test_many_threads_make_one_chain(path: Path) -> None:
    journal = Journal(path)
    begin = threading.Barrier(8)

    def write(thread: int) -> None:
        begin.wait()
        for number in range(25):
            journal.append(note(thread), note(number), flush=False)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    reader = JournalReader(path)
    seen = []
    while any(thread.is_alive() for thread in threads):
        seen += reader.read()
    seen += reader.read()
    head = journal.head
    journal.close()
    assert [entry.number for entry in seen] == list(range(1, 401))
    assert reader.head == head
    # What was said together stands together, and every thread's entries stand in their order.
    texts = [entry.event.text for entry in seen if isinstance(entry.event, ev.Noted)]
    for thread in range(8):
        own = [second for first, second in zip(texts[::2], texts[1::2], strict=True) if first == note(thread).text]
        assert own == [note(number).text for number in range(25)]
    assert [entry.at for entry in seen] == sorted(entry.at for entry in seen)
