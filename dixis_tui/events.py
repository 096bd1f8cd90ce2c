"""The closed family of events: all that a run says about itself, and all that a screen knows.

The journal holds them in order. :func:`dixis_tui.run.state.fold` turns them into a state; nothing else does.
An event is written before the deed it announces, or after the deed it reports. None holds a secret.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from dixis_tui.hazard import FileForecast, Hazard
from dixis_tui.locks import Peer, Radar
from dixis_tui.measures import Prediction, StatementMeasure
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
    Snapshot,
    Step,
    TableLoss,
    Verdict,
    Way,
    WayView,
)
from dixis_tui.standing import Truth


class _Event(Struct, frozen=True, tag_field="type", kw_only=True):
    pass


class RunStarted(_Event, frozen=True, kw_only=True, tag="run_started"):
    """First entry. `target` is the database URL without its password; `host` and `ssh` say from where."""

    run: str
    version: str
    operator: str
    host: str
    ssh: str = ""
    pid: int
    name: str
    environment: str
    target: str
    executor: Executor
    window_opens: datetime | None = None
    window_closes: datetime | None = None
    timezone: str = "Europe/Athens"
    phrase: str
    rollback_phrase: str
    contacts: list[tuple[str, str, str]] = []
    """Role, name, and phone or address."""
    secrets: dict[str, bool] = {}
    """Environment variables by name: set or not."""


class TargetSeen(_Event, frozen=True, kw_only=True, tag="target_seen"):
    """Production was reached and said what it is."""

    identity: Identity


class ProjectSeen(_Event, frozen=True, kw_only=True, tag="project_seen"):
    """The Prisma project was read. `command` is the CLI as typed; `commit` is empty outside git."""

    directory: str
    prisma_version: str
    command: str
    commit: str = ""


class PendingSeen(_Event, frozen=True, kw_only=True, tag="pending_seen"):
    """Files compared with `_prisma_migrations`: how many are applied and which are pending, in order."""

    applied: int
    pending: list[MigrationFile]


class TruthSeen(_Event, frozen=True, kw_only=True, tag="truth_seen"):
    """Files and history compared: where each migration stands, whatever Prisma says of it."""

    truth: Truth


class HazardsSeen(_Event, frozen=True, kw_only=True, tag="hazards_seen"):
    """The pending files were judged: how each will be run, and what it may do to the application."""

    forecasts: list[FileForecast]
    hazards: list[Hazard]


class Predicted(_Event, frozen=True, kw_only=True, tag="predicted"):
    """What tonight will take, from the rehearsal where there was one."""

    prediction: Prediction


class PhaseStarted(_Event, frozen=True, kw_only=True, tag="phase_started"):
    """A phase begins, or begins again; its checks are waiting anew."""

    phase: Phase
    checks: list[tuple[str, str]] = []
    """Code and subject of each check that this phase will answer."""


class PhaseEnded(_Event, frozen=True, kw_only=True, tag="phase_ended"):
    """A phase's own work is over; open gates may still wait for a person."""

    phase: Phase
    state: PhaseState
    seconds: float
    reason: str = ""


class CheckChanged(_Event, frozen=True, kw_only=True, tag="check_changed"):
    """One check moved. `subject` tells apart several of one code (an endpoint's name)."""

    code: str
    subject: str = ""
    state: CheckState
    evidence: str = ""
    remedy: str = ""


class Ticked(_Event, frozen=True, kw_only=True, tag="ticked"):
    """A person answered a check that only a person can answer; `on` false takes it back."""

    code: str
    operator: str
    on: bool = True


class Waived(_Event, frozen=True, kw_only=True, tag="waived"):
    """A person opened a closed gate by name, with a reason."""

    code: str
    operator: str
    reason: str


class Progress(_Event, frozen=True, kw_only=True, tag="progress"):
    """How far a long deed is; `done` and `total` in `unit`. Coalesced, never flushed by itself."""

    phase: Phase
    what: str
    done: int
    total: int
    unit: str = "bytes"


class BackupMade(_Event, frozen=True, kw_only=True, tag="backup_made"):
    """The dump is whole and its digest known. `source` is the database that it was made from."""

    backup: Backup
    source: Identity | None = None


class BackupAdopted(_Event, frozen=True, kw_only=True, tag="backup_adopted"):
    """This run goes back to the backup of an earlier run, made from the database with this identity."""

    run: str
    identity: Identity
    backup: Backup
    snapshot: Snapshot | None = None
    unfinished: RollbackConfirmed | None = None
    """The rollback that the earlier run had begun and did not finish."""
    restored: BackupRestored | None = None
    """The earlier run's proof."""


class BackupRestored(_Event, frozen=True, kw_only=True, tag="backup_restored"):
    """The dump was restored and its row counts compared: the way back is real and takes this long."""

    place: Place
    where: str
    seconds: float
    tables: int
    rows: int
    compare_seconds: float = 0.0
    """What comparing took, after the restore's `seconds`."""
    jobs: int = 1


class SnapshotNamed(_Event, frozen=True, kw_only=True, tag="snapshot_named"):
    """A person named a provider's snapshot as a way back. Its restore was not proven here."""

    snapshot: Snapshot
    operator: str


class WaysSeen(_Event, frozen=True, kw_only=True, tag="ways_seen"):
    """The ways back were looked at: which are open, what they take, and what would be lost."""

    ways: list[WayView]
    losses: list[TableLoss]
    """Tables that were written to since the backup, those with most rows first."""
    loss_unknown: str = ""
    """Why it can't be told; empty where it can."""


class MigrationStarted(_Event, frozen=True, kw_only=True, tag="migration_started"):
    """Written before the file is sent."""

    name: str
    place: Place


class MigrationEnded(_Event, frozen=True, kw_only=True, tag="migration_ended"):
    """Written after the server answered. `error` is empty where it was applied."""

    name: str
    place: Place
    seconds: float
    error: str = ""
    sqlstate: str = ""
    unknown: bool = False
    """The connection was lost before the server answered: only a look at the database tells."""


class StatementStarted(_Event, frozen=True, kw_only=True, tag="statement_started"):
    """A statement of a file is sent. Never flushed by itself: what counts is the file's own entry before it."""

    name: str
    place: Place
    number: int
    of: int
    line: int
    text: str


class StatementEnded(_Event, frozen=True, kw_only=True, tag="statement_ended"):
    """The server answered: the statement went through, though its transaction may still be undone."""

    name: str
    place: Place
    measure: StatementMeasure


class Waited(_Event, frozen=True, kw_only=True, tag="waited"):
    """Nothing of this file was sent yet: older transactions hold its tables, and it waits for them, within bounds.

    Where `name` is empty, all pending files wait together.
    """

    place: Place
    name: str = ""
    peers: tuple[Peer, ...]


class Retried(_Event, frozen=True, kw_only=True, tag="retried"):
    """A file, or a statement of it, was refused a lock, nothing of it stayed, and it will be tried again.

    `attempt` counts from 1; `seconds` is the pause before the next. `whole` says that the file begins anew.
    """

    name: str
    place: Place
    attempt: int
    sqlstate: str
    reason: str
    seconds: float
    whole: bool
    statement: int = 0


class RadarSeen(_Event, frozen=True, kw_only=True, tag="radar_seen"):
    """What our backend does, who blocks it, who waits behind it. Only where that changed, at most twice a second."""

    place: Place
    radar: Radar


class BackendSignalled(_Event, frozen=True, kw_only=True, tag="backend_signalled"):
    """A backend was asked to cancel its statement, or to end. `ours`: our own, by the victim rule.

    Written before the deed with `done` None, and after it with what the server answered.
    """

    pid: int
    how: str
    """`cancel` or `terminate`."""
    operator: str
    who: str
    """What it was: user, application, and what it ran."""
    ours: bool = False
    done: bool | None = None
    reason: str = ""


class PlanSealed(_Event, frozen=True, kw_only=True, tag="plan_sealed"):
    """What the phrase will confirm. `hash` is the first 8 hex digits as shown; `digest` all of it."""

    hash: str
    digest: str
    lines: list[tuple[str, str]]
    """What was sealed, as label and value, for the modal."""


class ConfirmationRefused(_Event, frozen=True, kw_only=True, tag="confirmation_refused"):
    """A phrase was typed and nothing happened."""

    operator: str
    reason: str


class Confirmed(_Event, frozen=True, kw_only=True, tag="confirmed"):
    """The exact phrase was typed for this plan; production may be changed from here on."""

    operator: str
    digest: str


class RollbackConfirmed(_Event, frozen=True, kw_only=True, tag="rollback_confirmed"):
    """The rollback phrase was typed; production will be put back to the backup.

    `side` is the name that the restored database has until the swap, and `kept` the one that the present database will
    have after it; both are empty for the other ways. A later run that finishes this rollback keeps to them.
    """

    operator: str
    sha256: str
    way: Way = Way.IN_PLACE
    side: str = ""
    kept: str = ""


class StepStarted(_Event, frozen=True, kw_only=True, tag="step_started"):
    """A step of a rollback begins. Written before the deed."""

    step: Step
    detail: str = ""


class StepEnded(_Event, frozen=True, kw_only=True, tag="step_ended"):
    """A step of a rollback is done. Written after the deed; one that failed has no such entry."""

    step: Step
    seconds: float
    detail: str = ""


class Swapped(_Event, frozen=True, kw_only=True, tag="swapped"):
    """The restored database has production's name; the one before is kept as `kept`.

    `seconds` is how long nobody could connect: from the first session that was ended by force to the commit.
    """

    database: str
    kept: str
    seconds: float
    ended: int
    """Sessions that were ended by force."""


class MigrationResolved(_Event, frozen=True, kw_only=True, tag="migration_resolved"):
    """The history row of a failed migration was marked, after a look at what the database really holds."""

    name: str
    applied: bool
    """As applied; else as rolled back."""
    operator: str
    evidence: str


class HealthSeen(_Event, frozen=True, kw_only=True, tag="health_seen"):
    """One endpoint was looked at."""

    result: HealthResult


class Noted(_Event, frozen=True, kw_only=True, tag="noted"):
    """A sentence for the operator; `level` is `info`, `warning` or `error`."""

    text: str
    level: str = "info"


class RunEnded(_Event, frozen=True, kw_only=True, tag="run_ended"):
    """Last entry. `log_sha256` and `log_bytes` seal the log file as it is at this moment."""

    verdict: Verdict
    summary: str
    log_sha256: str = ""
    log_bytes: int = 0


Event = (
    RunStarted
    | TargetSeen
    | ProjectSeen
    | PendingSeen
    | TruthSeen
    | HazardsSeen
    | Predicted
    | PhaseStarted
    | PhaseEnded
    | CheckChanged
    | Ticked
    | Waived
    | Progress
    | BackupMade
    | BackupAdopted
    | BackupRestored
    | SnapshotNamed
    | WaysSeen
    | MigrationStarted
    | MigrationEnded
    | StatementStarted
    | StatementEnded
    | Waited
    | Retried
    | RadarSeen
    | BackendSignalled
    | PlanSealed
    | ConfirmationRefused
    | Confirmed
    | RollbackConfirmed
    | StepStarted
    | StepEnded
    | Swapped
    | MigrationResolved
    | HealthSeen
    | Noted
    | RunEnded
)
