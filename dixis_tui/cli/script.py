"""What a run without a person does next: a pure decision over its state."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.model import CheckState, Phase, PhaseState
from dixis_tui.plan.checks import CATALOGUE
from dixis_tui.plan.phases import number
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy, policy_github, policy_records
from dixis_tui.run.state import RunState


class Script(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line. `waivers` maps codes to reasons; `confirm` is the typed phrase."""

    operator: str
    until: Phase = Phase.SIGNOFF
    confirm: str = ""
    ticks: frozenset[str] = frozenset()
    waivers: dict[str, str] = {}
    snapshot: cmd.NameSnapshot | None = None
    """A provider's snapshot, one more way back: the dump is made all the same."""
    after_minutes: float = 0.0
    """So long the after-watch is waited for before the sign-off; 0: not at all."""


def next_step(state: RunState, script: Script) -> cmd.Command | None:
    """The command to send now; None: wait for the next event. A run that can't go on is ended."""
    if state.ended or state.running or not state.phase(Phase.PREFLIGHT).attempts or state.phase(Phase.SIGNOFF).attempts:
        return None
    if script.snapshot and state.snapshot is None and not policy.refusal(state, script.snapshot):
        return script.snapshot
    phase = policy.current_phase(state)
    if answer := _answer(state, script, phase):
        return answer
    if script.until is Phase.PREFLIGHT:
        return cmd.End()
    if state.confirmed:
        return _after_go(state, script)
    if codes := _hopeless(state, script):
        return cmd.End(closed_by=codes)
    return _before_go(state, script, phase)


def _answer(state: RunState, script: Script, phase: Phase) -> cmd.Command | None:
    """Ticks and waivers, each when the run has come to its phase."""
    for spec in CATALOGUE:
        view = state.check(spec.code)
        here = number(spec.phase) <= number(phase)
        asked = (spec.code, "") in state.checks
        ours = spec.code in _looked_up(state)
        # What the program has found closed a person may still answer with yes.
        if spec.code in script.ticks and here and asked and not view.open and not ours:
            return cmd.Tick(code=spec.code, operator=script.operator)
        reason = script.waivers.get(spec.code)
        views = [check for check in state.checks.values() if check.code == spec.code]
        if reason and here and any(not check.open for check in views):
            return cmd.Waive(code=spec.code, operator=script.operator, reason=reason)
    return None


def _looked_up(state: RunState) -> tuple[str, ...]:
    """What the program looks at first, and may answer by itself."""
    up = ("DX400",) if _banner_to_come(state) else ()
    return (*up, "DX811") if policy_records.shut(state) else up


def _banner_to_come(state: RunState) -> bool:
    return policy_records.shuts(state) and not state.phase(Phase.BANNER).attempts


def _hopeless(state: RunState, script: Script) -> list[str]:
    """The gates that nothing in the script will open: better said before the dump than after it."""
    coming = script.ticks | set(script.waivers)
    people = [spec.code for spec in CATALOGUE if spec.person and spec.gate and number(spec.phase) < number(Phase.GO)]
    # What GitHub answers is asked of nobody.
    looked_up = ("DX400",) if policy_records.answers(state) and not state.phase(Phase.BANNER).attempts else ()
    asked = [code for code in people if (code, "") in state.checks and code not in looked_up]
    unanswered = [code for code in asked if not state.check(code).open and code not in coming]
    broken = any(policy.phase_state(state, phase) is PhaseState.FAILED for phase in policy.BEFORE_GO)
    return unanswered or ([gate.code for gate in policy.closed_gates(state)] if broken else [])


def _before_go(state: RunState, script: Script, phase: Phase) -> cmd.Command | None:
    if phase is not Phase.PREFLIGHT and not state.phase(Phase.BACKUP).attempts:
        return cmd.StartPhase(phase=Phase.BACKUP)  # a snapshot that was named opens its gate, and proves nothing
    if phase is Phase.REHEARSAL and state.backup is None:
        return cmd.End(closed_by=["DX300"])  # the backup was waived: there is nothing to rehearse on
    if phase in (Phase.BACKUP, Phase.REHEARSAL):
        return cmd.StartPhase(phase=phase)
    if phase is Phase.BANNER and _banner_to_come(state):
        return cmd.StartPhase(phase=phase)
    if gates := policy.closed_gates(state):
        return cmd.End(closed_by=[gate.code for gate in gates])
    if state.plan is None and not state.phase(Phase.GO).attempts:
        return cmd.Seal()
    if state.first_confirmed:
        return None  # the second person is waited for
    shut = [gate.code for gate in policy.closed_go(state)]
    taken_back = state.first_voided is not None and state.first_voided.taken_back
    if state.plan is None or shut or state.refused or taken_back:
        return cmd.End(closed_by=shut)
    waived = any(check.state is CheckState.WAIVED for check in state.checks_of(Phase.GO))
    if waived and state.phase(Phase.GO).attempts == 1:
        return cmd.Seal()  # it was waived after the plan was sealed, and the plan names its waivers
    return cmd.Confirm(phrase=script.confirm, operator=script.operator, digest=state.plan.digest)


def _after_go(state: RunState, script: Script) -> cmd.Command | None:
    if not state.phase(Phase.MIGRATE).attempts:
        return None  # the runner goes on to migrate by itself
    migrated = policy.phase_state(state, Phase.MIGRATE) is PhaseState.PASSED
    if migrated and not state.phase(Phase.VERIFY).attempts:
        return None  # the runner goes on to verify by itself
    if policy_github.left_open(state):
        return cmd.Leave(reason="its workflow run may be at work on GitHub")  # `recover` goes on with it
    reopen, sign_off = cmd.Reopen(operator=script.operator), cmd.SignOff(operator=script.operator)
    if policy_records.shut(state) and state.reopened is None and not policy.refusal(state, reopen):
        return reopen
    if _watches(state, script) and not policy.refusal(state, sign_off):
        return None  # each look of the watch asks again
    return cmd.End() if policy.refusal(state, sign_off) else sign_off


def _watches(state: RunState, script: Script) -> bool:
    """Whether the after-watch is at work, and not yet for as long as it was asked for."""
    after = state.after
    if not script.after_minutes or state.last_at is None:
        return False
    if after is None:
        return True  # it begins right after verify's end
    if after.ended:
        return False
    return (state.last_at - after.started).total_seconds() < script.after_minutes * 60


def closed(state: RunState) -> list[policy.Gate]:
    """The gates that ended this run, for the last words; one that only goes back has none."""
    if state.adopted:
        return []
    gates = policy.closed_gates(state)
    return gates or (policy.closed_go(state) if state.phase(Phase.GO).attempts else [])
