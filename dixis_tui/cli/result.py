"""A run as one JSON object: the last line of stdout with `--json`."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from dixis_tui.model import Phase, Verdict
from dixis_tui.plan.phases import ORDER
from dixis_tui.run.policy import phase_state
from dixis_tui.run.runs import Run


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
    """One pending migration; `seconds` on production, `rehearsed` on staging, null where not run."""

    name: str
    state: str
    seconds: float | None
    rehearsed: float | None
    error: str


class BackupResult(Struct, frozen=True):
    """The dump."""

    path: str
    bytes: int
    sha256: str


class Health(Struct, frozen=True):
    """One endpoint."""

    name: str
    url: str
    status: int
    milliseconds: float
    ok: bool
    problem: str


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
    backup: BackupResult | None
    health: list[Health]
    journal: str
    live: bool


def of_run(run: Run, journal: str) -> Result:
    """What is known of `run`."""
    state = run.state
    phases = [*ORDER, *([Phase.ROLLBACK] if state.rollback else [])]
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
            MigrationResult(view.name, view.state, view.seconds, view.rehearsed, view.error)
            for view in state.migrations.values()
        ],
        backup=BackupResult(state.backup.path, state.backup.bytes, state.backup.sha256) if state.backup else None,
        health=[
            Health(seen.name, seen.url, seen.status, round(seen.milliseconds, 1), seen.ok, seen.problem)
            for seen in state.health.values()
        ],
        journal=journal,
        live=run.live,
    )


def to_json(value: object) -> str:
    """One line."""
    return msgspec.json.encode(value).decode()


class Refusal(Struct, frozen=True, kw_only=True):
    """Why nothing was started."""

    verdict: str
    error: str
    remedy: str
