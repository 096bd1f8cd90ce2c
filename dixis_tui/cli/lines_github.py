"""What is heard of GitHub, as plain lines."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.github import JobView, WorkflowRun


def github_line(event: ev.Event) -> str:
    """One plain line for an event of GitHub, or nothing."""
    match event:
        case ev.DispatchStarted(workflow=workflow, ref=ref, operator=operator):
            return f"   dispatching {workflow} on {ref} for {operator or 'this run'}"
        case ev.Dispatched(run_id=run_id, url=url, found=found):
            return f"   workflow run {run_id}{' found again' if found else ''}: {url}"
        case ev.DispatchFailed(problem=problem, remedy=remedy):
            return f" ✖ the workflow was not dispatched: {problem} {remedy}".rstrip()
        case ev.GithubWaits(reason=reason, until=until):
            return f"   GitHub: {reason}" + (f", asked again at {until:%H:%M:%SZ}" if until else "")
        case ev.WorkflowSeen(run=run, jobs=jobs, approvals=approvals):
            waits = ", ".join(f"approval of {one.environment}" for one in approvals)
            return (
                f"   workflow run {run.id}: {state_words(run)}{f', waits for {waits}' if waits else step_words(jobs)}"
            )
        case ev.DeploymentReviewed(done=True, approved=approved, environment=environment, operator=operator):
            return f"   {operator} {'approved' if approved else 'rejected'} {environment}"
        case ev.DeploymentReviewed(environment=environment, problem=problem):
            return f"   {environment} is being reviewed{f': {problem}' if problem else ''}"
        case ev.WorkflowCancelled(operator=operator, done=done, problem=problem):
            return (
                f"   {operator} cancels the workflow run{f': {problem}' if problem else ''}{', taken' if done else ''}"
            )
    return ""


def state_words(run: WorkflowRun) -> str:
    """`in progress`, or how it ended."""
    return (run.conclusion or run.status).replace("_", " ")


def step_words(jobs: tuple[JobView, ...]) -> str:
    """`, migrate: prisma migrate deploy`: the step that runs now; empty where none does."""
    for job in jobs:
        for step in job.steps:
            if step.status == "in_progress":
                return f", {job.name}: {step.name}"
    return ""
