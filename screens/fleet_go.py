"""Go or no-go for many databases: what is sealed, in which waves, and the phrase."""

from __future__ import annotations

from textual.content import Content

from dixis_tui.i18n import N_, _, sentence
from dixis_tui.model import CheckState
from screens.approve import ApproveScreen
from screens.go import GoScreen
from screens.widgets.painted import line


class FleetGoScreen(GoScreen):
    """As for one database, without what a fleet does not have: backup, rehearsal, prediction."""

    TITLE_TEXT = N_("GO / NO-GO: MANY DATABASES")

    def _board(self) -> Content:
        state = self.view.state
        rows = [
            line((f"● {check.code} {sentence(check.evidence)}", "warn"))
            for check in state.checks.values()
            if check.state is CheckState.WAIVED
        ]
        fleet = state.fleet
        names = fleet.waves.waves[0] if fleet and fleet.waves.waves else ()
        rows.append(
            line((_("First wave   "), "quiet"), (", ".join(names[:6]) + ("…" if len(names) > 6 else ""), "text"))
        )
        rows.append(
            line((_("Each target is read once more before its run is dispatched, and after its end."), "quiet"))
        )
        return Content("\n").join(rows)


class FleetApproveScreen(ApproveScreen, FleetGoScreen):
    """The second person's, over many databases: what the first one read."""
