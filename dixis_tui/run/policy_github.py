"""What may be asked of GitHub now, and why not: a part of :mod:`dixis_tui.run.policy`."""

from __future__ import annotations

from dixis_tui.run import commands as cmd
from dixis_tui.run.state import RunState


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
