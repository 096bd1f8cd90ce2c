"""The presenter layout: one run for everybody on the call, on a shared screen, read from across a room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen

from dixis_tui.i18n import N_, _
from screens import cards, words
from screens.log_text import parse
from screens.view import LOOK, Link, Mode, View
from screens.widgets.call_strip import CallStrip, calls_for
from screens.widgets.header import Header, WallClock
from screens.widgets.key_line import Says
from screens.widgets.painted import Painted, Part, spread
from screens.widgets.replay_bar import ReplayBar
from screens.widgets.runbook import PhaseMarks
from screens.widgets.sheet import Sheet

if TYPE_CHECKING:
    from screens.app import CockpitApp

_TAIL_BYTES, _TAIL_LINES = 8192, 12
_KEYS = (
    ("v", N_("cockpit")),
    ("h", N_("migrations")),
    ("f", N_("after-watch")),
    ("g", "GitHub"),
    ("o", N_("contacts")),
    ("?", N_("help")),
    ("q", N_("leave")),
)


class PresenterScreen(Screen[None]):
    """Over the cockpit; `v` and Esc go back to it. It draws, and no key of it asks anything of the runner."""

    AUTO_FOCUS = ""
    CSS_PATH = "presenter.tcss"
    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOK)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v,escape", "cockpit", show=False),
        Binding("o", "open('contacts')", show=False),
        Binding("h", "open('outlook')", show=False),
        Binding("y", "open('history')", show=False),
        Binding("f", "open('after')", show=False),
        Binding("g", "open('github')", show=False),
        Binding("n", "open('notices')", show=False),
        Binding("question_mark", "open('help')", show=False),
        Binding("q", "leave", show=False),
    ]

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view

    @property
    def cockpit_app(self) -> CockpitApp:
        """The app, which alone talks to the runner."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        """Band, marks, sheet, what was last said, keys."""
        self.set_class(self.app.size.width < 98, "-narrow")
        self._mark(self.view)
        with Horizontal(id="top"):
            yield Header(self.view)
            yield WallClock(self.view, id="clock")
        if self.view.reel:
            yield ReplayBar(self.view)
        yield PhaseMarks(self.view)
        sheet = Sheet(self.view)
        sheet.last_lines = self._tail(self.view)
        yield sheet
        yield CallStrip(self.view)
        yield Says(self.view)
        yield PresenterKeys(self.view)

    def _tail(self, view: View) -> tuple[str, ...]:
        return log_tail(self.cockpit_app.client.log, view, self.cockpit_app.log_end())

    def on_resize(self, event: Resize) -> None:
        """The clock gives up its date where the row is short."""
        self.set_class(event.size.width < 98, "-narrow")

    def _mark(self, view: View) -> None:
        self.set_class(calls_for(view), "-grave")
        self.set_class(view.demo or view.state.drill, "-demo")
        self.set_class(view.mode is Mode.REPLAY, "-replay")
        self.set_class(view.state.run is None, "-nothing")
        self.set_class(cards.card(view).alarm, "-alarm")

    def show(self, view: View) -> None:
        """Draw this moment."""
        self.view = view
        self._mark(view)
        for sheet in self.query(Sheet):
            sheet.last_lines = self._tail(view)
        for widget in self.query(Painted):
            widget.show(view)

    def action_cockpit(self) -> None:
        """Back to the cockpit under it."""
        self.dismiss()

    def action_open(self, name: str) -> None:
        """Something to read, over this."""
        self.cockpit_app.open(name)

    def action_leave(self) -> None:
        """Leave the screen; the run goes on."""
        self.cockpit_app.leave()


class PresenterKeys(Painted):
    """The few keys, and at the right whose screen it is and how it knows what it shows."""

    def draw(self, cells: Size) -> Content:
        """One row."""
        right = f" {source(self.view)} "
        run = self.view.state.run
        never = (() if run and run.github else ("g",)) + (() if self.view.state.after else ("f",))
        for dropped in (never, (*never, "h"), (*never, "h", "o"), (*never, "g", "h", "o"), ("f", "g", "h", "o", "?")):
            keys: list[Part] = []
            for key, label in ((key, _(label)) for key, label in _KEYS):
                keys += [(" ", ""), (key, "key"), (f" {label} ", "text")] if key not in dropped else []
            if sum(len(text) for text, _ in keys) + len(right) < cells.width:
                break
        return spread(cells.width, keys, [(right, "strong")])


def source(view: View) -> str:
    """How this screen knows what it shows."""
    if view.mode is Mode.OPERATOR:
        return _("the operator's screen")
    if view.mode is Mode.REPLAY:
        return _("replay")
    if view.state.ended:
        return _("watching: the run has ended")
    last = _("last entry {time}").format(time=view.at(view.state.last_at, seconds=True))
    if view.link is Link.GONE:
        return _("watching: {last}").format(last=last)
    if view.link is Link.UNSEEN:
        return _("watching the journal: {last}").format(last=last)
    return _("watching")


def log_tail(path: Path, view: View, end: int | None = None) -> tuple[str, ...]:
    """The last lines of the log's first `end` bytes, or of all, with local times; none where it can't be read."""
    try:
        with path.open("rb") as file:
            end = path.stat().st_size if end is None else end
            start = max(end - _TAIL_BYTES, 0)
            file.seek(start)
            data = file.read(end - start)
    except OSError:
        return ()
    found = [parse(raw) for raw in data.split(b"\n")[-_TAIL_LINES - 1 : -1]]
    return tuple(f"{words.moment(one.at, view.zone, seconds=True) if one.at else ''} {one.text}" for one in found)
