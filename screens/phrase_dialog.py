"""What go and rollback share: a phrase typed by hand, sent to the runner, which alone decides."""

from __future__ import annotations

from textual import on

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.run.commands import Command
from screens import words
from screens.dialog import Dialog, Words
from screens.view import View
from screens.widgets.painted import line
from screens.widgets.phrase_field import PhraseField

PASTED = N_("Pasted text is not taken: type it.")
CHECKING = N_("Taken. The runner looks once more whether anything changed since…")


class PhraseDialog(Dialog):
    """Closes once the runner has acted on the phrase; says every refusal and counts them."""

    AUTO_FOCUS = "PhraseField"

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self.refused = 0
        self._sent = False
        self._refusals_seen = view.state.refusals

    def command(self, phrase: str) -> Command | None:
        """What to send for this phrase, or None where nothing can be confirmed yet."""
        raise NotImplementedError

    def accepted(self) -> bool:
        """Whether the runner acts on the phrase."""
        raise NotImplementedError

    def say(self, text: str, tone: str) -> None:
        """One sentence under the field."""
        glyph = {"bad": "✖", "warn": "▲", "work": "◐"}.get(tone, " ")
        for says in self.query("#says").results(Words):  # none where the screen is on its way out
            says.put(line((f"{glyph} {text}" if text else "", tone)))

    def show(self, view: View) -> None:
        """Draw this moment; away once the phrase has worked."""
        super().show(view)
        if self._sent and self.accepted():
            self.dismiss()
        elif self._sent and view.state.refusals > self._refusals_seen and view.state.refused:
            self._count(sentence(view.state.refused.reason))
        self._refusals_seen = view.state.refusals

    def _count(self, reason: str) -> None:
        self._sent = False
        self.refused += 1
        times = (
            _(" ({refusals} so far)").format(refusals=words.count(self.refused, "refusal", "refusals"))
            if self.refused > 1
            else ""
        )
        self.say(f"{reason}{times}", "bad")

    @on(PhraseField.Typed)
    def _typed(self) -> None:
        self.say("", "quiet")

    @on(PhraseField.Refused)
    def _pasted(self) -> None:
        self.say(_(PASTED), "bad")

    @on(PhraseField.Submitted)
    def _submitted(self, event: PhraseField.Submitted) -> None:
        command = self.command(event.value)
        if command is None or self._sent:
            return
        self._sent = True
        self.say(_(CHECKING), "work")
        hint = _(" Greek letters: switch the keyboard.") if words.greek(event.value) else ""
        self.query_one(PhraseField).clear()
        self.run_worker(self._send(command, hint), group="phrase", exit_on_error=True)

    async def _send(self, command: Command, hint: str) -> None:
        refused = await self.cockpit_app.client.send(command)
        if refused and self._sent:
            self._count(sentence(refused) + hint)
        elif refused:
            self.say(f"{sentence(refused)}{hint}", "bad")
