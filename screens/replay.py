"""A recorded run in the cockpit: its clocks are those of that evening, and nothing in it acts."""

from __future__ import annotations

import gc
from collections.abc import Callable
from datetime import datetime
from pathlib import PurePath
from typing import Any, ClassVar, cast

from msgspec.structs import replace
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.screen import Screen

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.run.replay import Player
from dixis_tui.run.replay_client import ReplayClient
from dixis_tui.run.state import RunState
from screens import words
from screens.app import LEAVE, CockpitApp
from screens.cockpit import Cockpit
from screens.view import Clock, Mode, Reel

_DRIVES: dict[str, Callable[[Player], Player]] = {
    "space": Player.toggled,
    "home": lambda player: player.to_entry(1),
    "end": Player.to_end,
    "right": Player.forward,
    "left": Player.back,
    "next": Player.next_phase,
    "previous": Player.previous_phase,
    "1": lambda player: player.at_speed(1),
    "10": lambda player: player.at_speed(10),
}
_OVER = N_("This is the end of the recording: home begins it again, ← steps back.")


class ReplayClock(Clock):
    """Tells the time of the evening that is replayed."""

    def __init__(self, client: ReplayClient) -> None:
        self._client = client

    def utc(self) -> datetime:
        """The replay's moment."""
        return self._client.player.moment


class ReplayCockpit(Cockpit):
    """The cockpit with the keys of a player; those that act stay refused."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(key, f"app.drive('{key}')", show=False) for key in ("space", "home", "end")
    ]


class ReplayApp(CockpitApp):
    """Plays one record; what it shows is made anew from the first entry wherever it went back."""

    # The sheets lie beside their screens, and the base class's are meant.
    CSS_PATH: ClassVar[list[str | PurePath]] = CockpitApp.CSS_PATH

    def __init__(self, client: ReplayClient, operator: str) -> None:
        notice = _("The journal is cut in mid-line: it plays up to entry {entries}.").format(
            entries=words.number(len(client.player.tape.entries))
        )
        super().__init__(client, operator, notice if client.cut else "", clock=ReplayClock(client))
        self._was_at_end = False

    def get_default_screen(self) -> Screen[Any]:
        """The cockpit, drawn from the first entry on; of many databases, their list."""
        if self.view.state.many:
            from screens.fleet_replay import ReplayFleet

            return ReplayFleet(self.view, self._notice)
        return ReplayCockpit(self.view, self._notice)

    @property
    def _replay(self) -> ReplayClient:
        return cast(ReplayClient, self.client)

    log_frequency = 4.0

    def log_end(self) -> int | None:
        """What of the log came later than the moment is not there yet."""
        return self._replay.log_end()

    # -- the state

    def _read(self) -> None:
        back = self._replay.went_back()
        if back:
            self.view = replace(self.view, state=RunState())
            self._progress_at = None
        super()._read()
        self.view = replace(
            self.view, mode=Mode.REPLAY, reel=reel(self._replay.player), journal=str(self._replay.journal)
        )
        if back:
            self._noted = self._last_note()
            self.say("")  # what was said last was said later

    def _changed(self) -> None:
        super()._changed()
        before, self._was_at_end = self._was_at_end, self._replay.player.at_end
        if self._was_at_end and not before and (sentence := self._last_words()):
            self.say(sentence, "warn")

    def _last_words(self) -> str:
        """What the end of the recording leaves open; empty where the run's own last entry says all."""
        client = self._replay
        if client.problem:
            return sentence(client.problem)
        if client.cut:
            return _("The journal is cut in mid-line here: entry {entries} is its last whole one.").format(
                entries=words.number(len(client.player.tape.entries))
            )
        over = self.view.state.ended or client.player.live
        return "" if over else _("The recording ends here and the run had not: how it went on is not in it.")

    # -- what keys do

    def action_drive(self, how: str) -> None:
        """Play, pause, or go elsewhere in the evening."""
        player = self._replay.player
        if how == "space" and player.at_end and not player.live:
            self.say(_(_OVER), "warn")
            return
        self._replay.player = _DRIVES[how](player)
        self._changed()

    # Not bindings: a dialog is modal, and what it does not take itself may still move the evening behind it.

    def key_space(self) -> None:
        """Play, or pause."""
        self.action_drive("space")

    def key_home(self) -> None:
        """To the first entry."""
        self.action_drive("home")

    def key_end(self) -> None:
        """To the last."""
        self.action_drive("end")

    def key_left(self) -> None:
        """One entry back."""
        self.action_drive("left")

    def key_right(self) -> None:
        """One entry on."""
        self.action_drive("right")

    def key_left_square_bracket(self) -> None:
        """To the beginning of this phase, or of the one before."""
        self.action_drive("previous")

    def key_right_square_bracket(self) -> None:
        """To the beginning of the next phase."""
        self.action_drive("next")

    def key_1(self) -> None:
        """As fast as it was."""
        self.action_drive("1")

    def key_0(self) -> None:
        """Ten times as fast."""
        self.action_drive("10")

    def leave(self) -> None:
        """Leave the replay."""
        self.exit(
            LEAVE,
            message=Text(_("That was a replay of {run_id}: nothing was touched.").format(run_id=self.client.run_id)),
        )

    def action_interrupted(self) -> None:
        """Ctrl+C stops nothing by itself."""
        self.say(_("Ctrl+C stops nothing: q leaves the replay."), "warn")


def reel(player: Player) -> Reel:
    """What the screens show of a player."""
    return Reel(
        shown=player.shown,
        entries=len(player.tape.entries),
        done=player.at / player.length if player.length else 1.0,
        speed=player.speed,
        playing=player.playing,
        at_end=player.at_end,
        live=player.live,
        wait=player.wait,
    )


def run_replay(client: ReplayClient, operator: str) -> int:
    """Show a replay until it is left; 0, or the app's return code after a crash."""
    gc.disable()  # as in `run_cockpit`
    app = ReplayApp(client, operator)
    try:
        app.run(mouse=False)
    finally:
        gc.enable()
    return app.return_code or 0
