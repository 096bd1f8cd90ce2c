"""The victim rule: when our own statement has to give way to those who wait behind it. Pure."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from dixis_tui.locks import Radar


class VictimRule(Struct, frozen=True):
    """Broken where more than `sessions` sessions have each waited behind us for over `seconds`; 0 sessions: never.

    Whoever waits at any depth counts, and each by its own time: a crowd that has only just come does not, nor does one
    session that has waited for long.
    """

    sessions: int = 5
    seconds: float = 2.0

    def broken(self, radar: Radar) -> bool:
        """Whether our statement has to give way. Needs a radar with all victims in it, not a listed one."""
        if self.sessions == 0:
            return False
        return sum(victim.waiting_seconds > self.seconds for victim in radar.victims) > self.sessions


class Episodes:
    """Tells the look with which the rule was first broken from those after it.

    An episode ends when the rule holds again, or with our statement: the next one owes its victims the same.
    """

    def __init__(self, rule: VictimRule) -> None:
        self._rule = rule
        self._told: tuple[int, datetime | None] | None = None

    def begins(self, radar: Radar) -> bool:
        """Whether an episode is there that was not yet :meth:`told`."""
        if not self._rule.broken(radar):
            self._told = None
            return False
        return self._told != (radar.pid, radar.query_since)

    def told(self, radar: Radar) -> None:
        """Whoever has to act on it knows."""
        self._told = (radar.pid, radar.query_since)
