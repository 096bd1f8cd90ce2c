"""The cockpit: where are we, what comes next, how long, is it safe, can we still go back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import DescendantBlur, DescendantFocus, Resize
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from dixis_tui.i18n import N_, _
from screens import cards, guide
from screens.view import LOOK, Mode, View
from screens.widgets.call_strip import CallStrip, calls_for
from screens.widgets.countdown import Countdown
from screens.widgets.detail import Detail
from screens.widgets.header import Header, WallClock
from screens.widgets.key_line import KeyLine, Says
from screens.widgets.log_view import LogView
from screens.widgets.now_card import NowCard
from screens.widgets.painted import Painted
from screens.widgets.runbook import PhaseMarks, Runbook
from screens.widgets.timeline import Timeline

if TYPE_CHECKING:
    from screens.app import CockpitApp

_LEAST_COLUMNS, _LEAST_ROWS = 60, 16
_LOG_HAS_KEYS = N_("The log has the keys: esc gives them back to the runbook.")


_W = TypeVar("_W", bound=Widget)


def _titled(widget: _W, title: str) -> _W:
    """The rule above a pane says what it is."""
    widget.border_title = f" {title} "
    return widget


class Cockpit(Screen[None]):
    """Draws the view it is given and turns keys into what the guide offers."""

    AUTO_FOCUS = ""
    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOK)
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(key, f"act('{key}')", show=False)
            for key in ("enter", "space", "w", "r", "p", "m", "a", "x", "s", "e")
        ),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("home", "home", show=False),
        Binding("escape", "back", show=False),
        Binding("l", "log", show=False),
        Binding("c", "checks", show=False),
        Binding("h", "outlook", show=False),
        Binding("y", "history", show=False),
        Binding("f", "after", show=False),
        Binding("b", "radar", show=False),
        Binding("u", "access", show=False),
        Binding("g", "github", show=False),
        Binding("n", "notices", show=False),
        Binding("t", "trouble", show=False),
        Binding("o", "contacts", show=False),
        Binding("v", "present", show=False),
        Binding("question_mark", "help", show=False),
        Binding("q", "leave", show=False),
    ]

    def __init__(self, view: View, notice: str = "") -> None:
        super().__init__()
        self.view = view
        self._notice = notice

    @property
    def cockpit_app(self) -> CockpitApp:
        """The app, which alone talks to the runner."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        """Mounted once, with the state that is known: the first frame is right."""
        view, app = self.view, self.cockpit_app
        self._fit(self.app.size.width, self.app.size.height)
        self._mark(view)
        with Horizontal(id="top"):
            yield Header(view)
            yield WallClock(view, id="clock")
        if view.reel:
            from screens.widgets.replay_bar import ReplayBar

            yield ReplayBar(view)
        yield PhaseMarks(view)
        with Horizontal(id="body"):
            yield _titled(Runbook(view, id="left", classes="pane"), _("RUNBOOK"))
            with Vertical(id="right"):
                yield _titled(Countdown(view, id="time", classes="pane"), _("COUNTDOWN"))
                yield Timeline(view)
                yield _titled(NowCard(view, id="now", classes="pane"), _("NOW"))
                yield _titled(Detail(view, id="selected", classes="pane"), _("SELECTED"))
                log = LogView(app.client.log, view.zone, frequency=app.log_frequency, limit=app.log_end)
                yield _titled(log, _("LOG"))
        yield CallStrip(view)
        yield Says(view, self._notice)
        yield KeyLine(view)
        replay = _("REPLAY. ") if view.reel else ""
        yield Static(
            _(
                "{replay}This terminal is too small: at least {columns} columns and "
                "{rows} rows are needed. The run is not touched by that. q leaves."
            ).format(replay=replay, columns=_LEAST_COLUMNS, rows=_LEAST_ROWS),
            id="tiny",
            markup=False,
        )

    def on_resize(self, event: Resize) -> None:
        """Another layout where the terminal has another size."""
        self._fit(event.size.width, event.size.height)

    def _fit(self, columns: int, rows: int) -> None:
        compact = columns < 98 or rows < 28
        self.set_class(columns < _LEAST_COLUMNS or rows < _LEAST_ROWS, "-tiny")
        self.set_class(compact, "-compact")
        self.set_class(not compact and rows < 38, "-low")
        self.set_class(columns >= 160, "-wide")
        self.set_class(columns < 116, "-narrow")

    def _mark(self, view: View) -> None:
        self.set_class(calls_for(view), "-grave")
        self.set_class(view.demo or view.state.drill, "-demo")
        self.set_class(view.mode is Mode.REPLAY, "-replay")
        self.set_class(view.state.run is None, "-nothing")
        self.set_class(cards.card(view).alarm, "-alarm")
        self.set_class(view.state.ended is not None, "-ended")

    def show(self, view: View) -> None:
        """Draw this moment; only what differs is repainted."""
        self.view = view
        self._mark(view)
        for widget in self.query(Painted):
            widget.show(view)

    def say(self, text: str, tone: str = "text") -> None:
        """One sentence above the keys."""
        for says in self.query(Says):  # none where the screen is on its way out
            says.say(text, tone)

    # -- keys

    def _log_focused(self) -> bool:
        return self.focused is not None and any(isinstance(node, LogView) for node in self.focused.ancestors_with_self)

    def action_act(self, key: str) -> None:
        """What the guide offers for this key, or its sentence."""
        if self._log_focused():
            self.say(_(_LOG_HAS_KEYS), "warn")
            return
        self.cockpit_app.act(guide.offer(self.view, key))

    def action_move(self, steps: int) -> None:
        """The cursor in the runbook."""
        self.cockpit_app.move(steps)

    def action_home(self) -> None:
        """The cursor back to what needs the operator."""
        self.cockpit_app.go_home()

    def action_back(self) -> None:
        """From the log back to the runbook; there, the cursor back to what needs the operator."""
        if self._log_focused():
            self.set_focus(None)
        else:
            self.cockpit_app.go_home()

    def action_log(self) -> None:
        """The keys to the log pane."""
        # At once: what was typed behind it (a slow line sends both together) is for the log, not for the run.
        self.set_focus(self.query_one(LogView).lines)

    def action_checks(self) -> None:
        """All checks with what was seen."""
        self.cockpit_app.open("checks")

    def action_outlook(self) -> None:
        """What each migration will do, and what it took."""
        self.cockpit_app.open("outlook")

    def action_history(self) -> None:
        """The runs on this target."""
        self.cockpit_app.open("history")

    def action_after(self) -> None:
        """Whether it is as before, and what became worse."""
        self.cockpit_app.open("after")

    def action_radar(self) -> None:
        """Who blocks us, and who waits behind us."""
        self.cockpit_app.open("radar")

    def action_access(self) -> None:
        """Who was connected to production."""
        self.cockpit_app.open("access")

    def action_github(self) -> None:
        """What is closed there; from the dispatch on, its run step by step."""
        self.cockpit_app.open("github")

    def action_notices(self) -> None:
        """What is told to people."""
        self.cockpit_app.open("notices")

    def action_trouble(self) -> None:
        """What went wrong, and the ways out."""
        self.cockpit_app.open("trouble")

    def action_contacts(self) -> None:
        """Whom to call."""
        self.cockpit_app.open("contacts")

    def action_present(self) -> None:
        """The presenter layout, for a shared screen."""
        self.cockpit_app.present()

    def action_help(self) -> None:
        """What keys, words and glyphs mean."""
        self.cockpit_app.open("help")

    def action_leave(self) -> None:
        """Leave the screen; the run goes on."""
        self.cockpit_app.leave()

    def _name_keys(self) -> None:
        for keys in self.query(KeyLine):
            keys.focus_on_log(self._log_focused())

    def on_descendant_focus(self, _: DescendantFocus) -> None:
        """The footer tells whose the keys are."""
        self._name_keys()

    def on_descendant_blur(self, _: DescendantBlur) -> None:
        """The footer tells whose the keys are."""
        self._name_keys()
