"""How many lines of each block a picker chooses: enough to find the n-th chosen line, or a line's rank."""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left, bisect_right

from screens.log_blocks import Blocks
from screens.log_text import Picker


class Tally:
    """Counted block by block, as far as the time given to :meth:`advance` allows. 8 bytes a block."""

    def __init__(self, blocks: Blocks, picker: Picker) -> None:
        self.picker = picker
        self._blocks = blocks
        self._before = array("Q", [0])
        self._open_end = -1
        self._open_count = 0

    @property
    def count(self) -> int:
        """Chosen lines so far."""
        return self._before[-1] + (self._open_count if self._done == self._blocks.closed else 0)

    @property
    def complete(self) -> bool:
        """Whether every indexed line has been looked at."""
        return self._done == self._blocks.closed and self._open_end == self._blocks.end

    @property
    def _done(self) -> int:
        return len(self._before) - 1

    def advance(self, deadline: float) -> bool:
        """Count on until `deadline` (`time.perf_counter`), at least one block; whether there is more."""
        while not self.complete:
            if self._done < self._blocks.closed:
                self._before.append(self._before[-1] + len(self.picker(self._blocks.read(self._done))))
                self._open_end = -1
                self._open_count = 0
            else:
                self._open_count = len(self.picker(self._blocks.read(self._done)))
                self._open_end = self._blocks.end
            if time.perf_counter() >= deadline:
                break
        return not self.complete

    def may_hold(self, block: int) -> bool:
        """Whether a block may hold a chosen line: False only where it was counted and has none."""
        return block >= self._done or self._before[block + 1] > self._before[block]

    def line(self, row: int) -> int:
        """Number of the chosen line at `row` (from 0)."""
        block = bisect_right(self._before, row) - 1
        return self._blocks.first(block) + self.picker(self._blocks.read(block))[row - self._before[block]]

    def has_passed(self, line: int) -> bool:
        """Whether everything up to `line` was counted, so that its rank is final."""
        return self._blocks.block_of(line) < self._done or self.complete

    def rank(self, line: int) -> int:
        """How many chosen lines stand before `line`, as far as counted."""
        block = self._blocks.block_of(line)
        if block > self._done:
            return self.count
        chosen = self.picker(self._blocks.read(block))
        return min(self._before[block] + bisect_left(chosen, line - self._blocks.first(block)), self.count)
