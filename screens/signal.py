"""Cancelling what blocks us, or ending its session: its process id is typed by hand, and the runner decides."""

from __future__ import annotations

from typing import Literal

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.locks import Peer
from dixis_tui.run.commands import SignalBackend
from screens import radar_words, words
from screens.dialog import Dialog, Words, key_row, table
from screens.phrase_dialog import PASTED
from screens.view import Link, View
from screens.widgets.painted import line
from screens.widgets.phrase_field import PhraseField

_MEANS = {
    "cancel": N_("Its statement ends with an error; its session and its transaction stay, and with them its locks."),
    "terminate": N_("Its session ends, its transaction is undone, and its locks are free."),
}
_LONGEST = 300
"""Letters of its statement: the field and the keys have to stay in sight on 24 rows."""


class SignalScreen(Dialog):
    """Nothing is done before the number is typed; nothing can be typed once nothing can be done."""

    AUTO_FOCUS = "PhraseField"

    def __init__(self, view: View, peer: Peer, how: str) -> None:
        super().__init__(view)
        self._peer = peer
        self._how = how
        self._sent = False
        self._over = False

    def compose(self) -> ComposeResult:
        """Who it is, what it means, and the field."""
        peer = self._peer
        since = _(" for {age}").format(age=words.duration(radar_words.age(self.view, peer.since))) if peer.since else ""
        rows = [
            (
                _("Who"),
                _("{name}, user {user}").format(
                    name=radar_words.name(peer), user=words.cut(peer.user or _("unknown"), 32)
                ),
            ),
            (_("From"), peer.address or _("not told")),
            (_("State"), f"{peer.state or _('unknown')}{since}"),
            (_("Ran"), words.cut(peer.query, _LONGEST) or _("hidden from our role")),
        ]
        title = _("CANCEL ITS STATEMENT") if self._how == "cancel" else _("END ITS SESSION")
        with Vertical(classes="dialog -grave") as box:
            box.border_title = title
            yield Words(table(rows, 8))
            yield Words(line((f"▲ {_(_MEANS[self._how])}", "warn")))
            yield Words(self._ask(), id="ask")
            yield PhraseField(id="phrase")
            yield Words(id="says", classes="says")
            yield Words(key_row(("enter", _("do it")), ("esc", _("no"))), classes="keys", id="signal-keys")

    def show(self, view: View) -> None:
        """Draw this moment; say so where there is nothing to do now, or never again."""
        super().show(view)
        if self._sent or self._over or not self.query("#signal-keys"):
            return
        self._over = bool(why := self._no_more())
        self.query_one("#ask", Words).put(line((f"▲ {why}", "warn")) if why else self._ask())
        if self._over:
            self.query_one(PhraseField).display = False
            self._say(_("Nothing was done."), "quiet")
            self.query_one("#signal-keys", Words).put(key_row(("esc", _("back"))))

    def _ask(self) -> Content:
        radar = radar_words.live(self.view)
        pid = self._peer.pid
        if radar and pid in {one.pid for one in radar.blockers}:
            return line((_("Type "), "text"), (str(pid), "strong"), (_(", its process id."), "text"))
        # Between two attempts of ours nobody blocks us, and the next is blocked again: what was typed stays.
        return line((_("▲ Process {pid} does not block us at this moment.").format(pid=pid), "warn"))

    def _no_more(self) -> str:
        """Why nothing can be done any more; empty while it may."""
        if self.view.link is Link.GONE and self.view.state.ended is None:
            return _("The runner is gone: nothing can be asked of it.")
        radar = radar_words.live(self.view)
        if radar is None:
            return _("Nothing of ours is at work any more: nobody is in its way.")
        now = next((one for one in radar.blockers if one.pid == self._peer.pid), self._peer)
        return (
            ""
            if now.started == self._peer.started
            else _("Process {pid} is another session by now.").format(pid=now.pid)
        )

    def _say(self, text: str, tone: str) -> None:
        for says in self.query("#says").results(Words):
            says.put(line((text, tone)))

    @on(PhraseField.Typed)
    def _typed(self) -> None:
        if not self._sent:
            self._say("", "quiet")

    @on(PhraseField.Refused)
    def _pasted(self) -> None:
        self._say(f"✖ {_(PASTED)}", "bad")

    @on(PhraseField.Submitted)
    def _submitted(self, event: PhraseField.Submitted) -> None:
        if self._sent or self._over:
            return
        self._sent = True
        self._say(_("◐ Sent. The runner looks whether it still blocks us…"), "work")
        self.query_one(PhraseField).clear()
        self.run_worker(self._send(event.value), group="signal", exit_on_error=True)

    async def _send(self, typed: str) -> None:
        how: Literal["cancel", "terminate"] = "cancel" if self._how == "cancel" else "terminate"
        refused = await self.cockpit_app.client.send(
            SignalBackend(pid=self._peer.pid, how=how, typed=typed, operator=self.view.operator)
        )
        if refused:
            self._sent = False
            self._say(f"✖ {sentence(refused)}", "bad")
            self.show(self.view)
        elif self.is_mounted:
            self.dismiss()
            told = _("Process {pid} was asked to end.")
            if how == "cancel":
                told = _("Process {pid} was asked to cancel its statement.")
            self.cockpit_app.say(told.format(pid=self._peer.pid), "good")
