"""A run's log as a screen needs it: any line at once, filtered, searched, without holding it in memory.

Nothing here draws or waits. :meth:`LogStore.refresh` works for a given time and says whether there is more to do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dixis_tui.errors import JournalError
from screens.log_blocks import Blocks
from screens.log_tally import Tally
from screens.log_text import SOURCES, LogLine, Picker, fold, parse

SLICE = 0.008
"""Seconds of the event loop's time that one refresh takes; keys stay prompt."""


class LogStore:
    """The log file at `path`, which need not exist yet; lines are numbered from 0.

    A *row* is a line's place among those that the source filter shows; without a filter both are the same.
    `problem` is empty, or a sentence on why the file can't be read. `limit`: how many bytes of the file count now.
    """

    def __init__(self, path: Path, limit: Callable[[], int | None] | None = None) -> None:
        self.problem = ""
        self._blocks = Blocks(path, limit)
        self._sources: frozenset[str] | None = None
        self._needle = ""
        self._shown: Tally | None = None
        self._matches: Tally | None = None

    def close(self) -> None:
        """Close the file; the store stays usable."""
        self._blocks.close()

    # -- growing

    def refresh(self, budget_seconds: float = SLICE) -> bool:
        """Take in what was appended and count on, for about `budget_seconds`; whether there is more to do."""
        deadline = time.perf_counter() + budget_seconds
        generation = self._blocks.generation
        more = True
        try:
            while more and time.perf_counter() < deadline:
                more = self._blocks.ingest()
            self.problem = ""
        except JournalError as error:
            self.problem, more = str(error), False
        if generation != self._blocks.generation:
            self._recount()
        for tally in (self._shown, self._matches):
            if tally is not None and tally.advance(deadline):
                more = True
        return more

    @property
    def generation(self) -> int:
        """Moves when the file was replaced or cut short: whatever was shown is no longer there."""
        return self._blocks.generation

    @property
    def line_count(self) -> int:
        """Whole lines in the file, as far as taken in."""
        return self._blocks.lines

    @property
    def row_count(self) -> int:
        """Lines that the filter shows, as far as counted."""
        return self._blocks.lines if self._shown is None else self._shown.count

    @property
    def present(self) -> tuple[str, ...]:
        """Sources that have written something, the known ones first in their order."""
        seen = self._blocks.sources
        return *(source for source in SOURCES if source in seen), *sorted(seen.difference(SOURCES))

    # -- reading

    def line(self, number: int) -> LogLine:
        """The line `number`.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= number < self._blocks.lines:
            raise IndexError(number)
        block = self._blocks.block_of(number)
        lines = self._blocks.read(block).split(b"\n")
        place = number - self._blocks.first(block)
        return parse(lines[place]) if place < len(lines) else LogLine(None, "", "info", "")

    def number(self, row: int) -> int:
        """The number of the line at `row`.

        Raises:
            IndexError: there is no such row.
        """
        if not 0 <= row < self.row_count:
            raise IndexError(row)
        return row if self._shown is None else self._shown.line(row)

    def row(self, number: int) -> int:
        """The row of the line `number`, or of the first shown line after it."""
        return number if self._shown is None else self._shown.rank(number)

    def is_placed(self, number: int) -> bool:
        """Whether :meth:`row` of that line is final: everything before it was counted."""
        return self._shown is None or self._shown.has_passed(number)

    # -- filter

    @property
    def sources(self) -> frozenset[str] | None:
        """What is shown: these sources, or None for all, malformed lines among them."""
        return self._sources

    def set_sources(self, sources: frozenset[str] | None) -> None:
        """Show only lines of `sources`; :meth:`refresh` counts them."""
        self._sources = sources
        self._recount()

    # -- search

    @property
    def needle(self) -> str:
        """The folded text that is searched for, or empty."""
        return self._needle

    def set_search(self, pattern: str) -> None:
        """Count the shown lines whose text holds `pattern`, case and accents aside; empty: stop searching."""
        self._needle = fold(pattern)
        self._recount(matches_only=True)

    @property
    def match_count(self) -> int:
        """Shown lines that match, as far as counted."""
        return 0 if self._matches is None else self._matches.count

    @property
    def match_count_complete(self) -> bool:
        """Whether every line has been looked at."""
        return self._matches is None or self._matches.complete

    def match_rank(self, number: int) -> int:
        """How many matching lines stand before the line `number`."""
        return 0 if self._matches is None else self._matches.rank(number)

    def search(self, pattern: str, from_line: int, direction: int = 1) -> int | None:
        """The nearest shown line that holds `pattern`, from `from_line` on (itself too), down (1) or up (-1).

        Looks to the file's end (or beginning) in one go; a screen uses :meth:`hunt`.
        """
        found = None
        for found in self.hunt(pattern, from_line, direction):
            if found is not None:
                break
        return found

    def hunt(self, pattern: str, from_line: int, direction: int = 1) -> Iterator[int | None]:
        """As :meth:`search`, a block at a time: None for each block without, then the line, and then no more."""
        needle = fold(pattern)
        if not needle or not self._blocks.lines:
            return
        known = self._matches if self._matches is not None and self._matches.picker.needle == needle else None
        picker = Picker(self._sources, needle)
        from_line = min(max(from_line, 0), self._blocks.lines - 1)
        block = self._blocks.block_of(from_line)
        while 0 <= block <= self._blocks.closed:
            if known is None or known.may_hold(block):
                first = self._blocks.first(block)
                ahead = [
                    line
                    for line in (first + place for place in picker(self._blocks.read(block)))
                    if (line >= from_line if direction > 0 else line <= from_line)
                ]
                if ahead:
                    yield ahead[0] if direction > 0 else ahead[-1]
                    return
                yield None
            block += 1 if direction > 0 else -1

    def _recount(self, *, matches_only: bool = False) -> None:
        if not matches_only:
            self._shown = None if self._sources is None else Tally(self._blocks, Picker(self._sources))
        self._matches = Tally(self._blocks, Picker(self._sources, self._needle)) if self._needle else None
