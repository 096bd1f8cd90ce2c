"""The journal: one append-only file a run, a JSON object a line, flushed to disk, hash-chained.

A line is `{"number":…,"at":…,"prev":…,"event":{…}}`; `prev` is the SHA-256 of the line before it (without its line
break), so a flipped, missing or added byte breaks the chain at that line or at the next. The last line's digest is the
head: a change of that line alone shows only to who has kept the head elsewhere.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from dixis_tui.errors import JournalError
from dixis_tui.events import Event
from dixis_tui.run.state import Entry
from dixis_tui.secrets import clean


class _Line(Struct, frozen=True):
    number: int
    at: datetime
    prev: str
    event: Event


_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(_Line).decode
"""A line without its line break. Raises those of `NO_ENTRY`."""
NO_ENTRY = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Journal:
    """The one writer. Thread-safe; what :meth:`append` returned is on disk (unless `flush` was false)."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        self._lock = threading.Lock()
        self._number = 0
        self.head = ""
        self._broken = False
        _flush_folder(path.parent)

    @classmethod
    def reopened(cls, path: Path) -> tuple[Journal, list[Entry], int]:
        """The journal of a run whose runner is gone, its entries, and the bytes of a cut last line that were dropped.

        Raises:
            JournalError: a line is not an entry, or the chain breaks: to such a journal nothing is added.
        """
        reader = JournalReader(path)
        entries = reader.read()
        journal = cls.__new__(cls)
        journal._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        journal._lock = threading.Lock()
        journal._number, journal.head, journal._broken = reader.number, reader.head, False
        cut = os.fstat(journal._file).st_size - reader.offset
        if cut:
            os.ftruncate(journal._file, reader.offset)
            os.fsync(journal._file)
        return journal, entries, cut

    def append(self, *events: Event, flush: bool = True) -> list[Entry]:
        """Write `events` in order with one write, and flush them to disk."""
        with self._lock:
            if self._broken:
                raise OSError(errno.EIO, "the journal could not be flushed")
            entries, lines, number, head = [], [], self._number, self.head
            for event in events:
                number += 1
                entry = Entry(number, datetime.now(UTC), event)
                line = _encode(_Line(entry.number, entry.at, head, event))
                head = hashlib.sha256(line).hexdigest()
                entries.append(entry)
                lines.append(line + b"\n")
            self._write(b"".join(lines))
            self._number, self.head = number, head
            if flush:
                try:
                    os.fsync(self._file)
                except OSError:
                    # The kernel says so once and then forgets it: nothing that follows could be trusted.
                    self._broken = True
                    raise
            return entries

    def _write(self, data: bytes) -> None:
        whole = os.fstat(self._file).st_size
        try:
            while data:
                data = data[os.write(self._file, data) :]
        except OSError:
            # A full disk takes a part of a line: what was not written whole was not written, and the chain goes on.
            os.ftruncate(self._file, whole)
            raise

    def close(self) -> None:
        """Flush and close. What comes later is refused: the handle may be another file's by then."""
        with self._lock:
            self._broken = True
            os.fsync(self._file)
            os.close(self._file)


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class JournalReader:
    """Reads what was added since the last look and checks the chain on the way. Follows a growing file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.offset = 0
        """Bytes of whole entries so far."""
        self.number = 0
        self.head = ""
        self.cut = False
        """Whether the file ends in the middle of a line: its writer died there, or is writing now."""

    def read(self) -> list[Entry]:
        """The whole entries added since the last call; none while the file does not exist.

        Raises:
            JournalError: a line is not an entry, or the chain breaks; the message names the line. Every later call
                says so again.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self.offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole, newline, rest = data.rpartition(b"\n")
        self.cut = bool(rest)
        return [self._entry(line) for line in whole.split(b"\n")] if newline else []

    def _entry(self, raw: bytes) -> Entry:
        where = f"{self._path.name} line {self.number + 1}"
        try:
            line = decode(raw)
        except NO_ENTRY as error:
            raise JournalError(
                f"{where} is not an entry of this version: {clean(str(error))}", "Use the version that wrote it."
            ) from None
        if line.prev != self.head or line.number != self.number + 1:
            raise JournalError(f"{where} does not follow the line before it", "The journal was changed after the run.")
        self.number, self.head = line.number, hashlib.sha256(raw).hexdigest()
        self.offset += len(raw) + 1
        return Entry(line.number, line.at, line.event)


def read(path: Path) -> list[Entry]:
    """All whole entries of a journal, its chain checked."""
    return JournalReader(path).read()
