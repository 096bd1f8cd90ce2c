"""Steps of a workflow as phases of the runbook, and where a run stands. Pure.

The names are those of the files that `dixis-tui github init` writes, and common ones of hand-made files.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from msgspec import Struct

from dixis_tui.github import JobView, StepView
from dixis_tui.model import Phase

_GITHUBS_OWN = re.compile(r"^(post |complete job|complete runner)", re.I)
_KINDS = (
    (Phase.GO, re.compile(r"\bbefore\b", re.I)),
    (Phase.VERIFY, re.compile(r"\b(status|validate|verif\w*|health|smoke|history|looks? at|after)\b", re.I)),
    (
        Phase.GO,
        re.compile(
            r"\b(set up|setup|checkout|check out|install|npm ci|pnpm|yarn|cache|node|generate|download|confirm\w*|"
            r"refuse|approved|phrase|guard|inputs?|wait)\b",
            re.I,
        ),
    ),
    (Phase.MIGRATE, re.compile(r"\b(migrat\w*|deploy|apply)\b", re.I)),
)
_DEPLOYS = re.compile(r"\bmigrate deploy\b|\b(run|apply|deploy)\w*\b.*\bmigrations?\b", re.I)
_SHORT = {"success": "done", "failure": "failed"}


class Spot(Struct, frozen=True, kw_only=True):
    """Where a run is: the step that runs, or the one at which it ended badly. `phase` is None where no name tells."""

    job: str
    step: str
    number: int
    of: int
    phase: Phase | None = None


def phase_of(step: str) -> Phase | None:
    """The phase that a step belongs to by its name: go, migrate or verify; None: the name does not tell."""
    if _GITHUBS_OWN.search(step):
        return None
    if _DEPLOYS.search(step):
        return Phase.MIGRATE
    return next((phase for phase, words in _KINDS if words.search(step)), None)


def running(jobs: Iterable[JobView]) -> Spot | None:
    """The step that runs now, of the first job that has one."""
    return _first(jobs, lambda step: step.status == "in_progress")


def broken(jobs: Iterable[JobView]) -> Spot | None:
    """The first step that did not end well, or the job where no step of it tells; None: none is broken."""
    spot = _first(jobs, lambda step: step.conclusion in ("failure", "cancelled", "timed_out"))
    if spot:
        return spot
    bad = (job for job in jobs if job.conclusion not in ("", "success", "skipped", "neutral"))
    return next((Spot(job=job.name, step="", number=0, of=len(job.steps)) for job in bad), None)


def in_words(spot: Spot) -> str:
    """`job migrate, step 5 (prisma migrate deploy)`."""
    step = f", step {spot.number} ({spot.step})" if spot.step else ""
    return f"job {spot.job}{step}"


def state_of(step: StepView) -> str:
    """A step's state in one word: `waiting`, `running`, `done`, `failed`, or GitHub's own for the rest."""
    if step.status == "completed":
        return _SHORT.get(step.conclusion, step.conclusion)
    return "running" if step.status == "in_progress" else "waiting"


def _first(jobs: Iterable[JobView], wanted: Callable[[StepView], bool]) -> Spot | None:
    for job in jobs:
        for step in job.steps:
            if wanted(step):
                return Spot(
                    job=job.name, step=step.name, number=step.number, of=len(job.steps), phase=phase_of(step.name)
                )
    return None
