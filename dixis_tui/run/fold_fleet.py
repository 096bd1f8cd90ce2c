"""The part of the fold that tells of a fleet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.run.views import FleetView, RunState, TargetView


def _planned(state: RunState, event: ev.FleetPlanned, _: datetime) -> dict[str, Any]:
    # What was begun stays as it was confirmed; it is the rest that is planned anew.
    begun = {name: view for name, view in state.fleet.targets.items() if view.request} if state.fleet else {}
    targets = {plan.name: begun.get(plan.name) or TargetView(plan=plan) for plan in event.targets}
    return {"fleet": FleetView(planned=event, targets=targets, stopped=state.fleet.stopped if state.fleet else None)}


def _changed(state: RunState, name: str, **changes: Any) -> dict[str, Any]:
    fleet = state.fleet
    if fleet is None or name not in fleet.targets:
        return {}
    return {"fleet": replace(fleet, targets=fleet.targets | {name: replace(fleet.targets[name], **changes)})}


def _dispatching(state: RunState, event: ev.TargetDispatching, at: datetime) -> dict[str, Any]:
    return _changed(state, event.name, request=event.request, begun_at=at)


def _verified(state: RunState, event: ev.TargetVerified, at: datetime) -> dict[str, Any]:
    return _changed(state, event.name, verified=event, verified_at=at)


def _stopped(state: RunState, event: ev.FleetStopped, _: datetime) -> dict[str, Any]:
    return {"fleet": replace(state.fleet, stopped=event)} if state.fleet else {}


CHANGES: dict[type, Any] = {
    ev.FleetPlanned: _planned,
    ev.TargetDispatching: _dispatching,
    ev.TargetVerified: _verified,
    ev.TargetReopened: lambda state, event, _: _changed(state, event.name, verified=None, verified_at=None),
    ev.FleetStopped: _stopped,
}
"""One function an event; each gives the fields that it changes."""
