"""The way back: what it will do to production, and its own phrase."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from dixis_tui.model import Phase
from dixis_tui.plan import phases
from dixis_tui.run.commands import Command, Rollback
from screens import words
from screens.dialog import Words, key_row, table
from screens.phrase_dialog import PhraseDialog
from screens.view import View
from screens.widgets.header import environment, target
from screens.widgets.painted import line
from screens.widgets.phrase_field import PhraseField


class RollbackScreen(PhraseDialog):
    """The runner restores the backup into the same database, whole or not at all."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._attempts = view.state.phase(Phase.ROLLBACK).attempts

    def compose(self) -> ComposeResult:
        """What is lost, what comes back, how long it takes, the phrase."""
        run = self.view.state.run
        phrase = run.rollback_phrase if run else ""
        where = f"  {target(self.view)}"
        with Vertical(classes="dialog -grave") as box:
            box.border_title = "ROLL BACK"
            yield Words(
                line((environment(self.view), "warn" if self.view.demo else "bad"), (where, "text")).stylize(".title")
            )
            yield Words(table(self._rows(), 11))
            yield Words(line(("▲ Everything written to production since that backup will be lost.", "warn")))
            yield Words(
                line(("Type ", "text"), (phrase, "strong"), (" to put production back. There is no default.", "text"))
            )
            yield PhraseField(id="phrase")
            yield Words(id="says", classes="says")
            yield Words(key_row(("enter", "roll back"), ("esc", "no")), classes="keys")

    def _rows(self) -> list[tuple[str, str]]:
        state = self.view.state
        backup, restored = state.backup, state.restored
        if backup is None:
            return []
        rows = sum(backup.counts.values())
        took = (
            f"measured: {words.duration(restored.seconds)}"
            if restored
            else (f"never measured; the runbook plans {words.duration(phases.PLANNED_SECONDS[Phase.ROLLBACK])}")
        )
        made = state.phase(Phase.BACKUP)
        when = self.view.at(made.started, seconds=True) if made.started else ""
        if state.adopted:
            when = f"by run {state.adopted.run}"
        return [
            ("Backup", f"{when}, {words.size(backup.bytes)}".removeprefix(", ")),
            ("Holds", f"{words.count(len(backup.counts), 'table')}, {words.count(rows, 'row')}"),
            ("SHA-256", backup.sha256[:16] + "…"),
            ("Restore", took),
            ("How", "one transaction: whole or not at all; then rows compared"),
        ]

    def command(self, phrase: str) -> Command | None:
        """The phrase, for this run's backup."""
        return Rollback(phrase=phrase, operator=self.view.operator)

    def accepted(self) -> bool:
        """The runner wrote that it was confirmed, or already works on it."""
        state = self.view.state
        return state.rollback is not None and state.phase(Phase.ROLLBACK).attempts > self._attempts
