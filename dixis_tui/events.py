"""The closed family of events: all that a run says about itself, and all that a screen knows.

The journal holds them in order. :func:`dixis_tui.run.state.fold` turns them into a state; nothing else does.
An event is written before the deed it announces, or after the deed it reports. None holds a secret.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import field

from dixis_tui.event import BaseEvent
from dixis_tui.events_back import (
    BackupAdopted,
    BackupMade,
    BackupRestored,
    MigrationResolved,
    RollbackConfirmed,
    SnapshotNamed,
    StepEnded,
    StepStarted,
    Swapped,
    WaysSeen,
)
from dixis_tui.events_fleet import (
    FleetEvent,
    FleetPlanned,
    FleetStopped,
    TargetDispatching,
    TargetReopened,
    TargetVerified,
)
from dixis_tui.events_github import (
    DeploymentReviewed,
    Dispatched,
    DispatchFailed,
    DispatchStarted,
    GithubEvent,
    GithubSeen,
    GithubWaits,
    WorkflowCancelled,
    WorkflowSeen,
)
from dixis_tui.events_records import (
    AccessSeen,
    AfterEnded,
    AfterFound,
    AfterSeen,
    AfterStarted,
    BaselineTaken,
    FlowSeen,
    NoticeSending,
    NoticeSent,
    NoticesMade,
    PagePut,
    PageSeen,
    PageTaken,
    RecordsEvent,
    Reopened,
    ReportMade,
)
from dixis_tui.events_run import (
    Checkpointed,
    FirstConfirmed,
    FirstVoided,
    HeadSent,
    MigrationSettled,
    RecoverySeen,
    RunnerEvent,
    RunnerLeft,
    RunnerResumed,
)
from dixis_tui.events_work import (
    BackendSignalled,
    RadarSeen,
    Retried,
    StatementEnded,
    StatementStarted,
    Waited,
    WorkEvent,
)
from dixis_tui.hazard import FileForecast, Hazard
from dixis_tui.measures import Prediction
from dixis_tui.model import (
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
from dixis_tui.standing import Truth

__all__ = [
    "AccessSeen",
    "AfterEnded",
    "AfterFound",
    "AfterSeen",
    "AfterStarted",
    "BackendSignalled",
    "BackupAdopted",
    "BackupMade",
    "BackupRestored",
    "BaselineTaken",
    "Checkpointed",
    "DeploymentReviewed",
    "DispatchFailed",
    "DispatchStarted",
    "Dispatched",
    "FirstConfirmed",
    "FirstVoided",
    "FleetPlanned",
    "FleetStopped",
    "FlowSeen",
    "GithubSeen",
    "GithubWaits",
    "HeadSent",
    "MigrationResolved",
    "MigrationSettled",
    "NoticeSending",
    "NoticeSent",
    "NoticesMade",
    "PagePut",
    "PageSeen",
    "PageTaken",
    "RadarSeen",
    "RecoverySeen",
    "Reopened",
    "ReportMade",
    "Retried",
    "RollbackConfirmed",
    "RunnerLeft",
    "RunnerResumed",
    "SnapshotNamed",
    "StatementEnded",
    "StatementStarted",
    "StepEnded",
    "StepStarted",
    "Swapped",
    "TargetDispatching",
    "TargetReopened",
    "TargetVerified",
    "Waited",
    "WaysSeen",
    "WorkflowCancelled",
    "WorkflowSeen",
]
"""Those of the modules `dixis_tui.events_…`; all others are defined here."""


class RunStarted(BaseEvent, frozen=True, kw_only=True, tag="run_started"):
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
    second_operator: bool = False
    """Whether go needs a second person."""
    contacts: list[tuple[str, str, str]] = field(default_factory=list)
    """Role, name, and phone or address."""
    secrets: dict[str, bool] = field(default_factory=dict)
    """Environment variables by name: set or not."""
    github: str = ""
    """The repository that is asked, `owner/name`; empty: none is named."""
    github_secrets: list[str] = field(default_factory=list)
    """Names of the secrets there that are looked for: the database's URL, the shadow database's."""
    page: bool = False
    """Whether the run puts the maintenance page up itself."""
    banner: bool = False
    """Whether it turns the application's own banner on."""
    tells: bool = False
    """Whether it has a channel for notices at all."""


class TargetSeen(BaseEvent, frozen=True, kw_only=True, tag="target_seen"):
    """Production was reached and said what it is."""

    identity: Identity


class ProjectSeen(BaseEvent, frozen=True, kw_only=True, tag="project_seen"):
    """The Prisma project was read. `command` is the CLI as typed; `commit` is empty outside git."""

    directory: str
    prisma_version: str
    command: str
    commit: str = ""


class PendingSeen(BaseEvent, frozen=True, kw_only=True, tag="pending_seen"):
    """Files compared with `_prisma_migrations`: how many are applied and which are pending, in order."""

    applied: int
    pending: list[MigrationFile]


class TruthSeen(BaseEvent, frozen=True, kw_only=True, tag="truth_seen"):
    """Files and history compared: where each migration stands, whatever Prisma says of it."""

    truth: Truth


class HazardsSeen(BaseEvent, frozen=True, kw_only=True, tag="hazards_seen"):
    """The pending files were judged: how each will be run, and what it may do to the application."""

    forecasts: list[FileForecast]
    hazards: list[Hazard]


class Predicted(BaseEvent, frozen=True, kw_only=True, tag="predicted"):
    """What tonight will take, from the rehearsal where there was one."""

    prediction: Prediction


class PhaseStarted(BaseEvent, frozen=True, kw_only=True, tag="phase_started"):
    """A phase begins, or begins again; its checks are waiting anew."""

    phase: Phase
    checks: list[tuple[str, str]] = field(default_factory=list)
    """Code and subject of each check that this phase will answer."""


class PhaseEnded(BaseEvent, frozen=True, kw_only=True, tag="phase_ended"):
    """A phase's own work is over; open gates may still wait for a person."""

    phase: Phase
    state: PhaseState
    seconds: float
    reason: str = ""


class CheckChanged(BaseEvent, frozen=True, kw_only=True, tag="check_changed"):
    """One check moved. `subject` tells apart several of one code (an endpoint's name)."""

    code: str
    subject: str = ""
    state: CheckState
    evidence: str = ""
    remedy: str = ""


class Ticked(BaseEvent, frozen=True, kw_only=True, tag="ticked"):
    """A person answered a check that only a person can answer; `on` false takes it back."""

    code: str
    operator: str
    on: bool = True


class Waived(BaseEvent, frozen=True, kw_only=True, tag="waived"):
    """A person opened a closed gate by name, with a reason."""

    code: str
    operator: str
    reason: str


class Progress(BaseEvent, frozen=True, kw_only=True, tag="progress"):
    """How far a long deed is; `done` and `total` in `unit`. Coalesced, never flushed by itself."""

    phase: Phase
    what: str
    done: int
    total: int
    unit: str = "bytes"


class MigrationStarted(BaseEvent, frozen=True, kw_only=True, tag="migration_started"):
    """Written before the file is sent."""

    name: str
    place: Place


class MigrationEnded(BaseEvent, frozen=True, kw_only=True, tag="migration_ended"):
    """Written after the server answered. `error` is empty where it was applied."""

    name: str
    place: Place
    seconds: float
    error: str = ""
    sqlstate: str = ""
    unknown: bool = False
    """The connection was lost before the server answered: only a look at the database tells."""


class PlanSealed(BaseEvent, frozen=True, kw_only=True, tag="plan_sealed"):
    """What the phrase will confirm. `hash` is the first 8 hex digits as shown; `digest` all of it."""

    hash: str
    digest: str
    lines: list[tuple[str, str]]
    """What was sealed, as label and value, for the modal."""


class ConfirmationRefused(BaseEvent, frozen=True, kw_only=True, tag="confirmation_refused"):
    """A phrase was typed and nothing happened."""

    operator: str
    reason: str


class Confirmed(BaseEvent, frozen=True, kw_only=True, tag="confirmed"):
    """The exact phrase was typed for this plan; production may be changed from here on."""

    operator: str
    digest: str
    account: str = ""
    """The operator's on the system, by the socket's peer: `1000 anna`."""
    second: str = ""
    """The second person, who typed it too from another account; empty where none was asked for."""
    second_account: str = ""


class HealthSeen(BaseEvent, frozen=True, kw_only=True, tag="health_seen"):
    """One endpoint was looked at."""

    result: HealthResult


class Noted(BaseEvent, frozen=True, kw_only=True, tag="noted"):
    """A sentence for the operator; `level` is `info`, `warning` or `error`."""

    text: str
    level: str = "info"


class RunEnded(BaseEvent, frozen=True, kw_only=True, tag="run_ended"):
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
    | WorkEvent
    | RunnerEvent
    | GithubEvent
    | FleetEvent
    | RecordsEvent
    | RunEnded
)
