"""The run's log: one file, `<UTC time>Z<TAB>source<TAB>level<TAB>text` a line, for the log pane and for people.

Every line is cleaned and redacted here, on its way in; nothing else writes to the file.
"""

from __future__ import annotations

import hashlib
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

from dixis_tui.process import LineSink
from dixis_tui.secrets import Redactor

_LINE_LIMIT = 4000
"""Characters of one line that are kept."""


class Log:
    """Thread-safe writer of `run.log`."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        self._path = path
        self._lock = threading.Lock()
        self.redactor = redactor

    def line(self, source: str, text: str, level: str = "info") -> None:
        """Write one outside line; line breaks in it begin further lines."""
        stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        texts = [self.redactor.line(part) for part in text.splitlines() or [""]]
        data = "".join(f"{stamp}Z\t{source}\t{level}\t{part[:_LINE_LIMIT]}\n" for part in texts)
        with self._lock:
            os.write(self._file, data.encode("utf-8", "replace"))

    def sink(self, source: str, level: str = "info") -> LineSink:
        """A function that writes lines of one source."""
        return lambda text: self.line(source, text, level)

    def seal(self) -> tuple[int, str]:
        """Bytes and SHA-256 of the file as it is now, flushed."""
        with self._lock:
            os.fsync(self._file)
            with self._path.open("rb") as file:
                return os.fstat(self._file).st_size, hashlib.file_digest(file, "sha256").hexdigest()
