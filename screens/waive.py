"""Opening a closed gate by name: takes a reason, kept in the journal and in the report."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from dixis_tui.i18n import _, sentence
from dixis_tui.plan.checks import SPECS
from dixis_tui.run.commands import Waive
from screens.dialog import Dialog, Words, key_row
from screens.view import View
from screens.widgets.painted import line


class WaiveScreen(Dialog):
    """Nothing happens without a reason."""

    def __init__(self, view: View, code: str) -> None:
        super().__init__(view)
        self._code = code

    def compose(self) -> ComposeResult:
        """The check, what it saw, and the line for the reason."""
        spec = SPECS[self._code]
        check = self.view.state.check(self._code, self.view.spot.subject)
        with Vertical(classes="dialog") as box:
            box.border_title = _("WAIVE {code}").format(code=spec.code)
            yield Words(
                Content("\n").join(
                    [
                        line((_(spec.title), "strong"), (f"  {_(check.state)}", "bad")),
                        line((sentence(check.evidence) or _("looks at: {looks}").format(looks=_(spec.looks)), "text")),
                        line(
                            (_("The gate opens by your name, "), "quiet"),
                            (self.view.operator, "text"),
                            (_(", and stays in the journal and the report."), "quiet"),
                        ),
                    ]
                )
            )
            yield Input(placeholder=_("reason"), compact=True, id="reason")
            yield Words(line(("", "quiet")), id="says", classes="says")
            yield Words(key_row(("enter", _("waive")), ("esc", _("no"))), classes="keys")

    @on(Input.Submitted)
    def _given(self, event: Input.Submitted) -> None:
        event.stop()
        reason = event.value.strip()
        if not reason:
            self.query_one("#says", Words).put(line((_("▲ A waiver needs a reason. Nothing was done."), "warn")))
            return
        self.dismiss()
        self.cockpit_app.ask(Waive(code=self._code, operator=self.view.operator, reason=reason), _("waive"))
