"""LOCKS: who blocks us, what we do and hold, who waits behind us; and a way to end what is in the way."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from dixis_tui.i18n import N_, _
from dixis_tui.locks import Peer
from screens import radar_words
from screens.dialog import Dialog
from screens.guide import looks_on
from screens.radar_panes import PREPARED, Around, Blocker, Keys, Summary
from screens.view import View
from screens.widgets.key_line import Says

NOBODY = N_("Nobody blocks us: there is nothing to end.")
IDLE = N_("It runs nothing to cancel, and its locks would stay: t ends it.")


class RadarScreen(Dialog):
    """Drawn from the radar's last look, at most twice a second."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-5)", show=False),
        Binding("pagedown", "move(5)", show=False),
        Binding("home", "move(-9999)", show=False),
        Binding("end", "move(9999)", show=False),
        Binding("c", "signal('cancel')", show=False),
        Binding("t", "signal('terminate')", show=False),
        Binding("b,q", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The answer, the tree, the blocker under the cursor, the keys."""
        around = Around(self.view, id="around")
        with Vertical(classes="dialog") as box:
            box.border_title = _("LOCKS")
            yield Summary(self.view)
            yield around
            yield Blocker(self.view, around)
            yield Says(self.view)
            yield Keys(self.view, around)

    def action_move(self, steps: int) -> None:
        """Another blocker."""
        self.query_one(Around).move(steps)
        self.query_one(Says).say("")
        self.show(self.view)

    def action_signal(self, how: str) -> None:
        """Ask for the process id by hand; the runner decides."""
        peer = self.query_one(Around).selected()
        why = _refusal(self.view, peer, how)
        self.query_one(Says).say(why, "warn")
        if peer is None or why:
            return
        from screens.signal import SignalScreen

        self.app.push_screen(SignalScreen(self.view, peer, how))


def _refusal(view: View, peer: Peer | None, how: str) -> str:
    """Why the key does nothing now; empty where it asks for the number."""
    if why := looks_on(view):
        return why
    if not view.acting:
        return _("Nothing can be asked of this run any more.")
    if peer is None:
        return _(NOBODY) if radar_words.live(view) else _("Nothing of ours is at work: nobody is in its way.")
    if not peer.pid:
        return _(PREPARED).format(name=peer.query or _("its name"))
    return _(IDLE) if how == "cancel" and radar_words.idle(peer) else ""
