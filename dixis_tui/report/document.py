"""A report as blocks, before it is HTML or Markdown: both show the same words. Pure.

Texts may hold anything that a journal holds: who renders them cleans, shortens and escapes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct


class Tone(StrEnum):
    """How a word stands out: colour and a sign beside it, so that neither is needed alone."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    QUIET = "quiet"


SIGNS = {Tone.GOOD: "✔", Tone.WARN: "▲", Tone.BAD: "✖", Tone.QUIET: "○"}


class Code(Struct, frozen=True):
    """SQL, a digest, a path: as it stands, in letters of one width."""

    text: str


class Mark(Struct, frozen=True):
    """A state in a word or two."""

    text: str
    tone: Tone


class Link(Struct, frozen=True):
    """An address that may be opened; only `https` and `http` ever become one."""

    text: str
    url: str


class Lines(Struct, frozen=True):
    """Several cells, one below the other."""

    parts: tuple[str | Code | Mark | Link, ...]


Cell = str | Code | Mark | Link | Lines


class Text(Struct, frozen=True):
    """A paragraph; with a tone it is set apart."""

    text: str
    tone: Tone | None = None


class Terms(Struct, frozen=True):
    """Names and their values."""

    rows: tuple[tuple[str, Cell], ...]


class Table(Struct, frozen=True):
    """A table with a caption. The first cell of each row names the row; `numeric` columns (from 0) are set right."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()


class Listing(Struct, frozen=True):
    """Lines as they stand: a log, a statement, a server's message. `first` numbers the first line; 0: no numbers."""

    label: str
    lines: tuple[str, ...]
    first: int = 0


class Heading(Struct, frozen=True):
    """Of a part of a section."""

    text: str


class Figure(Struct, frozen=True):
    """A picture as a whole `<svg>` element of ours. `text` says it in words, where pictures can't be shown."""

    svg: str
    text: str


Block = Text | Terms | Table | Listing | Heading | Figure


class Section(Struct, frozen=True):
    """A part of the report under its own heading. `anchor` is its name in links: letters and hyphens."""

    anchor: str
    title: str
    blocks: tuple[Block, ...]


class Document(Struct, frozen=True, kw_only=True):
    """The whole report."""

    language: str
    title: str
    verdict: Mark
    lead: tuple[Block, ...]
    """What stands below the verdict, before the first section."""
    sections: tuple[Section, ...]
    foot: str
    skip: str
    """Label of the link that leads past the contents."""
    contents: str
    """Label of the table of contents."""

    def blocks(self) -> Iterator[Block]:
        """All of them, in order."""
        yield from self.lead
        for section in self.sections:
            yield from section.blocks
