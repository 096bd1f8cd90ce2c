"""The log pane: a run's log as it grows, with follow, search and a filter by source."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from time import perf_counter
from typing import ClassVar, Self
from zoneinfo import ZoneInfo

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.geometry import Region
from textual.widgets import Input, Static

from dixis_tui.i18n import _
from screens import words
from screens.log_store import SLICE, LogStore
from screens.widgets.log_lines import ASCII_GLYPHS, Glyphs, LogLines

_BREATH = 0.002
"""Seconds between two slices of work: without a real pause keys would wait behind them."""


class LogView(Vertical):
    """The log file at `path`, which need not exist yet, with times shown in `timezone`.

    `frequency` is how often a second the file is looked at and the screen brought up to date; `limit`, how many bytes
    of it count at that look.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "toggle_follow", "Follow"),
        Binding("slash", "open_search", "Search", key_display="/"),
        Binding("s", "next_source", "Source"),
        Binding("n,enter", "find(1)", "Next match", show=False),
        Binding("N", "find(-1)", "Previous match", show=False),
        Binding("escape", "close_search", "Close search", show=False),
    ]

    BORDER_TITLE = "LOG"

    DEFAULT_CSS = """
    LogView {
        border: solid $border-blurred;
        border-title-style: bold;
        &:focus-within { border: solid $border; }
        & > LogLines { height: 1fr; }
        & > #log-search {
            dock: bottom;
            height: 1;
            display: none;
            & > #log-search-mark { width: 2; }
            & > #log-search-count { width: auto; max-width: 50%; padding: 0 1; }
            & > Input { width: 1fr; background: transparent; }
        }
    }
    """

    _status_only = False  # A class's, since the base class refreshes before `__init__` is through.

    def __init__(
        self,
        path: Path,
        timezone: ZoneInfo,
        *,
        frequency: float = 3.0,
        ascii_only: bool = False,
        limit: Callable[[], int | None] | None = None,
        id: str | None = None,  # noqa: A002 - Textual's own name
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.store = LogStore(path, limit)
        self.lines = LogLines(self.store, timezone, ASCII_GLYPHS if ascii_only else Glyphs())
        self._separator = " | " if ascii_only else " · "
        self._frequency = frequency
        self._hunter: Iterator[int | None] | None = None
        self._working = False
        self._status = ""

    def compose(self) -> ComposeResult:
        """The lines, and under them the search, hidden until it is asked for."""
        yield self.lines
        with Horizontal(id="log-search"):
            yield Static("/", id="log-search-mark", markup=False)
            # Selecting comes with a focus event, after letters that were typed ahead: they would be overwritten.
            field = Input(compact=True, placeholder=_("search"), id="log-search-text", select_on_focus=False)
            field.cursor_blink = False
            yield field
            yield Static("", id="log-search-count", markup=False)

    def on_mount(self) -> None:
        """Look at once, then at the given frequency."""
        self._look()
        self.set_interval(1 / self._frequency, self._look)

    def on_unmount(self) -> None:
        """Let go of the file."""
        self.store.close()

    def on_resize(self) -> None:
        """The status says as much as the frame has room for."""
        self._show_status()

    def focus(self, scroll_visible: bool = True) -> Self:
        """Focus the lines."""
        self.lines.focus(scroll_visible)
        return self

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """As a widget's; a new status repaints the frame's lower edge alone, not the whole pane."""
        if self._status_only and not regions and not layout and not recompose:
            regions = (Region(-1, self.size.height, self.outer_size.width, 1),)
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    # -- the work: in slices, so that keys stay prompt

    def _look(self) -> None:
        self._work()
        self._publish()

    def _work(self) -> None:
        more = self.store.refresh()
        deadline = perf_counter() + SLICE
        while self._hunter is not None and perf_counter() < deadline:
            self._hunt_on(self._hunter)
        if (more or self._hunter is not None) and not self._working:
            self._working = True
            self.set_timer(_BREATH, self._work_on)

    def _work_on(self) -> None:
        self._working = False
        self._work()
        if not self._working:
            self._publish()

    def _publish(self) -> None:
        self.lines.sync()
        self._show_status()
        self._show_count()

    def _hunt_on(self, hunter: Iterator[int | None]) -> None:
        try:
            found = next(hunter)
        except StopIteration:
            self._hunter = None
            return
        if found is not None:
            self._hunter = None
            self._stand_on(found)

    # -- keys

    def on_key(self, event: Key) -> None:
        """Letters typed ahead of a search that is just opening (a slow line sends them together) belong to it."""
        field = self.query_one(Input)
        if self.screen.focused is self.lines and event.key == "slash":
            event.stop()  # The binding would act too late: those letters are already on their way to the lines.
            self.action_open_search()
        elif self.screen.focused is field and event.is_printable and event.character:
            event.stop()
            field.replace(event.character, *field.selection)

    def action_toggle_follow(self) -> None:
        """Follow the log's end, or stay."""
        self.lines.follow = not self.lines.follow

    def action_next_source(self) -> None:
        """Show all sources, then each that has written something, then all again."""
        choices = [None, *(frozenset({source}) for source in self.store.present)]
        now = choices.index(self.store.sources) if self.store.sources in choices else -1
        self.lines.hold()
        self.store.set_sources(choices[(now + 1) % len(choices)])
        self.lines.refresh()
        self._look()

    def action_open_search(self) -> None:
        """Open the search, or go back to it."""
        field = self.query_one(Input)
        self.query_one("#log-search").display = True
        self.screen.set_focus(field)
        field.action_select_all()

    def action_close_search(self) -> None:
        """Close the search and forget its matches; elsewhere the key keeps its meaning."""
        bar = self.query_one("#log-search")
        if not bar.display:
            raise SkipAction
        self.screen.set_focus(self.lines)
        bar.display = False
        self.query_one(Input).value = ""
        self._search("")

    def action_find(self, direction: int) -> None:
        """To the next match down (1) or up (-1), round the end; a search that begins while following looks up."""
        if not self.store.needle:
            raise SkipAction
        last = self.store.line_count - 1
        if self.lines.current is not None:
            start = self.lines.current + direction
        elif self.lines.follow:
            start, direction = last, -1
        else:
            start = self.lines.top() or 0
        around = 0 if direction > 0 else last
        pattern = self.store.needle
        self._hunter = chain(
            self.store.hunt(pattern, start, direction) if 0 <= start <= last else (),
            self.store.hunt(pattern, around, direction),
        )
        self._look()

    @on(Input.Changed, "#log-search-text")
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self._search(event.value)

    @on(Input.Submitted, "#log-search-text")
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.set_focus(self.lines)
        if self.store.needle:
            self.action_find(1)

    @on(LogLines.FollowChanged)
    def _follow_changed(self, event: LogLines.FollowChanged) -> None:
        event.stop()
        self._show_status()

    def _search(self, pattern: str) -> None:
        self._hunter = None
        self.lines.current = None
        self.store.set_search(pattern)
        self.lines.refresh()
        self._look()

    def _stand_on(self, number: int) -> None:
        self.lines.current = number
        self.lines.show(number)
        self.lines.refresh()

    # -- what the frame says

    def _show_status(self) -> None:
        status = self._fitting(max(0, self.size.width - 2))
        if status == self._status:
            return
        self._status = status
        self._status_only = True
        try:
            self.border_subtitle = status
        finally:
            self._status_only = False

    def _fitting(self, room: int) -> str:
        follow = _("follow") if self.lines.follow else _("paused")
        rows, lines = self.store.row_count, self.store.line_count
        sources = ", ".join(sorted(self.store.sources or ()))
        filtered = _("{sources} only").format(sources=sources) if sources else _("all sources")
        count = words.count(lines, "line", "lines")
        if sources:
            count = _("{rows} of {lines} lines").format(rows=words.number(rows), lines=words.number(lines))
        forms = [[follow, filtered, count], [follow, *([filtered] if sources else []), words.number(rows)]]
        forms += [[follow, *([sources] if sources else [])], [follow]]
        texts = [self._separator.join(form) for form in forms]
        return next((text for text in texts if len(text) <= room), follow)

    def _show_count(self) -> None:
        count, label = self.store.match_count, self.query_one("#log-search-count", Static)
        if not self.store.needle:
            text = ""
        elif not self.store.match_count_complete:
            text = f"{words.number(count)}+"
        elif not count:
            text = _("no match")
        elif self.lines.current is None:
            text = words.count(count, "match", "matches")
        else:
            text = _("{number} of {count}").format(
                number=words.number(self.store.match_rank(self.lines.current) + 1), count=words.number(count)
            )
        if str(label.content) != text:
            label.update(text)
