"""A recorded run as a tape, and where its player stands on it. Pure: whoever plays says how much time has passed.

Seconds on the tape are those between the entries. Where the writer's clock was set back none pass, and what a replay
calls the time is always what that clock said.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import JournalError
from dixis_tui.run.state import Entry

_YEARS = range(2000, 9000)
"""Beyond them a time can't be shown in every zone; no run of ours tells of such a year."""
_GRACE_SECONDS = 2.0
"""Real seconds after a phase's beginning in which the way back leads to the phase before it."""


class Tape(Struct, frozen=True):
    """Entries in their order, and for each its seconds from the first, which never fall."""

    entries: tuple[Entry, ...] = ()
    offsets: tuple[float, ...] = ()
    phases: tuple[int, ...] = ()
    """Numbers of the entries that begin a phase; the first entry of the tape is 1."""

    def longer(self, entries: Sequence[Entry]) -> Tape:
        """The tape with `entries` after its own.

        Raises:
            JournalError: an entry's time is none that can be played.
        """
        offsets, phases = list(self.offsets), list(self.phases)
        before = self.entries[-1] if self.entries else None
        passed = timedelta(seconds=offsets[-1] if offsets else 0.0)  # exact: a sum of seconds would not be
        for number, entry in enumerate(entries, len(self.entries) + 1):
            if entry.at.tzinfo is None or entry.at.year not in _YEARS:
                raise JournalError(
                    f"Entry {number} has a time that can't be played", "It was not written by this program."
                )
            passed += max(entry.at - before.at, timedelta()) if before else timedelta()
            offsets.append(passed.total_seconds())
            if isinstance(entry.event, ev.PhaseStarted):
                phases.append(number)
            before = entry
        return Tape((*self.entries, *entries), tuple(offsets), tuple(phases))


class Player(Struct, frozen=True, kw_only=True):
    """Where a replay stands: `shown` entries of a tape that has at least one, `at` seconds from its first.

    `lead` is how many seconds have passed since the last entry of a run that is still alive: they can be played too.
    """

    tape: Tape
    shown: int = 1
    at: float = 0.0
    speed: int = 1
    playing: bool = True
    live: bool = False
    lead: float = 0.0

    @property
    def length(self) -> float:
        """Seconds that can be played."""
        return self.tape.offsets[-1] + self.lead

    @property
    def at_end(self) -> bool:
        """Whether everything there is has been shown."""
        return self.shown == len(self.tape.entries) and self.at >= self.length

    @property
    def moment(self) -> datetime:
        """What the clock of that evening said, in UTC."""
        since = self.at - self.tape.offsets[self.shown - 1]
        return self.tape.entries[self.shown - 1].at.astimezone(UTC) + timedelta(seconds=since)

    @property
    def wait(self) -> float | None:
        """Seconds of that evening until the next entry; None after the last."""
        return max(self.tape.offsets[self.shown] - self.at, 0.0) if self.shown < len(self.tape.entries) else None

    def grown(self, tape: Tape, lead: float = 0.0, *, live: bool = False) -> Player:
        """The same place on a tape that became longer."""
        return replace(self, tape=tape, lead=max(lead, 0.0), live=live)

    def after(self, seconds: float) -> Player:
        """Where it stands when so many real seconds have passed."""
        if not self.playing:
            return self
        at = max(min(self.at + seconds * self.speed, self.length), self.at)
        return replace(self, at=at, shown=max(self.shown, bisect_right(self.tape.offsets, at)))

    def to_entry(self, number: int) -> Player:
        """At the moment of the entry with this number; the first or the last where there is none."""
        shown = min(max(number, 1), len(self.tape.entries))
        return replace(self, shown=shown, at=self.tape.offsets[shown - 1])

    def forward(self) -> Player:
        """At the next entry, over any wait; after the last at the end."""
        return self.to_entry(self.shown + 1) if self.shown < len(self.tape.entries) else self.to_end()

    def back(self) -> Player:
        """At the entry before, and standing still: playing on would lead away from it at once."""
        return replace(self.to_entry(self.shown - 1), playing=False)

    def next_phase(self) -> Player:
        """Where the next phase begins; the end where none does."""
        found = bisect_right(self.tape.phases, self.shown)
        return self.to_entry(self.tape.phases[found]) if found < len(self.tape.phases) else self.to_end()

    def previous_phase(self) -> Player:
        """Where this phase began, or where it has just begun the one before; the first entry where there is none."""
        grace = _GRACE_SECONDS * self.speed if self.playing else 0.0
        phases = self.tape.phases[: bisect_left(self.tape.phases, self.shown)]
        earlier = [number for number in phases if self.tape.offsets[number - 1] <= self.at - grace]
        return self.to_entry(earlier[-1] if earlier else 1)

    def to_end(self) -> Player:
        """After everything there is."""
        return replace(self.to_entry(len(self.tape.entries)), at=self.length)

    def toggled(self) -> Player:
        """Playing, or standing still."""
        return replace(self, playing=not self.playing)

    def at_speed(self, speed: int) -> Player:
        """So many seconds of that evening for each real one."""
        return replace(self, speed=speed)
