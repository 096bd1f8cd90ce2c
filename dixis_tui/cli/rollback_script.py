"""What `dixis-tui rollback` does next: pure decisions over the run's state."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.errors import RunnerError
from dixis_tui.model import Phase, Way
from dixis_tui.plan.checks import of_phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState


class LookScript(Struct, frozen=True):
    """Have the ways back looked at; `before` is the run as it stood when we came."""

    before: RunState

    def next_step(self, state: RunState) -> cmd.Command | None:
        """The command to send now; None: wait."""
        if state.ended or state.running or not state.entries or self.answered(state):
            return None
        return cmd.LookBack()

    def answered(self, state: RunState) -> bool:
        """Whether the runner has looked, or has said why it could not."""
        return self.seen(state) or bool(self.problem(state))

    def seen(self, state: RunState) -> bool:
        """Whether `state.ways` is of this look."""
        return state.ways_at != self.before.ways_at

    def problem(self, state: RunState) -> str:
        """Why the ways could not be looked at, or empty."""
        last = state.notes[-1] if state.notes and state.notes != self.before.notes else None
        return last.text if last and last.level == "error" else ""


class RollbackScript(Struct, frozen=True, kw_only=True):
    """`attempts` and `refusals`: how many the run had seen of each before this script came to it.

    `answered`: the provider's checklist was gone through; what is left is to look at what came of it.
    """

    phrase: str
    operator: str
    way: Way = Way.SIDE
    attempts: int = 0
    refusals: int = 0
    answered: bool = False

    def next_step(self, state: RunState) -> cmd.Command | None:
        """The command to send now; None: wait.

        Raises:
            RunnerError: the runner refused, and the run is not ours to end.
        """
        if state.ended or state.running or not state.entries or state.phase(Phase.SIGNOFF).attempts:
            return None
        if not self.tried(state):
            return cmd.StartPhase(phase=Phase.ROLLBACK) if self.answered else self._begin(state)
        sign_off = cmd.SignOff(operator=self.operator)
        return cmd.End() if policy.refusal(state, sign_off) else sign_off

    def tried(self, state: RunState) -> bool:
        """Whether what this script had to begin has been begun."""
        return state.phase(Phase.ROLLBACK).attempts > self.attempts

    def asks(self, state: RunState) -> bool:
        """Whether it is a person's turn: the provider's checklist is to be gone through."""
        return self.way is Way.SNAPSHOT and not self.answered and self.tried(state) and state.running is None

    def _begin(self, state: RunState) -> cmd.Command | None:
        if state.rollback and not self.attempts:
            return None  # it was taken, and begins by itself
        if state.refused and state.refusals > self.refusals:
            if state.adopted:
                return cmd.End()
            raise RunnerError(state.refused.reason, "The run goes on as it was; look at it with `dixis-tui attach`.")
        return cmd.Rollback(phrase=self.phrase, operator=self.operator, way=self.way)


class TickScript(Struct, frozen=True, kw_only=True):
    """One step of the provider's checklist, which a person has done."""

    code: str
    operator: str

    def next_step(self, state: RunState) -> cmd.Command | None:
        """The command to send now; None: wait."""
        if state.ended or not state.entries or self.done(state):
            return None
        return cmd.Tick(code=self.code, operator=self.operator)

    def done(self, state: RunState) -> bool:
        """Whether it is in the journal."""
        return state.check(self.code).open


def checklist() -> tuple[str, ...]:
    """What a person does at the provider, in its order."""
    return tuple(spec.code for spec in of_phase(Phase.ROLLBACK) if spec.person)
