"""What `dixis-tui rollback` does next: a pure decision over the run's state."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.model import Phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState


class RollbackScript(Struct, frozen=True, kw_only=True):
    """`end`: whether the run was started for this alone."""

    phrase: str
    operator: str
    end: bool

    def next_step(self, state: RunState) -> cmd.Command | None:
        """The command to send now; None: wait."""
        if state.ended or state.running or not state.entries or state.phase(Phase.SIGNOFF).attempts:
            return None
        if not state.rollback:
            if state.refused and state.adopted:
                return cmd.End()
            return cmd.Rollback(phrase=self.phrase, operator=self.operator)
        sign_off = cmd.SignOff(operator=self.operator)
        return cmd.End() if policy.refusal(state, sign_off) else sign_off
