"""Hazards for people: the place, the lines with a mark under them, why, and the safer form."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator

from dixis_tui.cli.lint.found import Found
from dixis_tui.hazard import Hazard, Severity
from dixis_tui.i18n import sentence
from dixis_tui.secrets import clean

Piece = tuple[str, str]
"""Text and its style (rich's words; empty: plain)."""
Line = list[Piece]

_STYLES = {Severity.DANGER: "bold red", Severity.WARNING: "bold yellow", Severity.NOTICE: "bold cyan"}
_WIDEST = 110
"""Columns of a source line that are shown; a longer one is cut around the mark."""
_MARK, _DIM = "^", "dim"


def text_lines(found: Found) -> Iterator[Line]:
    """Everything that is printed, line by line."""
    sources = {file.path: file.content for file in found.files}
    split: dict[str, list[bytes]] = {}
    for hazard in found.standing:
        if hazard.path not in split:
            split[hazard.path] = sources[hazard.path].split(b"\n")
        yield from _hazard(hazard, split[hazard.path])
        yield []
    yield [(sentence(found.summary), "bold")]


def plain(line: Line) -> str:
    """A line without its styles."""
    return "".join(text for text, _ in line)


def _hazard(hazard: Hazard, lines: list[bytes]) -> Iterator[Line]:
    style = _STYLES[hazard.severity]
    yield [
        (f"{clean(hazard.path)}:{hazard.line}:{hazard.column}: ", "bold"),
        (hazard.code, style),
        (f" {sentence(hazard.severity)} ", style),
        (sentence(hazard.title), ""),
    ]
    yield from _excerpt(hazard, lines, style)
    for word, text in (("what", hazard.what), ("why", hazard.why), ("size", hazard.size)):
        if text:
            yield from _wrapped(sentence(word), sentence(clean(text)))
    if hazard.safer:
        yield [("   = ", _DIM), (sentence("safer:"), "bold")]
        for line in hazard.safer.split("\n"):
            yield [(f"       {clean(line)}".rstrip(), "green" if not line.startswith("--") else "")]


def _wrapped(word: str, text: str) -> Iterator[Line]:
    first, *rest = textwrap.wrap(text, 100, break_long_words=False) or [""]
    yield [("   = ", _DIM), (f"{word}: ", "bold"), (first, "")]
    for line in rest:
        yield [(" " * (7 + len(word)) + line, "")]


def _excerpt(hazard: Hazard, lines: list[bytes], style: str) -> Iterator[Line]:
    """The first line of what was found, and marks under it: to its end, or to that line's."""
    if hazard.line > len(lines):
        return
    raw = lines[hazard.line - 1].decode("utf-8", "replace").rstrip("\r")
    start = min(hazard.column - 1, len(raw))
    more = hazard.end_line > hazard.line
    end = len(raw) if more else min(max(hazard.end_column - 1, start + 1), len(raw))
    begin = max(0, min(start - 20, len(raw) - _WIDEST)) if len(raw) > _WIDEST else 0
    shown, cut = raw[begin : begin + _WIDEST], begin + _WIDEST < len(raw)
    lead = "…" if begin else ""
    before = len(lead) + _width(clean(raw[begin:start]))
    marks = max(1, _width(clean(raw[start : min(end, begin + _WIDEST)])))
    gutter = len(str(hazard.line))
    bar = " " * (gutter + 1) + "| "
    yield [(bar.rstrip(), _DIM)]
    yield [(f"{hazard.line} | ", _DIM), (f"{lead}{clean(shown)}{'…' if cut else ''}", "")]
    yield [(bar, _DIM), (" " * before, ""), (_MARK * marks + (" …" if more else ""), style)]


def _width(text: str) -> int:
    """Columns that a terminal gives it."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)
