"""One event of every kind, and entries around events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from dixis_tui import events as ev
from dixis_tui.model import (
    Backup,
    CheckState,
    Executor,
    HealthResult,
    Identity,
    MigrationFile,
    Phase,
    PhaseState,
    Place,
    Verdict,
)
from dixis_tui.run.state import Entry

START = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
IDENTITY = Identity("7423111122223333444", "dixis", "db.example", 5432, "app", 150008, False, False, "TLSv1.3")
BACKUP = Backup("/srv/backup/dixis.dump", 1000, "a" * 64, 1.5, 150008, {"public.Order": 5})
FILE = MigrationFile("20251110_zone", "prisma/migrations/20251110_zone", "c" * 64, 30)
STARTED = ev.RunStarted(
    run="20261125-200000-abcd",
    version="0.1.0",
    operator="Μαρία",
    host="ops@host",
    pid=4711,
    name="Dixis",
    environment="production",
    target="postgresql://app:•••@db.example:5432/dixis",
    executor=Executor.DIRECT,
    window_opens=START,
    window_closes=START + timedelta(hours=1),
    phrase="DIXIS-PROD-OK",
    rollback_phrase="DIXIS-ROLLBACK-OK",
    contacts=[("On-call engineer", "Νίκος", "+30 210 0000000")],
    secrets={"DATABASE_URL": True},
)
EVENTS: tuple[ev.Event, ...] = (
    STARTED,
    ev.TargetSeen(identity=IDENTITY),
    ev.ProjectSeen(directory="/srv/app", prisma_version="6.19.0", command="pnpm prisma", commit="4f2a"),
    ev.PendingSeen(applied=8, pending=[FILE]),
    ev.PhaseStarted(phase=Phase.PREFLIGHT, checks=[("DX101", ""), ("DX121", "")]),
    ev.PhaseEnded(phase=Phase.PREFLIGHT, state=PhaseState.FAILED, seconds=1.0, reason="why"),
    ev.CheckChanged(code="DX121", state=CheckState.FAILED, evidence="seen", remedy="do"),
    ev.Ticked(code="DX131", operator="Μαρία"),
    ev.Waived(code="DX121", operator="Μαρία", reason="agreed by phone"),
    ev.Progress(phase=Phase.BACKUP, what="dump", done=1, total=2),
    ev.BackupMade(backup=BACKUP),
    ev.BackupAdopted(run="earlier", identity=IDENTITY, backup=BACKUP),
    ev.BackupRestored(place=Place.STAGING, where="staging", seconds=2.0, tables=1, rows=5),
    ev.MigrationStarted(name=FILE.name, place=Place.PRODUCTION),
    ev.MigrationEnded(name=FILE.name, place=Place.PRODUCTION, seconds=0.5),
    ev.PlanSealed(hash="7f3a·c2e1", digest="7f3ac2e1", lines=[("Target", "dixis")]),
    ev.ConfirmationRefused(operator="Μαρία", reason="Wrong phrase. Nothing was done."),
    ev.Confirmed(operator="Μαρία", digest="7f3ac2e1"),
    ev.RollbackConfirmed(operator="Μαρία", sha256="a" * 64),
    ev.HealthSeen(result=HealthResult("API", "https://x/api/health", 200, 12.0)),
    ev.Noted(text="a sentence", level="warning"),
    ev.RunEnded(verdict=Verdict.DONE, summary="done"),
)


def entries(*events: ev.Event) -> list[Entry]:
    """`events` as a journal would hold them, a second apart."""
    return [Entry(number, START + timedelta(seconds=number), event) for number, event in enumerate(events, 1)]
