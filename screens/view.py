"""What every part of the screen is drawn from: the run's state, the time, and whether the runner answers."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from time import monotonic
from typing import Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from msgspec import Struct

from dixis_tui.model import Phase
from dixis_tui.run.state import RunState
from screens import words

LOOK = frozenset({"text", "strong", "quiet", "faint", "good", "warn", "bad", "work", "key", "title", "mark"})
"""Component classes that every screen has; `cockpit.tcss` says how they look."""


class Link(StrEnum):
    """How this screen stands to the run's runner."""

    CONNECTING = "connecting"
    LIVE = "live"
    GONE = "gone"
    UNSEEN = "unseen"
    """Its journal is read, and whether its runner lives can't be seen from here."""


class Mode(StrEnum):
    """Whose screen it is."""

    OPERATOR = "operator"
    WATCHER = "watcher"
    """Looks on, and never asks anything of the runner."""
    SECOND = "second"
    """Looks on as well, and may approve what the operator has confirmed."""
    REPLAY = "replay"
    """A recording: its time is that of the evening that it shows."""


class Clock:
    """Where the screens take the time from; tests put in their own."""

    def utc(self) -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps."""
        return monotonic()


class Spot(Struct, frozen=True):
    """A row of the runbook: a phase, or with a code one of its checks."""

    phase: Phase
    code: str = ""
    subject: str = ""


class Reel(Struct, frozen=True, kw_only=True):
    """Where a replay stands: at entry `shown` of `entries`; `done` is the part of its time that was played, 0 to 1."""

    shown: int
    entries: int
    done: float
    speed: int
    playing: bool
    at_end: bool
    live: bool
    """Whether the run is still alive: its end is then the present."""
    wait: float | None
    """Seconds of that evening until the next entry; None after the last."""


class View(Struct, frozen=True, kw_only=True):
    """One moment of a run, as a person at this terminal may see it. Times are UTC."""

    state: RunState
    now: datetime
    link: Link = Link.CONNECTING
    mode: Mode = Mode.OPERATOR
    operator: str = ""
    gone_at: datetime | None = None
    progress_at: datetime | None = None
    """When the present deed (a dump, a restore) began to tell how far it is."""
    spot: Spot = Spot(Phase.PREFLIGHT)
    asked: str = ""
    """What was just asked of the runner and has not shown in the journal yet."""
    reel: Reel | None = None
    """In a replay alone."""
    journal: str = ""
    """Where the run's journal is."""

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the window: what everyone's clock in the room says."""
        return words.zone(self.state.run.timezone if self.state.run else "UTC")

    @property
    def demo(self) -> bool:
        """Whether the target is the built-in one."""
        return self.state.run is not None and self.state.run.environment == "demo"

    @property
    def acting(self) -> bool:
        """Whether commands may be offered at all."""
        ours = self.mode is Mode.OPERATOR
        return ours and self.link is not Link.GONE and self.state.run is not None and self.state.ended is None

    def at(self, moment: datetime | None, *, seconds: bool = False) -> str:
        """`moment` as local time of day; a dash where there is none."""
        return words.moment(moment, self.zone, seconds=seconds) if moment else "–"

    def elapsed(self, since: datetime | None) -> float:
        """Seconds from `since` until now, never below 0; until the last that is known where the runner is gone."""
        until = (self.state.last_at or self.now) if self.link is Link.GONE else self.now
        return max((until - since).total_seconds(), 0.0) if since else 0.0


@runtime_checkable
class Shows(Protocol):
    """A screen or widget that is drawn from a view."""

    def show(self, view: View) -> None:
        """Draw this moment."""
