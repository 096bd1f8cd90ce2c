"""A growing file of lines, seen as blocks: where each block starts and how many lines stand before it.

A block ends at the first line break after `BLOCK` bytes, so one look-up reads about `BLOCK` bytes whatever the
lines' lengths, and the index costs 16 bytes a block: 2 MB for ten million lines of 100 bytes. Only whole lines
count; what the writer has not finished is not there yet.
"""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from dixis_tui.errors import JournalError

BLOCK = 16 * 1024
_CHUNK = 256 * 1024
_READ_LIMIT = 1024 * 1024
"""Bytes of one block that are read: only a single endless line is longer, and nobody reads it to its end."""
_CACHED = 8
_SOURCE = re.compile(rb"\n.{24}\t([a-z_]+)\t")


class Blocks:
    """Index over `path`, which need not exist yet. `generation` moves when the file was replaced or cut short.

    `limit` says at each look how many bytes of it count, or None for all: a replay's log ends where its evening is.
    """

    def __init__(self, path: Path, limit: Callable[[], int | None] | None = None) -> None:
        self.path = path
        self._limit = limit
        self.generation = 0
        self._file = -1
        self._inode = 0
        self._most = 0
        self._end = self._seen = self._count = 0
        self._forget()

    def close(self) -> None:
        """Let go of the file; a later :meth:`ingest` opens it again."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    @property
    def end(self) -> int:
        """Bytes that are indexed: the end of the last whole line."""
        return self._end

    @property
    def lines(self) -> int:
        """Whole lines so far."""
        return self._count

    @property
    def closed(self) -> int:
        """Blocks that will not change any more; block number `closed` is the open one, and may be empty."""
        return len(self._starts) - 1

    def ingest(self) -> bool:
        """Take in at most one chunk of what was appended; whether there may be more.

        Raises:
            JournalError: the file is there and can't be read.
        """
        try:
            if not self._opened():
                return False
            room = min(_CHUNK, self._most - self._seen)
            chunk = os.pread(self._file, room, self._seen) if room > 0 else b""
        except OSError as error:
            self.close()
            raise JournalError(
                f"The log {self.path} can't be read: {error.strerror}", "Make it readable for this user."
            ) from None
        cut = chunk.rfind(b"\n") + 1
        if cut:
            self._take(chunk[:cut])
            self._end = self._seen + cut
        # Behind `_end` and before `_seen` lies the beginning of an unfinished line longer than a chunk.
        self._seen = self._end if cut or len(chunk) < _CHUNK else self._seen + len(chunk)
        return len(chunk) == _CHUNK

    def _opened(self) -> bool:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return False
        limit = self._limit() if self._limit else None
        self._most = status.st_size if limit is None else min(limit, status.st_size)
        if self._file >= 0 and (status.st_ino != self._inode or self._most < self._seen):
            self.close()
            self._forget()
            self.generation += 1
        if self._file < 0:
            self._file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            self._inode = status.st_ino
        return True

    def _forget(self) -> None:
        self._starts = array("Q", [0])
        self._firsts = array("Q", [0])
        self._end = self._seen = self._count = 0
        self._cache: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self.sources: set[str] = set()

    def _take(self, chunk: bytes) -> None:
        base, place = self._seen, 0
        while place < len(chunk):
            full = max(self._starts[-1] + BLOCK - 1 - base, place)
            closing = chunk.find(b"\n", full)
            stop = closing + 1 if closing >= 0 else len(chunk)
            self._count += chunk.count(b"\n", place, stop)
            if closing >= 0:
                self._starts.append(base + stop)
                self._firsts.append(self._count)
            place = stop
        if base == self._end:
            self.sources.update(found.decode() for found in set(_SOURCE.findall(b"\n" + chunk)))

    def read(self, block: int) -> bytes:
        """The whole lines of a block; shorter where the file has shrunk or can't be read."""
        start = self._starts[block]
        stop = self._starts[block + 1] if block < self.closed else self._end
        if (cached := self._cache.get((block, stop))) is not None:
            return cached
        try:
            text = os.pread(self._file, min(stop - start, _READ_LIMIT), start) if stop > start else b""
        except OSError:
            text = b""  # `ingest` meets the same error at its next look, and reports it.
        if text and not text.endswith(b"\n"):
            text += b"\n"
        self._cache[block, stop] = text
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)
        return text

    def block_of(self, line: int) -> int:
        """The block in which a line stands."""
        return bisect_right(self._firsts, line) - 1

    def first(self, block: int) -> int:
        """Number of a block's first line."""
        return self._firsts[block]
