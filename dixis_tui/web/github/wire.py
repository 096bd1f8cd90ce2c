"""GitHub's answers as they come: only the fields that are needed. Private to this package; hostile until read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, field

Id = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
Number = Annotated[int, Meta(ge=0, le=1 << 31)]


class Account(Struct, frozen=True):
    """A person, or a team where it has a `slug`."""

    login: str = ""
    name: str | None = None
    slug: str = ""


class Run(Struct, frozen=True):
    id: Id
    html_url: str
    path: str
    name: str | None = None
    display_title: str = ""
    status: str | None = None
    conclusion: str | None = None
    head_branch: str | None = None
    head_sha: str = ""
    event: str = ""
    actor: Account | None = None
    run_attempt: Number = 1
    created_at: datetime | None = None
    run_started_at: datetime | None = None
    updated_at: datetime | None = None


class Runs(Struct, frozen=True):
    workflow_runs: list[Run]


class Step(Struct, frozen=True):
    number: Number
    name: str
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None


class Job(Struct, frozen=True):
    id: Id
    name: str
    status: str
    conclusion: str | None = None
    started_at: datetime | None = None
    completed_at: datetime | None = None
    runner_name: str | None = None
    html_url: str | None = None
    steps: list[Step] | None = None


class Jobs(Struct, frozen=True):
    jobs: list[Job]


class Dispatched(Struct, frozen=True):
    workflow_run_id: Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]
    html_url: str = ""


class Reviewer(Struct, frozen=True):
    type: str = ""
    reviewer: Account | None = None


class PendingEnvironment(Struct, frozen=True):
    id: Id
    name: str


class Pending(Struct, frozen=True):
    environment: PendingEnvironment
    current_user_can_approve: bool
    reviewers: list[Reviewer] = field(default_factory=list)
    wait_timer: Number = 0
    wait_timer_started_at: datetime | None = None


class Protection(Struct, frozen=True):
    type: str
    wait_timer: Number = 0
    prevent_self_review: bool = False
    reviewers: list[Reviewer] = field(default_factory=list)


class BranchPolicy(Struct, frozen=True):
    protected_branches: bool
    custom_branch_policies: bool


class Environment(Struct, frozen=True):
    name: str
    protection_rules: list[Protection] | None = None
    deployment_branch_policy: BranchPolicy | None = None


class PolicyName(Struct, frozen=True):
    name: str = ""


class Policies(Struct, frozen=True):
    branch_policies: list[PolicyName]


class Secret(Struct, frozen=True):
    name: str
    updated_at: datetime | None = None


class Secrets(Struct, frozen=True):
    secrets: list[Secret]


class PublicKey(Struct, frozen=True):
    key_id: str
    key: str


class Deployment(Struct, frozen=True):
    id: Id
    environment: str
    ref: str = ""
    creator: Account | None = None
    created_at: datetime | None = None


class DeploymentStatus(Struct, frozen=True):
    state: str


class Workflow(Struct, frozen=True):
    id: Id
    name: str
    path: str
    state: str


class Workflows(Struct, frozen=True):
    workflows: list[Workflow]


class File(Struct, frozen=True):
    content: str
    encoding: str = "base64"


class Commit(Struct, frozen=True):
    sha: str


class Enabled(Struct, frozen=True):
    enabled: bool = False


class Branch(Struct, frozen=True):
    name: str
    commit: Commit
    protected: bool = False
    protection: Enabled | None = None


class Rule(Struct, frozen=True):
    type: str


class Locks(Struct, frozen=True):
    lock_branch: Enabled | None = None


class TreeEntry(Struct, frozen=True):
    path: str
    type: str
    sha: str


class Tree(Struct, frozen=True):
    tree: list[TreeEntry]
    truncated: bool = False
