"""Whom to call: the runbook's last chapter, one key away."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from dixis_tui.i18n import N_, _
from screens import words
from screens.dialog import Dialog, Words, key_row
from screens.widgets.painted import line

ROLES = {
    N_("On-call engineer"): "on_call",
    N_("Backup contact"): "backup",
    N_("Database provider"): "provider",
    N_("Decision maker"): "decision_maker",
}
"""The runbook's, and what each is called in `dixis.toml`."""


class ContactsScreen(Dialog):
    """Phone numbers first: that is what is looked for."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o,ctrl+o,q,enter", "close", show=False)]
    AUTO_FOCUS = "#contacts"

    def compose(self) -> ComposeResult:
        """One contact a block, then the roles that nobody has."""
        with VerticalScroll(classes="dialog", id="contacts") as box:
            box.border_title = _("CONTACTS")
            yield Words(self._people())
            yield Words(key_row(("esc", _("back"))), classes="keys")

    def _people(self) -> Content:
        run = self.view.state.run
        people = run.contacts if run else []
        if not people:
            return line((_("None named in dixis.toml: [contacts]."), "warn"))
        rows: list[Content] = []
        for role, name, address in people:
            rows += [
                line((words.upper(_(role)), "quiet")),
                line(("  ", ""), (f" {address or _('no phone, no address')} ", "cap" if address else "warn")),
                line((f"  {words.cut(name, 70)}", "text")),
                line(),
            ]
        given = {person[0] for person in people}
        if missing := [f"{_(role)} ({key})" for role, key in ROLES.items() if role not in given]:
            rows.append(
                line((_("None named in dixis.toml [contacts]: {names}.").format(names=", ".join(missing)), "quiet"))
            )
        return Content("\n").join(rows)
