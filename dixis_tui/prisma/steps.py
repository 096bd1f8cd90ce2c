"""What the direct executor says as it goes: one value before each deed, and one after it."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from dixis_tui.locks import Peer
from dixis_tui.measures import StatementMeasure


class Outcome(StrEnum):
    """What a failure means for the database."""

    UNDONE = "undone"
    """Nothing of the file is in the database, but for what it committed by itself."""
    APPLIED = "applied"
    """The file was committed; the history says unfinished, because its row could not be written."""
    UNKNOWN = "unknown"
    """The connection was lost before the server's answer: only the server knows."""


class Started(Struct, frozen=True):
    """Before anything of this file is sent, its history row included."""

    name: str


class Waiting(Struct, frozen=True):
    """The file waits before it begins: `peers` hold one of its tables in an older transaction."""

    name: str
    peers: tuple[Peer, ...]


class StatementStarted(Struct, frozen=True):
    """Before a statement is sent: `number` of `of`, `line` of the file. 1 of 1 where a file is sent whole."""

    name: str
    number: int
    of: int
    line: int
    text: str


class StatementEnded(Struct, frozen=True):
    """The statement went through; its transaction may still be undone."""

    name: str
    measure: StatementMeasure


class Retried(Struct, frozen=True):
    """It gave way (a lock time-out, a deadlock, our own cancel), nothing of it stayed, and it begins again.

    `seconds` is the pause that follows; `whole`: the file begins anew, its statement `number` gave way; else it
    goes on with its statement `number`, the one that gave way or the BEGIN of its transaction.
    """

    name: str
    attempt: int
    sqlstate: str
    error: str
    seconds: float
    whole: bool
    number: int


class Applied(Struct, frozen=True):
    """The file is committed and the history says so. `seconds` is the file's own time, its last try's."""

    name: str
    seconds: float


class Failed(Struct, frozen=True):
    """The last value of a run that failed. `recorded`: the history row holds the error.

    `number` and `line` are those of the statement that failed, 0 where that is not known.
    """

    name: str
    seconds: float
    sqlstate: str
    error: str
    outcome: Outcome
    recorded: bool
    number: int = 0
    line: int = 0


Step = Started | Waiting | StatementStarted | StatementEnded | Retried | Applied | Failed
