"""What a fleet without a person does next: a pure decision over its state."""

from __future__ import annotations

from dixis_tui.cli.script import Script
from dixis_tui.model import CheckState, Phase
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState


def next_step(state: RunState, script: Script) -> cmd.Command | None:
    """The command to send now; None: wait for the next event. A fleet that can't go on is ended."""
    if state.ended or state.running or state.must_look or not state.phase(Phase.PREFLIGHT).attempts:
        return None
    if answer := _answer(state, script):
        return answer
    if script.until is Phase.PREFLIGHT:
        return cmd.End()
    if state.confirmed and not state.go_again:
        # The waves follow the phrase by themselves; those of before a runner's death are not these.
        went, at = state.phase(Phase.MIGRATE).started, state.confirmed_at
        return cmd.End() if went and at and went >= at else None
    if gates := policy.closed_gates(state):
        return cmd.End(closed_by=[gate.code for gate in gates])
    if state.first_confirmed:
        return None  # the second person is waited for
    if state.plan is None:
        return cmd.End() if _sealed(state) else cmd.Seal()
    taken_back = state.first_voided is not None and state.first_voided.taken_back
    if state.refused or taken_back:
        return cmd.End()
    return cmd.Confirm(phrase=script.confirm, operator=script.operator, digest=state.plan.digest)


def _sealed(state: RunState) -> bool:
    """Whether the seal was tried already, since the runner before died if one did."""
    at = state.phase(Phase.GO).started
    return at is not None and (state.recovery_at is None or at > state.recovery_at)


def _answer(state: RunState, script: Script) -> cmd.Command | None:
    """Ticks and waivers of what is asked and not open yet."""
    for (code, _), view in sorted(state.checks.items()):
        if code in script.ticks and view.spec.person and view.state is CheckState.WAITING:
            return cmd.Tick(code=code, operator=script.operator)
        if code in script.waivers and not view.open:
            return cmd.Waive(code=code, operator=script.operator, reason=script.waivers[code])
    return None
