"""The lines of a run's log as a scrolling surface: draws the rows that can be seen, straight from the store."""

from __future__ import annotations

from typing import ClassVar
from zoneinfo import ZoneInfo

from msgspec import Struct
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from dixis_tui.i18n import _, sentence
from screens.log_store import LogStore
from screens.log_text import SOURCES, LogLine, spans

_TIME = 8
_SOURCE = 10
_WITH_SOURCE = 48
"""Columns from which the source has a place; below, the text needs it more."""
_WITH_TIME = 28
_PAN = 16


class Glyphs(Struct, frozen=True):
    """The marks that say what colours say; one cell each."""

    error: str = "✖"
    warning: str = "▲"
    cut: str = "…"


ASCII_GLYPHS = Glyphs(error="x", warning="!", cut=">")


class LogLines(ScrollView, can_focus=True):
    """Rows of `store`: local time, source, a mark for warnings and errors, and the text, cut where the room ends.

    Text is drawn as it is and never read as markup. While `follow` is on the last row stays in sight.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "log-lines--time",
        "log-lines--source",
        "log-lines--warning",
        "log-lines--error",
        "log-lines--match",
        "log-lines--match-current",
        "log-lines--empty",
        *(f"log-lines--{source}" for source in SOURCES),
    }

    ALLOW_SELECT = False

    DEFAULT_CSS = """
    LogLines {
        overflow-x: hidden;
        overflow-y: scroll;
        scrollbar-size-vertical: 1;
        & > .log-lines--time, & > .log-lines--empty { color: $text-muted; }
        & > .log-lines--source { color: $text-muted; }
        & > .log-lines--runner { color: $text-primary; }
        & > .log-lines--postgres, & > .log-lines--server { color: $text-accent; }
        & > .log-lines--pg_dump, & > .log-lines--pg_restore { color: $text-secondary; }
        & > .log-lines--prisma, & > .log-lines--health { color: $text-success; }
        & > .log-lines--operator { color: $text; text-style: bold; }
        & > .log-lines--warning { color: $text-warning; }
        & > .log-lines--error { color: $text-error; text-style: bold; }
        & > .log-lines--match { color: $text-accent; text-style: bold underline; }
        & > .log-lines--match-current { text-style: bold reverse; }
    }
    """

    follow: var[bool] = var(True)
    """Whether the last row stays in sight as the log grows."""

    pan: var[int] = var(0)
    """Cells of the text that are hidden at the left."""

    class FollowChanged(Message):
        """`follow` was turned on or off, by a key, the wheel or the scroll bar."""

    def __init__(self, store: LogStore, timezone: ZoneInfo, glyphs: Glyphs = Glyphs()) -> None:  # noqa: B008
        super().__init__()
        self.current: int | None = None
        """Number of the line that the search stands on."""
        self._store = store
        self._timezone = timezone
        self._glyphs = glyphs
        self._rows = 0
        self._generation = store.generation
        self._wanted: int | None = None
        self._wanted_below = 0

    # -- what the store tells

    def sync(self) -> None:
        """Draw what changed in the store since the last call, and nothing where nothing did."""
        rows, before = self._store.row_count, self._rows
        if self._store.generation != self._generation:
            self._generation, self.current, self._wanted = self._store.generation, None, None
            self.refresh()
        if rows != before:
            self._rows = rows
            # Assigned, it would have the whole screen laid out and every row drawn anew for each line that comes.
            self.set_reactive(LogLines.virtual_size, Size(self.size.width, rows))
            # While paused the thumb moves less than can be seen: not worth a column of escapes a few times a second.
            bar = self.vertical_scrollbar
            if self.follow or rows < before or (rows - bar.window_virtual_size) * 100 > rows:
                bar.window_virtual_size = rows
            first, height = self.scroll_offset.y, self.size.height
            if rows < before or before == 0:
                self.scroll_y = min(self.scroll_y, self.max_scroll_y)
                self.refresh()
            elif before < first + height:
                self.refresh_lines(before, min(rows, first + height) - before)
        if self._wanted is not None:
            self._to(self._store.row(self._wanted) - self._wanted_below)
            self._wanted = None if self._store.is_placed(self._wanted) else self._wanted
        elif self.follow:
            self._to(self.max_scroll_y)

    def show(self, number: int) -> None:
        """Bring the line `number` and its first match into sight, moving as little as need be; stop following."""
        self.follow = False
        self._reveal(self._store.line(number))
        row, first, height = self._store.row(number), self.scroll_offset.y, self.size.height
        inside = first <= row < first + height
        self._keep(number, row - first if inside else height // 3)

    def _reveal(self, line: LogLine) -> None:
        found = spans(line.text, self._store.needle)
        if not found:
            return
        start, end = (cell_len(line.text[:place]) for place in found[0])
        room = self.size.width - self.scrollbar_size_vertical - Strip(self._columns(line, self.rich_style)).cell_length
        if end < room:
            self.pan = 0
        elif start <= self.pan or end >= self.pan + room:
            self.pan = max(0, start - room // 3)

    def hold(self) -> None:
        """Remember the top line, before a filter changes; :meth:`sync` brings it back to the top."""
        if not self.follow and self.scroll_offset.y < self._store.row_count:
            self._keep(self._store.number(self.scroll_offset.y), 0)

    def top(self) -> int | None:
        """Number of the first line in sight, or None where there is none."""
        row = self.scroll_offset.y
        return self._store.number(row) if row < self._store.row_count else None

    def _keep(self, number: int, below: int) -> None:
        self._wanted, self._wanted_below = number, below

    def _to(self, row: int) -> None:
        self.scroll_to(y=row, animate=False, force=True)

    # -- moving

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling up by whatever means ends following; being moved by a shrinking log does not."""
        super().watch_scroll_y(old_value, new_value)
        if self.follow and new_value < old_value and new_value < self.max_scroll_y:
            self.follow = False

    def watch_follow(self, follow: bool) -> None:
        """Catch up at once where it was turned on."""
        if follow:
            self._wanted = None
            self.vertical_scrollbar.window_virtual_size = self._rows
            self._to(self.max_scroll_y)
        self.post_message(self.FollowChanged())

    def watch_pan(self) -> None:
        """The text moves, the columns stay."""
        self.refresh()

    def on_resize(self) -> None:
        """The last row stays in sight in a smaller room, too."""
        if self.follow:
            self._to(self.max_scroll_y)

    def action_scroll_up(self) -> None:
        """One row up."""
        self._by(-1)

    def action_scroll_down(self) -> None:
        """One row down."""
        self._by(1)

    def action_page_up(self) -> None:
        """One screen up, with a row in common."""
        self._by(1 - self.size.height)

    def action_page_down(self) -> None:
        """One screen down, with a row in common."""
        self._by(self.size.height - 1)

    def action_scroll_home(self) -> None:
        """To the first row."""
        self._by(-self._rows)

    def action_scroll_end(self) -> None:
        """To the last row, and follow it."""
        self.follow = True

    def action_scroll_left(self) -> None:
        """Back towards the text's beginning."""
        self.pan = max(0, self.pan - _PAN)

    def action_scroll_right(self) -> None:
        """Towards the text's end, where a row in sight has more of it."""
        first = self.scroll_offset.y
        for row in range(first, min(first + self.size.height, self._store.row_count)):
            if cell_len(self._store.line(self._store.number(row)).text) > self.pan + _PAN:
                self.pan += _PAN
                return

    def _by(self, rows: int) -> None:
        self._wanted = None
        self._to(self.scroll_offset.y + rows)

    # -- drawing

    def render_line(self, y: int) -> Strip:
        """One row of the window, up to the scroll bar."""
        width = self.size.width - self.scrollbar_size_vertical
        row = self.scroll_offset.y + y
        base = self.rich_style
        if row >= self._store.row_count:
            return self._hint(width, base) if y == 0 and not self._store.row_count else Strip.blank(width, base)
        number = self._store.number(row)
        line = self._store.line(number)
        columns = Strip(self._columns(line, base))
        text = self._text(line, base, max(1, width - columns.cell_length), number == self.current)
        return Strip.join([columns, text]).adjust_cell_length(width, base)

    def _hint(self, width: int, base: Style) -> Strip:
        if self._store.problem:
            hint, style = sentence(self._store.problem), self.get_component_rich_style("log-lines--error")
        else:
            sources = ", ".join(sorted(self._store.sources or ()))
            hint = (
                _("Nothing from {sources} yet").format(sources=sources)
                if sources
                else _("Nothing has been written yet")
            )
            style = self.get_component_rich_style("log-lines--empty")
        return self._cut(Strip([Segment(hint, style)]), width, style).adjust_cell_length(width, base)

    def _columns(self, line: LogLine, base: Style) -> list[Segment]:
        width = self.size.width - self.scrollbar_size_vertical
        columns = []
        if width >= _WITH_TIME:
            time = line.at.astimezone(self._timezone).strftime("%H:%M:%S") if line.at else ""
            columns.append(Segment(f"{time:{_TIME}} ", self.get_component_rich_style("log-lines--time")))
        if width >= _WITH_SOURCE:
            known = line.source if line.source in SOURCES else "source"
            style = self.get_component_rich_style(f"log-lines--{known}")
            columns.append(Segment(f"{line.source[:_SOURCE]:{_SOURCE}} ", style))
        mark = {"error": self._glyphs.error, "warning": self._glyphs.warning}.get(line.level, " ")
        columns.append(Segment(f"{mark} ", self._level_style(line, base)))
        return columns

    def _level_style(self, line: LogLine, base: Style) -> Style:
        return base if line.level == "info" else self.get_component_rich_style(f"log-lines--{line.level}")

    def _text(self, line: LogLine, base: Style, room: int, is_current: bool) -> Strip:
        style = self._level_style(line, base)
        # Four characters a cell are more than any honest text needs; a line of 64 kB is not measured to its end.
        limit = (self.pan + room + 1) * 4
        text = line.text[:limit]
        marked = style + self.get_component_rich_style(
            "log-lines--match-current" if is_current else "log-lines--match", partial=True
        )
        segments, at = [], 0
        for start, end in spans(text, self._store.needle):
            segments += [Segment(text[at:start], style), Segment(text[start:end], marked)]
            at = end
        segments.append(Segment(text[at:], style))
        return self._cut(Strip([segment for segment in segments if segment.text]), room, style, len(line.text) > limit)

    def _cut(self, strip: Strip, room: int, style: Style, longer: bool = False) -> Strip:
        """What fits into `room` cells from `pan` on, with a mark at each end that is cut."""
        mark = Strip([Segment(self._glyphs.cut, style)])
        if self.pan and strip.cell_length:
            strip = Strip.join([mark, strip.crop(self.pan + 1)])
        if strip.cell_length > room or longer:
            strip = Strip.join([strip.crop(0, room - 1), mark])
        return strip
