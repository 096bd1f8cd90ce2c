"""What came of a target: its run's end, and its database read after that. A green run is no evidence."""

from __future__ import annotations

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.fleet import TargetPlan, TargetState
from dixis_tui.model import CheckState, Identity
from dixis_tui.plan import workflow_steps
from dixis_tui.prisma.look import Seen
from dixis_tui.run.context import Context
from dixis_tui.run.phases import fleet_plan, soundness
from dixis_tui.run.phases.fleet_plan import Source
from dixis_tui.run.views import WorkflowView
from dixis_tui.settings_github import TargetSettings

_NAMED = 3


def verify(
    context: Context, target: TargetSettings, plan: TargetPlan, view: WorkflowView | None, seen: Source
) -> ev.TargetVerified:
    """Read the target's database, and judge. `view` is its run, as far as it is known. Never raises."""
    words = context.log.redactor.line
    try:
        identity, found = fleet_plan.history(context, target, seen)
    except DixisError as error:
        said = ev.TargetVerified(
            name=plan.name,
            state=TargetState.UNKNOWN,
            evidence=f"{run_words(view)}; its database could not be read: {error}",
            remedy=f"{error.remedy} Then look again (r).".lstrip(),
        )
    else:
        said = _another(plan, view, identity) or judge(plan, view, found)
    said = replace(said, evidence=words(said.evidence), remedy=words(said.remedy))
    level = "info" if said.state is TargetState.DONE else "error"
    context.log.line("runner", f"{plan.name}: {said.state}. {said.evidence}", level)
    return said


def _another(plan: TargetPlan, view: WorkflowView | None, identity: Identity) -> ev.TargetVerified | None:
    """That it is not the database that was planned: what it says is no evidence of it. None: it is the one."""
    if plan.identity is None or plan.identity.same_database(identity):
        return None
    read, meant = (f"{one.database} at {one.host}:{one.port}" for one in (identity, plan.identity))
    return ev.TargetVerified(
        name=plan.name,
        state=TargetState.UNKNOWN,
        evidence=f"{run_words(view)}; the database that was read ({read}) is not the one that was planned ({meant})",
        remedy="Let its variable name the planned one, then look again (r).",
    )


def judge(plan: TargetPlan, view: WorkflowView | None, seen: Seen) -> ev.TargetVerified:
    """What its run and its history add up to. Pure."""
    applied = {row.migration_name for row in seen.history.applied}
    left = [name for name in plan.pending if name not in applied]
    other = [file.name for file in seen.history.pending if file.name not in left]
    sound = soundness.history(seen.truth)
    green = view is not None and view.run is not None and view.run.green
    over = view is not None and view.run is not None and view.run.over
    page = f"Look at {view.url}." if view and view.url else ""
    told = f"{len(plan.pending) - len(left)} of {len(plan.pending)} applied"

    def said(state: TargetState, evidence: str, remedy: str = "") -> ev.TargetVerified:
        return ev.TargetVerified(
            name=plan.name, state=state, evidence=f"{run_words(view)}; {evidence}", remedy=remedy or page
        )

    if not over:
        return said(TargetState.UNKNOWN, f"its database has {told} so far", f"{page} Then look again (r).".lstrip())
    if sound.state is CheckState.FAILED:
        return said(TargetState.FAILED, f"in its database {sound.evidence}", sound.remedy)
    if left or other:
        names = [*left, *other]
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        return said(TargetState.FAILED, f"in its database still pending: {', '.join(names[:_NAMED])}{more}")
    if view and view.run and (strange := _strange(view.started.sha, view.run.sha)):
        return said(TargetState.FAILED, strange)
    if not green:
        return said(TargetState.FAILED, f"in its database all {len(plan.pending)} are applied and none failed")
    return ev.TargetVerified(name=plan.name, state=TargetState.DONE, evidence=f"{told}, none pending, none failed")


def _strange(planned: str, ran: str) -> str:
    """That it ran another commit than the plan's; empty where that can't be told, or is not so."""
    if not planned or not ran or planned == ran:
        return ""
    return f"it is of commit {ran[:12]}, and the plan is of {planned[:12]}"


def run_words(view: WorkflowView | None) -> str:
    """How its run stands, in a sentence part."""
    if view is None:
        return "no run of it is known"
    if view.failed:
        return view.failed.problem
    if view.run is None:
        return f"run {view.run_id} was not seen yet" if view.run_id else "no run of it is known"
    if not view.run.over:
        return f"run {view.run.id} was last seen {view.run.status.replace('_', ' ')}"
    spot = workflow_steps.broken(view.jobs)
    where = f" in {workflow_steps.in_words(spot)}" if spot and not view.run.green else ""
    return f"run {view.run.id} ended as {view.run.conclusion.replace('_', ' ') or 'completed'}{where}"
