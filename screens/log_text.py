"""One line of a run's log: taken apart, folded for searching, and picked by source or by text.

A line is `<UTC time with milliseconds>Z<TAB><source><TAB><level><TAB><text>`. A line that is not (the writer was
killed in its middle, a disk gave zeros back) is shown as it is, as text without a time or a source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct

from dixis_tui.secrets import clean

SOURCES = ("runner", "migrate", "prisma", "server", "pg_dump", "pg_restore", "operator")
"""Who writes into a run's log, in the order in which the filter offers them."""

_STAMP = 24
"""Characters of `2026-11-25T20:50:59.120Z`."""
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\t([a-z_]+)\t(info|warning|error)\t(.*)", re.DOTALL)
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
"""Terminals disagree on the width of an emoji with one of them, and agree on that of the emoji alone."""
_MARKS = re.compile(r"[\u0300-\u036f]+")


class LogLine(Struct, frozen=True):
    """One line. `at` is UTC, or None where the line is malformed; then `source` is empty and `text` all of it."""

    at: datetime | None
    source: str
    level: str
    text: str


def parse(raw: bytes) -> LogLine:
    """Take one line (without its line break) apart; never raises."""
    line = raw.decode("utf-8", "replace")
    if found := _LINE.fullmatch(line):
        stamp, source, level, text = found.groups()
        try:
            return LogLine(datetime.fromisoformat(stamp), source, level, _drawable(text))
        except ValueError:
            pass  # A thirteenth month: malformed like any other.
    return LogLine(None, "", "info", _drawable(line))


def _drawable(text: str) -> str:
    text = clean(text)
    return text if text.isascii() else _SKIN_TONES.sub("", text)


def fold(text: str) -> str:
    """`text` without case and accents: `Μετάβαση` and `ΜΕΤΑΒΑΣΗ` become one."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFD", text)).casefold()


def spans(text: str, needle: str) -> list[tuple[int, int]]:
    """Where `needle`, already folded, stands in `text`: start and end in characters of `text`, not overlapping."""
    if not needle:
        return []
    folded, origin = _folded_with_origin(text)
    found, at = [], folded.find(needle)
    while at >= 0:
        start, end = origin[at], origin[at + len(needle) - 1] + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        found.append((start, end))
        at = folded.find(needle, at + len(needle))
    return found


def _folded_with_origin(text: str) -> tuple[str, range | list[int]]:
    if text.isascii():
        return text.lower(), range(len(text))
    pieces = [fold(character) for character in text]
    origin = [place for place, piece in enumerate(pieces) for _ in piece]
    return "".join(pieces), origin


class Picker(Struct, frozen=True):
    """Chooses lines by `sources` (None: every line) and by `needle`, a folded text (empty: every line)."""

    sources: frozenset[str] | None = None
    needle: str = ""

    def __call__(self, block: bytes) -> list[int]:
        """Which lines of `block` (whole lines, each with its line break) are chosen, counted from 0."""
        if self.needle:
            return [number for number, text in self._texts(block) if self.needle in text]
        lines = block.split(b"\n")[:-1]
        if self.sources is None:
            return list(range(len(lines)))
        prefixes = tuple(f"\t{source}\t".encode() for source in self.sources)
        return [number for number, line in enumerate(lines) if line.startswith(prefixes, _STAMP)]

    def _texts(self, block: bytes) -> Iterator[tuple[int, str]]:
        """Folded text of each line that may be chosen; nothing where the block can't hold the needle at all."""
        if block.isascii() and self.needle.isascii():
            # A cheap look at the whole block spares most of them.
            folded = block.lower().decode("ascii") if self.needle.encode() in block.lower() else ""
        elif block.isascii():
            folded = ""
        else:
            folded = fold(block.decode("utf-8", "replace"))
        if self.needle not in folded:
            return
        prefixes = tuple(f"\t{source}\t" for source in self.sources or ())
        for number, line in enumerate(folded.split("\n")[:-1]):
            if self.sources is None or line.startswith(prefixes, _STAMP):
                parts = line.split("\t", 3)
                yield number, parts[3] if len(parts) == 4 and len(parts[0]) == _STAMP else line
