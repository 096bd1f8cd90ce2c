"""A question with two answers. Only `y` is yes; Enter, `n` and Esc are no."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from dixis_tui.i18n import _
from dixis_tui.run.commands import Command
from screens.dialog import Dialog, Words, key_row
from screens.view import View
from screens.widgets.painted import line


class AskScreen(Dialog):
    """Sends `command` on yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False),
        Binding("n,enter", "close", show=False),
    ]

    def __init__(
        self,
        view: View,
        *,
        title: str,
        lines: tuple[str, ...],
        yes: str,
        command: Command | None,
        label: str,
        no: str = "",
    ) -> None:
        super().__init__(view)
        self._title, self._lines, self._yes, self._no = title, lines, yes, no or _("no")
        self._command, self._label = command, label

    def compose(self) -> ComposeResult:
        """Question, what it means, the two answers."""
        with Vertical(classes="dialog") as box:
            box.border_title = Content(self._title)
            yield Words(Content("\n").join(line((text, "text")) for text in self._lines))
            yield Words(key_row(("y", self._yes), ("n esc enter", self._no)), classes="keys")

    def action_yes(self) -> None:
        """Yes: send it."""
        self.dismiss()
        if self._command is not None:
            self.cockpit_app.ask(self._command, self._label)
