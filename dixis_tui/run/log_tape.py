"""Where a run's log ended at a moment of the evening, so that a replay shows nothing of what came later."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

_CHUNK = 64 * 1024
_STAMP = re.compile(rb"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\t", re.MULTILINE)


class LogTape:
    """The log at `path`, which need not exist. Reads as far as it must, and remembers the latest stamp of each chunk.

    A line without a stamp belongs to the one before it, and so does one with an earlier stamp: what stands behind a
    line in the file is never shown before it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ends = array("Q")
        self._latest: list[bytes] = []

    def end(self, moment: datetime) -> int | None:
        """Bytes of the whole lines that were written by `moment`; None where the file can't be read."""
        stamp = f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3].encode() + b"Z"
        try:
            with self._path.open("rb") as file:
                while not self._latest or self._latest[-1] <= stamp:
                    if not self._take(file):
                        return self._end
                return self._within(file, stamp)
        except FileNotFoundError:
            return 0
        except OSError:
            return None

    @property
    def _end(self) -> int:
        return self._ends[-1] if self._ends else 0

    def _take(self, file: BinaryIO) -> bool:
        """Take in one more chunk of whole lines; false where there is none."""
        file.seek(self._end)
        size = _CHUNK
        while (whole := (data := file.read(size)).rfind(b"\n") + 1) == 0 and len(data) == size:
            file.seek(self._end)
            size *= 2  # a line longer than the chunk
        if whole:
            self._latest.append(max([*self._latest[-1:], *_STAMP.findall(data[:whole])], default=b""))
            self._ends.append(self._end + whole)
        return whole > 0

    def _within(self, file: BinaryIO, stamp: bytes) -> int:
        """Bytes up to the first line of a later stamp, which the first chunk with a later one holds."""
        chunk = bisect_right(self._latest, stamp)
        end = self._ends[chunk - 1] if chunk else 0
        file.seek(end)
        data = file.read(self._ends[chunk] - end)
        later = next((found.start() for found in _STAMP.finditer(data) if found.group(1) > stamp), len(data))
        return end + later
