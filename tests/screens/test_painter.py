"""Frames as differences: a terminal that got them shows what Textual wanted, and unchanged cells cost nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from screens.painter import Painter
from tests.screen import Screen

WIDTH, HEIGHT = 24, 3
_STYLES = ("", "bold", "on blue", "bold red on blue", "dim", "underline", "reverse green", "strike on #102030")
_LETTERS = "ab \u2500\u03b1e\u0301\u754c"
"""Plain, blank, a line, Greek, one that combines with what stands before it, and one that is two cells wide."""


def _strip(parts: list[tuple[str, str]]) -> Strip:
    whole = Strip([Segment(text, Style.parse(style)) for text, style in parts])
    return whole.adjust_cell_length(WIDTH, Style.parse("on black"))


def _whole(rows: list[Strip]) -> LayoutUpdate:
    return LayoutUpdate([[row] for row in rows], Region(0, 0, WIDTH, HEIGHT))


def _shown(rows: list[Strip], *, erases: bool = False) -> list[list[tuple[str, str]]]:
    terminal = Screen(WIDTH, HEIGHT)
    terminal.write(Painter(erases=erases).paint(_whole(rows), ColorSystem.TRUECOLOR))
    return terminal.cells


_PARTS = st.lists(st.tuples(st.text(_LETTERS, min_size=1, max_size=14), st.sampled_from(_STYLES)), max_size=4)
_FRAMES = st.lists(st.lists(_PARTS.map(_strip), min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=5)


@given(_FRAMES, st.booleans())
@settings(max_examples=100, deadline=None)
def test_after_any_frames_the_terminal_shows_the_last(frames: list[list[Strip]], erases: bool) -> None:
    painter, terminal = Painter(erases=erases), Screen(WIDTH, HEIGHT)
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
    painter, terminal = Painter(), Screen(WIDTH, HEIGHT)
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
