"""What every screen over the cockpit shares: its frame, the looks of words, and Esc as the safe way out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from dixis_tui.i18n import N_, _
from screens.view import LOOK, Mode, View
from screens.widgets.painted import Painted, line

if TYPE_CHECKING:
    from screens.app import CockpitApp


_REPLAY = N_("REPLAY · ")


class Words(Static):
    """Some lines of text, wrapped; never markup."""

    def __init__(self, content: Content | str = "", *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(content, markup=False, id=id, classes=classes)
        self._last: Content | None = None

    def put(self, content: Content) -> None:
        """Show this; repaints only where it differs."""
        if self._last is None or not content.is_same(self._last):
            self._last = content
            self.display = bool(content.plain) or self.has_class("says")
            self.update(content)


def key_row(*keys: tuple[str, str]) -> Content:
    """`enter go   esc no`."""
    return Content("   ").join(line((key, "key"), (f" {label}", "quiet")) for key, label in keys)


def table(rows: Sequence[tuple[str, str]], width: int) -> Content:
    """Labels in a column of at least `width` cells, values beside them."""
    width = max(width, *(len(label) + 2 for label, value in rows))
    return Content("\n").join(line((f"{label:<{width}}", "quiet"), (value, "text")) for label, value in rows)


class Dialog(ModalScreen[None]):
    """Drawn from the view like the cockpit; closes by Esc without doing anything."""

    COMPONENT_CLASSES: ClassVar[set[str]] = set(LOOK)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", show=False),
        Binding("o", "app.contacts", show=False),  # where no field takes letters; ctrl+o everywhere
    ]

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view

    @property
    def cockpit_app(self) -> CockpitApp:
        """The app, which alone talks to the runner."""
        return self.app  # type: ignore[return-value]

    def show(self, view: View) -> None:
        """Draw this moment."""
        self.view = view
        for widget in self.query(Painted):
            widget.show(view)

    def on_mount(self) -> None:
        """Air between the parts where there is room for it."""
        self.set_class(self.app.size.height >= 32, "-airy")
        if self.view.mode is Mode.REPLAY:
            for box in self.query(".dialog"):
                # Called twice where a screen's own calls it: Textual calls that of every class.
                replay = _(_REPLAY)
                box.border_title = f"{replay}{(box.border_title or '').removeprefix(replay)}"

    def action_close(self) -> None:
        """Away, with nothing done."""
        self.dismiss()
