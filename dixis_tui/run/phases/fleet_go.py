"""A run over many databases: the look at all of them, the seal, the phrase, the waves, and another look."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, GithubError, UnknownOutcomeError
from dixis_tui.fleet import TargetPlan, TargetState
from dixis_tui.model import Finding, Phase, Recovery, failed, passed
from dixis_tui.plan.checks import GITHUB_CODES
from dixis_tui.run import policy
from dixis_tui.run.accounts import Asker
from dixis_tui.run.commands import Confirm
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, fleet_plan, fleet_secrets, fleet_verify, github_look, go
from dixis_tui.run.phases.fleet_inputs import inputs_of
from dixis_tui.run.phases.fleet_plan import Source
from dixis_tui.run.phases.fleet_work import Work
from dixis_tui.run.phases.github_open import opened
from dixis_tui.run.views import FleetView, WorkflowView
from dixis_tui.secrets import Secret

T = TypeVar("T")
_MIGRATE = (("DX600", ""), ("DX601", ""))
_BAD = (TargetState.FAILED, TargetState.UNKNOWN)


def look(context: Context) -> None:
    """Preflight: plan every target, and look at GitHub's gates once."""
    with context.phase(Phase.PREFLIGHT, [("DX151", ""), *((code, "") for code in GITHUB_CODES)]):
        if context.settings.notices.any:
            from dixis_tui.run.phases import notices  # templates and mails take a tenth of a second

            notices.look(context)
        context.check("DX151", lambda: _plan(context))
        _look_at_github(context, github_look.look)


def seal(context: Context) -> None:
    """Plan every target anew, and seal all plans under one digest."""
    with context.phase(Phase.GO, []):
        context.found("DX151", _plan(context))
        _look_at_github(context, github_look.at_seal)
        if gates := policy.closed_gates(context.state):
            raise DixisError(f"The gate is closed by {gates[0].code} {gates[0].title}", gates[0].remedy)
        with opened(context) as (repository, _):
            github = context.settings.github
            inputs_of(repository, github.migrate_workflow, github.branch)
        context.emit(fleet_plan.seal(_fleet(context)))


def _look_at_github(context: Context, look: Callable[[Context], T]) -> T:
    """The gates of one database, but that each target has an environment, and there a secret, of its own."""
    found = look(context)
    if context.state.github and not context.state.github.look.problem:
        context.check("DX146", lambda: fleet_secrets.look(context))
    return found


def _plan(context: Context) -> Finding:
    """DX151: every target that nothing was begun for is read, and its plan is shown. Raises ProjectError."""
    seen = fleet_plan.source(context)
    context.emit(facts.project_seen(seen.project))
    plans = _read(context, seen, lambda done: _progress(context, done))
    context.emit(fleet_plan.planned(context, seen, plans))
    return fleet_plan.finding(plans)


def _read(context: Context, seen: Source, done: Callable[[int], None] = lambda _: None) -> tuple[TargetPlan, ...]:
    fleet, targets = context.state.fleet, context.settings.targets
    begun = {name: view.plan for name, view in fleet.targets.items() if view.request} if fleet else {}
    fresh = fleet_plan.everything(context, seen, [one for one in targets if one.name not in begun], done)
    if any(not (plan.environment or plan.problem) for plan in fresh) and _takes_environment(context):
        fresh = fleet_plan.placed(fresh)
    plans = begun | {plan.name: plan for plan in fresh}
    return tuple(plans[target.name] for target in targets)


def _takes_environment(context: Context) -> bool:
    """Whether the workflow has to be told one. Where that can't be seen, DX141 says so."""
    github = context.settings.github
    try:
        with opened(context) as (repository, _):
            return "environment" in (repository.workflow(github.migrate_workflow, github.branch).inputs or ())
    except GithubError:
        return False


def _progress(context: Context, done: int) -> None:
    context.progress(Phase.PREFLIGHT, "reading", done, len(context.settings.targets), "targets")


def confirm(context: Context, command: Confirm, asker: Asker) -> None:
    """The phrase was right: every target is read once more, then the waves begin."""
    sealed = context.state.plan
    if sealed is None or command.digest != sealed.digest:
        go.refuse(context, command, "The plan was sealed anew since the phrase was asked. Read it again.")
        return
    try:
        seen = fleet_plan.source(context)
        before, now = _fleet(context), _read(context, seen)
    except DixisError as error:
        go.refuse(context, command, f"The last look failed: {error}. Nothing was done.")
        return
    if changed := _changed(before, now):
        go.refuse(context, command, f"The plan changed since it was sealed: {changed}. Nothing was done.")
        return
    if moved := _look_at_github(context, github_look.moved):
        go.refuse(context, command, f"{moved}. Nothing was done.")
        return
    decided = context.decide(lambda state: go.outcome(state, command, asker))
    if isinstance(decided, ev.Confirmed):
        context.log.line("operator", f"{decided.operator} confirmed plan {sealed.hash}", "warning")
        _work(context, seen, Secret(command.phrase))
    elif isinstance(decided, ev.FirstConfirmed):
        context.log.line("operator", f"{command.operator} confirmed plan {sealed.hash}, first")


def _changed(before: FleetView, now: tuple[TargetPlan, ...]) -> str:
    """The targets that are not as they were sealed, in a sentence part; empty: all are."""
    names = [
        plan.name
        for plan in now
        if (was := before.targets[plan.name].plan) != plan and not (was.problem and plan.problem)
    ]
    return f"{', '.join(names[:3])}{f' and {len(names) - 3} more' if len(names) > 3 else ''}"


def _work(context: Context, seen: Source, phrase: Secret | None, *, again: bool = False) -> None:
    """The waves; without the phrase only what is open is followed. What came of it is said by two checks.

    `again`: those that failed or are unknown are looked at too.
    """
    with context.phase(Phase.MIGRATE, _MIGRATE):
        try:
            _require_named(context)
            doubtful = _read_again(context, seen) if again else ()
            with opened(context) as (repository, client):
                work = Work(context, repository, client, seen, phrase)
                if doubtful:
                    work.require_heard()
                    context.emit(*(ev.TargetReopened(name=name) for name in doubtful))
                work.find_lost(_lost(context))
                work.to_end()
        finally:
            fleet = _fleet(context)
            context.found("DX601", agrees(fleet))
            context.found("DX600", migrated(fleet))


def _require_named(context: Context) -> None:
    """What is at work is read by its settings: they may be others than when it began. Raises DixisError."""
    named = {target.name for target in context.settings.targets}
    if gone := [name for name in _fleet(context).targets if name not in named]:
        raise DixisError(
            f"dixis.toml names no target {', '.join(gone[:3])} any more", "Name it again; its run goes on."
        )


def look_again(context: Context) -> None:
    """Those that failed or are unknown: their runs are looked at, and their databases read, once more."""
    _work(context, fleet_plan.source(context), None, again=True)


def _read_again(context: Context, seen: Source) -> tuple[str, ...]:
    """Whose run is over is judged by its database alone, and whom GitHub refused had none: the names of the others."""
    fleet, workflows = _fleet(context), context.state.workflows
    targets = {target.name: target for target in context.settings.targets}
    doubtful = []
    for name in fleet.named(*_BAD):
        view = workflows.get(fleet.targets[name].request)
        if view is None or _refused(view):
            continue
        if view.run and view.run.over:
            context.emit(fleet_verify.verify(context, targets[name], fleet.targets[name].plan, view, seen))
        else:
            doubtful.append(name)
    return tuple(doubtful)


def _refused(view: WorkflowView) -> bool:
    """Whether nothing was begun, for certain."""
    return view.failed is not None and not view.failed.unknown


def recover(context: Context) -> None:
    """What a runner that died left open is followed to its end; what it did not begin waits for a seal of its own."""
    if not policy.production_changed(context.state):
        words = "the phrase was not taken: nothing was dispatched"
        context.emit(ev.RecoverySeen(outcome=Recovery.UNTOUCHED, evidence=words, remedy="Go on where it stopped."))
        return
    fleet = _fleet(context)
    for name in fleet.named(TargetState.AT_WORK):
        view = context.state.workflows.get(fleet.targets[name].request)
        if view is None or _refused(view):
            # Its number was written, and nothing was sent, or what was sent was not taken.
            context.emit(ev.TargetDispatching(name=name, request=""))
    try:
        _work(context, fleet_plan.source(context), None)
    except DixisError as error:
        words = context.log.redactor.line(str(error))
        context.emit(ev.RecoverySeen(outcome=Recovery.UNKNOWN, evidence=words, remedy="Look again (r)."))
        return
    context.emit(recovered(_fleet(context)))


def _lost(context: Context) -> tuple[str, ...]:
    """Those at work of whose run nobody knows the number."""
    fleet, workflows = _fleet(context), context.state.workflows
    names = fleet.named(TargetState.AT_WORK)
    return tuple(name for name in names if not workflows[fleet.targets[name].request].run_id)


def recovered(fleet: FleetView) -> ev.RecoverySeen:
    """What the fleet has come to once nothing is at work any more. Pure."""
    done, bad = len(fleet.named(TargetState.DONE)), fleet.named(*_BAD)
    waiting = fleet.named(TargetState.WAITING)
    told = f"{done} done, {len(bad)} failed or unknown, {len(waiting)} not touched"
    if fleet.named(TargetState.AT_WORK, TargetState.UNKNOWN):
        return ev.RecoverySeen(outcome=Recovery.UNKNOWN, evidence=told, remedy="Look again (r).")
    if fleet.waves.stopped:
        return ev.RecoverySeen(outcome=Recovery.UNFINISHED, evidence=told, remedy="Look at what failed, then end (e).")
    if waiting:
        return ev.RecoverySeen(outcome=Recovery.REST, evidence=told, remedy="Seal the rest and type its phrase (m).")
    if bad:
        return ev.RecoverySeen(outcome=Recovery.UNFINISHED, evidence=told, remedy="Look at what failed, then end (e).")
    return ev.RecoverySeen(outcome=Recovery.APPLIED, evidence=told)


def agrees(fleet: FleetView) -> Finding:
    """DX601: whether every target's database was read after its run. Pure."""
    unclear = fleet.named(TargetState.UNKNOWN, TargetState.AT_WORK)
    if unclear:
        return failed(f"not known: {', '.join(unclear[:5])}", "Look again (r) before anything else.")
    read = len(fleet.named(TargetState.DONE, TargetState.FAILED))
    return passed(f"{read} databases read after their run's end")


def migrated(fleet: FleetView) -> Finding:
    """DX600: how many targets are done, and why the others are not. Pure."""
    done, waiting = len(fleet.named(TargetState.DONE)), fleet.named(TargetState.WAITING)
    bad = fleet.named(*_BAD, TargetState.AT_WORK)
    tally = f"{done} of {done + len(waiting) + len(bad)} targets migrated and verified"
    if not bad and not waiting:
        return passed(tally)
    untouched = f"; {len(waiting)} not touched" if waiting else ""
    why = f"; stopped: {fleet.waves.stopped}" if fleet.waves.stopped else ""
    return failed(f"{tally}{untouched}{why}", "Look at those that failed; what was not touched needs a new run.")


def _fleet(context: Context) -> FleetView:
    if context.state.fleet is None:
        raise UnknownOutcomeError("No target was planned yet", "Look first (r).")
    return context.state.fleet
