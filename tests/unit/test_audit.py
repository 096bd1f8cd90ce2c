"""A journal's flaws, told from its bytes: every byte of one is changed, taken out and added to, and each time found.

Which line is named: the one that holds the byte. Where a line break came or went, that line or the next. The last line
is the exception: its digest stands nowhere in the file, so that a change which leaves it an entry that follows from the
line before shows only against a kept head (`test_audit_run`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui import events as ev
from dixis_tui.run import journal
from dixis_tui.run.audit import Chain, verify_chain
from dixis_tui.run.audit_lines import Line
from dixis_tui.run.audit_tail import may_be_begun
from dixis_tui.run.flaws import Flaw, Kind
from dixis_tui.run.journal import Journal
from dixis_tui.run.mend import mend
from tests.unit.examples import BACKUP, EVENTS, STARTED

Mutate = Callable[[bytes], Iterable[tuple[int, bytes, bool]]]


def written(folder: Path, events: tuple[ev.Event, ...]) -> bytes:
    path = folder / "journal.jsonl"
    made = Journal(path)
    for event in events:
        made.append(event)
    made.close()
    return path.read_bytes()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    notes = [ev.Noted(text=text) for text in ("Σημείωση \N{SNOWMAN}", 'a "quoted" {"number":2}', "three")]
    events = (STARTED, notes[0], ev.BackupMade(backup=BACKUP), *notes[1:])
    return written(tmp_path_factory.mktemp("audit"), events)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return written(tmp_path_factory.mktemp("audit"), EVENTS)


def grave(data: bytes) -> list[Flaw]:
    return [flaw for flaw in verify_chain(data, mends=0).flaws if flaw.grave]


def flipped(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    """Position, what became of the journal, and whether a line break came or went."""
    for at, byte in enumerate(data):
        for other in {byte ^ 1, byte ^ 0x80, ord("\n"), ord(" "), ord("0")} - {byte}:
            yield at, data[:at] + bytes([other]) + data[at + 1 :], ord("\n") in (byte, other)


def missing(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    for at, byte in enumerate(data):
        yield at, data[:at] + data[at + 1 :], byte == ord("\n")


def added(data: bytes) -> Iterator[tuple[int, bytes, bool]]:
    for at in range(len(data)):
        for extra in b"\n\r 0x{\xff":
            yield at, data[:at] + bytes([extra]) + data[at:], extra == ord("\n")


@pytest.mark.parametrize("mutate", [flipped, missing, added])
def test_every_byte_before_the_last_line_is_found_at_its_line(small: bytes, mutate: Mutate) -> None:
    last = small.rindex(b"\n", 0, -1) + 1
    cases = 0
    for at, data, broke in mutate(small):
        if at >= last or data == small:
            continue
        cases += 1
        line = small[:at].count(b"\n") + 1
        found = grave(data)
        assert found, (at, data)
        assert {flaw.line for flaw in found} <= ({line, line + 1} if broke else {line}), (at, found)
        assert all(abs(flaw.offset - at) <= len(small.splitlines()[line - 1]) + 1 for flaw in found)
    assert cases > 1000


@pytest.mark.parametrize("mutate", [flipped, missing, added])
def test_of_the_last_line_what_makes_it_no_entry_or_no_follower_is_found(small: bytes, mutate: Mutate) -> None:
    last = small.rindex(b"\n", 0, -1) + 1
    digest = msgspec.json.decode(small.splitlines()[-1])["prev"]
    unseen = 0
    for at, data, _ in mutate(small):
        if not last <= at < len(small) - 1 or data == small:
            continue
        found = grave(data)
        try:
            entry = journal.decode(data[last:-1])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            assert found
            continue
        line = data[last:-1]
        plain = line.strip() == line and b"\n" not in line
        assert bool(found) is not (plain and (entry.number, entry.prev) == (5, digest))
        unseen += not found
    assert unseen, "the measure can fail: a head is needed"


@pytest.mark.parametrize("line", range(4))
@pytest.mark.parametrize("where", [0.01, 0.3, 0.6, 0.98])
def test_the_very_byte_is_named(small: bytes, line: int, where: float) -> None:
    start = sum(map(len, small.splitlines(keepends=True)[:line]))
    at = start + int(len(small.splitlines()[line]) * where)
    here = small[at : at + 1]
    other = b"7" if here != b"7" else b"8"
    for data, said in (
        (small[:at] + other + small[at + 1 :], f"'{other.decode()}' (0x{other.hex()}) stands where"),
        (small[:at] + small[at + 1 :], "is missing there"),
        (small[:at] + b"\x01" + small[at:], "0x01 was put in there"),
    ):
        [flaw] = verify_chain(data).flaws
        assert flaw.line == line + 1
        assert said in flaw.sentence
        # Of several equal bytes in a row nobody can tell which one it was.
        assert flaw.offset == at or small[min(flaw.offset, at) : max(flaw.offset, at)].strip(here) == b""


@given(line=st.binary(min_size=1, max_size=60), data=st.data())
def test_what_is_mended_is_as_it_was(line: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(line) - 1))
    what = data.draw(st.sampled_from(["flip", "lose", "add"]))
    byte = data.draw(st.binary(min_size=1, max_size=1))
    changed = {
        "flip": line[:at] + byte + line[at + 1 :],
        "lose": line[:at] + line[at + 1 :],
        "add": line[:at] + byte + line[at:],
    }
    digest = hashlib.sha256(line).hexdigest()
    found = mend(changed[what], digest)
    if changed[what] == line:
        return
    assert found is not None
    torn = changed[what]
    assert torn[: found.at] + found.was + torn[found.at + len(found.found) :] == line


def test_what_more_than_a_byte_was_changed_in_is_not_mended(small: bytes) -> None:
    assert mend(b"abc", "0" * 64) is None
    assert mend(b"abc", "no digest") is None
    assert mend(b"a" * 100_000, "0" * 64) is None
    data = small.replace(b"three", b"drei!").replace(b"quoted", b"quieted")
    [flaw] = verify_chain(data).flaws
    assert flaw.line == 4
    assert "its digest is not the one that entry 5 names" in flaw.sentence


def lines_case(small: bytes) -> dict[str, tuple[bytes, list[tuple[Kind, int]]]]:
    """What was done to whole lines, and what is found: kind and line."""
    one = small.splitlines(keepends=True)
    return {
        "whole": (small, []),
        "the third is missing": (b"".join(one[:2] + one[3:]), [(Kind.MISSING, 3)]),
        "two are missing": (b"".join(one[:1] + one[3:]), [(Kind.MISSING, 2)]),
        "the first is missing": (b"".join(one[1:]), [(Kind.MISSING, 1)]),
        "one stands twice": (b"".join(one[:3] + one[2:]), [(Kind.ADDED, 4)]),
        "one was made up": (b"".join([*one[:4], one[3].replace(b"quoted", b"forged"), *one[4:]]), [(Kind.ADDED, 5)]),
        "two changed places": (b"".join([*one[:2], one[3], one[2], one[4]]), [(Kind.MOVED, 4)]),
        "a blank line": (b"".join([*one[:2], b"\n", *one[2:]]), [(Kind.ADDED, 3)]),
        "a byte order mark": (b"\xef\xbb\xbf" + small, [(Kind.ADDED, 1)]),
        "converted": (small.replace(b"\n", b"\r\n"), [(Kind.ADDED, 1)]),
        "garbage at the end": (small + b"garbage", [(Kind.ADDED, 6)]),
        "a line of garbage at the end": (small + b"garbage\n", [(Kind.NO_ENTRY, 6)]),
        "a line of NULs": (b"".join([*one[:2], b"\0" * 9 + b"\n", *one[2:]]), [(Kind.NO_ENTRY, 3)]),
        "a line became garbage": (b"".join([*one[:2], b"garbage\n", *one[3:]]), [(Kind.NO_ENTRY, 3)]),
        "nothing is left": (b"", []),
    }


@pytest.mark.parametrize("case", lines_case(b"{}\n" * 5))
def test_what_was_done_to_lines(small: bytes, case: str) -> None:
    data, expected = lines_case(small)[case]
    found = verify_chain(data, mends=0).flaws
    assert [(flaw.kind, flaw.line) for flaw in found] == expected, found
    assert all(flaw.sentence and flaw.meaning for flaw in found)
    assert all(0 <= flaw.offset <= len(data) for flaw in found)


def test_each_of_several_changes_is_found(small: bytes) -> None:
    one = small.splitlines(keepends=True)
    data = b"".join(
        [one[0].replace(b"host", b"hose"), one[1], b"?" + one[2], one[3].replace(b"quoted", b"quilted"), one[4]]
    )
    assert [flaw.line for flaw in grave(data)] == [1, 3, 4]


def test_cut_at_every_byte_it_is_read_up_to_the_last_whole_entry(small: bytes) -> None:
    for cut in range(len(small)):
        found: Chain = verify_chain(small[:cut])
        whole = small[:cut].count(b"\n")
        assert found.number == whole
        begun = cut - (small[:cut].rfind(b"\n") + 1)
        if begun:
            [flaw] = found.flaws
            assert (flaw.kind, flaw.line, flaw.offset) == (Kind.CUT, whole + 1, cut - begun)
            assert not flaw.grave
            assert f"cut after {begun} bytes: read up to entry {whole}" in flaw.sentence
        else:
            assert found.flaws == ()


def test_an_entry_of_any_kind_may_be_cut_anywhere(large: bytes) -> None:
    before = Line(0, 0, b"", "")
    for number, line in enumerate(large.splitlines(), 1):
        assert all(may_be_begun(line[:cut], before) for cut in range(1, len(line) + 1))
        before = Line(number, 0, line, hashlib.sha256(line).hexdigest(), entry=True, number=number)


def test_blocks_that_were_never_written_are_a_cut_too(small: bytes) -> None:
    for begun in (b"", small.splitlines()[-1][:90]):
        [flaw] = verify_chain(b"".join(small.splitlines(keepends=True)[:-1]) + begun + b"\0" * 100).flaws
        assert flaw.kind is Kind.CUT
        assert "of them 100 NUL" in flaw.sentence


def test_an_event_of_another_version_is_no_tampering(tmp_path: Path) -> None:
    data = written(tmp_path, (msgspec.structs.replace(STARTED, version="99.0"), ev.Noted(text="a"), ev.Noted(text="b")))
    # What the newer version writes: the whole chain holds, only the event's name is not known here.
    one = data.splitlines()
    new = one[1].replace(b'"noted"', b'"foretold"')
    last = one[2].replace(hashlib.sha256(one[1]).hexdigest().encode(), hashlib.sha256(new).hexdigest().encode())
    [flaw] = verify_chain(b"\n".join([one[0], new, last]) + b"\n").flaws
    assert (flaw.kind, flaw.line, flaw.grave) == (Kind.VERSION, 2, False)
    # Without the chain to vouch for it, it is a changed line.
    assert grave(b"\n".join([one[0], new, one[2]]) + b"\n")


@given(data=st.binary(max_size=300))
def test_whatever_the_bytes_are_there_is_an_answer(data: bytes) -> None:
    verify_chain(data)
    verify_chain(data + b"\n")


@pytest.mark.parametrize(
    "line",
    [
        b'{"number":' + b"9" * 5000 + b',"at":"2026-01-01T00:00:00Z","prev":"","event":{}}',
        b'{"number":1,"at":"2026-01-01T00:00:00Z","prev":"","event":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b"[" * 100_000,
        b'{"number":1,"at":"2026-01-01T00:00:00Z","prev":"\xd9","event":{}}',
        b'{"number":1,"at":"2026-01-01T00:00:00Z","prev":"\\ud800","event":{}}',
        b'{"number":-1,"at":"2026-01-01T00:00:00Z","prev":"","event":{"type":"noted","text":"\x1b]52;c;eA==\x07"}}',
    ],
)
def test_hostile_lines(small: bytes, line: bytes) -> None:
    for data in (line, line + b"\n", line + b"\n" + small, small + line + b"\n", small + line):
        found = grave(data)
        assert found
        assert all("\x1b" not in flaw.sentence for flaw in found)


@given(st.data())
def test_any_change_of_any_length_before_the_last_line_is_found(large: bytes, data: st.DataObject) -> None:
    last = large.rindex(b"\n", 0, -1)
    start = data.draw(st.integers(0, last - 1))
    end = data.draw(st.integers(start, last))
    put = data.draw(st.binary(max_size=40))
    if large[start:end] != put:
        assert grave(large[:start] + put + large[end:])
