"""A person approves, rejects or cancels the dispatched run from here: journaled before and after."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy_github
from dixis_tui.run.context import Context, Tried
from dixis_tui.run.phases.github_open import opened
from dixis_tui.run.views import WorkflowView

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository

WHAT_CANCELLING_MEANS = (
    "GitHub ends the job and Prisma with it; a statement that runs on the server may go on to its end, and what was "
    "committed stays. Production is looked at afterwards."
)
_AGAIN_SECONDS = 5.0
"""A stop that failed is tried again after that: a script asks at every news."""
_NOT_YET = "GitHub has not said yet which run it is: ask again in a moment."
_RUNS = (
    "A run on GitHub does not stop at a safe point by itself: it goes on, and this run stops after it. "
    f"Stop now (or cancel it) ends it: {WHAT_CANCELLING_MEANS}"
)


def review(context: Context, command: cmd.ReviewDeployment) -> str:
    """Approve or reject; "" where GitHub took it, else a sentence. The policy has looked at the command already."""
    view = context.settled().workflow
    waiting = _waiting(view, command.environment)
    if view is None or waiting is None:
        return f"The run does not wait for an approval of {command.environment} (any more)."
    words = context.log.redactor.line
    event = ev.DeploymentReviewed(
        request=view.started.request,
        environment=command.environment,
        approved=command.approve,
        comment=words(command.comment),
        operator=command.operator,
    )
    verb = "approves" if command.approve else "rejects"
    context.log.line("operator", f"{command.operator} {verb} {command.environment}: {command.comment}", "warning")
    return _do(
        context,
        event,
        lambda repository: repository.review(view.run_id, [waiting], approve=command.approve, comment=command.comment),
    )


def cancel(context: Context, operator: str) -> str:
    """Ask GitHub to end the run; "" where it took that, else a sentence."""
    view = context.settled().workflow
    if view is None or not view.open:
        return "No workflow run of ours is under way on GitHub."
    if not view.run_id:
        return _NOT_YET
    event = ev.WorkflowCancelled(request=view.started.request, operator=operator)
    context.log.line("operator", f"{operator} cancels workflow run {view.run_id}. {WHAT_CANCELLING_MEANS}", "warning")
    return _do(context, event, lambda repository: repository.cancel(view.run_id))


def stop(context: Context, command: cmd.Stop) -> str:
    """Stop while a workflow run is followed; "" or what there is to know. Each kind of stop is tried once a phase.

    What has not begun is cancelled; what runs goes on unless it is to stop now.
    """
    state = context.settled()
    view = state.workflow
    if view is None or not view.run_id:
        if view is not None and command.now:
            context.stop()  # it is looked for no longer, and whether it was taken is said to be unknown
            return ""
        return _NOT_YET
    tried = context.stops.get(command.now)
    if tried is not None and (not tried.problem or time.monotonic() - tried.at < _AGAIN_SECONDS):
        return tried.problem
    problem = _stopped(context, command, view)
    context.stops[command.now] = Tried(time.monotonic(), problem)
    return problem


def _stopped(context: Context, command: cmd.Stop, view: WorkflowView) -> str:
    state = context.settled()
    if not command.now and _may_have_begun(context, view):
        context.note(_RUNS, "warning")
        return ""
    problem = cancel(context, command.operator)
    if not problem or not command.now or state.github_waits is None:
        return problem
    context.note("GitHub is not heard of: the run is no longer followed from here, and goes on there.", "warning")
    context.stop()
    return ""


def _may_have_begun(context: Context, view: WorkflowView) -> bool:
    """Looked at anew: what stood in the queue a moment ago may be at work on production now."""
    if policy_github.begun(view):
        return True
    try:
        with opened(context, told=False, stopping=threading.Event()) as (repository, _):
            run, jobs = repository.run(view.run_id), repository.jobs(view.run_id)
    except DixisError:
        return True
    return policy_github.begun(replace(view, run=run, jobs=jobs))


def _do(
    context: Context, event: ev.DeploymentReviewed | ev.WorkflowCancelled, deed: Callable[[Repository], None]
) -> str:
    """Journal the deed, do it, and journal what GitHub answered; "" or the sentence of its refusal."""
    context.emit(event)
    try:
        # A run that is no longer followed can still be cancelled: a stop ends no deed.
        with opened(context, told=False, stopping=threading.Event()) as (repository, _):
            deed(repository)
    except DixisError as error:
        problem = _sentence(context, error)
        context.emit(replace(event, done=False, problem=problem))
        return problem
    context.emit(replace(event, done=True))
    return ""


def _waiting(view: WorkflowView | None, environment: str) -> int | None:
    approvals = view.approvals if view else ()
    return next((one.environment_id for one in approvals if one.environment == environment), None)


def _sentence(context: Context, error: DixisError) -> str:
    return context.log.redactor.line(f"{error}. {error.remedy}".strip())
