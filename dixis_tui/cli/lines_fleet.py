"""What is heard of a fleet, as plain lines."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.fleet import TargetPlan, TargetState
from dixis_tui.run.views import FleetView

_GLYPHS = {
    TargetState.WAITING: "○",
    TargetState.AT_WORK: "◐",
    TargetState.DONE: "✔",
    TargetState.FAILED: "✖",
    TargetState.UNKNOWN: "?",
    TargetState.NOTHING: "·",
    TargetState.LEFT_OUT: "✖",
}


def fleet_line(event: ev.Event) -> str:
    """One plain line for an event of a fleet, or nothing."""
    match event:
        case ev.FleetPlanned(targets=targets):
            bad = sum(bool(plan.problem) for plan in targets)
            going = sum(bool(plan.pending) and not plan.problem for plan in targets)
            return f"   {len(targets)} targets read: {going} to migrate, {bad} that can't be planned"
        case ev.TargetDispatching(name=name, request="") if name:
            return f"   {name}: nothing of it was sent; it waits again"
        case ev.TargetDispatching(name=name, request=request):
            return f"   {name}: next, as {request}"
        case ev.TargetVerified(name=name, state=state, evidence=evidence, remedy=remedy):
            return f" {_GLYPHS[state]} {name}: {state}. {evidence}{f' → {remedy}' if remedy else ''}"
        case ev.TargetReopened(name=name):
            return f"   {name}: looked at again"
        case ev.FleetStopped(reason=reason):
            return f" ✖ the fleet stops: {reason}; what is at work is followed to its end"
    return ""


def plan_lines(fleet: FleetView) -> list[str]:
    """A line a target: what its run would do."""
    waves = {name: number for number, names in enumerate(fleet.waves.waves, 1) for name in names}
    width = max((len(name) for name in fleet.targets), default=0)
    return [
        f" {_GLYPHS[view.state]} {name:<{width}}  {_plan(view.plan, waves.get(name, 0))}"
        for name, view in fleet.targets.items()
    ]


def _plan(plan: TargetPlan, wave: int) -> str:
    if plan.problem:
        return f"can't be planned: {plan.problem}{f' → {plan.remedy}' if plan.remedy else ''}"
    if not plan.pending:
        return f"nothing pending, {plan.applied} applied  {plan.target}"
    kind = "canary" if plan.canary else "      "
    first = plan.pending[0]
    files = first if len(plan.pending) == 1 else f"{first} to {plan.pending[-1]}"
    return f"{kind}  wave {wave:<3}  {len(plan.pending)} pending ({files})  plan {plan.hash}  {plan.target}"
