"""Cancelling what blocks us, or ending its session: its process id is typed by hand, and the runner decides."""

from __future__ import annotations

from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from dixis_tui.locks import Peer
from dixis_tui.run.commands import SignalBackend
from screens import radar_words, words
from screens.dialog import Dialog, Words, key_row, table
from screens.phrase_dialog import PASTED
from screens.view import View
from screens.widgets.painted import line
from screens.widgets.phrase_field import PhraseField

_MEANS = {
    "cancel": "Its statement ends with an error; its session and its transaction stay, and with them its locks.",
    "terminate": "Its session ends, its transaction is undone, and its locks are free.",
}
_IDLE = "It runs nothing: there is no statement to cancel, and its locks would stay. t ends its session."


class SignalScreen(Dialog):
    """Nothing is done before the number is typed."""

    AUTO_FOCUS = "PhraseField"

    def __init__(self, view: View, peer: Peer, how: str) -> None:
        super().__init__(view)
        self._peer = peer
        self._how = how
        self._sent = False

    def compose(self) -> ComposeResult:
        """Who it is, what it means, and the field."""
        peer = self._peer
        rows = [
            ("Who", f"{radar_words.name(peer)}, user {peer.user or 'unknown'}"),
            ("From", peer.address or "this server"),
            ("State", f"{peer.state or 'unknown'} for {words.duration(radar_words.age(self.view, peer.since))}"),
            ("Ran", peer.query or "hidden from our role"),
        ]
        title = "CANCEL ITS STATEMENT" if self._how == "cancel" else "END ITS SESSION"
        with Vertical(classes="dialog -grave") as box:
            box.border_title = title
            yield Words(table(rows, 8))
            yield Words(line((f"▲ {_MEANS[self._how]}", "warn")))
            if self._how == "cancel" and peer.state.startswith("idle"):
                yield Words(line((f"▲ {_IDLE}", "warn")))
            yield Words(line(("Type ", "text"), (str(peer.pid), "strong"), (", its process id.", "text")))
            yield PhraseField(id="phrase")
            yield Words(id="says", classes="says")
            yield Words(key_row(("enter", "do it"), ("esc", "no")), classes="keys")

    def _say(self, text: str, tone: str) -> None:
        for says in self.query("#says").results(Words):
            says.put(line((text, tone)))

    @on(PhraseField.Refused)
    def _pasted(self) -> None:
        self._say(f"✖ {PASTED}", "bad")

    @on(PhraseField.Submitted)
    def _submitted(self, event: PhraseField.Submitted) -> None:
        if self._sent:
            return
        self._sent = True
        self._say("◐ Sent. The runner looks whether it still blocks us…", "work")
        self.query_one(PhraseField).clear()
        self.run_worker(self._send(event.value), group="signal", exit_on_error=True)

    async def _send(self, typed: str) -> None:
        how: Literal["cancel", "terminate"] = "cancel" if self._how == "cancel" else "terminate"
        refused = await self.cockpit_app.client.send(
            SignalBackend(pid=self._peer.pid, how=how, typed=typed, operator=self.view.operator)
        )
        if refused:
            self._sent = False
            self._say(f"✖ {refused}", "bad")
        elif self.is_mounted:
            self.dismiss()
            done = "was cancelled" if how == "cancel" else "was ended"
            self.cockpit_app.say(f"Process {self._peer.pid} {done}.", "good")
