"""Jobs and steps as they stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.github.fake.script import Step


@dataclass
class StepState:
    """A step of a job."""

    number: int
    act: Step
    status: str = "queued"
    conclusion: str | None = None
    started: datetime | None = None
    ended: datetime | None = None


@dataclass
class JobState:
    """A job: its steps are told once it has begun, its log once it is over."""

    id: int
    name: str
    created: datetime
    status: str = "queued"
    conclusion: str | None = None
    started: datetime | None = None
    ended: datetime | None = None
    steps: list[StepState] = field(default_factory=list)
    log: list[tuple[datetime, str]] = field(default_factory=list)


@dataclass
class Review:
    """What somebody said to a deployment."""

    by: str
    approve: bool
    comment: str
