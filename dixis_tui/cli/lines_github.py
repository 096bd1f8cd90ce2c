"""What is heard of GitHub, as plain lines."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.github import Approval, JobView, WorkflowRun


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
            waits = approval_words(approvals, run.url)
            return f"   workflow run {run.id}: {state_words(run)}{f', {waits}' if waits else step_words(jobs)}"
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


def approval_words(approvals: tuple[Approval, ...], url: str) -> str:
    """Who can let it go on, and where; empty where nobody is waited for."""
    found = []
    for one in approvals:
        if one.reviewers:
            mine = ", this token's user is one of them" if one.mine else ""
            found.append(f"waits for {' or '.join(one.reviewers)} to approve {one.environment}{mine}: {url}")
        else:
            until = f" until {one.wait_until:%H:%M:%SZ}" if one.wait_until else ""
            found.append(f"waits for the timer of {one.environment}{until}")
    return "; ".join(found)


def step_words(jobs: tuple[JobView, ...]) -> str:
    """`, migrate: prisma migrate deploy`: the step that runs now; empty where none does."""
    for job in jobs:
        for step in job.steps:
            if step.status == "in_progress":
                return f", {job.name}: {step.name}"
    return ""
