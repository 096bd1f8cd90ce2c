"""What may be done now, and why not: pure decisions over the state.

The runner asks before it acts, the screens ask before they offer; both get the same sentence.
"""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Recovery, Verdict, Way
from dixis_tui.plan import phases
from dixis_tui.plan.checks import SPECS, key_of
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy_fleet, policy_github, policy_records
from dixis_tui.run.state import CheckView, RunState

BEFORE_GO = (Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL, Phase.BANNER)
_UNCLEAR = (MigrationState.UNKNOWN, MigrationState.RUNNING)
_BROKEN = (CheckState.FAILED, CheckState.UNKNOWN)


class Gate(Struct, frozen=True):
    """One closed gate: the check, and what would open it."""

    phase: Phase
    code: str
    title: str
    state: CheckState
    evidence: str
    remedy: str


def phase_state(state: RunState, phase: Phase) -> PhaseState:
    """A phase as a person sees it: its own work and the answers that it waits for."""
    view = state.phase(phase)
    if view.state is PhaseState.RUNNING:
        return PhaseState.RUNNING
    if phase is Phase.GO:
        return PhaseState.PASSED if state.confirmed and not state.go_again else PhaseState.WAITING
    if phase is Phase.SIGNOFF:
        return PhaseState.PASSED if state.verdict in (Verdict.DONE, Verdict.ROLLED_BACK) else PhaseState.WAITING
    checks = [check for check in state.checks_of(phase) if check.spec.gate]
    key = key_of(phase)
    if key and state.check(key.code).state is CheckState.WAIVED:
        return PhaseState.PASSED
    if phase is Phase.BACKUP and _snapshot_instead(state):
        return PhaseState.PASSED
    if any(check.state in _BROKEN for check in checks):
        return PhaseState.FAILED
    worked = view.state is not PhaseState.WAITING or phase is Phase.BANNER
    # Without a reason it was closed by its checks alone, and they were found open since.
    by_itself = view.state is PhaseState.FAILED and view.reason
    if by_itself and not any(check.state is CheckState.WAIVED for check in checks):
        return PhaseState.FAILED
    return PhaseState.PASSED if worked and all(check.open for check in checks) else PhaseState.WAITING


def _snapshot_instead(state: RunState) -> bool:
    """Whether a provider's snapshot was named and no dump was tried: DX200 warns of it, and that is all there is."""
    named = state.snapshot is not None and state.backup is None and not state.phase(Phase.BACKUP).attempts
    return named and state.check("DX200").state is CheckState.WARNED


def closed_gates(state: RunState) -> list[Gate]:
    """Every gate that keeps the phrase from being asked, in runbook order; empty: all is open."""
    closed: list[Gate] = []
    for phase in policy_fleet.PHASES[:1] if state.many else BEFORE_GO:
        if phase_state(state, phase) is not PhaseState.PASSED:
            closed.extend(_closed_of(state, phase))
    return closed


def closed_go(state: RunState) -> list[Gate]:
    """The gates that are looked at when the plan is sealed, and are not open; empty: the phrase may be asked."""
    return [_gate(check) for check in state.checks_of(Phase.GO) if check.spec.gate and not check.open]


def _closed_of(state: RunState, phase: Phase) -> list[Gate]:
    found = [_gate(check) for check in state.checks_of(phase) if check.spec.gate and not check.open]
    if found:
        # The key check only repeats what the others say in detail.
        detailed = [gate for gate in found if not SPECS[gate.code].key]
        return detailed or found
    title = f"{phases.TITLES[phase]} has not been done"
    return [Gate(phase, "", title, CheckState.WAITING, state.phase(phase).reason, f"Start {phases.TITLES[phase]}.")]


def _gate(check: CheckView) -> Gate:
    return Gate(check.spec.phase, check.code, check.spec.title, check.state, check.evidence, check.remedy)


def current_phase(state: RunState) -> Phase:
    """Where the run stands: the running phase, a failed migration, or the first phase that is not passed."""
    if state.running:
        return state.running
    if state.rollback:
        return Phase.ROLLBACK if phase_state(state, Phase.ROLLBACK) is not PhaseState.PASSED else Phase.SIGNOFF
    order = policy_fleet.PHASES if state.many else phases.ORDER
    return next((phase for phase in order if phase_state(state, phase) is not PhaseState.PASSED), Phase.SIGNOFF)


def in_progress(state: RunState) -> bool:
    """Whether leaving now would leave something behind: past preflight and not ended."""
    begun = any(view.attempts for view in state.phases.values() if view.phase is not Phase.PREFLIGHT)
    return state.ended is None and (begun or (state.running is not None and state.running is not Phase.PREFLIGHT))


def came_to_nothing(state: RunState) -> bool:
    """Whether preflight is closed and nothing has followed it: nothing is lost by starting anew."""
    closed = phase_state(state, Phase.PREFLIGHT) is PhaseState.FAILED
    return closed and not in_progress(state) and state.running is None and state.ended is None


def production_changed(state: RunState) -> bool:
    """Whether this run may have changed production: the phrase was taken."""
    return state.confirmed is not None


def half_way(state: RunState) -> bool:
    """Whether the migrations came to no whole end: only a look at the database tells what may be done next."""
    ended = phase_state(state, Phase.MIGRATE) is PhaseState.FAILED
    return production_changed(state) and not state.rollback and ended


def seen_verdict(state: RunState, *, live: bool) -> Verdict:
    """How the run stands for who looks from outside: one whose runner is gone without an end is not `open`."""
    if state.ended or live:
        return state.verdict
    return Verdict.UNKNOWN if production_changed(state) or state.rollback else Verdict.INTERRUPTED


def rehearsed(state: RunState) -> bool:
    """Whether the present backup was restored and the pending migrations were tried on it."""
    return state.restored is not None and state.check("DX300").state is CheckState.PASSED


def failed_migration(state: RunState) -> str:
    """The name of the migration that failed on production, or empty."""
    found = (view.name for view in state.migrations.values() if view.state is MigrationState.FAILED)
    return next(found, "")


def refusal(state: RunState, command: cmd.Command) -> str:
    """Why `command` can't be done now, as one sentence; empty: it can."""
    if state.ended:
        return f"This run has ended ({state.ended.verdict}); start a new one."
    if reason := _refuse_in_drill(state, command) or (policy_fleet.refusal(state, command) if state.many else ""):
        return reason
    if state.left:
        return "The runner is leaving: open dixis-tui again."
    match command:
        case cmd.Leave():
            return ""
        case cmd.Tick(code=code):
            return _refuse_tick(state, code)
        case cmd.Waive():
            return _refuse_waiver(command)
        case cmd.Stop():
            return "" if state.running or state.first_confirmed else "Nothing is running."
        case cmd.SignalBackend():
            return _refuse_signal(state, command)
        case cmd.ReviewDeployment() | cmd.CancelWorkflow():
            return policy_github.workflow(state, command)
        case cmd.SendNotice() | cmd.EndAfter():
            return policy_records.at_once(state, command, verdict(state))
    return _refuse_between(state, command)


def _refuse_between(state: RunState, command: cmd.Command) -> str:
    """What is done by the one worker, while nothing else is."""
    if state.running:
        return f"{phases.TITLES[state.running]} is running; wait for it, or stop it."
    if isinstance(command, cmd.Recover):
        lost = state.resumed or half_way(state)
        return "" if lost else "The runner is the one that began this run: there is nothing to recover."
    return _refuse_unlooked(state, command) or _refuse_way_back(state, command) or _refuse_way_forward(state, command)


def _refuse_unlooked(state: RunState, command: cmd.Command) -> str:
    """After a runner's death nothing is begun before the look, nor while something of it is still at work."""
    if isinstance(command, cmd.End):
        return ""
    if state.must_look:
        return "The runner before this one died or left: what it left is being looked at first."
    at_work = state.recovery is not None and state.recovery.outcome is Recovery.AT_WORK
    if at_work and not isinstance(command, cmd.Rollback | cmd.LookBack):
        return "Something of the runner that died is still at work on production: wait, and look again (r)."
    return ""


def _refuse_way_forward(state: RunState, command: cmd.Command) -> str:
    match command:
        case cmd.StartPhase(phase=phase):
            return _refuse_start(state, phase)
        case cmd.Seal():
            return _refuse_go(state)
        case cmd.Confirm():
            return _refuse_go(state) or _refuse_unsealed(state)
        case cmd.SignOff():
            return _refuse_sign_off(state)
        case cmd.LookAtGithub() | cmd.DispatchClinic():
            return policy_github.look(state, command)
        case cmd.Reopen():
            return policy_records.reopen(state, verdict(state))
    return ""


def _refuse_way_back(state: RunState, command: cmd.Command) -> str:
    match command:
        case cmd.Rollback(way=way):
            return _refuse_rollback(state, way)
        case cmd.LookBack():
            return "" if state.backup or state.snapshot else "There is no backup in this run to go back to."
        case cmd.NameSnapshot():
            return _refuse_snapshot(state, command)
        case cmd.Resolve():
            return _refuse_resolve(state, command)
    return ""


def _refuse_in_drill(state: RunState, command: cmd.Command) -> str:
    """A drill only drills: what it works on is staging."""
    if isinstance(command, cmd.Drill):
        if not state.drill:
            return "This run is on production; `dixis-tui drill` starts one on staging."
        return "The drill was done already; start another one." if state.phase(Phase.BACKUP).attempts else ""
    if state.drill and not isinstance(command, cmd.Stop | cmd.SignOff | cmd.End):
        return "This run is a drill on staging: it does all its steps by itself."
    return ""


def _refuse_tick(state: RunState, code: str) -> str:
    spec = SPECS.get(code)
    if spec is None:
        return f"There is no check {code}; `dixis-tui checks` lists them."
    if spec.phase is Phase.ROLLBACK and (state.rollback is None or state.rollback.way is not Way.SNAPSHOT):
        return f"{code} {spec.title} belongs to going back by the provider's snapshot."
    return "" if spec.person else f"{code} {spec.title} is looked up by the program; a person can only waive it."


def _refuse_waiver(command: cmd.Waive) -> str:
    spec = SPECS.get(command.code)
    if spec is None:
        return f"There is no check {command.code}; `dixis-tui checks` lists them."
    if not spec.waivable:
        return f"{spec.code} {spec.title} can't be waived: without it there is nothing to go on with."
    return "" if command.reason.strip() else "A waiver needs a reason."


def _refuse_signal(state: RunState, command: cmd.SignalBackend) -> str:
    if state.running not in (Phase.REHEARSAL, Phase.MIGRATE):
        return "Nothing of ours is at work: nobody is in its way."
    now = state.radar.blockers if state.radar else ()
    if command.pid not in {peer.pid for peer in (*now, *state.blockers)}:
        return f"Backend {command.pid} does not block us (any more): look at the radar again."
    if command.typed.strip() != str(command.pid):
        return f"Type {command.pid}, its process id, to {command.how} it. Nothing was done."
    return ""


def _refuse_start(state: RunState, phase: Phase) -> str:
    changed = production_changed(state)
    if state.rollback and phase is Phase.ROLLBACK and (state.rollback.way is Way.SNAPSHOT or state.swapped):
        return ""
    if state.adopted:
        return _only_goes_back(state.adopted.run)
    if state.rollback:
        return "This run goes back: there is no way forward from here but a new run."
    if phase in BEFORE_GO and changed:
        return f"Production was changed in this run: {phases.TITLES[phase]} belongs before that."
    if phase is Phase.PREFLIGHT:
        return ""
    if phase is Phase.BACKUP:
        broken = phase_state(state, Phase.PREFLIGHT) is PhaseState.FAILED
        looked = state.phase(Phase.PREFLIGHT).attempts > 0
        return "" if looked and not broken else "Preflight is not clear: mend or waive what is closed there first."
    if phase is Phase.REHEARSAL:
        return "" if state.backup else "There is no backup to rehearse on: make it first."
    if phase is Phase.BANNER:
        before = (Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL)
        return policy_records.put_up(state, all(phase_state(state, one) is PhaseState.PASSED for one in before))
    if phase is Phase.VERIFY:
        return "" if changed and not state.rollback else "There is nothing to verify before the migration."
    return f"{phases.TITLES[phase]} is not started by a command of its own."


def _only_goes_back(run: str) -> str:
    return f"This run only goes back to the backup of run {run}; start another one to migrate."


def _refuse_go(state: RunState) -> str:
    if state.adopted:
        return _only_goes_back(state.adopted.run)
    if state.confirmed and not state.go_again:
        return "The phrase was already taken in this run."
    if state.rollback:
        return "This run goes back: start another one to migrate."
    gates = closed_gates(state)
    if not gates:
        return ""
    first = gates[0]
    more = f" (and {len(gates) - 1} more)" if len(gates) > 1 else ""
    return f"The gate is closed by {first.code} {first.title}{more}.".replace("  ", " ")


def _refuse_unsealed(state: RunState) -> str:
    if state.plan is None:
        return "No plan is sealed: open the go / no-go board first."
    return next((f"The gate is closed by {gate.code} {gate.title}: {gate.evidence}." for gate in closed_go(state)), "")


def _refuse_rollback(state: RunState, way: Way) -> str:
    if way is Way.SNAPSHOT and state.snapshot is None:
        return "No provider's snapshot was named in this run."
    if way is not Way.SNAPSHOT and state.backup is None:
        return "There is no backup in this run to go back to; `dixis-tui rollback RUN` goes back to an earlier run's."
    if state.rollback and _rolled_back(state, state.rollback.way):
        return "Production was already rolled back in this run."
    if state.swapped:
        return "Production was already swapped in this run: what is closed now has to be mended, not done again."
    return policy_github.rollback(state)


def _rolled_back(state: RunState, way: Way) -> bool:
    """An answer that a person takes back does not undo what was restored."""
    restored = way is not Way.SNAPSHOT and state.phase(Phase.ROLLBACK).state is PhaseState.PASSED
    return restored or phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED


def _refuse_snapshot(state: RunState, command: cmd.NameSnapshot) -> str:
    if production_changed(state) or state.rollback:
        return "A snapshot that is named now may hold what the migration did: name it before the go."
    if state.adopted:
        return _only_goes_back(state.adopted.run)
    return "" if command.id.strip() and command.where.strip() else "A snapshot needs its id, and where it is."


def _refuse_resolve(state: RunState, command: cmd.Resolve) -> str:
    if state.rollback:
        return "This run goes back: the history comes with the backup."
    view = state.migrations.get(command.migration)
    if view is None or view.state not in (MigrationState.FAILED, *_UNCLEAR):
        return f"{command.migration} did not fail in this run: there is nothing to resolve."
    return "It was resolved already." if command.migration in state.resolved else ""


def _refuse_sign_off(state: RunState) -> str:
    if state.rollback:
        done = phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED
        return "" if done else "The rollback is not complete: look at its checks."
    if phase_state(state, Phase.MIGRATE) is not PhaseState.PASSED:
        return "The migration is not done: there is nothing to sign off."
    verified = phase_state(state, Phase.VERIFY) is PhaseState.PASSED
    return "" if verified else "Verify is not clear: mend or waive what is closed there, or roll back."


def verdict(state: RunState) -> Verdict:
    """How the run would end if it ended now."""
    if state.rollback:
        return _verdict_after_rollback(state)
    if state.confirmed:
        return _verdict_after_go(state)
    if state.drill:
        return Verdict.FAILED  # it did not come as far as the rollback, which is what it is for
    if state.adopted:
        return Verdict.ABANDONED  # it only looked at the ways back
    if state.phase(Phase.PREFLIGHT).state is not PhaseState.PASSED or _broken_before_go(state):
        return Verdict.CLOSED
    return Verdict.ABANDONED if in_progress(state) else Verdict.CHECKED


def _verdict_after_rollback(state: RunState) -> Verdict:
    if phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED:
        return Verdict.ROLLED_BACK
    if state.check("DX900").state in _BROKEN or state.check("DX901").state is CheckState.FAILED:
        return Verdict.FAILED  # nothing was restored: it is one transaction, or stands beside production
    beside = state.rollback is not None and state.rollback.way is Way.SIDE and state.swapped is None
    if beside and state.check("DX905").state is not CheckState.UNKNOWN:
        return Verdict.FAILED
    return Verdict.UNKNOWN


def _broken_before_go(state: RunState) -> bool:
    return any(phase_state(state, phase) is PhaseState.FAILED for phase in BEFORE_GO)


def _verdict_after_go(state: RunState) -> Verdict:
    if state.many:
        return policy_fleet.verdict(state)
    if policy_github.may_change(state) or any(view.state in _UNCLEAR for view in state.migrations.values()):
        return Verdict.UNKNOWN
    if failed_migration(state):
        return Verdict.FAILED
    if not state.check("DX601").open:
        return Verdict.UNKNOWN  # nobody has read the history since
    if phase_state(state, Phase.MIGRATE) is not PhaseState.PASSED:
        return Verdict.FAILED
    return Verdict.DONE if phase_state(state, Phase.VERIFY) is PhaseState.PASSED else Verdict.FAILED
