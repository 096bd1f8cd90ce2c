"""Events of GitHub: what a look at the repository saw, and workflow runs from their dispatch to their end."""

from __future__ import annotations

from datetime import datetime

from dixis_tui.event import BaseEvent
from dixis_tui.github import Approval, JobView, Look, Purpose, WorkflowRun


class GithubSeen(BaseEvent, frozen=True, kw_only=True, tag="github_seen"):
    """The repository was looked at."""

    look: Look


class DispatchStarted(BaseEvent, frozen=True, kw_only=True, tag="dispatch_started"):
    """A workflow is about to be dispatched. Written and flushed before the request is sent.

    `request` is ours alone: it stands in the run's name, so that the run is found again if the answer is lost.
    """

    request: str
    purpose: Purpose
    workflow: str
    """The workflow's file name."""
    ref: str
    sha: str
    """The commit that it is for."""
    inputs: tuple[tuple[str, str], ...] = ()
    """As they are sent, but for the phrase, which is left out."""
    operator: str = ""
    login: str = ""
    """Whose token sends it."""


class Dispatched(BaseEvent, frozen=True, kw_only=True, tag="dispatched"):
    """GitHub has taken it, and this is its run. Written before anything else is done."""

    request: str
    run_id: int
    url: str
    found: bool = False
    """It was found by its name afterwards: the answer itself was lost."""


class DispatchFailed(BaseEvent, frozen=True, kw_only=True, tag="dispatch_failed"):
    """There is no run of this dispatch, or none that can be told. It is never sent again by itself.

    `unknown`: it may have been taken; `remedy` says how to find out.
    """

    request: str
    problem: str
    remedy: str = ""
    unknown: bool = False


class WorkflowSeen(BaseEvent, frozen=True, kw_only=True, tag="workflow_seen"):
    """A dispatched run as it stands. Only where something of it moved; never flushed by itself but at its end."""

    request: str
    run: WorkflowRun
    jobs: tuple[JobView, ...] = ()
    approvals: tuple[Approval, ...] = ()


class GithubWaits(BaseEvent, frozen=True, kw_only=True, tag="github_waits"):
    """GitHub does not answer, or asks us to wait; the run is not touched by that. Over with the next `workflow_seen`.

    `until` is when it is asked again, where that is long.
    """

    reason: str
    until: datetime | None = None


class DeploymentReviewed(BaseEvent, frozen=True, kw_only=True, tag="deployment_reviewed"):
    """An environment's approval was given or refused from here.

    Written before the deed with `done` None, and after it with what GitHub answered.
    """

    request: str
    environment: str
    approved: bool
    comment: str
    operator: str
    done: bool | None = None
    problem: str = ""


class WorkflowCancelled(BaseEvent, frozen=True, kw_only=True, tag="workflow_cancelled"):
    """The workflow run was asked to end. Written before the deed with `done` None, and after it with the answer."""

    request: str
    operator: str
    done: bool | None = None
    problem: str = ""


GithubEvent = (
    GithubSeen
    | DispatchStarted
    | Dispatched
    | DispatchFailed
    | WorkflowSeen
    | GithubWaits
    | DeploymentReviewed
    | WorkflowCancelled
)
