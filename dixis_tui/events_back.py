"""Events of the backup and of the way back; part of the family in `dixis_tui.events`."""

from __future__ import annotations

from dixis_tui.event import BaseEvent
from dixis_tui.model import Backup, Identity, Place, Snapshot, Step, TableLoss, Way, WayView


class BackupMade(BaseEvent, frozen=True, kw_only=True, tag="backup_made"):
    """The dump is whole and its digest known. `source` is the database that it was made from."""

    backup: Backup
    source: Identity | None = None


class BackupRestored(BaseEvent, frozen=True, kw_only=True, tag="backup_restored"):
    """The dump was restored and its row counts compared: the way back is real and takes this long."""

    place: Place
    where: str
    seconds: float
    tables: int
    rows: int
    compare_seconds: float = 0.0
    """What comparing took, after the restore's `seconds`."""
    jobs: int = 1


class SnapshotNamed(BaseEvent, frozen=True, kw_only=True, tag="snapshot_named"):
    """A person named a provider's snapshot as a way back. Its restore was not proven here."""

    snapshot: Snapshot
    operator: str


class WaysSeen(BaseEvent, frozen=True, kw_only=True, tag="ways_seen"):
    """The ways back were looked at: which are open, what they take, and what would be lost."""

    ways: list[WayView]
    losses: list[TableLoss]
    """Tables that were written to since the backup, those with most rows first."""
    loss_unknown: str = ""
    """Why it can't be told; empty where it can."""


class RollbackConfirmed(BaseEvent, frozen=True, kw_only=True, tag="rollback_confirmed"):
    """The rollback phrase was typed; production will be put back to the backup.

    `side` is the name that the restored database has until the swap, and `kept` the one that the present database will
    have after it; both are empty for the other ways. A later run that finishes this rollback keeps to them.
    """

    operator: str
    sha256: str
    way: Way = Way.IN_PLACE
    side: str = ""
    kept: str = ""


class StepStarted(BaseEvent, frozen=True, kw_only=True, tag="step_started"):
    """A step of a rollback begins. Written before the deed."""

    step: Step
    detail: str = ""


class StepEnded(BaseEvent, frozen=True, kw_only=True, tag="step_ended"):
    """A step of a rollback is done. Written after the deed; one that failed has no such entry."""

    step: Step
    seconds: float
    detail: str = ""


class Swapped(BaseEvent, frozen=True, kw_only=True, tag="swapped"):
    """The restored database has production's name; the one before is kept as `kept`.

    `seconds` is how long nobody could connect: from the first session that was ended by force to the commit.
    """

    database: str
    kept: str
    seconds: float
    ended: int
    """Sessions that were ended by force."""
    earlier: bool = False
    """An earlier attempt did it, and only its end was found: `seconds` and `ended` are not known, and 0."""


class MigrationResolved(BaseEvent, frozen=True, kw_only=True, tag="migration_resolved"):
    """The history row of a failed migration was marked, after a look at what the database really holds."""

    name: str
    applied: bool
    """As applied; else as rolled back."""
    operator: str
    evidence: str


class BackupAdopted(BaseEvent, frozen=True, kw_only=True, tag="backup_adopted"):
    """This run goes back to the backup of an earlier run, made from the database with this identity."""

    run: str
    identity: Identity
    backup: Backup
    snapshot: Snapshot | None = None
    unfinished: RollbackConfirmed | None = None
    """The rollback that the earlier run had begun and did not finish."""
    restored: BackupRestored | None = None
    """The earlier run's proof."""
