"""What came of marking a failed migration's row: pure, over the run's state before and after."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.run import trouble
from dixis_tui.run.state import RunState


class Answer(Struct, frozen=True):
    """`before` is the run as it stood when the mark was asked for."""

    before: RunState
    migration: str

    def given(self, state: RunState) -> bool:
        """Whether the runner has marked the row, or has said why it did not."""
        return self.marked(state) or bool(self.problem(state))

    def marked(self, state: RunState) -> bool:
        """Whether the mark is in the journal."""
        return self.migration in state.resolved

    def problem(self, state: RunState) -> str:
        """Why the row was not marked, or empty."""
        last = state.notes[-1] if state.notes and state.notes != self.before.notes else None
        return last.text if last and last.level in ("error", "warning") else ""


def seen(state: RunState, migration: str) -> str:
    """What the last look at the database, since it failed, found of that migration."""
    one = trouble.finding(state, migration)
    if one is None:
        return "not looked at"
    sentence = one.reconciliation.sentence if one.reconciliation else ""
    return f"{one.standing}. {sentence or one.detail}".strip()
