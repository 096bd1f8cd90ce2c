"""One row that is there only when something is wrong: whom to call, with the number, and who decides."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size

from dixis_tui.i18n import _
from dixis_tui.run import escalation
from dixis_tui.run.escalation import Call
from screens import words
from screens.view import Link, View
from screens.widgets.painted import Painted, Part, line

_SHORTEST_NAME = 8


def calls_for(view: View) -> bool:
    """Whether the row is shown: something failed, or the runner died when production may have been changed."""
    state = view.state
    gone = view.link is Link.GONE and not state.ended and bool(state.confirmed or state.rollback)
    return escalation.grave(state) or gone


def parts(view: View, width: int) -> list[Part]:
    """`CALL +30 210… Ελένη · no answer +30 … · decides +30 …`: a number is whole or not there, names give way."""
    on_call, backup, decides, provider = escalation.calls(view.state)
    labelled = [(_("call"), on_call), (_("no answer"), backup), (_("decides"), decides)]
    if escalation.server_at_fault(view.state):
        labelled.insert(1, (_("server"), provider))
    pair = [labelled[0], labelled[-1]]
    for shown, name in ((labelled, _SHORTEST_NAME), (pair, _SHORTEST_NAME), (pair, 0)):
        fixed = sum(_fixed(label, one) for label, one in shown) + 3 * (len(shown) - 1) + 2
        if (left := (width - fixed) // len(shown)) >= name:
            return _row(shown, left)
    return _row(labelled[:1], 0)


def _fixed(label: str, one: Call) -> int:
    return len(label) + len(one.address) + 2 if one.named else len(label) + 1 + len(_nobody(one))


def _row(shown: list[tuple[str, Call]], room: int) -> list[Part]:
    row: list[Part] = [(" ", "")]
    for label, one in shown:
        row += [(" · ", "quiet")] if len(row) > 1 else []
        row.append((f"{label} ", "bad" if len(row) == 1 else "quiet"))
        if not one.named:
            row.append((_nobody(one), "warn"))
            continue
        row.append((one.address or "", "strong"))
        if name := words.cut(one.name, room):
            row.append((f"{' ' if one.address else ''}{name}", "text"))
    return row


def _nobody(one: Call) -> str:
    return _("nobody is named ({key})").format(key=escalation.KEYS[one.role])


class CallStrip(Painted):
    """Shown by the screen's class `-grave`."""

    def draw(self, cells: Size) -> Content:
        """One row."""
        found = line(*parts(self.view, cells.width))
        return found.truncate(cells.width, ellipsis=True) if found.cell_length > cells.width else found
