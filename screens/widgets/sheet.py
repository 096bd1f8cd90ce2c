"""The presenter's one sheet: where we stand, the clock, can we go back, NOW. Every row is spent on the largest of these."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from screens import cards
from screens.cards import Card, Line
from screens.presenter_words import Figure, back, figure, stand, who_waits
from screens.view import Mode, View
from screens.widgets.large import large
from screens.widgets.now_card import fitted, headline
from screens.widgets.painted import Painted, Part, bar, line, spread

_TALL, _TALLEST = 30, 46
"""Rows from which letters are five, and ten rows high."""
_GAP = 3
_LEAST_LOG = 3


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
        word = [line((f" {row}", now.tone)) for row in large(now.word, width - 2, high)]
        under = line((f" {now.line}", now.tone)).stylize(".title")
        rows = [*air, *word, _short(under, width), *air]
        clock = figure(view)
        if clock:
            rows += [*_figure(clock, width, high), *air]
        answer, tone = back(view)
        if answer:
            asked = line((" Can we still go back?  ", "strong"), (answer, tone)).stylize(".title")
            rows += [_short(asked, width), *air]
        room = height - len(rows)
        rows += self._now(width, room)
        rows = rows[:height]
        rows += self._tail(width, height - len(rows))
        return Content("\n").join(rows + [line()] * (height - len(rows)))

    def _now(self, width: int, room: int) -> list[Content]:
        """The card without what only its keys' owner needs, and who is waited for with what."""
        view = self.view
        found = cards.card(view)
        head = headline(found, tall=False) if not (found.large and view.state.ended) else []
        steps = [line((" ", ""), *bar_parts(found, width))] if found.bar else []
        foot = _next(view, found, width)
        left = max(room - len(head) - len(steps) - len(foot), 0)
        lines = tuple(_plain(one) for one in found.lines if one.text)
        return [_short(row, width) for row in (*head, *steps)] + fitted(lines, width, left)[:left] + foot

    def _tail(self, width: int, room: int) -> list[Content]:
        if room <= _LEAST_LOG or not self.last_lines:
            return []
        rule = line((" LOG ", "strong"), ("─" * max(width - 6, 0), "faint"))
        shown = self.last_lines[-(room - 2) :]
        return [line()] * (room - 1 - len(shown)) + [rule] + [_short(line((f" {text}", "text")), width) for text in shown]


def _letters(cells: Size) -> int:
    return 10 if cells.height >= _TALLEST else 5 if cells.height >= _TALL else 3


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


def _next(view: View, found: Card, width: int) -> list[Content]:
    """What the person at the keys is waited for; nothing while something runs, and once nothing more will."""
    state = view.state
    if not found.does or found.key in ("s", "q") or state.ended:
        return []
    text = f" {who_waits(view)}: {found.does}"
    return [_short(line((f" NEXT ", "cap"), (text, "strong")), width)]


def bar_parts(found: Card, width: int) -> list[Part]:
    """The card's bar, as wide as the room is."""
    assert found.bar is not None  # noqa: S101 - the caller looked
    label = f"  {found.bar.label}"
    return [*bar(max(width - len(label) - 2, 6), found.bar.fraction), (label, "strong")]


def _plain(one: Line) -> Line:
    """The same without anything dim."""
    bright = {"quiet": "text", "faint": "text"}
    return Line(one.text, bright.get(one.tone, one.tone), one.glyph, bright.get(one.glyph_tone, one.glyph_tone), one.right)


def _short(row: Content, width: int) -> Content:
    return row.truncate(width, ellipsis=True) if row.cell_length > width else row


__all__ = ["Mode", "Sheet", "spread"]
