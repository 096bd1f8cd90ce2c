"""Every check of the phase under the cursor with what was seen: the runbook in full, for small terminals too."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from screens import guide
from screens.dialog import Dialog
from screens.widgets.detail import Detail
from screens.widgets.key_line import Says
from screens.widgets.painted import Painted, Part, line
from screens.widgets.runbook import tree, tree_row


class Tree(Painted):
    """The rows, scrolled so that the cursor is in sight."""

    def draw(self, cells: Size) -> Content:
        """At most `height` rows."""
        width, height = cells
        found, at = tree(self.view)
        first = min(max(at - height // 2, 0), max(len(found) - height, 0))
        return Content("\n").join(tree_row(self.view, spot, width) for spot in found[first : first + height])


class TreeKeys(Painted):
    """The keys that work on what is under the cursor."""

    def draw(self, _cells: Size) -> Content:
        """One row."""
        offered = [
            (made.key, made.label)
            for made in guide.offers(self.view)
            if made.key in ("enter", "space", "w", "r") and not made.refusal
        ]
        parts: list[Part] = [(" ", "")]
        for key, label in [*offered, ("esc", _("back"))]:
            parts += [(key, "key"), (f" {label}   ", "quiet")]
        return line(*parts)


class ChecksScreen(Dialog):
    """The same cursor and the same keys as in the cockpit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(key, f"act('{key}')", show=False) for key in ("enter", "space", "w", "r")),
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("c,q", "close", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The tree, what is under the cursor, the keys."""
        with Vertical(classes="dialog") as box:
            box.border_title = _("CHECKS")
            yield Tree(self.view)
            yield Detail(self.view)
            yield Says(self.view)
            yield TreeKeys(self.view)

    def action_act(self, key: str) -> None:
        """What the guide offers, or its sentence; what begins a phase closes this list."""
        offer = guide.offer(self.view, key)
        if offer.refusal:
            self.query_one(Says).say(offer.refusal, "warn")
            return
        if key in ("enter", "r") and not offer.opens:
            self.dismiss()
        self.cockpit_app.act(offer)

    def action_move(self, steps: int) -> None:
        """The cursor, here and in the cockpit."""
        self.cockpit_app.move(steps)
