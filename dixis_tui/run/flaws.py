"""What a look at a journal, its log and its kept heads may find: each with its place, and what it means."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """What is wrong. `CUT` and `VERSION` alone do not mean that anybody changed anything."""

    NO_ENTRY = "no entry"
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"
    MOVED = "moved"
    LOG = "log"
    HEAD = "head"
    CUT = "cut"
    VERSION = "version"


MEANINGS = {
    Kind.NO_ENTRY: "The line was damaged or written by hand after the run.",
    Kind.CHANGED: "What stands there is not what the run wrote.",
    Kind.MISSING: "Something that the run wrote was taken out.",
    Kind.ADDED: "Something stands there that the run did not write.",
    Kind.MOVED: "The lines were put into another order after the run.",
    Kind.LOG: "The log is not what it was when the journal recorded its digest.",
    Kind.HEAD: "The journal is not the one whose head this was: it was rewritten or shortened, or it is another run's.",
    Kind.CUT: "Its writer died there, or is writing now; nobody has to have changed anything.",
    Kind.VERSION: "The chain holds; another version of dixis-tui wrote it. Use that one to read it.",
}


class Flaw(Struct, frozen=True):
    """One thing that does not fit.

    `line` counts lines of the file from 1, `offset` bytes of the file from 0; `line` 0 and `offset` -1: none can be
    named.
    """

    kind: Kind
    line: int
    offset: int
    sentence: str

    @property
    def grave(self) -> bool:
        """Whether the journal or the log does not verify because of it."""
        return self.kind not in (Kind.CUT, Kind.VERSION)

    @property
    def meaning(self) -> str:
        """What it means, in a sentence."""
        return MEANINGS[self.kind]
