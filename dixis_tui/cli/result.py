"""A run as one JSON object: the last line of stdout with `--json`."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dixis_tui.measures import Prediction
from dixis_tui.model import Phase, Verdict
from dixis_tui.plan.phases import ORDER
from dixis_tui.run import policy_fleet
from dixis_tui.run.policy import phase_state
from dixis_tui.run.runs import Run
from dixis_tui.run.state import RunState


class PhaseResult(Struct, frozen=True):
    """One phase; `seconds` is null where it was not started."""

    name: str
    state: str
    seconds: float | None


class CheckResult(Struct, frozen=True):
    """One check."""

    code: str
    subject: str
    title: str
    state: str
    evidence: str
    remedy: str


class MigrationResult(Struct, frozen=True):
    """One pending migration; `seconds` on production, `rehearsed` on staging, null where not run; `predicted` is null
    where its statements were not measured. `retries` counts how often it gave way on production and began anew.
    """

    name: str
    state: str
    seconds: float | None
    rehearsed: float | None
    predicted: float | None
    retries: int
    error: str


class BackupResult(Struct, frozen=True):
    """The dump."""

    path: str
    bytes: int
    sha256: str


class PredictionResult(Struct, frozen=True):
    """What the migration was predicted to take of production: seconds and bytes."""

    rehearsed: bool
    seconds: float
    low: float
    high: float
    wal_bytes: int
    disk_bytes: int


class HazardResult(Struct, frozen=True):
    """One hazard of a pending file, as `lint --format json` has it in full."""

    code: str
    severity: str
    migration: str
    line: int
    what: str
    suppressed: str


class Waits(Struct, frozen=True):
    """What others suffered on production: the most sessions that waited behind us, and the longest wait."""

    sessions: int
    longest: float


class Health(Struct, frozen=True):
    """One endpoint."""

    name: str
    url: str
    status: int
    milliseconds: float
    ok: bool
    problem: str


class TargetResult(Struct, frozen=True):
    """One target of a fleet; `run` is its workflow run's address, empty where there is none."""

    name: str
    state: str
    canary: bool
    pending: int
    plan: str
    target: str
    run: str
    evidence: str
    remedy: str


class Result(Struct, frozen=True, kw_only=True):
    """A whole run."""

    run: str
    verdict: Verdict
    summary: str
    target: str
    plan: str | None
    phases: list[PhaseResult]
    checks: list[CheckResult]
    migrations: list[MigrationResult]
    prediction: PredictionResult | None
    hazards: list[HazardResult]
    waits: Waits
    backup: BackupResult | None
    health: list[Health]
    targets: list[TargetResult]
    """Of a fleet."""
    journal: str
    live: bool


def of_run(run: Run, journal: str) -> Result:
    """What is known of `run`."""
    state = run.state
    phases = policy_fleet.PHASES if state.many else [*ORDER, *([Phase.ROLLBACK] if state.rollback else [])]
    return Result(
        run=run.id,
        verdict=run.verdict,
        summary=state.ended.summary if state.ended else "",
        target=run.target,
        plan=state.plan.hash if state.plan else None,
        phases=[
            PhaseResult(
                phase, phase_state(state, phase), state.phase(phase).seconds if state.phase(phase).attempts else None
            )
            for phase in phases
        ],
        checks=[
            CheckResult(view.code, view.subject, view.spec.title, view.state, view.evidence, view.remedy)
            for view in sorted(state.checks.values(), key=lambda view: (view.code, view.subject))
        ],
        migrations=[
            MigrationResult(
                view.name,
                view.state,
                view.seconds,
                view.rehearsed,
                state.predicted_for(view.name),
                view.retries,
                view.error,
            )
            for view in state.migrations.values()
        ],
        prediction=_prediction(state.prediction),
        hazards=[
            HazardResult(found.code, found.severity, found.migration, found.line, found.what, found.suppressed)
            for found in state.hazards
        ],
        waits=Waits(state.most_victims, round(state.longest_wait_seconds, 2)),
        backup=BackupResult(state.backup.path, state.backup.bytes, state.backup.sha256) if state.backup else None,
        health=[
            Health(seen.name, seen.url, seen.status, round(seen.milliseconds, 1), seen.ok, seen.problem)
            for seen in state.health.values()
        ],
        targets=_targets(state),
        journal=journal,
        live=run.live,
    )


def _targets(state: RunState) -> list[TargetResult]:
    views = state.fleet.targets if state.fleet else {}
    return [
        TargetResult(
            name,
            view.state,
            view.plan.canary,
            len(view.plan.pending),
            view.plan.hash,
            view.plan.target,
            state.workflows[view.request].url if view.request in state.workflows else "",
            view.verified.evidence if view.verified else view.plan.problem,
            view.verified.remedy if view.verified else view.plan.remedy,
        )
        for name, view in views.items()
    ]


def _prediction(found: Prediction | None) -> PredictionResult | None:
    if found is None:
        return None
    return PredictionResult(found.rehearsed, found.seconds, found.low, found.high, found.wal_bytes, found.disk_bytes)


def to_json(value: object) -> str:
    """One line."""
    return msgspec.json.encode(value).decode()


class Refusal(Struct, frozen=True, kw_only=True):
    """Why nothing was started."""

    verdict: str
    error: str
    remedy: str
