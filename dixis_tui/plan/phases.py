"""The runbook's phases: order, titles and planned durations (RUNBOOK: Migration Timeline Estimate)."""

from __future__ import annotations

from dixis_tui.model import Phase

ORDER: tuple[Phase, ...] = (
    Phase.PREFLIGHT,
    Phase.BACKUP,
    Phase.REHEARSAL,
    Phase.BANNER,
    Phase.GO,
    Phase.MIGRATE,
    Phase.VERIFY,
    Phase.SIGNOFF,
)

TITLES: dict[Phase, str] = {
    Phase.PREFLIGHT: "Preflight",
    Phase.BACKUP: "Backup",
    Phase.REHEARSAL: "Rehearsal",
    Phase.BANNER: "Banner",
    Phase.GO: "Go / no-go",
    Phase.MIGRATE: "Migrate",
    Phase.VERIFY: "Verify",
    Phase.SIGNOFF: "Sign-off",
    Phase.ROLLBACK: "Rollback",
}

PLANNED_SECONDS: dict[Phase, float] = {
    Phase.PREFLIGHT: 300.0,
    Phase.BACKUP: 120.0,
    Phase.REHEARSAL: 180.0,
    Phase.BANNER: 120.0,
    Phase.GO: 60.0,
    Phase.MIGRATE: 300.0,
    Phase.VERIFY: 300.0,
    Phase.SIGNOFF: 60.0,
    Phase.ROLLBACK: 300.0,
}
"""The runbook gives pre-checks 5 min, banner 2, migration 2 to 5 and post-checks 5; the rest is our own estimate."""

IN_WINDOW: tuple[Phase, ...] = (Phase.BANNER, Phase.GO, Phase.MIGRATE, Phase.VERIFY, Phase.SIGNOFF)
"""What has to happen while the application is down."""


def number(phase: Phase) -> int:
    """1 for preflight to 8 for sign-off; 9 for rollback."""
    return ORDER.index(phase) + 1 if phase in ORDER else len(ORDER) + 1
