"""What things cost on a line: bytes that came down, and seconds until the screen stood still."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from msgspec import Struct

from tests.ssh.line import Line
from tests.terminal import TmuxTerminal
from tests.waiting import until

_STILL = 0.6
"""Seconds without a change but the clocks': longer than a round trip on the slow line."""


class Cost(Struct, frozen=True):
    """Bytes on the line, SSH's own among them; seconds from the key to the last change that it made."""

    size: int
    seconds: float


class Meter:
    """On one terminal that is reached over one line."""

    def __init__(self, terminal: TmuxTerminal, line: Line) -> None:
        self.terminal, self.line = terminal, line

    def keys(self, *names: str) -> Cost:
        """Of pressing keys that change the screen."""
        return self.of(lambda: self.terminal.keys(*names))

    def of(self, deed: Callable[[], object]) -> Cost:
        """Of anything that changes the screen."""
        size, began, last = self.line.down, time.monotonic(), self._timeless()
        changed = 0.0
        deed()

        def stands_still() -> bool:
            nonlocal last, changed
            seen, now = self._timeless(), time.monotonic()
            if seen != last:
                last, changed = seen, now
            return bool(changed) and now - changed > _STILL

        until(stands_still, 30, "the screen to change and to stand still")
        return Cost(self.line.down - size, changed - began)

    def each_second(self, ticks: int) -> float:
        """Bytes for each second that the cockpit's clock shows, over `ticks` of them."""
        first = _clock(self.terminal.screen())
        until(lambda: _clock(self.terminal.screen()) != first, what="the clock to tick")
        size, began = self.line.down, _clock(self.terminal.screen())
        until(lambda: _clock(self.terminal.screen()) - began >= ticks, ticks * 3, "the clock to tick on")
        return (self.line.down - size) / (_clock(self.terminal.screen()) - began)

    def _timeless(self) -> str:
        return re.sub(r"\d", "0", self.terminal.ansi())


def _clock(screen: str) -> int:
    found = re.search(r"(\d\d):(\d\d):(\d\d) Athens", screen)
    assert found, screen
    hours, minutes, seconds = map(int, found.groups())
    return hours * 3600 + minutes * 60 + seconds
