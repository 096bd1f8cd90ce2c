"""Events of a fleet: what is planned for each target, which dispatch is whose, and what its database said afterwards.

The runs themselves are told by :mod:`dixis_tui.events_github`, each by its dispatch's own `request`.
"""

from __future__ import annotations

from dixis_tui.event import BaseEvent
from dixis_tui.fleet import TargetPlan, TargetState


class FleetPlanned(BaseEvent, frozen=True, kw_only=True, tag="fleet_planned"):
    """Every target was read, in the settings' order, and this is what each one's run would do."""

    targets: tuple[TargetPlan, ...]
    parallel: int
    stop_share: float
    commit: str = ""
    workflow: str = ""
    """The workflow's file name."""
    branch: str = ""


class TargetDispatching(BaseEvent, frozen=True, kw_only=True, tag="target_dispatching"):
    """This target is next, and its dispatch will have this `request`. Written and flushed before anything is sent.

    An empty one takes it back: its runner died before anything of it was sent.
    """

    name: str
    request: str


class TargetVerified(BaseEvent, frozen=True, kw_only=True, tag="target_verified"):
    """What came of a target: its run's end, and its database read after that. `state` is done, failed or unknown."""

    name: str
    state: TargetState
    evidence: str
    remedy: str = ""


class TargetReopened(BaseEvent, frozen=True, kw_only=True, tag="target_reopened"):
    """A target that failed or is unknown is looked at again; until then it is at work."""

    name: str


class FleetStopped(BaseEvent, frozen=True, kw_only=True, tag="fleet_stopped"):
    """Nothing more is dispatched; what is at work is followed to its end.

    `operator` is empty where a failure did it.
    """

    reason: str
    operator: str = ""


FleetEvent = FleetPlanned | TargetDispatching | TargetVerified | TargetReopened | FleetStopped
