"""GitHub's things as values: workflow runs, jobs, steps, approvals, secrets, environments. Its own words for states.

Every text in them was cleaned and redacted where it came in. Times are UTC.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Purpose(StrEnum):
    """What a workflow run is to us."""

    MIGRATE = "migrate"
    """*Production Migration*: the executor `github`."""
    CLINIC = "clinic"
    """*Migration Clinic*."""


class WorkflowRun(Struct, frozen=True, kw_only=True):
    """One run of a workflow, as GitHub tells it.

    `status` is one of `requested`, `queued`, `pending`, `waiting` (for an approval), `in_progress`, `completed`;
    `conclusion` is empty until then: `success`, `failure`, `cancelled`, `timed_out`, `startup_failure`, …
    """

    id: int
    url: str
    """For a browser."""
    workflow: str = ""
    title: str = ""
    """Its `run-name`."""
    status: str = ""
    conclusion: str = ""
    branch: str = ""
    sha: str = ""
    event: str = ""
    actor: str = ""
    attempt: int = 1
    created: datetime | None = None
    started: datetime | None = None
    updated: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether nothing of it runs any more."""
        return self.status == "completed"

    @property
    def green(self) -> bool:
        """Whether it ended well."""
        return self.over and self.conclusion == "success"


class StepView(Struct, frozen=True, kw_only=True):
    """One step of a job; `status` is `queued`, `in_progress` or `completed`."""

    number: int
    name: str
    status: str
    conclusion: str = ""
    started: datetime | None = None
    ended: datetime | None = None


class JobView(Struct, frozen=True, kw_only=True):
    """One job of a run with its steps in order."""

    id: int
    name: str
    status: str
    conclusion: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    runner: str = ""
    url: str = ""
    steps: tuple[StepView, ...] = ()


class Approval(Struct, frozen=True, kw_only=True):
    """An environment that a run waits for. `mine`: whether this token's user may approve it."""

    environment: str
    environment_id: int
    mine: bool
    reviewers: tuple[str, ...] = ()
    wait_until: datetime | None = None
    """Where it is only a wait timer, its end."""


class SecretSeen(Struct, frozen=True, kw_only=True):
    """A secret by name: its value can't be read. `where` is `repository`, `organization` or `environment NAME`."""

    name: str
    where: str
    updated: datetime | None = None


class EnvironmentSeen(Struct, frozen=True, kw_only=True):
    """A deployment environment and what protects it."""

    name: str
    reviewers: tuple[str, ...] = ()
    """Users, and teams as `team NAME`."""
    wait_minutes: int = 0
    branches: str = ""
    """Which branches may deploy, in words; empty: any."""
    no_self_review: bool = False
    can_approve: bool | None = None
    """Whether this token's user is a reviewer by name; None: only a team, whose members are not known."""


class WorkflowFile(Struct, frozen=True, kw_only=True):
    """A workflow on the branch. `inputs` is None where its file could not be read."""

    id: int
    name: str
    path: str
    state: str
    """`active`, or how it is disabled."""
    inputs: tuple[str, ...] | None = None
    dispatchable: bool = True
    """Whether `on:` has `workflow_dispatch`."""

    @property
    def active(self) -> bool:
        """Whether it can be dispatched."""
        return self.state == "active"


class Rate(Struct, frozen=True, kw_only=True):
    """What is left of the requests of this hour; `resets` when it is full again."""

    limit: int
    remaining: int
    resets: datetime | None = None


class BranchHead(Struct, frozen=True, kw_only=True):
    """Where a branch stands. `locked`: nobody can push to it now; None: that could not be seen."""

    name: str
    sha: str
    protected: bool = False
    locked: bool | None = None


class Deployment(Struct, frozen=True, kw_only=True):
    """A deployment that is not over: `state` is `queued`, `pending`, `in_progress`, …"""

    id: int
    environment: str
    state: str
    ref: str = ""
    creator: str = ""
    created: datetime | None = None


class Look(Struct, frozen=True, kw_only=True):
    """All that one look at a repository saw. What could not be seen is None or empty, and `missing` says why.

    `problem` is why GitHub could not be asked at all: no token, an expired one, no way there; empty: it answered.
    """

    repository: str
    host: str = "github.com"
    login: str = ""
    token_from: str = ""
    """`GITHUB_TOKEN`, `GH_TOKEN` or `gh`; empty: there is none."""
    problem: str = ""
    remedy: str = ""
    branch: BranchHead | None = None
    clinic: WorkflowRun | None = None
    """The latest run of the clinic for exactly the local commit."""
    migrate: WorkflowFile | None = None
    open_runs: tuple[WorkflowRun, ...] = ()
    """Runs of the migrate workflow that are not over."""
    secrets: tuple[SecretSeen, ...] | None = None
    environment: EnvironmentSeen | None = None
    deployments: tuple[Deployment, ...] = ()
    missing: tuple[str, ...] = ()
    """Permissions that the token lacks, with what each was needed for: `Secrets: read (secrets of the repository)`."""
    rate: Rate | None = None
    skew_seconds: float = 0.0
    """How far this machine's clock is ahead of GitHub's."""
