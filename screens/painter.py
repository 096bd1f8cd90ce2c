"""What the terminal shows, cell by cell, so that a frame sends what differs and nothing else.

Textual sends every pane in which anything changed, each stretch of it with all its colours: 70 kB for a dialog, nine
seconds on a line of 64 kbit/s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple, cast

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.console import COLOR_SYSTEMS, Console, RenderableType
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Size
from textual.strip import Strip

_WEIGHTS = (("bold", "1"), ("dim", "2"), ("italic", "3"))
_MARKS = (("underline", "4"), ("blink", "5"), ("reverse", "7"), ("strike", "9"), ("overline", "53"))
_NEAR = 3
"""Cells between two changes that cost less written again than a move over them."""
_LONG = 9
"""Blanks that cost less written than erased and moved over."""


class Pen(NamedTuple):
    """How a cell is drawn, as SGR codes. None: a blank looks the same with any."""

    weight: str | None
    marks: str
    front: str | None
    ground: str


Cell = tuple[str, Pen]
"""What stands in one place: a letter with what combines with it, or nothing behind one that is two cells wide."""
Row = list[Cell | None]
"""None: nobody knows what stands there."""
_PLAIN = Pen("", "", "39", "49")


def erases() -> bool:
    """Whether this terminal fills what it erases with the ground's colour, by the terminal database."""
    with suppress(ImportError, OSError):
        import curses

        with suppress(curses.error):
            curses.setupterm(fd=1)
            return curses.tigetflag("bce") > 0 and curses.tigetstr("ech") == b"\x1b[%p1%dX"
    return False


class Painter:
    """Turns Textual's updates into what differs from everything that it turned before.

    `erases`: blanks that are erased get the colour of the ground (see :func:`erases`).
    """

    def __init__(self, *, erases: bool = False) -> None:
        self.size = Size(0, 0)
        self._rows: list[Row] = []
        self._erases = erases

    def forget(self) -> None:
        """Something else wrote on the terminal: nothing that is there is known."""
        self.size = Size(0, 0)

    def difference(self, update: LayoutUpdate | ChopsUpdate) -> RenderableType:
        """The update in Textual's own form; it counts as shown once it was made into bytes."""
        return cast(RenderableType, _Difference(self, update))

    def paint(self, update: LayoutUpdate | ChopsUpdate, colours: ColorSystem) -> str:
        """The sequences that bring the terminal to where `update` wants it, attributes off at the end."""
        size = update.region.size if isinstance(update, LayoutUpdate) else _size(update)
        if size != self.size:
            self.size, self._rows = size, [[None] * size.width for _ in range(size.height)]
        sequences: list[str] = []
        pen = _PLAIN
        for y, stretches in groupby(_stretches(update), key=lambda stretch: stretch[0]):
            row = self._rows[y].copy()
            for _, x, strip in stretches:
                cells = _cells(strip, colours)
                row[x : x + len(cells)] = cells
            del row[size.width :]
            pen = self._write(sequences, pen, y, row)
            self._rows[y] = row
        if pen != _PLAIN:
            sequences.append("\x1b[m")
        return "".join(sequences)

    def _write(self, sequences: list[str], pen: Pen, y: int, row: Row) -> Pen:
        """Add what brings row `y` to `row`; gives the pen that is held then."""
        at = -1
        for start, end in _changed(self._rows[y], row):
            x = start
            while x < end:
                cell, step = row[x], 1
                if cell is not None and cell[0]:
                    if at != x:
                        sequences.append(f"\x1b[{x - at}C" if 0 <= at < x else f"\x1b[{y + 1};{x + 1}H")
                    if cell[1] is not pen:
                        turn, pen = _turn(pen, cell[1])
                        sequences.append(turn)
                    blanks = _alike(row, x, end) if self._erases and cell[0] == " " else 0
                    if blanks > _LONG:
                        sequences.append(f"\x1b[{blanks}X")
                        at, step = x, blanks
                    else:
                        sequences.append(cell[0])
                        at = x + 1 if _certain(row, x) else -1
                x += step
        return pen


class _Difference(CompositorUpdate):
    def __init__(self, painter: Painter, update: LayoutUpdate | ChopsUpdate) -> None:
        self._painter, self._update = painter, update

    def render_segments(self, console: Console) -> str:
        return self._painter.paint(self._update, COLOR_SYSTEMS[console.color_system or "truecolor"])


def _size(update: ChopsUpdate) -> Size:
    return Size(update.chop_ends[0][-1], len(update.chops))


def _stretches(update: LayoutUpdate | ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """Row, column and content of each stretch that Textual would write, top to bottom."""
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for strip in strips:
                yield y, x, strip
                x += strip.cell_length
        return
    for y, first, last in sorted(update.spans):
        for end, (x, chop) in zip(update.chop_ends[y], update.chops[y].items(), strict=True):
            if chop is not None and x < last and end > first:
                yield y, x, chop


def _cells(strip: Strip, colours: ColorSystem) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, _ in strip:
        ink, blank = _pens(style or Style.null(), colours)
        if text.isascii():
            space = (" ", blank)
            cells += [space if letter == " " else (letter, ink) for letter in text]
            continue
        for start, end, width in split_graphemes(text)[0]:
            if width:
                letter = text[start:end]
                cells += [(letter, blank if letter == " " else ink), *[("", ink)] * (width - 1)]
            elif cells:
                owner = -1 if cells[-1][0] else -2
                cells[owner] = (cells[owner][0] + text[start:end], ink)
    return cells


@lru_cache(maxsize=4096)
def _pens(style: Style, colours: ColorSystem) -> tuple[Pen, Pen]:
    """For letters and for blanks."""
    weight, marks = (";".join(code for name, code in known if getattr(style, name)) for known in (_WEIGHTS, _MARKS))
    front = ";".join(style.color.downgrade(colours).get_ansi_codes()) if style.color else "39"
    ground = ";".join(style.bgcolor.downgrade(colours).get_ansi_codes(foreground=False)) if style.bgcolor else "49"
    ink = Pen(weight, marks, front, ground)
    return ink, ink if marks else Pen(None, "", None, ground)


def _changed(before: Row, after: Row) -> list[tuple[int, int]]:
    """First column, and the one behind the last, of each stretch to write."""
    if before == after:
        return []
    if _awkward(before) or _awkward(after):
        return [(0, len(after))]  # half of a wide letter can't be written over
    found: list[tuple[int, int]] = []
    for x, (old, new) in enumerate(zip(before, after, strict=True)):
        if old != new:
            near = found and x - found[-1][1] <= _NEAR
            first = found.pop()[0] if near else x
            found.append((first, x + 1))
    return found


def _certain(row: Row, x: int) -> bool:
    """Whether the cursor stands on the next cell, whatever the terminal thinks of a letter's width."""
    cell, behind = row[x], row[x + 1] if x + 1 < len(row) else None
    return cell is not None and len(cell[0]) == 1 and (behind is None or behind[0] != "")


def _alike(row: Row, x: int, end: int) -> int:
    """How many blanks of one ground stand from `x` on."""
    cell = row[x]
    if cell is None or cell[0] != " " or cell[1].marks:
        return 0
    return next((other for other in range(x, end) if row[other] != cell), end) - x


def _awkward(row: Row) -> bool:
    return any(cell is not None and len(cell[0]) != 1 for cell in row)


def _turn(held: Pen, wanted: Pen) -> tuple[str, Pen]:
    """The sequence from one pen to another, and the pen that is held then."""
    weight = held.weight if wanted.weight is None else wanted.weight
    front = held.front if wanted.front is None else wanted.front
    to = Pen(weight, wanted.marks, front, wanted.ground)
    if to == held:
        return "", held
    codes: list[str | None] = []
    if to[:2] != held[:2]:
        if held.weight or held.marks:
            codes.append("0")
            held = _PLAIN
        codes += [to.weight, to.marks]
    if to.front != held.front:
        codes.append(to.front)
    if to.ground != held.ground:
        codes.append(to.ground)
    return f"\x1b[{';'.join(code for code in codes if code)}m", to
