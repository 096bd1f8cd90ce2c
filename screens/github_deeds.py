"""Lines that several states of a dispatched workflow run share: what people did with it, and where it is. Pure."""

from __future__ import annotations

from dixis_tui.i18n import _, sentence
from dixis_tui.run.views import WorkflowView
from screens import github_words as told
from screens import words
from screens.cards import Line
from screens.view import View


def deeds(view: View, workflow: WorkflowView) -> list[Line]:
    """What people did with it from here, and that it is followed again."""
    state, lines = view.state, []
    if state.resumed and state.resumed_at and state.resumed_at > workflow.at and workflow.open and not told.stale(view):
        at = view.at(state.resumed_at, seconds=True)
        lines.append(
            Line(
                _("Followed again since {at}: the same run, nothing was sent anew.").format(at=at), "text", "✔", "good"
            )
        )
    reviewed, cancelled = workflow.reviewed, workflow.cancelled
    if reviewed and (workflow.approvals or not reviewed.done):  # once it runs, that is told by it
        verb = _("approved") if reviewed.approved else _("rejected")
        lines.append(
            _deed(
                reviewed.done,
                _("{operator} {verb} {environment}").format(
                    operator=reviewed.operator, verb=verb, environment=reviewed.environment
                ),
                reviewed.problem,
            )
        )
    if cancelled and not (workflow.run and workflow.run.over):
        lines.append(
            _deed(
                cancelled.done,
                _("{operator} asked GitHub to cancel the run").format(operator=cancelled.operator),
                cancelled.problem,
            )
        )
    return lines


def _deed(done: bool | None, text: str, problem: str) -> Line:
    """Asked, taken or refused."""
    if done is None:
        return Line(_("{text}: being asked").format(text=text), "text", "◐", "work")
    return (
        Line(text, "text", "✔", "good")
        if done
        else Line(
            _("{text}, and it was not taken: {problem}").format(text=text, problem=sentence(problem)),
            "warn",
            "✖",
            "bad",
        )
    )


def address(workflow: WorkflowView) -> list[Line]:
    if not workflow.run_id:
        return []
    attempt = workflow.run.attempt if workflow.run else 1
    return [
        Line(
            _("Run {run_id}{attempt}: {where}").format(
                run_id=workflow.run_id,
                attempt=_(", attempt {attempt}").format(attempt=attempt) if attempt > 1 else "",
                where=where(workflow),
            ),
            "quiet",
        )
    ]


def where(workflow: WorkflowView) -> str:
    return workflow.url or _("{workflow} on {ref}, as {request}").format(
        workflow=workflow.started.workflow, ref=workflow.started.ref, request=request_of(workflow)
    )


def request_of(workflow: WorkflowView) -> str:
    return words.cut(workflow.started.request, 60)


def name_of(name: str) -> str:
    return f", {words.cut(name, 200)}"
