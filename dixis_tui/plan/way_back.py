"""How long a way back is expected to take: from the rehearsal's own restore, or from the runbook's plan."""

from __future__ import annotations

from dixis_tui.events import BackupRestored
from dixis_tui.model import Phase, Way
from dixis_tui.plan.phases import PLANNED_SECONDS

SWAP_SECONDS = 5.0
"""Ending the sessions and renaming both databases."""


def seconds(restored: BackupRestored | None, way: Way) -> tuple[float, bool]:
    """Seconds of going back by `way`, and whether they were measured.

    Beside it: restore, compare, swap. In place all is one transaction, so what several jobs did is done by one.
    """
    if restored is None or way is Way.SNAPSHOT:
        return PLANNED_SECONDS[Phase.ROLLBACK], False
    if way is Way.SIDE:
        return restored.seconds + restored.compare_seconds + SWAP_SECONDS, True
    return restored.seconds * restored.jobs, True
