"""Frames as differences: a terminal that got them shows what Textual wanted, and unchanged cells cost nothing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from screens.painter import Painter

WIDTH, HEIGHT = 24, 3
_CSI = re.compile(r"\x1b\[([0-9;]*)([A-Za-z])")
_STYLES = ("", "bold", "on blue", "bold red on blue", "dim", "underline", "reverse green", "strike on #102030")
_LETTERS = "ab \u2500\u03b1e\u0301\u754c"
"""Plain, blank, a line, Greek, one that combines with what stands before it, and one that is two cells wide."""


class Terminal:
    """Understands what the painter sends, and nothing else: each cell's letters and how they look."""

    def __init__(self) -> None:
        self.cells = [[("~", "") for _ in range(WIDTH)] for _ in range(HEIGHT)]
        self.x = self.y = 0
        self.style: dict[str, str] = {}

    def write(self, text: str) -> None:
        """Text and sequences."""
        while text:
            if found := _CSI.match(text):
                self._obey(found[2], [int(word or 0) for word in found[1].split(";")])
                text = text[found.end() :]
                continue
            assert text[0] != "\x1b", text
            start, end, width = split_graphemes(text.partition("\x1b")[0])[0][0]
            self._put(text[start:end], width)
            text = text[end:]

    def _put(self, letters: str, width: int) -> None:
        assert self.x + width <= WIDTH
        row = self.cells[self.y]
        if row[self.x][0] == "":
            row[self.x - 1] = ("half", "")
        if self.x + width < WIDTH and row[self.x + width][0] == "":
            row[self.x + width] = ("half", "")
        row[self.x : self.x + width] = [(letters, self.look(letters)), *[("", self.look(""))] * (width - 1)]
        self.x += width

    def look(self, letters: str) -> str:
        """How these letters are drawn now; of a blank only what can be seen."""
        marks = {key: value for key, value in self.style.items() if key in "4579"}
        ground = self.style.get("ground", "49")
        if letters == " " and not marks:
            return ground
        return f"{sorted(self.style.items())}"

    def _obey(self, command: str, numbers: list[int]) -> None:
        if command == "H":
            self.y, self.x = numbers[0] - 1, numbers[1] - 1
        elif command == "C":
            self.x += numbers[0]
        elif command == "X":
            blank = (" ", self.style.get("ground", "49"))
            self.cells[self.y][self.x : self.x + numbers[0]] = [blank] * numbers[0]
        else:
            assert command == "m"
            self._turn(numbers)

    def _turn(self, numbers: list[int]) -> None:
        while numbers:
            code = numbers.pop(0)
            if code == 0:
                self.style = {}
            elif code in {38, 48}:
                place = "front" if code == 38 else "ground"
                self.style[place] = ";".join(str(numbers.pop(0)) for _ in range(4))
            elif 30 <= code <= 37:
                self.style["front"] = str(code)
            elif 40 <= code <= 47:
                self.style["ground"] = str(code)
            elif code in {39, 49}:
                self.style.pop("front" if code == 39 else "ground", None)
            else:
                self.style[str(code)] = "on"


def _strip(parts: list[tuple[str, str]]) -> Strip:
    whole = Strip([Segment(text, Style.parse(style)) for text, style in parts])
    return whole.adjust_cell_length(WIDTH, Style.parse("on black"))


def _whole(rows: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[row] for row in rows], Region(0, 0, WIDTH, HEIGHT))


def _shown(rows: list[Strip], *, erases: bool = False) -> list[list[tuple[str, str]]]:
    terminal = Terminal()
    terminal.write(Painter(erases=erases).paint(_whole(rows), ColorSystem.TRUECOLOR))
    return terminal.cells


_PARTS = st.lists(st.tuples(st.text(_LETTERS, min_size=1, max_size=14), st.sampled_from(_STYLES)), max_size=4)
_FRAMES = st.lists(st.lists(_PARTS.map(_strip), min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=5)


@given(_FRAMES, st.booleans())
@settings(max_examples=100, deadline=None)
def test_after_any_frames_the_terminal_shows_the_last(frames: list[list[Strip]], erases: bool) -> None:
    painter, terminal = Painter(erases=erases), Terminal()
    for rows in frames:
        terminal.write(painter.paint(_whole(rows), ColorSystem.TRUECOLOR))
        assert not terminal.style
        assert terminal.cells == _shown(rows)
        assert painter.paint(_whole(rows), ColorSystem.TRUECOLOR) == ""


def test_the_terminal_of_this_test_sees_letters_and_looks() -> None:
    rows = _shown([_strip([("ab", "bold"), (" \u754c", "on blue")]), _strip([]), _strip([])])
    assert [letters for letters, _ in rows[0][:6]] == ["a", "b", " ", "\u754c", "", " "]
    assert rows[0][0][1] != rows[0][3][1] != rows[0][5][1]


@given(_FRAMES.filter(lambda frames: len(frames) > 1), st.sets(st.integers(0, HEIGHT - 1), min_size=1))
@settings(max_examples=100, deadline=None)
def test_a_part_of_the_screen_changes_that_part(frames: list[list[Strip]], dirty: set[int]) -> None:
    before, after = frames[0], frames[1]
    painter, terminal = Painter(), Terminal()
    terminal.write(painter.paint(_whole(before), ColorSystem.TRUECOLOR))
    terminal.write(painter.paint(_part(after, dirty), ColorSystem.TRUECOLOR))
    assert terminal.cells == _shown([(after if y in dirty else before)[y] for y in range(HEIGHT)])


def _part(rows: list[Strip], dirty: set[int]) -> ChopsUpdate:
    chops = [{0: row if y in dirty else None} for y, row in enumerate(rows)]
    return ChopsUpdate(chops, [(y, 0, WIDTH) for y in sorted(dirty)], [[WIDTH]] * HEIGHT)


def test_a_letter_costs_a_move_and_its_colours() -> None:
    painter = Painter()
    rows = [_strip([("14:07:41", "bold #ffffff on #0f5d6b")]), _strip([]), _strip([])]
    painter.paint(_whole(rows), ColorSystem.TRUECOLOR)
    rows[0] = _strip([("14:07:42", "bold #ffffff on #0f5d6b")])
    assert painter.paint(_whole(rows), ColorSystem.TRUECOLOR) == (
        "\x1b[1;8H\x1b[1;38;2;255;255;255;48;2;15;93;107m2\x1b[m"
    )


def test_blanks_are_erased_where_the_terminal_can() -> None:
    rows = [_strip([("a", ""), (" " * (WIDTH - 2), "on blue"), ("b", "")]), _strip([]), _strip([])]
    assert f"\x1b[44m\x1b[{WIDTH - 2}X\x1b[{WIDTH - 2}C" in Painter(erases=True).paint(
        _whole(rows), ColorSystem.TRUECOLOR
    )
    assert _shown(rows, erases=True) == _shown(rows)


@pytest.mark.parametrize("reason", ["forgotten", "resized"])
def test_what_is_not_known_is_painted(reason: str) -> None:
    painter = Painter()
    rows = [_strip([("abc", "")])] * HEIGHT
    first = painter.paint(_whole(rows), ColorSystem.TRUECOLOR)
    if reason == "forgotten":
        painter.forget()
    else:
        painter.paint(LayoutUpdate([[rows[0]]], Region(0, 0, WIDTH, 1)), ColorSystem.TRUECOLOR)
    assert painter.paint(_whole(rows), ColorSystem.TRUECOLOR) == first
