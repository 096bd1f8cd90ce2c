"""What a run's journal adds up to, as values: the run, its phases, checks and migrations as they stand."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.access import SessionSeen
from dixis_tui.after import AfterFinding, Baseline, FlowResult, Sample
from dixis_tui.fleet import FLEET, TargetPlan, TargetState
from dixis_tui.github import Approval, JobView, Purpose, WorkflowRun
from dixis_tui.hazard import FileForecast, Hazard
from dixis_tui.locks import Peer, Radar
from dixis_tui.measures import Prediction, StatementMeasure
from dixis_tui.model import (
    Backup,
    CheckState,
    HealthResult,
    Identity,
    MigrationState,
    Phase,
    PhaseState,
    Place,
    Recovery,
    Snapshot,
    Step,
    Verdict,
)
from dixis_tui.notice import Receipt
from dixis_tui.plan import checks, waves
from dixis_tui.standing import Truth


class Entry(Struct, frozen=True):
    """One journal entry: its number from 1, when it was written (UTC), and the event."""

    number: int
    at: datetime
    event: ev.Event


class CheckView(Struct, frozen=True):
    """One check as it stands. `who` is the operator who ticked or waived it."""

    code: str
    subject: str = ""
    state: CheckState = CheckState.WAITING
    evidence: str = ""
    remedy: str = ""
    who: str = ""
    at: datetime | None = None

    @property
    def spec(self) -> checks.CheckSpec:
        """What kind of check it is."""
        return checks.SPECS[self.code]

    @property
    def open(self) -> bool:
        """Whether it lets the way forward open."""
        return self.state in (CheckState.PASSED, CheckState.WARNED, CheckState.WAIVED)


class PhaseView(Struct, frozen=True):
    """One phase's own work: when it last started, how it ended, how long it took."""

    phase: Phase
    state: PhaseState = PhaseState.WAITING
    started: datetime | None = None
    seconds: float = 0.0
    reason: str = ""
    attempts: int = 0


class StepView(Struct, frozen=True):
    """One step of the rollback. `seconds` is None until it is done."""

    step: Step
    started: datetime
    seconds: float | None = None
    detail: str = ""


class MigrationView(Struct, frozen=True):
    """One migration of this run. Seconds are None until measured; `error` holds what the server said.

    `statement` is the one that runs, of whichever place is at work; `measured` and `actual` are those that went through
    on staging and on production, in their order. `retries` counts what was refused a lock and tried again.
    """

    name: str
    checksum: str = ""
    state: MigrationState = MigrationState.PENDING
    started: datetime | None = None
    rehearsed: float | None = None
    seconds: float | None = None
    error: str = ""
    sqlstate: str = ""
    rehearsal_state: MigrationState = MigrationState.PENDING
    rehearsal_error: str = ""
    statement: ev.StatementStarted | None = None
    measured: tuple[StatementMeasure, ...] = ()
    actual: tuple[StatementMeasure, ...] = ()
    retries: int = 0


class WorkflowView(Struct, frozen=True, kw_only=True):
    """One dispatched workflow run. `run_id` is 0 until GitHub has said it; `run` is None until it was looked at."""

    started: ev.DispatchStarted
    at: datetime
    """When it was about to be sent."""
    run_id: int = 0
    url: str = ""
    run: WorkflowRun | None = None
    jobs: tuple[JobView, ...] = ()
    approvals: tuple[Approval, ...] = ()
    seen_at: datetime | None = None
    failed: ev.DispatchFailed | None = None
    reviewed: ev.DeploymentReviewed | None = None
    cancelled: ev.WorkflowCancelled | None = None

    @property
    def open(self) -> bool:
        """Whether it may be at work: sent, and neither refused nor seen at its end."""
        return self.failed is None and (self.run is None or not self.run.over)


class TargetView(Struct, frozen=True, kw_only=True):
    """One target of a fleet. `request` is that of its dispatch, empty before there is one."""

    plan: TargetPlan
    request: str = ""
    begun_at: datetime | None = None
    verified: ev.TargetVerified | None = None
    verified_at: datetime | None = None

    @property
    def state(self) -> TargetState:
        """How it stands."""
        if self.verified:
            return self.verified.state
        if self.request:
            return TargetState.AT_WORK
        if self.plan.problem:
            return TargetState.LEFT_OUT
        return TargetState.WAITING if self.plan.pending else TargetState.NOTHING


class FleetView(Struct, frozen=True, kw_only=True):
    """A fleet: what is planned, and each target by its name, in the settings' order."""

    planned: ev.FleetPlanned
    targets: dict[str, TargetView]
    stopped: ev.FleetStopped | None = None

    @property
    def waves(self) -> waves.Waves:
        """Which wave it is, what may be dispatched now, and why nothing more."""
        known = [waves.Known(name, view.plan.canary, view.state) for name, view in self.targets.items()]
        stopped = self.stopped.reason if self.stopped else ""
        return waves.decide(known, self.planned.parallel, self.planned.stop_share, stopped)

    def named(self, *states: TargetState) -> tuple[str, ...]:
        """The names of those in one of these states."""
        return tuple(name for name, view in self.targets.items() if view.state in states)


class PageView(Struct, frozen=True, kw_only=True):
    """The maintenance page. `since` is when it was put or taken; `ends_at` is the end that it promises."""

    file: str
    put: bool = False
    since: datetime | None = None
    ends_at: datetime | None = None
    seen: ev.PageSeen | None = None
    seen_at: datetime | None = None
    problem: str = ""
    inherited: str = ""
    """Whose page was there before this run's, or empty."""


class AfterView(Struct, frozen=True, kw_only=True):
    """The after-watch. `ended` says why it is over, or is empty; `looks` counts all, `samples` are the last ones."""

    started: datetime
    until: datetime
    every_seconds: float = 0.0
    samples: tuple[Sample, ...] = ()
    looks: int = 0
    seen_at: datetime | None = None
    findings: dict[tuple[str, str], AfterFinding] = {}
    """By kind and subject."""
    ended: str = ""

    @property
    def worse(self) -> tuple[AfterFinding, ...]:
        """What is worse than before now, errors first."""
        found = [finding for finding in self.findings.values() if not finding.over]
        return tuple(sorted(found, key=lambda finding: finding.level != "error"))


class RunState(Struct, frozen=True, kw_only=True):
    """All that is known of a run. `started` is None before the first entry was read."""

    run: ev.RunStarted | None = None
    started: datetime | None = None
    last_at: datetime | None = None
    entries: int = 0
    identity: Identity | None = None
    project: ev.ProjectSeen | None = None
    applied_before: int = 0
    phases: dict[Phase, PhaseView] = {}
    checks: dict[tuple[str, str], CheckView] = {}
    migrations: dict[str, MigrationView] = {}
    truth: Truth | None = None
    forecasts: tuple[FileForecast, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    prediction: Prediction | None = None
    radar: Radar | None = None
    radar_place: Place | None = None
    radar_at: datetime | None = None
    """When the radar's look was journaled, by this machine's clock."""
    blockers: tuple[Peer, ...] = ()
    """Who blocked us last, also in the pause before the next try, until a statement went through."""
    most_victims: int = 0
    longest_wait_seconds: float = 0.0
    """The most sessions that waited behind us on production, and the longest wait of any of them."""
    waited: ev.Waited | None = None
    """What waits before it begins, and for whom; None once it has begun."""
    retry: ev.Retried | None = None
    signals: tuple[ev.BackendSignalled, ...] = ()
    backup: Backup | None = None
    backup_source: Identity | None = None
    adopted: ev.BackupAdopted | None = None
    restored: ev.BackupRestored | None = None
    restored_at: datetime | None = None
    plan: ev.PlanSealed | None = None
    confirmed: ev.Confirmed | None = None
    confirmed_at: datetime | None = None
    snapshot: Snapshot | None = None
    ways: ev.WaysSeen | None = None
    ways_at: datetime | None = None
    rollback: ev.RollbackConfirmed | None = None
    beside: ev.RollbackConfirmed | None = None
    """The last one by a database beside production, of this run or of the one that it took over: it has the names."""
    steps: tuple[StepView, ...] = ()
    """Of the present attempt at the rollback."""
    swapped: ev.Swapped | None = None
    resolved: dict[str, ev.MigrationResolved] = {}
    refused: ev.ConfirmationRefused | None = None
    refusals: int = 0
    progress: ev.Progress | None = None
    resumed: ev.RunnerResumed | None = None
    """The last time that another runner took the run up."""
    resumed_at: datetime | None = None
    died_at: datetime | None = None
    """When the runner before that one wrote its last entry."""
    must_look: bool = False
    """Whether nobody has looked yet at what the runner before left."""
    recovery: ev.RecoverySeen | None = None
    """What that look found, until the phrase is taken again."""
    recovery_at: datetime | None = None
    left: ev.RunnerLeft | None = None
    first_confirmed: ev.FirstConfirmed | None = None
    """The first of two people; None once the second followed or a phase began. `accounts.standing` knows the time."""
    first_confirmed_at: datetime | None = None
    first_voided: ev.FirstVoided | None = None
    """Why the last first one does not wait any more, until there is another."""
    head_sent: ev.HeadSent | None = None
    github: ev.GithubSeen | None = None
    github_at: datetime | None = None
    workflows: dict[str, WorkflowView] = {}
    """What was dispatched, by its request, in order."""
    github_waits: ev.GithubWaits | None = None
    """Why GitHub is not heard of now, until it is."""
    fleet: FleetView | None = None
    """In a run over many databases, once they were planned."""
    health: dict[str, HealthResult] = {}
    receipts: dict[str, Receipt] = {}
    """Of notices, by their key, in order."""
    notices: ev.NoticesMade | None = None
    """What they would say, where there is a channel."""
    page: PageView | None = None
    reopened: ev.Reopened | None = None
    """That visitors were let in again."""
    reopened_at: datetime | None = None
    baseline: Baseline | None = None
    baseline_at: datetime | None = None
    after: AfterView | None = None
    flows: dict[str, FlowResult] = {}
    access: tuple[SessionSeen, ...] = ()
    """Who has been connected to production, in the order of their first look."""
    access_more: int = 0
    notes: tuple[ev.Noted, ...] = ()
    ended: ev.RunEnded | None = None
    ended_at: datetime | None = None

    @property
    def verdict(self) -> Verdict:
        """How the run ended, or `open`."""
        return self.ended.verdict if self.ended else Verdict.OPEN

    @property
    def go_again(self) -> bool:
        """Whether a part of the plan is in, the runner died, and the rest may have a phrase of its own."""
        return self.recovery is not None and self.recovery.outcome is Recovery.REST

    @property
    def past_go(self) -> bool:
        """Whether the phrase was taken, and no other is to come for the rest of the plan."""
        return self.confirmed is not None and not self.go_again

    @property
    def drill(self) -> bool:
        """Whether this run is a drill: what it calls production is staging."""
        return self.run is not None and self.run.environment == "drill"

    @property
    def many(self) -> bool:
        """Whether this run is over many databases."""
        return self.run is not None and self.run.environment == FLEET

    @property
    def running(self) -> Phase | None:
        """The phase that is at work now."""
        return next((view.phase for view in self.phases.values() if view.state is PhaseState.RUNNING), None)

    @property
    def predicted_seconds(self) -> float | None:
        """What the pending migrations will take on production, or None where nothing was rehearsed."""
        if self.prediction is not None and self.prediction.rehearsed:
            return self.prediction.seconds
        return self.rehearsed_seconds

    @property
    def rehearsed_seconds(self) -> float | None:
        """What they took together on staging, or None where no rehearsal has measured all of them."""
        measured = [migration.rehearsed for migration in self.migrations.values()]
        known = [seconds for seconds in measured if seconds is not None]
        return sum(known) if known and len(known) == len(measured) else None

    def predicted_for(self, name: str) -> float | None:
        """Seconds that one migration will take on production, or None where its statements were not measured."""
        statements = self.prediction.statements if self.prediction else ()
        seconds = [one.seconds for one in statements if one.migration == name]
        return sum(seconds) if seconds else None

    @property
    def workflow(self) -> WorkflowView | None:
        """The last dispatch of the migration, or None."""
        return self._last(Purpose.MIGRATE)

    @property
    def clinic(self) -> WorkflowView | None:
        """The last dispatch of the clinic from here, or None."""
        return self._last(Purpose.CLINIC)

    def _last(self, purpose: Purpose) -> WorkflowView | None:
        return next((view for view in reversed(self.workflows.values()) if view.started.purpose is purpose), None)

    def phase(self, phase: Phase) -> PhaseView:
        """The phase's own work, whether it was started or not."""
        return self.phases.get(phase, PhaseView(phase))

    def checks_of(self, phase: Phase) -> list[CheckView]:
        """The checks of one phase in catalogue order."""
        found = [view for view in self.checks.values() if view.spec.phase is phase]
        return sorted(found, key=lambda view: view.code)

    def check(self, code: str, subject: str = "") -> CheckView:
        """One check as it stands, whether it was looked at or not."""
        return self.checks.get((code, subject), CheckView(code, subject))
