"""Whom to call: the runbook's last chapter, one key away."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from dixis_tui.i18n import _
from dixis_tui.run import escalation
from screens import words
from screens.dialog import Dialog, Words, key_row
from screens.widgets.painted import line


class ContactsScreen(Dialog):
    """In the order in which they are called, each with when; the number stands out: that is what is looked for."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o,q,enter", "close", show=False)]
    AUTO_FOCUS = "#contacts"

    def compose(self) -> ComposeResult:
        """One contact a block, those that nobody has among them."""
        with VerticalScroll(classes="dialog", id="contacts") as box:
            box.border_title = _("CONTACTS")
            yield Words(self._people())
            yield Words(key_row(("esc", _("back"))), classes="keys")

    def _people(self) -> Content:
        rows: list[Content] = []
        for number, one in enumerate(escalation.calls(self.view.state), 1):
            rows.append(line((f"{number}  {words.upper(_(one.role))}", "strong"), (f"  {_(one.when)}", "quiet")))
            if not one.named:
                key = escalation.KEYS[one.role]
                rows.append(line((_("   Nobody is named in dixis.toml: [contacts] {key}.").format(key=key), "warn")))
            else:
                rows.append(line(("   ", ""), (f" {one.address or _('no phone, no address')} ", _look(one.address))))
                rows.append(line((f"   {words.cut(one.name, self.app.size.width - 12)}", "text")))
            rows.append(line())
        return Content("\n").join(rows[:-1])


def _look(address: str) -> str:
    return "cap" if address else "warn"
