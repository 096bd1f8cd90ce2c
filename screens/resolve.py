"""Marking a failed migration's history row, where the look at the database says that the mark is true."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from dixis_tui.i18n import _, sentence
from dixis_tui.run import trouble
from dixis_tui.run.commands import Command, Resolve
from screens import words
from screens.dialog import Words, key_row, table
from screens.phrase_dialog import PhraseDialog
from screens.view import View
from screens.widgets.header import environment, target
from screens.widgets.painted import line
from screens.widgets.phrase_field import PhraseField


class ResolveScreen(PhraseDialog):
    """The runner looks at the database once more before it writes the row."""

    def __init__(self, view: View, migration: str, *, applied: bool) -> None:
        super().__init__(view)
        self._migration, self._applied = migration, applied

    def compose(self) -> ComposeResult:
        """Which row, what was found, what it means, the phrase."""
        run = self.view.state.run
        phrase = run.rollback_phrase if run else ""
        how = _("applied") if self._applied else _("rolled back")
        found = trouble.finding(self.view.state, self._migration)
        seen = found.reconciliation.sentence if found and found.reconciliation else found.detail if found else ""
        then = _("a new run goes on after it") if self._applied else _("a new run runs it again")
        with Vertical(classes="dialog -grave") as box:
            box.border_title = Content(_("MARK AS {how}").format(how=words.upper(how)))
            where = (environment(self.view), "warn" if self.view.demo else "bad"), (f"  {target(self.view)}", "text")
            yield Words(line(*where).stylize(".title"))
            rows = [
                (_("Migration"), self._migration),
                (_("Found"), sentence(seen) or _("not looked at")),
                (_("Then"), then),
            ]
            yield Words(table(rows, 11))
            sure = _("The runner looks once more, then writes the history's row and nothing else.")
            yield Words(line((sure, "quiet")))
            yield Words(
                line((_("Type "), "text"), (phrase, "strong"), (_(" to mark it as {how}.").format(how=how), "text"))
            )
            yield PhraseField(id="phrase")
            yield Words(id="says", classes="says")
            yield Words(key_row(("enter", _("mark it")), ("esc", _("no"))), classes="keys")

    def command(self, phrase: str) -> Command | None:
        """The phrase, for this row and this mark."""
        return Resolve(migration=self._migration, applied=self._applied, phrase=phrase, operator=self.view.operator)

    def accepted(self) -> bool:
        """The runner wrote that it was marked."""
        return self._migration in self.view.state.resolved
