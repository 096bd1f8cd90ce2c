"""The second person's board: the plan that the operator confirmed, and the phrase once more, from another account."""

from __future__ import annotations

from textual.content import Content

from dixis_tui.events import FirstConfirmed
from dixis_tui.i18n import N_, _, sentence
from dixis_tui.run import accounts
from screens.go import GoScreen
from screens.view import View
from screens.widgets.painted import line
from screens.widgets.phrase_field import PhraseField


class ApproveScreen(GoScreen):
    """Seals nothing: what is approved is what the first person had before them."""

    TITLE_TEXT = N_("GO / NO-GO · SECOND PERSON")

    async def _seal(self) -> None:
        return

    def accepted(self) -> bool:
        """The runner wrote that both confirmed."""
        return self.view.state.confirmed is not None and self._first() is None

    def _first(self) -> FirstConfirmed | None:
        return accounts.standing(self.view.state, self.view.now)

    def _sealed(self) -> bool:
        return self._first() is not None

    def _ready(self) -> bool:
        return self._sealed()

    def show(self, view: View) -> None:
        """Draw this moment; the field goes where there is nothing to approve any more."""
        super().show(view)
        for field in self.query(PhraseField):
            if field.display and not self._sealed():
                field.clear()
                field.display = False

    def _question(self, ready: bool) -> Content:
        first, state = self._first(), self.view.state
        if first is None:
            why = sentence(state.first_voided.reason) if state.first_voided else _("it was not typed, or is void.")
            return line(
                (_("▲ There is nothing to approve: the first phrase does not stand: {why}").format(why=why), "warn")
            )
        at = self.view.at(state.first_confirmed_at, seconds=True)
        who = line(
            (
                _("{operator} (account {account}) confirmed this plan at {at}.").format(
                    operator=first.operator, account=first.account, at=at
                ),
                "text",
            )
        )
        return Content("\n").join([who, super()._question(ready)])
