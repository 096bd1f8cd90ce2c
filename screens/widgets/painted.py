"""A widget that draws one text made from the view, and repaints only when that text changed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Region, Size
from textual.widget import Widget

from dixis_tui.secrets import clean
from screens.view import View

Part = tuple[str, str]
"""Text, and the component class it is drawn with (one of `view.LOOK`, or empty)."""


_ON_GROUND = {
    "cap": "bold $background on $accent",
    "cursor": "bold on $cursor",
    "good-cap": "bold $background on $success",
    "warn-cap": "bold $background on $warning",
    "bad-cap": "bold $background on $error",
}
"""Looks with a background: a component class loses its background where it is used for a part of a text."""


def style(look: str) -> str:
    """What a text's part is drawn with."""
    return _ON_GROUND.get(look) or (f".{look}" if look else "")


def line(*parts: Part) -> Content:
    """Parts in a row. Text from outside is never read as markup here, and cleaned even where it was not before."""
    return Content.assemble(*((clean(text), style(look)) for text, look in parts))


def spread(width: int, left: Sequence[Part], right: Sequence[Part] = ()) -> Content:
    """A row of exactly `width` cells: `left` cut with an ellipsis where `right` needs the room."""
    tail = line(*right)
    room = max(width - tail.cell_length - (1 if right else 0), 0)
    head = line(*left)
    if head.cell_length > room:
        head = head.truncate(room, ellipsis=True)
    return Content.assemble(head, " " * max(width - head.cell_length - tail.cell_length, 0), tail)


def bar(width: int, fraction: float) -> tuple[Part, Part]:
    """A bar of `width` cells, done and still to do."""
    done = min(max(round(width * fraction), 0), width)
    return ("━" * done, "work"), ("─" * (width - done), "faint")


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """`text` in lines of at most `width` cells, broken between words; later lines begin with `indent`."""
    text = clean(text)
    lines: list[str] = []
    indent += text[: len(text) - len(text.lstrip())]
    margin = _cells(indent)
    width = max(width, margin + (1 if text.isascii() else 2))  # a pane that is not shown has no width
    current, used = indent, margin
    for word in text.split():
        cells = _cells(word)
        if current.strip() and used + 1 + cells <= width:
            current, used = f"{current} {word}", used + 1 + cells
            continue
        if current.strip():
            lines.append(current)
            current, used = indent, margin
        current, used = current + word, used + cells
        while used > width:  # a path, a digest: nothing of it may be lost
            head = _head(current, width)
            lines.append(current[:head])
            used += margin - _cells(current[:head])
            current = indent + current[head:]
    lines.append(current)
    return lines


def _cells(text: str) -> int:
    """Letter by letter: of a pair that some terminals join, both are counted."""
    return len(text) if text.isascii() else sum(map(cell_len, text))


def _head(text: str, width: int) -> int:
    """How many letters of `text` fit into `width` cells."""
    if text.isascii():
        return width
    cells = 0
    for number, letter in enumerate(text):
        cells += cell_len(letter)
        if cells > width:
            return number
    return len(text)


def changed_rows(before: Content, after: Content, width: int) -> list[Region]:
    """The rows that differ, for a terminal at the end of a slow line; none: all of it may be another."""
    old, new = before.split(allow_blank=True), after.split(allow_blank=True)
    if len(old) != len(new):
        return []
    pairs = enumerate(zip(old, new, strict=True))
    return [Region(0, row, width, 1) for row, (was, now) in pairs if not was.is_same(now)]


class Painted(Widget):
    """Draws what `draw` gives for the present view; `show` with another view repaints only the rows that differ."""

    ALLOW_SELECT = False

    def __init__(self, view: View, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self.view = view
        self._drawn = Content("")
        self._drawn_for: Size | None = None

    def draw(self, cells: Size) -> Content:
        """The text for this many cells."""
        raise NotImplementedError

    def show(self, view: View) -> None:
        """Draw this moment."""
        self.view = view
        if not self.size:
            self._drawn_for = None  # a hidden pane has no cells to draw in; it is drawn once it has
        if self._drawn_for is None:
            return
        fresh = self.draw(self.size)
        if not fresh.is_same(self._drawn):
            before, self._drawn = self._drawn, fresh
            self.refresh(*changed_rows(before, fresh, self.size.width))

    def render(self) -> Content:
        """What was drawn, anew only where the size is another."""
        if self._drawn_for != self.size:
            self._drawn_for = self.size
            self._drawn = self.draw(self.size)
        return self._drawn
