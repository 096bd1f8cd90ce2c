"""The run's log: one file, `<UTC time>Z<TAB>source<TAB>level<TAB>text` a line, for the log pane and for people.

Every line is cleaned and redacted here, on its way in; nothing else writes to the file. Its digest is kept as it grows,
so that a gate costs no reading; what others do to the file shows against it.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from dixis_tui.process import LineSink
from dixis_tui.secrets import Redactor

_LINES_AT_ONCE = 1000
"""Lines of one text that are kept: a server's message may hold a million."""


class Mark(Struct, frozen=True):
    """The log as we have written it up to now."""

    bytes: int
    sha256: str


class Log:
    """Thread-safe writer of `run.log`; a file that is there already, a resumed run's, is gone on with."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        self._path = path
        self._lock = threading.Lock()
        self._sealed = False
        with open(self._file, "rb", closefd=False) as written:
            self._digest = hashlib.file_digest(written, "sha256")
        self._bytes = os.fstat(self._file).st_size
        if self._bytes and os.pread(self._file, 1, self._bytes - 1) != b"\n":
            self._write(b"\n")  # a line that a crash left half-written takes no other with it
        self.redactor = redactor

    def line(self, source: str, text: str, level: str = "info") -> None:
        """Write one outside line; line breaks in it begin further lines. After the end nothing is added."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        # Only these breaks: each line costs its stamp, and a text of carriage returns would become forty times as long.
        *parts, rest = text.removesuffix("\n").split("\n", _LINES_AT_ONCE)
        parts.append(f"… and {rest.count(chr(10)) + 1} more lines" if len(parts) == _LINES_AT_ONCE else rest)
        data = "".join(f"{stamp}Z\t{source}\t{level}\t{self.redactor.line(part)}\n" for part in parts)
        with self._lock:
            if not self._sealed:
                self._write(data.encode("utf-8", "replace"))

    def _write(self, data: bytes) -> None:
        left = data
        try:
            while left:
                left = left[os.write(self._file, left) :]
        except OSError:
            # A full disk takes a part of a line: it goes, or the digest would not be the file's.
            os.ftruncate(self._file, self._bytes)
            raise
        self._digest.update(data)
        self._bytes += len(data)

    def sink(self, source: str, level: str = "info") -> LineSink:
        """A function that writes lines of one source."""
        return lambda text: self.line(source, text, level)

    @contextmanager
    def held(self, *, end: bool = False) -> Iterator[Mark]:
        """Bytes and SHA-256 as of now; nobody writes a line meanwhile.

        With `end` the file is flushed, and once the block is through without an error no line is taken any more.
        """
        with self._lock:
            if end:
                os.fsync(self._file)
            yield Mark(self._bytes, self._digest.hexdigest())
            self._sealed = self._sealed or end
