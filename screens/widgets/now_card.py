"""The largest thing on the screen: the answer to "what now?"."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from screens import cards, words
from screens.view import Mode, View
from screens.widgets.painted import Painted, bar, line, spread, wrapped


def lines_of(found: cards.Line, width: int, most: int = 3) -> list[Content]:
    """One line of a card as rows: wrapped with a hanging indent, at most so many rows."""
    indent = "  " if found.glyph else ""
    mark = [(f" {found.glyph} ", found.glyph_tone or found.tone)] if found.glyph else [(" ", "")]
    room = width - (3 if found.glyph else 1) - (len(found.right) + 2 if found.right else 0)
    if found.right:
        return [spread(width, [*mark, (found.text, found.tone)], [(f"{found.right} ", found.glyph_tone or "quiet")])]
    # Of a page of text no more is taken apart than can be shown; words break, and letters may take no room.
    texts = wrapped(found.text[: 4 * width * (most + 1)], max(room, 10))
    if len(texts) > most:
        rest = " ".join(text.strip() for text in texts[most - 1 :])
        lead = texts[most - 1][: len(texts[most - 1]) - len(texts[most - 1].lstrip())]
        texts = [*texts[: most - 1], words.cut(lead + rest, room)]
    return [
        line(*(mark if number == 0 else [(" " + indent, "")]), (text, found.tone)) for number, text in enumerate(texts)
    ]


def fitted(lines: tuple[cards.Line, ...], width: int, room: int) -> list[Content]:
    """All lines in a row each, and in up to three where there is room: advice first, what the server said last.

    Where even that is too much, remarks go first; what then does not fit is counted.
    """
    surplus = len(lines) - room
    remarks = [number for number, found in enumerate(lines) if found.tone == "quiet" and not found.glyph]
    dropped = set(remarks[max(len(remarks) - surplus, 0) :]) if surplus > 0 else set()
    kept = [found for number, found in enumerate(lines) if number not in dropped]
    if len(kept) > room > 0:
        hidden = len(kept) - room + 1
        return [row for found in kept[: room - 1] for row in lines_of(found, width, 1)] + [
            line((_("   … {number} more lines").format(number=hidden), "quiet"))
        ]
    rows = [lines_of(found, width, 1) for found in kept]
    spare = room - len(rows)
    for number in reversed(range(len(rows))):
        longer = lines_of(kept[number], width)
        if len(longer) - 1 <= spare:
            spare -= len(longer) - 1
            rows[number] = longer
    return [row for found in rows for row in found]


def keys(card: cards.Card, width: int) -> Content:
    """The key that goes on, then others as long as they fit."""
    row = line((" ", ""), (f" {card.key} ", "cap"), (f" {card.does}", "strong"))
    for key, does in card.more:
        longer = row + line(("    ", ""), (key, "key"), (f" {does}", "text"))
        row = longer if longer.cell_length <= width else row
    return _short(row, width)


def _short(row: Content, width: int) -> Content:
    return row.truncate(width, ellipsis=True) if row.cell_length > width else row


def foot_of(view: View, card: cards.Card, width: int) -> list[Content]:
    """The row of keys; for who looks on, who is waited for and with what; in a replay, what was waited for then."""
    if not card.key:
        return []
    if view.mode in (Mode.OPERATOR, Mode.SECOND):
        return [keys(card, width)]
    if view.mode is Mode.REPLAY:  # its key does nothing here: what was waited for is told, not offered
        then = line((_(" waited for then: "), "quiet"), (card.does, "text"))
        return [] if view.state.ended or view.state.running else [_short(then, width)]
    if card.key == "q":
        return [keys(card, width)]
    awaited = cards.awaited(view, card)
    label = _("WAY OUT") if card.alarm else _("NEXT")
    row = line((" ", ""), (f" {label} ", "cap"), (f" {cards.keeper(view)}: {awaited}", "strong"))
    return [_short(row, width)] if awaited else []


def headline(card: cards.Card, *, tall: bool) -> list[Content]:
    """One row; a verdict is a block, of three rows where there is room."""
    text = f" {card.glyph} {card.headline}"
    if not card.large:
        return [line((text, card.tone)).stylize(".title")]
    block = f"{text}   "
    edges = ("▄" * len(block), card.tone), ("▀" * len(block), card.tone)
    found = line((" ", ""), (block, f"{card.tone}-cap"))
    return [line((" ", ""), edges[0]), found, line((" ", ""), edges[1])] if tall else [found]


_TALLEST = 100
"""Rows that no terminal has: a card with more to say is cut anyway."""


class NowCard(Painted):
    """Headline, progress, what there is to know, and the one key that goes on: that is never left out."""

    _wanted = 0

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 - Textual's
        """Rows that the card would like to have."""
        self._wanted = self._wish(width)
        return self._wanted

    def _wish(self, width: int) -> int:
        card = cards.card(self.view)
        body = sum(len(lines_of(found, width)) for found in card.lines[:_TALLEST])
        return len(headline(card, tall=True)) + bool(card.bar) + 1 + body + bool(card.key)

    def show(self, view: View) -> None:
        """Draw this moment; another layout only where it needs another height."""
        super().show(view)
        if self.styles.is_auto_height and self._wish(self.size.width) != self._wanted:
            self.refresh(layout=True)

    def draw(self, cells: Size) -> Content:
        """At most as many rows as there are."""
        width, height = cells
        card = cards.card(self.view)
        rows = headline(card, tall=height > 11)
        if card.bar:
            label = f"  {card.bar.label}"
            length = max(min(width - len(label) - 2, 40), 6)
            rows.append(line((" ", ""), *bar(length, card.bar.fraction), (label, "text")))
        foot = foot_of(self.view, card, width)
        room = max(height - len(rows) - len(foot), 0)
        body = fitted(card.lines, width, room)[:room]
        above = [line()] if room > len(body) else []
        below = [line()] if room > len(body) + 1 else []
        return Content("\n").join([*rows, *above, *body, *below, *foot])
