"""A journal's bytes as lines, each an entry or not; and what is wrong with their ends alone.

A line break that was added or lost is found here, and the lines are put together as they were: what follows them is
judged as if the break were right.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

import msgspec
from msgspec import Raw, Struct

from dixis_tui.events import Event
from dixis_tui.run import journal
from dixis_tui.run.flaws import Flaw, Kind
from dixis_tui.secrets import clean

_BOM = b"\xef\xbb\xbf"
_ENDS = b" \t\r"
_PARTS = 64
"""Entries at most that are looked for in one line."""
_WRONG_BYTE = re.compile(r"\(byte (\d+)\)")


class _Envelope(Struct, frozen=True):
    """An entry of whatever version."""

    number: int
    at: datetime
    prev: str
    event: Raw


_open = msgspec.json.Decoder(_Envelope).decode


class Line(Struct):
    """One line. `event` is None where it is no entry, and where it is one that this version does not know."""

    line: int
    offset: int
    raw: bytes
    digest: str
    entry: bool = False
    number: int = 0
    prev: str = ""
    event: Event | None = None
    wrong: str = ""
    """Why it is no entry, or no event of this version."""
    wrong_at: int = 0
    """Byte in `raw`."""
    known: bool = False
    """Whether its change was found out already: its links say nothing more."""


def lines_of(whole: bytes) -> tuple[list[Line], list[Flaw]]:
    """The lines of `whole`, which ends with a line break or is empty, and what is wrong with breaks and ends."""
    flaws: list[Flaw] = []
    offset = base = 0
    if whole.startswith(_BOM):
        flaws.append(Flaw(Kind.ADDED, 1, 0, "A byte order mark (3 bytes) stands before the first entry"))
        whole, offset, base = whole[len(_BOM) :], len(_BOM), len(_BOM)
    raws = whole.split(b"\n")[:-1]
    returns = sum(raw.endswith(b"\r") for raw in raws)
    if returns > 1 and returns == len(raws):
        sentence = f"All {returns} lines end with a carriage return (CRLF): a tool has converted the file"
        flaws.append(Flaw(Kind.ADDED, 1, offset + len(raws[0]) - 1, sentence))
    lines: list[Line] = []
    for number, raw in enumerate(raws, 1):
        inner = raw.strip(_ENDS)
        start = offset + len(raw) - len(raw.lstrip(_ENDS))
        if not inner:
            flaws.append(Flaw(Kind.ADDED, number, offset, "A blank line"))
        else:
            if len(inner) != len(raw) and returns != len(raws):
                where, at = ("beginning", offset) if start != offset else ("end", offset + len(inner))
                extra = whole[at - base]
                flaws.append(Flaw(Kind.ADDED, number, at, f"A blank byte (0x{extra:02x}) stands at the line's {where}"))
            lines.extend(_parted(parsed(number, start, inner), flaws))
        offset += len(raw) + 1
    return _joined(lines, flaws), flaws


def parsed(line: int, offset: int, raw: bytes) -> Line:
    """One line as an entry of this version, of another, or as none."""
    found = Line(line, offset, raw, hashlib.sha256(raw).hexdigest())
    try:
        entry = journal.decode(raw)
    except journal.NO_ENTRY as error:
        found.wrong, found.wrong_at = clean(str(error)), place_of(raw, error)
    else:
        found.entry, found.number, found.prev, found.event = True, entry.number, entry.prev, entry.event
        return found
    try:
        envelope = _open(raw)
        raw.decode()
    except journal.NO_ENTRY:
        return found
    found.entry, found.number, found.prev = True, envelope.number, envelope.prev
    return found


def place_of(raw: bytes, error: Exception) -> int:
    """The byte of `raw` (from 0) where `error` came from; 0 where it names none."""
    try:
        raw.decode()
    except UnicodeDecodeError as wrong:
        return wrong.start
    named = _WRONG_BYTE.search(str(error))
    if named:
        return int(named[1])
    return len(raw) if "truncated" in str(error) else 0


def _parted(line: Line, flaws: list[Flaw]) -> list[Line]:
    """The entries that lost the line breaks between them, or the line as it is."""
    made = [line]
    while len(made) < _PARTS and (two := _two_of(made[-1], flaws)):
        made[-1:] = two
    return made


def _two_of(line: Line, flaws: list[Flaw]) -> list[Line]:
    if line.entry or "trailing characters" not in line.wrong:
        return []
    end = line.raw.rfind(b"}", 0, line.wrong_at) + 1
    first = parsed(line.line, line.offset, line.raw[:end])
    for skipped in (0, 1):
        second = parsed(line.line, line.offset + end + skipped, line.raw[end + skipped :])
        if first.entry and (second.entry or "trailing" in second.wrong):
            kind, what = (Kind.CHANGED, f"became 0x{line.raw[end]:02x}") if skipped else (Kind.MISSING, "is missing")
            sentence = f"The line break after entry {first.number} {what}"
            flaws.append(Flaw(kind, line.line, line.offset + end, sentence))
            return [first, second]
    return []


def _joined(lines: list[Line], flaws: list[Flaw]) -> list[Line]:
    """Entries that a line break cut in two are put together again."""
    made: list[Line] = []
    for index, line in enumerate(lines):
        before = made[-1] if made else None
        if before is None or before.entry or line.entry or line.line != before.line + 1:
            made.append(line)
            continue
        both = parsed(before.line, before.offset, before.raw + line.raw)
        if not both.entry:
            made.append(line)
            continue
        after = lines[index + 1].prev if index + 1 < len(lines) else both.digest
        place = before.offset + len(before.raw)
        if both.digest == after:
            flaws.append(Flaw(Kind.ADDED, line.line, place, f"A line break was put into entry {both.number}"))
        else:
            sentence = f"A byte of entry {both.number} became a line break"
            flaws.append(Flaw(Kind.CHANGED, before.line, place, sentence))
            both.digest, both.wrong, both.known = after, "", True
        made[-1] = both
    return made
