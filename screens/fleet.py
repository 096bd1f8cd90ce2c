"""The fleet: how far it is, whether it stopped and why, and one line a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

from dixis_tui.i18n import N_, _
from dixis_tui.model import Phase
from screens import fleet_keys, fleet_rows, words
from screens.fleet_rows import Key
from screens.view import LOOK, Mode, Spot, View
from screens.widgets.call_strip import CallStrip, calls_for
from screens.widgets.header import Header, WallClock
from screens.widgets.key_line import Says
from screens.widgets.painted import Painted, Part, bar, line, spread, style

if TYPE_CHECKING:
    from screens.app import CockpitApp

_LEAST_COLUMNS, _LEAST_ROWS = 60, 14
_CAPS = {"bad": "bad-cap", "warn": "warn-cap", "good": "good-cap", "work": "cap"}
_REPLAY = (("space", N_("play or pause")), ("← →", N_("step")), ("[ ]", N_("phase")), ("1 0", N_("speed")))
_ALWAYS = (("enter", N_("detail")), ("c", N_("checks")), ("g", N_("github")), ("o", N_("contacts")), ("q", N_("leave")))


class Head(Painted):
    """Where it stands in large, what there is of each state, how far, and what else is to be known."""

    def draw(self, cells: Size) -> Content:
        """Four rows."""
        view, width = self.view, cells.width
        told = fleet_rows.headline(view)
        text = words.cut(told.text, width - 4)
        first = line((f" {text} ", _CAPS.get(told.tone, "cap")))
        went = view.state.phase(Phase.MIGRATE)
        seconds = view.elapsed(went.started) if view.state.running is Phase.MIGRATE else went.seconds
        ran: list[Part] = [(f"{words.clock(seconds)} ", "strong")] if went.attempts else []
        second = spread(width, [(" ", ""), *fleet_rows.counts(view)], ran)
        fleet = view.state.fleet
        third = line((" ", ""), *bar(width - 2, fleet_rows.fraction(fleet) if fleet else 0.0))
        note = fleet_rows.remark(view)
        return Content("\n").join([first, second, third, line((f" {words.cut(note.text, width - 2)}", note.tone))])


class Targets(Painted):
    """The list, scrolled so that the cursor is in sight; the cursor stays on its row wherever that moves to."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._held: Key | None = None
        self._keys: list[Key] = []
        self._numbers: dict[str, int] = {}
        self._listed_in: object = None

    def keys(self) -> list[Key]:
        """The rows, sorted anew only where the state is another one: the clock ticks every second."""
        state = self.view.state
        if self._listed_in is not state:
            self._keys, self._listed_in = fleet_rows.keys(self.view), state
            self._numbers = fleet_rows.wave_numbers(state.fleet) if state.fleet else {}
        return self._keys

    def at(self) -> int:
        """The cursor's row; the first one where it was never moved, or its row is gone."""
        keys = self.keys()
        return keys.index(self._held) if self._held in keys else 0

    def selected(self) -> Key | None:
        """The row under the cursor."""
        keys = self.keys()
        return keys[self.at()] if keys else None

    def move(self, steps: int) -> None:
        """Hold another row; at the first one the cursor stays with whatever comes first."""
        keys = self.keys()
        if keys:
            at = max(min(self.at() + steps, len(keys) - 1), 0)
            self._held = keys[at] if at else None
            self.show(self.view)

    def draw(self, cells: Size) -> Content:
        """At most `height` rows are made, whatever the fleet has."""
        width, height = cells
        keys, at = self.keys(), self.at()
        first = min(max(at - height // 2, 0), max(len(keys) - height, 0))
        shown = [self._row(key, width, under=first + row == at) for row, key in enumerate(keys[first : first + height])]
        if height > 2 and first + height < len(keys):
            shown[-1] = line(
                (_("   ↓ {number} more").format(number=words.number(len(keys) - first - height + 1)), "quiet")
            )
        if height > 2 and first:
            shown[0] = line((_("   ↑ {number} more").format(number=words.number(first + 1)), "quiet"))
        return Content("\n").join(shown)

    def _row(self, key: Key, width: int, *, under: bool) -> Content:
        if key.code:
            left, right = fleet_rows.check_parts(self.view, key.code, width)
        else:
            wave = self._numbers.get(key.name, 0)
            fleet = self.view.state.fleet
            room = fleet_rows.name_cells(fleet, width) if fleet else 0
            left, right = fleet_rows.target_parts(self.view, key.name, wave, width, room)
        mark: Part = ("▸", "key") if under else (" ", "")
        drawn = spread(width - 1, [mark, *left], right)
        return drawn.stylize(style("cursor")) if under else drawn


class FleetKeys(Painted):
    """Never a key that would be refused."""

    def __init__(self, view: View, listed: Targets) -> None:
        super().__init__(view)
        self._listed = listed

    def draw(self, cells: Size) -> Content:
        """One row; the last ones go first where it is short."""
        made = fleet_keys.offers(self.view, self._listed.selected())
        acting = [(one.key, one.label) for one in made if not one.refusal]
        fixed = [(key, _(label)) for key, label in (*(_REPLAY if self.view.reel else ()), *_ALWAYS)]
        keys = fixed if self.view.reel else [*acting, *fixed]
        while sum(len(key) + len(label) + 4 for key, label in keys) > cells.width and len(keys) > 1:
            keys.pop(-2)
        parts: list[Part] = []
        for key, label in keys:
            parts += [(" ", ""), (key, "key"), (f" {label}  ", "quiet")]
        return line(*parts)


class FleetScreen(Screen[None]):
    """Under everything else where the run is over many databases."""

    AUTO_FOCUS = ""
    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOK)
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"act('{key}')", show=False) for key in ("space", "w", "r", "m", "s", "e")),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-16)", show=False),
        Binding("pagedown", "move(16)", show=False),
        Binding("home", "move(-99999)", show=False),
        Binding("end", "move(99999)", show=False),
        Binding("enter", "detail", show=False),
        Binding("c", "open('checks')", show=False),
        Binding("o", "open('contacts')", show=False),
        Binding("g", "open('github')", show=False),
        Binding("n", "open('notices')", show=False),
        Binding("q", "leave", show=False),
    ]

    def __init__(self, view: View, notice: str = "") -> None:
        super().__init__()
        self.view = view
        self._notice = notice
        self._targets = Targets(view)

    @property
    def cockpit_app(self) -> CockpitApp:
        """The app, which alone talks to the runner."""
        return self.app  # type: ignore[return-value]

    def compose(self) -> ComposeResult:
        """Mounted once, with the state that is known."""
        view = self.view
        self._mark(view)
        with Horizontal(id="top"):
            yield Header(view)
            yield WallClock(view, id="clock")
        if view.reel:
            from screens.widgets.replay_bar import ReplayBar

            yield ReplayBar(view)
        yield Head(view)
        yield self._targets
        yield CallStrip(view)
        yield Says(view, self._notice)
        yield FleetKeys(view, self._targets)
        yield Static(
            _(
                "This terminal is too small: at least {columns} columns and {rows} rows "
                "are needed. The fleet is not touched by that. q leaves."
            ).format(columns=_LEAST_COLUMNS, rows=_LEAST_ROWS),
            id="tiny",
            markup=False,
        )

    def on_resize(self) -> None:
        """Too small a terminal says so."""
        self._mark(self.view)

    def _mark(self, view: View) -> None:
        self.set_class(calls_for(view), "-grave")
        size = self.app.size
        self.set_class(size.width < _LEAST_COLUMNS or size.height < _LEAST_ROWS, "-tiny")
        self.set_class(size.width < fleet_rows.WIDE, "-narrow")
        self.set_class(view.mode is Mode.REPLAY, "-replay")

    def show(self, view: View) -> None:
        """Draw this moment; only what differs is repainted."""
        self.view = view
        self._mark(view)
        for widget in self.query(Painted):
            widget.show(view)

    # -- keys

    def _point(self) -> Key | None:
        """The row under the cursor, and the app's own cursor on it: that is what a tick or a waiver is for."""
        key = self._targets.selected()
        self.cockpit_app.hold(Spot(Phase.PREFLIGHT, key.code if key else ""))
        return key

    def action_act(self, letter: str) -> None:
        """What a key offers, or its sentence."""
        key = self._point()
        offer = fleet_keys.offer(self.view, letter, key)
        if offer.opens == "go" and not offer.refusal and self.view.mode is Mode.SECOND:
            from screens.fleet_go import FleetApproveScreen

            self.app.push_screen(FleetApproveScreen(self.view))
            return
        self.cockpit_app.act(offer)

    def action_move(self, steps: int) -> None:
        """The cursor."""
        self._targets.move(steps)
        self._point()

    def action_detail(self) -> None:
        """One target in full; of a check, its answer."""
        key = self._point()
        if key is None:
            return
        if key.code:
            self.cockpit_app.open("checks")
            return
        from screens.fleet_detail import FleetDetail

        self.app.push_screen(FleetDetail(self.view, key.name))

    def action_open(self, name: str) -> None:
        """Another screen over this one."""
        self.cockpit_app.open(name)

    def action_leave(self) -> None:
        """Leave the screen; the fleet goes on."""
        self.cockpit_app.leave()
