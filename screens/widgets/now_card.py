"""The largest thing on the screen: the answer to "what now?"."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from screens import cards, words
from screens.widgets.painted import Painted, bar, line, spread, wrapped


def lines_of(found: cards.Line, width: int, most: int = 2) -> list[Content]:
    """One line of a card as rows: wrapped with a hanging indent, at most so many rows."""
    indent = "  " if found.glyph else ""
    mark = [(f" {found.glyph} ", found.glyph_tone or found.tone)] if found.glyph else [(" ", "")]
    room = width - (3 if found.glyph else 1) - (len(found.right) + 2 if found.right else 0)
    if found.right:
        return [spread(width, [*mark, (found.text, found.tone)], [(f"{found.right} ", found.glyph_tone or "quiet")])]
    texts = wrapped(found.text, max(room, 10))
    kept = [*texts[: most - 1], words.cut(" ".join(texts[most - 1 :]), room)] if len(texts) > most else texts
    return [
        line(*(mark if number == 0 else [(" " + indent, "")]), (text, found.tone)) for number, text in enumerate(kept)
    ]


def fitted(lines: tuple[cards.Line, ...], width: int, room: int) -> list[Content]:
    """All lines in a row each, and in two where there is room: advice first, what the server said last."""
    rows = [lines_of(found, width, 1) for found in lines]
    spare = room - len(rows)
    for number in reversed(range(len(rows))):
        longer = lines_of(lines[number], width)
        if len(longer) - 1 <= spare:
            spare -= len(longer) - 1
            rows[number] = longer
    return [row for found in rows for row in found]


class NowCard(Painted):
    """Headline, progress, what there is to know, and the one key that goes on, always in the last row."""

    def draw(self, cells: Size) -> Content:
        """At most `height` rows; what does not fit is counted, the key is never left out."""
        width, height = cells
        card = cards.card(self.view)
        rows = [line((f" {card.glyph} {card.headline}", card.tone)).stylize(".title")]
        if card.bar:
            label = f"  {card.bar.label}"
            length = max(min(width - len(label) - 2, 40), 6)
            rows.append(line((" ", ""), *bar(length, card.bar.fraction), (label, "text")))
        foot = [line((" ", ""), (f" {card.key} ", "cap"), (f" {card.does}", "strong"))] if card.key else []
        room = height - len(rows) - len(foot)
        body = fitted(card.lines, width, room)
        if len(body) > room > 0:
            hidden = len(body) - room + 1
            body = [*body[: room - 1], line((f"   … {hidden} more lines", "quiet"))]
        body = body[: max(room, 0)]
        blank = [line()] if room > len(body) + 1 else []
        return Content("\n").join([*rows, *blank, *body, *([line()] if room > len(body) + 1 else []), *foot])
