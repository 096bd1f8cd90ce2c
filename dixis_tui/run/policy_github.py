"""What may be asked of GitHub now, and why not: a part of :mod:`dixis_tui.run.policy`."""

from __future__ import annotations

from dixis_tui.model import MigrationState, Phase, PhaseState
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import RunState
from dixis_tui.run.views import WorkflowView

_NOT_BEGUN = ("requested", "queued", "pending", "waiting")


def workflow(state: RunState, command: cmd.ReviewDeployment | cmd.CancelWorkflow) -> str:
    """Why the dispatched run can't be approved, rejected or cancelled now; empty: it can."""
    view = state.workflow
    if view is None or not view.open or not view.run_id:
        return "No workflow run of ours is under way on GitHub."
    if isinstance(command, cmd.CancelWorkflow):
        return ""
    waiting = next((one for one in view.approvals if one.environment == command.environment), None)
    if waiting is None:
        return f"The run does not wait for an approval of {command.environment} (any more)."
    if not waiting.mine:
        who = ", ".join(waiting.reviewers) or "its reviewers"
        return f"{command.environment} is approved by {who}, and this token's user is none of them."
    return "" if command.approve or command.comment.strip() else "A rejection needs a comment."


def look(state: RunState, command: cmd.LookAtGithub | cmd.DispatchClinic) -> str:
    """Why the repository can't be looked at, or its clinic started, now; empty: it can."""
    if state.run is None or not state.run.github:
        return "No GitHub repository is named: set github.repository in dixis.toml."
    if isinstance(command, cmd.LookAtGithub):
        return ""
    if state.github is None or state.github.look.problem:
        return "GitHub could not be asked yet: look again first (g, then r)."
    if state.confirmed is not None:
        return "The phrase was taken: the clinic belongs before that."
    seen = state.github.look
    runs = any(run is not None and not run.over for run in (seen.clinic, state.clinic.run if state.clinic else None))
    lost = state.clinic is not None and state.clinic.open and state.clinic.run is None
    return "The clinic runs already for this commit: wait for it." if runs or lost else ""


def rollback(state: RunState) -> str:
    """Why production can't be put back now: what is put back would be migrated by a run that nobody follows."""
    view = state.workflow
    if view is None or not (view.open or may_change(state)):
        return ""
    run = state.run.run if state.run else ""
    if view.open:
        return (
            "The workflow run may be at work on GitHub: look again (r) and wait for its end, or cancel it there first."
        )
    return (
        "Whether the workflow runs on GitHub is not known, and it would migrate what is put back: look again (r). "
        f"Where you know that it does not: end this run, then `dixis-tui rollback {run}`."
    )


def followed(state: RunState) -> bool:
    """Whether the migration is a workflow run that is at work now: a stop is then a matter of GitHub's."""
    view = state.workflow
    return state.running is Phase.MIGRATE and (state.many or (view is not None and view.open))


def is_deed(state: RunState, command: cmd.Command) -> bool:
    """Whether the command is done at GitHub, beside the worker that follows the run."""
    if isinstance(command, cmd.Stop):
        return followed(state)
    return isinstance(command, cmd.ReviewDeployment | cmd.CancelWorkflow)


def begun(view: WorkflowView) -> bool:
    """Whether a job of it may have begun; as long as it was not looked at, it is taken for queued."""
    jobs = any(job.status in ("in_progress", "completed") and job.conclusion != "skipped" for job in view.jobs)
    return view.run is not None and (view.run.status not in _NOT_BEGUN or jobs)


def may_have_begun(state: RunState) -> bool:
    """Whether a job of it may have begun for all that is known: it was not looked at, or GitHub is not heard of."""
    view = state.workflow
    return view is None or view.run is None or state.github_waits is not None or begun(view)


def another_commit(state: RunState) -> str:
    """Where the dispatched run was of another commit than the plan, that; no look at the database makes it ours."""
    view = state.workflow
    if view is None or view.run is None or not view.run.sha or not view.started.sha:
        return ""
    if view.run.sha == view.started.sha:
        return ""
    return f"The workflow ran commit {view.run.sha[:12]}, and the plan is of {view.started.sha[:12]}"


def unsettled(state: RunState) -> bool:
    """Whether a dispatch of the migration may be at work, or may not have been taken at all: nobody knows yet."""
    view = state.workflow
    return view is not None and (view.open or (view.failed is not None and view.failed.unknown))


def may_change(state: RunState) -> bool:
    """Whether such a dispatch may still change production: not where every migration of the plan is in."""
    left = any(view.state is not MigrationState.APPLIED for view in state.migrations.values())
    return unsettled(state) and left


def left_open(state: RunState) -> bool:
    """Whether a script leaves the run for `recover` instead of ending it: how the dispatch ended is not known."""
    return unsettled(state) and state.phase(Phase.MIGRATE).state is PhaseState.FAILED and not state.rollback
