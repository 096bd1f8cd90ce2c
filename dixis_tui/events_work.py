"""Events of a file at work: its statements, who is in its way, and who had to give way; part of `dixis_tui.events`."""

from __future__ import annotations

from dixis_tui.event import BaseEvent
from dixis_tui.locks import Peer, Radar
from dixis_tui.measures import StatementMeasure
from dixis_tui.model import Place


class StatementStarted(BaseEvent, frozen=True, kw_only=True, tag="statement_started"):
    """A statement of a file is sent. Never flushed by itself: what counts is the file's own entry before it."""

    name: str
    place: Place
    number: int
    of: int
    line: int
    text: str


class StatementEnded(BaseEvent, frozen=True, kw_only=True, tag="statement_ended"):
    """The server answered: the statement went through, though its transaction may still be undone."""

    name: str
    place: Place
    measure: StatementMeasure


class Waited(BaseEvent, frozen=True, kw_only=True, tag="waited"):
    """Nothing of this file was sent yet: older transactions hold its tables, and it waits for them, within bounds.

    Where `name` is empty, all pending files wait together.
    """

    place: Place
    name: str = ""
    peers: tuple[Peer, ...]


class Retried(BaseEvent, frozen=True, kw_only=True, tag="retried"):
    """A file, or a statement of it, was refused a lock, nothing of it stayed, and it will be tried again.

    `attempt` counts from 1; `seconds` is the pause before the next. `whole` says that the file begins anew.
    """

    name: str
    place: Place
    attempt: int
    sqlstate: str
    reason: str
    seconds: float
    whole: bool
    statement: int = 0


class RadarSeen(BaseEvent, frozen=True, kw_only=True, tag="radar_seen"):
    """What our backend does, who blocks it, who waits behind it. Only where that changed, at most twice a second."""

    place: Place
    radar: Radar


class BackendSignalled(BaseEvent, frozen=True, kw_only=True, tag="backend_signalled"):
    """A backend was asked to cancel its statement, or to end. `ours`: our own, by the victim rule.

    Written before the deed with `done` None, and after it with what the server answered.
    """

    pid: int
    how: str
    """`cancel` or `terminate`."""
    operator: str
    who: str
    """What it was: user, application, and what it ran."""
    ours: bool = False
    done: bool | None = None
    reason: str = ""


WorkEvent = StatementStarted | StatementEnded | Waited | Retried | RadarSeen | BackendSignalled
