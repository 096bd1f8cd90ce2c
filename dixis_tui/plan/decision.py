"""The decision clock: until when a rollback can be begun and still end, verified, within the window. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from dixis_tui.model import Phase
from dixis_tui.plan.phases import PLANNED_SECONDS

VERIFY_SECONDS = PLANNED_SECONDS[Phase.VERIFY]
"""What the runbook plans for looking at everything again; people do a part of it, so it is not what a machine took."""


class Decision(Struct, frozen=True):
    """How the time stands. Seconds; negative ones are past.

    `left`: until the window closes. `way_back`: the rollback, `measured` or planned. `verify`: what follows it.
    `latest`: the last moment at which a rollback still fits (UTC), in `spare` seconds.
    """

    left: float
    way_back: float
    measured: bool
    verify: float
    latest: datetime
    spare: float

    @property
    def fits(self) -> bool:
        """Whether a rollback begun now would end, verified, within the window."""
        return self.spare >= 0


def decide(
    now: datetime, closes: datetime, way_back: float, *, measured: bool, verify: float = VERIFY_SECONDS
) -> Decision:
    """How the time stands at `now` for a window that ends at `closes`."""
    latest = closes - timedelta(seconds=way_back + verify)
    return Decision(
        left=(closes - now).total_seconds(),
        way_back=way_back,
        measured=measured,
        verify=verify,
        latest=latest,
        spare=(latest - now).total_seconds(),
    )
