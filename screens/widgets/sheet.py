"""The presenter's one sheet: where we stand, the clock, can we go back, NOW; the rows go to these in that order."""

from __future__ import annotations

import msgspec
from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from screens import cards
from screens.cards import Bar, Card, Line
from screens.clock_words import clock_lines, deciding
from screens.presenter_words import Figure, back, figure, short, stand
from screens.view import Mode, View
from screens.widgets.large import large
from screens.widgets.now_card import fitted, foot_of, headline
from screens.widgets.painted import Painted, Part, bar, line

_TALL, _TALLEST = 30, 46
"""Rows from which letters are five, and ten rows high."""
_GAP = 3
_LEAST_LOG, _MOST_LOG = 3, 8


class Sheet(Painted):
    """Nothing dim and nothing small that matters; what has no room is left out from below."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.last_lines: tuple[str, ...] = ()
        """The log's last lines; shown where rows are left."""

    def draw(self, cells: Size) -> Content:
        """Exactly `height` rows."""
        width, height = cells
        view, high = self.view, _letters(cells)
        air = [line()] if height >= 18 else []
        now = stand(view)
        word = [_short(line((f" {row}", now.tone)), width) for row in large(now.word, width - 2, high)]
        under = line((f" {now.line}", now.tone)).stylize(".title")
        rows = [*air, *word, _short(under, width), *air]
        clock = figure(view)
        if clock:
            rows += [*_figure(clock, width, high), *air]
        answer, tone = back(view)
        if answer:
            asked = line((_(" Can we still go back?  "), "strong"), (answer, tone)).stylize(".title")
            rows += [_short(asked, width), *_large_answer(answer, tone, cells), *air]
        room = height - len(rows)
        rows += self._now(width, room)
        rows = rows[:height]
        rows += self._tail(width, height - len(rows))
        return Content("\n").join(rows + [line()] * (height - len(rows)))

    def _now(self, width: int, room: int) -> list[Content]:
        """The card in the words of who looks on, whoever's screen it is."""
        view = msgspec.structs.replace(self.view, mode=Mode.WATCHER)
        found = cards.card(view)
        head = [] if view.state.ended or view.state.run is None else headline(found, tall=False)
        steps = [line((" ", ""), *_bar(found.bar, width))] if found.bar else []
        foot = foot_of(view, found, width) if found.key != "q" else []
        left = max(room - len(head) - len(steps) - len(foot), 0)
        lines = tuple(_plain(one) for one in _essential(_without_clock(view, found), left))
        return [_short(row, width) for row in (*head, *steps)] + fitted(lines, width, left)[:left] + foot

    def _tail(self, width: int, room: int) -> list[Content]:
        if room <= _LEAST_LOG or not self.last_lines:
            return []
        rule = line((_(" LOG "), "strong"), ("─" * max(width - 6, 0), "faint"))
        shown = self.last_lines[-min(room - 2, _MOST_LOG) :]
        return (
            [line()] * (room - 1 - len(shown)) + [rule] + [_short(line((f" {text}", "text")), width) for text in shown]
        )


def _letters(cells: Size) -> int:
    return 10 if cells.height >= _TALLEST else 5 if cells.height >= _TALL else 3


def _large_answer(answer: str, tone: str, cells: Size) -> list[Content]:
    brief = short(answer) if cells.height >= _TALLEST else ""
    return [line((f" {row}", tone)) for row in large(brief, cells.width - 2, 5)] if brief else []


def _figure(found: Figure, width: int, high: int) -> list[Content]:
    """The clock's digits, with its captions at their right, in the middle of their height."""
    digits = large(found.text, width // 2 if high == 3 else width * 3 // 5, high)
    captions = found.captions[: max(len(digits), 3)]
    first = max((len(digits) - len(captions)) // 2, 0)
    rows = []
    for number in range(max(len(digits), len(captions))):
        left: list[Part] = [(f" {digits[number]}" if number < len(digits) else " " * (len(digits[0]) + 1), found.tone)]
        at = number - first
        right = captions[at] if 0 <= at < len(captions) else ("", "")
        rows.append(_short(line(*left, (" " * _GAP, ""), right), width))
    return rows


def _without_clock(view: View, found: Card) -> list[Line]:
    """The decision clock is drawn large already."""
    clock = clock_lines(view, deciding(view))
    return [one for one in found.lines if one.text and one not in clock]


def _essential(lines: list[Line], room: int) -> list[Line]:
    """Where there is no room for all: details of what stands above them go first, then remarks; from below."""
    details = [one for one in lines if one.text.startswith("  ")][1:]
    remarks = [one for one in lines if one.tone == "quiet" and not one.glyph]
    for dispensable in (*reversed(details), *reversed(remarks)):
        if len(lines) <= room:
            break
        lines = [one for one in lines if one is not dispensable]
    return lines


def _bar(found: Bar, width: int) -> list[Part]:
    label = f"  {found.label}"
    return [*bar(max(width - len(label) - 2, 6), found.fraction), (label, "strong")]


def _plain(one: Line) -> Line:
    """The same without anything dim."""
    bright = {"quiet": "text", "faint": "text"}
    return Line(
        one.text, bright.get(one.tone, one.tone), one.glyph, bright.get(one.glyph_tone, one.glyph_tone), one.right
    )


def _short(row: Content, width: int) -> Content:
    return row.truncate(width, ellipsis=True) if row.cell_length > width else row
