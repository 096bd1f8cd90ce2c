"""Whether a log is what its run wrote, by the digests that the journal has of it: a change lies between two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import BinaryIO

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.run.flaws import Flaw, Kind
from dixis_tui.run.heads import logged

_PIECE = 1 << 16


class Checkpoint(Struct, frozen=True):
    """What the journal's entry `entry` says of the log: its first `bytes` bytes have this digest."""

    entry: int
    gate: str
    bytes: int
    sha256: str


class LogSeen(Struct, frozen=True):
    """What was found. `loose` counts bytes after the last digest; `said` are the heads that the log names."""

    size: int = 0
    checkpoints: int = 0
    loose: int = 0
    said: tuple[tuple[int, str, int], ...] = ()
    """Number, digest, and the log's line."""
    flaws: tuple[Flaw, ...] = ()


def checkpoints(events: Mapping[int, ev.Event]) -> list[Checkpoint]:
    """Those of a journal, in order."""
    found = []
    for number, event in events.items():
        match event:
            case ev.Checkpointed(gate=gate, log_bytes=size, log_sha256=digest):
                found.append(Checkpoint(number, gate, size, digest))
            case ev.RunEnded(log_bytes=size, log_sha256=digest) if digest:
                found.append(Checkpoint(number, "end", size, digest))
    return found


def verify_log(log: BinaryIO, points: list[Checkpoint], *, ended: bool) -> LogSeen:
    """Compare the log with each digest, in one reading.

    Args:
        log: at its beginning.
        points: in order.
        ended: nothing may follow the last one.
    """
    reading = _Reading(log)
    flaws: list[Flaw] = []
    before = Checkpoint(0, "", 0, "")
    whole = True
    for point in points:
        line = reading.line
        reading.read_to(point.bytes)
        missing = point.bytes - reading.size
        if missing > 0:
            sentence = f"The log's last {missing} bytes as of entry {point.entry} ({point.gate}) are missing"
            flaws.append(Flaw(Kind.LOG, reading.line, reading.size, sentence))
            break
        fits = reading.digest == point.sha256
        # Each digest is of all bytes so far: after a change none fits, unless a later runner took the change over.
        if whole and not fits:
            since = f"the digest of entry {before.entry} ({before.gate})" if before.entry else "the log's beginning"
            sentence = (
                f"Changed between {since} and that of entry {point.entry} ({point.gate}): "
                f"bytes {before.bytes} to {point.bytes}, lines {line} to {max(line, reading.line - 1)}"
            )
            flaws.append(Flaw(Kind.LOG, line, before.bytes, sentence))
        whole, before = fits, point
    read, line = reading.size, reading.line
    heads = tuple(reading.said)
    reading.read_to(None)
    loose = reading.size - read
    if ended and loose:
        flaws.append(
            Flaw(Kind.LOG, line, read, f"{loose} bytes stand after the end that the journal's last entry seals")
        )
    return LogSeen(reading.size, len(points), 0 if ended else loose, heads, tuple(flaws))


class _Reading:
    def __init__(self, log: BinaryIO) -> None:
        self._log = log
        self._hash = hashlib.sha256()
        self.size = 0
        self.line = 1
        """The one that comes next, from 1."""
        self.said: list[tuple[int, str, int]] = []

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def read_to(self, size: int | None) -> None:
        """Up to that many bytes in all; None: to the end."""
        while size is None or self.size < size:
            piece = self._log.readline(_PIECE if size is None else min(_PIECE, size - self.size))
            if not piece:
                return
            self._hash.update(piece)
            self.size += len(piece)
            if head := logged(piece):
                self.said.append((*head, self.line))
            self.line += piece.endswith(b"\n")
