"""What `dixis-tui rollback` does next: a pure decision over the run's state."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.errors import RunnerError
from dixis_tui.model import Phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState


class RollbackScript(Struct, frozen=True, kw_only=True):
    """`attempts` and `refusals`: how many the run had seen of each before this script came to it."""

    phrase: str
    operator: str
    attempts: int = 0
    refusals: int = 0

    def next_step(self, state: RunState) -> cmd.Command | None:
        """The command to send now; None: wait.

        Raises:
            RunnerError: the runner refused, and the run is not ours to end.
        """
        if state.ended or state.running or not state.entries or state.phase(Phase.SIGNOFF).attempts:
            return None
        if state.phase(Phase.ROLLBACK).attempts <= self.attempts:
            if state.rollback and not self.attempts:
                return None  # it was taken, and begins by itself
            if state.refused and state.refusals > self.refusals:
                if state.adopted:
                    return cmd.End()
                raise RunnerError(
                    state.refused.reason, "The run goes on as it was; look at it with `dixis-tui attach`."
                )
            return cmd.Rollback(phrase=self.phrase, operator=self.operator)
        sign_off = cmd.SignOff(operator=self.operator)
        return cmd.End() if policy.refusal(state, sign_off) else sign_off
