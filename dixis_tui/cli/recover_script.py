"""What a run that was taken up again does next without a person: pure decisions over its state."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from dixis_tui.cli.exits import Exit, of_verdict
from dixis_tui.model import Phase, PhaseState, Recovery
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState

_LEAVE = cmd.Leave(reason="it was looked at")
_EXITS = {
    Recovery.UNTOUCHED: Exit.CLOSED,
    Recovery.AT_WORK: Exit.UNKNOWN,
    Recovery.UNKNOWN: Exit.UNKNOWN,
    Recovery.REST: Exit.FAILED,
    Recovery.UNFINISHED: Exit.FAILED,
    Recovery.GOING_BACK: Exit.FAILED,
    Recovery.APPLIED: Exit.FAILED,
}
"""Where the run was left open: applied, but not verified."""


class RecoverScript(Struct, frozen=True, kw_only=True):
    """Looks; verifies and signs off what is in; with the phrase, goes on with the rest. `stay`: its runner stays."""

    operator: str
    confirm: str = ""
    stay: bool = False

    def next_step(self, state: RunState) -> cmd.Command | None:
        """The command to send now; None: wait for the next event."""
        signing = _since(state, Phase.SIGNOFF, state.resumed_at)  # the runner ends the run by itself then
        if state.ended or state.left or state.running or state.must_look or signing:
            return None
        found = state.recovery
        if found is None:
            return self._after_go(state)
        if found.outcome is Recovery.APPLIED:
            return self._verify(state)
        if found.outcome is Recovery.REST and self.confirm:
            return self._go(state)
        return self._leave()

    def enough(self, state: RunState) -> bool:
        """Whether there is nothing left to do for this script, and its runner stays."""
        idle = not (state.ended or state.left or state.running or state.must_look or state.first_confirmed)
        return self.stay and idle and self._wish(state) is None

    def at_work(self, state: RunState) -> bool:
        """Whether the look found something that has to be waited for."""
        return state.recovery is not None and state.recovery.outcome is Recovery.AT_WORK and not state.must_look

    def _wish(self, state: RunState) -> cmd.Command | None:
        command = RecoverScript(operator=self.operator, confirm=self.confirm).next_step(state)
        return None if command == _LEAVE else command

    def _leave(self) -> cmd.Command | None:
        return None if self.stay else _LEAVE

    def _verify(self, state: RunState) -> cmd.Command | None:
        if not _since(state, Phase.VERIFY, state.recovery_at):
            return cmd.StartPhase(phase=Phase.VERIFY)
        return self._sign_off(state)

    def _go(self, state: RunState) -> cmd.Command | None:
        if not _since(state, Phase.GO, state.recovery_at):
            return cmd.Seal()
        if state.first_confirmed:
            return None  # the second person is waited for
        taken_back = state.first_voided is not None and state.first_voided.taken_back
        if state.plan is None or policy.closed_go(state) or taken_back:
            return self._leave()
        confirm = cmd.Confirm(phrase=self.confirm, operator=self.operator, digest=state.plan.digest)
        return self._leave() if policy.refusal(state, confirm) else confirm

    def _after_go(self, state: RunState) -> cmd.Command | None:
        if not _since(state, Phase.MIGRATE, state.confirmed_at):
            return None  # the runner goes on to migrate by itself
        migrated = policy.phase_state(state, Phase.MIGRATE) is PhaseState.PASSED
        if migrated and not _since(state, Phase.VERIFY, state.confirmed_at):
            return None  # and from there to verify
        return self._sign_off(state)

    def _sign_off(self, state: RunState) -> cmd.Command | None:
        sign_off = cmd.SignOff(operator=self.operator)
        return self._leave() if policy.refusal(state, sign_off) else sign_off


def _since(state: RunState, phase: Phase, moment: datetime | None) -> bool:
    started = state.phase(phase).started
    return started is not None and moment is not None and started > moment


def exit_of(state: RunState) -> Exit:
    """What the shell gets: the verdict's code where the run has ended, else that of what the look found."""
    if state.ended:
        return of_verdict(state.verdict)
    if state.recovery is None:
        return Exit.FAILED if state.confirmed else Exit.UNKNOWN
    return _EXITS[state.recovery.outcome]
