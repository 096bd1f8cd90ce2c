"""The app: reads the run's state, follows it, sends commands. It alone talks to the client."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path, PurePath
from typing import Any, ClassVar, Protocol

import msgspec
from rich.console import RenderableType
from rich.text import Text
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual.screen import Screen

from dixis_tui import events as ev
from dixis_tui.i18n import _
from dixis_tui.run import commands as cmd
from dixis_tui.run import folders, policy
from dixis_tui.run.state import Entry, RunState, apply
from screens import spots
from screens.cockpit import Cockpit
from screens.guide import Offer
from screens.painter import Painter, erases
from screens.terminal_gone import leave_if_hung_up
from screens.theme import THEME
from screens.view import Clock, Link, Mode, Shows, Spot, View
from screens.widgets.key_line import Says

LEAVE = "leave"
_ASKED_SECONDS = 10.0
"""After that a command that showed nowhere may be given again."""
_TONES = {"info": "quiet", "warning": "warn", "error": "bad"}


class RunClient(Protocol):
    """What the screens need of a run's client."""

    run_id: str
    folder: Path
    log: Path

    @property
    def live(self) -> bool:
        """Whether there may be more to come."""

    @property
    def seen(self) -> bool:
        """Whether `live` was seen, and is not only what can be hoped."""

    def read(self) -> list[Entry]:
        """The entries added since the last call."""

    async def follow(self, changed: Callable[[], None]) -> None:
        """Call `changed` whenever entries were added; returns when the runner is gone."""

    async def send(self, command: cmd.Command) -> str:
        """Empty when the command was taken, else why not, as one sentence."""


class CockpitApp(App[str]):
    """One run on the screen. The result is `leave`."""

    TITLE = "Dixis"
    ENABLE_COMMAND_PALETTE = False
    CSS_PATH: ClassVar[list[str | PurePath]] = ["look.tcss", "cockpit.tcss", "fleet.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+c", "interrupted", show=False, system=True),
        Binding("ctrl+l", "redraw", show=False, priority=True),
        # Of the app itself: no screen, no dialog and no field for text may keep anybody from the numbers.
        Binding("ctrl+o", "contacts", show=False, priority=True),
    ]

    def __init__(
        self,
        client: RunClient,
        operator: str,
        notice: str = "",
        *,
        clock: Clock | None = None,
        mode: Mode = Mode.OPERATOR,
        presents: bool = False,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.register_theme(THEME)
        self.theme = THEME.name
        self.client = client
        self.clock = clock or Clock()
        self._painter = Painter(erases=erases())
        self._operator = operator
        self._notice = notice
        self._presents = presents
        self._held: Spot | None = None
        self._held_in = ""
        self._progress_at: datetime | None = None
        self._asked_at = 0
        self._asked_since = 0.0
        self._noted: ev.Noted | None = None
        self.view = View(
            state=RunState(),
            now=self.clock.utc(),
            mode=mode,
            operator=operator,
            journal=str(client.folder / folders.JOURNAL),
        )
        self._read()
        self._noted = self._last_note()

    def get_default_screen(self) -> Screen[Any]:
        """The cockpit, drawn from the state that was read before anything was mounted; a fleet's is its list."""
        if self.view.state.many:
            from screens.fleet import FleetScreen

            return FleetScreen(self.view, self._notice)
        return Cockpit(self.view, self._notice)

    def on_mount(self) -> None:
        """Begin to follow the run, and let the clocks tick."""
        self.set_interval(1.0, self._tick)
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        if self._presents:
            self.present()
        self.run_worker(self._follow(), group="follow", exclusive=True, exit_on_error=True)

    # -- the log

    log_frequency = 2.0
    """How often a second the log pane looks."""

    def log_end(self) -> int | None:
        """How many bytes of the log count now; None: all of them."""
        return None

    # -- the state

    @property
    def cockpit(self) -> Screen[Any]:
        """The screen under everything else."""
        return self.screen_stack[0]

    async def _follow(self) -> None:
        await self.client.follow(self._changed)
        self._read()
        self._lost()

    def _changed(self) -> None:
        self._read()
        if self.client.live:
            self._publish(link=Link.LIVE if self.client.seen else Link.UNSEEN, gone_at=None)
        elif self.view.mode is Mode.WATCHER and self.view.link is not Link.GONE:
            self._lost()  # a watcher goes on looking: another runner may take the run up
        else:
            self._publish()

    def _lost(self) -> None:
        at = self.clock.utc() if self.view.link is Link.LIVE else self.view.state.last_at
        self._publish(link=Link.GONE, gone_at=at if self.view.state.ended is None else None, asked="")

    def _read(self) -> None:
        state = self.view.state
        for entry in self.client.read():
            before = state.progress
            state = apply(state, entry)
            if state.progress and (before is None or before.what != state.progress.what):
                self._progress_at = entry.at
        asked = self.view.asked if state.entries == self._asked_at else ""
        self.view = msgspec.structs.replace(
            self.view, state=state, now=self.clock.utc(), asked=asked, progress_at=self._progress_at
        )
        self._place()

    def _place(self) -> None:
        """The cursor stays where it was put, until the run moves on to another phase."""
        state = self.view.state
        phase = policy.current_phase(state)
        if self._held is not None and self._held_in != phase:
            self._held = None
        spot = self._held or spots.home(state)
        if spot not in spots.rows(state, spot):
            spot = Spot(spot.phase)
        self.view = msgspec.structs.replace(self.view, spot=spot)

    def _publish(self, **changes: Any) -> None:
        self.view = msgspec.structs.replace(self.view, now=self.clock.utc(), **changes)
        for screen in self.screen_stack:
            if isinstance(screen, Shows) and screen.is_mounted:
                screen.show(self.view)
        self._say_notes()

    def _say_notes(self) -> None:
        # On the way out news may still come, and there is no screen left to say them on.
        if not self.screen_stack or not self.cockpit.is_mounted:
            return
        note = self._last_note()
        if note is not None and note is not self._noted:
            self.say(note.text, _TONES.get(note.level, "quiet"))
        self._noted = note

    def _last_note(self) -> ev.Noted | None:
        return self.view.state.notes[-1] if self.view.state.notes else None

    def _tick(self) -> None:
        if not self.is_headless:
            leave_if_hung_up()
        gc.enable()
        if self.view.asked and self.clock.monotonic() - self._asked_since > _ASKED_SECONDS:
            self.view = msgspec.structs.replace(self.view, asked="")
        self._publish()

    # -- the cursor

    def move(self, steps: int) -> None:
        """Move the cursor, and hold it where it is put."""
        self.hold(spots.moved(self.view.state, self.view.spot, steps))

    def hold(self, spot: Spot) -> None:
        """Put the cursor on this row."""
        self._held, self._held_in = spot, policy.current_phase(self.view.state)
        self._place()
        self._publish()

    def go_home(self) -> None:
        """The cursor back to what needs the operator."""
        self._held = None
        self._place()
        self._publish()

    # -- what keys do

    def say(self, text: str, tone: str = "text") -> None:
        """One sentence above the keys, of every screen that has a row for it: the cockpit's may be covered."""
        for screen in self.screen_stack:
            for says in screen.query(Says):  # none where the screen is on its way out
                says.say(text, tone)

    def act(self, offer: Offer) -> None:
        """Do what a key offers, or say why not."""
        if offer.refusal:
            self.say(offer.refusal, "warn")
        elif offer.opens:
            self.open(offer.opens, offer)
        elif offer.command is not None:
            self.ask(offer.command, offer.label)

    def ask(self, command: cmd.Command, label: str = "") -> None:
        """Send a command; a refusal is said above the keys."""
        if isinstance(command, cmd.Tick):
            self.hold(self.view.spot)
        else:
            self._asked_at = self.view.state.entries
            self._asked_since = self.clock.monotonic()
            self.view = msgspec.structs.replace(self.view, asked=label.capitalize())
        self.run_worker(self._ask(command), group="ask", exit_on_error=True)

    async def _ask(self, command: cmd.Command) -> None:
        refused = await self.client.send(command)
        if not refused:
            self._unsay()
        self._read()
        if refused:
            self.say(refused, "warn")
            self._publish(asked="")
        else:
            self._publish()

    def _unsay(self) -> None:
        """A refusal goes with the next thing that is done: it speaks of what was before."""
        for screen in self.screen_stack:
            for says in screen.query(Says):
                if says.sentence[1] == "warn":
                    says.say("")

    def open(self, name: str, offer: Offer | None = None) -> None:
        """Open a screen over the cockpit; each is imported when it is first needed."""
        from screens.doors import door

        self.push_screen(door(name, self.view, offer))

    def present(self) -> None:
        """The presenter layout over the cockpit."""
        from screens.presenter import PresenterScreen

        self.push_screen(PresenterScreen(self.view))

    def leave(self) -> None:
        """Leave this screen; the runner is a process of its own and goes on."""
        state = self.view.state
        if self.view.mode in (Mode.WATCHER, Mode.SECOND) and not state.ended:
            watched = _(": this screen only watched") if self.view.mode is Mode.WATCHER else ""
            message = _("Run {run_id} is not touched by that{watched}.").format(
                run_id=self.client.run_id, watched=watched
            )
        elif state.ended:
            message = _("Run {run_id} has ended: {verdict}.").format(
                run_id=self.client.run_id, verdict=_(state.ended.verdict)
            )
        elif self.view.link is Link.GONE:
            message = _(
                "The runner of {run_id} is gone. Open dixis-tui again: it looks before it says anything."
            ).format(run_id=self.client.run_id)
        elif policy.came_to_nothing(state):
            message = _("Run {run_id} was closed by preflight and ends here; nothing was changed.").format(
                run_id=self.client.run_id
            )
        elif self.view.demo and not policy.in_progress(state):
            message = _("Run {run_id} had not begun: the demo ends it and stops.").format(run_id=self.client.run_id)
        elif state.running or policy.in_progress(state):
            message = _("Run {run_id} goes on. Open dixis-tui again to attach to it.").format(run_id=self.client.run_id)
        else:
            message = _("Run {run_id} stays open. Open dixis-tui again to go on with it.").format(
                run_id=self.client.run_id
            )
        self.exit(LEAVE, message=Text(message))

    def action_contacts(self) -> None:
        """Whom to call, from wherever; once more: back."""
        from screens.contacts import ContactsScreen

        if isinstance(self.screen, ContactsScreen):
            self.screen.dismiss()
        else:
            self.push_screen(ContactsScreen(self.view))

    def action_leave(self) -> None:
        """Ctrl+Q does what q does."""
        self.leave()

    def action_interrupted(self) -> None:
        """Ctrl+C stops nothing by itself: it asks."""
        from screens.interrupted import InterruptedScreen

        if self.view.mode in (Mode.WATCHER, Mode.SECOND):
            self.say(_("Ctrl+C stops nothing: this screen only watches, and q leaves it."), "warn")
            return
        if self.view.acting and self.view.state.running:
            if not isinstance(self.screen, InterruptedScreen):
                self.open("interrupted")
        else:
            self.say(_("Ctrl+C stops nothing here, and nothing runs: q leaves."), "warn")

    # -- the terminal

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(renderable, LayoutUpdate | ChopsUpdate):
            renderable = self._painter.difference(renderable)
        super()._display(screen, renderable)

    def on_resize(self, event: Resize) -> None:
        """What a terminal keeps while its size changes is its own affair."""
        if event.size != self._painter.size:
            self.action_redraw()

    def action_redraw(self) -> None:
        """Paint everything anew: another program wrote over it."""
        self._painter.forget()
        self.screen.refresh()

    # -- crashes

    def _fatal_error(self) -> None:
        # Textual's own prints every local variable of every frame; a secret may be among them.
        from rich.segment import Segments
        from rich.traceback import Traceback

        traceback = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(traceback, self.console.options)))
        self._close_messages_no_wait()


def run_cockpit(
    client: RunClient, operator: str, notice: str = "", mode: str = Mode.OPERATOR, *, presents: bool = False
) -> int:
    """Show one run until its reader leaves; 0, or the app's return code after a crash.

    `presents`: in the presenter layout at first.
    """
    gc.disable()  # nothing can be freed before the first screen, and looking takes a tenth of its time
    app = CockpitApp(client, operator, notice, mode=Mode(mode), presents=presents)
    app.set_class("SSH_CONNECTION" in os.environ, "-ssh")
    try:
        # Without the mouse: its reports flood a slow line, and the terminal's own selection goes on working.
        app.run(mouse=False)
    finally:
        gc.enable()
    return app.return_code or 0
