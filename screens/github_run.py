"""GITHUB while and after a workflow run: its jobs and steps with states and durations. Pure."""

from __future__ import annotations

from dixis_tui.github import JobView
from dixis_tui.i18n import _, ngettext
from dixis_tui.run.views import WorkflowView
from screens import github_words as told
from screens import words
from screens.cards import Line, migrations
from screens.github_standing import standing
from screens.view import View


def answer(view: View, workflow: WorkflowView) -> tuple[Line, ...]:
    """How it stands, in one sentence."""
    found = standing(view, workflow)
    return (Line(found.headline, found.tone, found.glyph, found.tone), *found.lines[:_ABOVE])


def rows(view: View, workflow: WorkflowView) -> tuple[list[Line], int]:
    """Everything known of the run, and which row is at work: that one is to be in sight."""
    found: list[Line] = [*standing(view, workflow).lines[_ABOVE:], *_reviewed(workflow)]
    found.append(Line(_begun(view, workflow), "quiet"))
    steps, at = job_rows(view, workflow)
    at += len(found) if steps else 0
    found += steps
    listed = migrations(view.state, elapsed=None if not workflow.open else _since(view))
    if listed and view.state.confirmed:
        found += [Line(""), Line(_("On production itself, by its history:"), "quiet"), *listed]
    return found, at


_ABOVE = 1
"""Lines of it that stand with the answer."""


def _reviewed(workflow: WorkflowView) -> list[Line]:
    seen = workflow.reviewed
    if seen is None or not seen.done:
        return []
    verb = _("approved") if seen.approved else _("rejected")
    said = f": {seen.comment}" if seen.comment else ""
    return [
        Line(
            _("{operator} {verb} {environment}").format(operator=seen.operator, verb=verb, environment=seen.environment)
            + said,
            "quiet",
        )
    ]


def job_rows(view: View, workflow: WorkflowView) -> tuple[list[Line], int]:
    """A row a job, its steps under it; and the number of the row that is at work, else of the first that went wrong."""
    found: list[Line] = []
    steps, jobs, wrong = [], [], []
    for job in workflow.jobs:
        if job.status == "in_progress":
            jobs.append(len(found))
        found.append(_job(view, job))
        for step in job.steps:
            mark = told.mark(view, step)
            if step.status == "in_progress":
                steps.append(len(found))
            elif mark.tone == "bad":
                wrong.append(len(found))
            look = _LOOKS.get(step.status, "quiet")
            text = f"{step.number:>3} {words.cut(step.name, 200)}"
            found.append(Line(text, look, mark.glyph, mark.tone, _right(mark.word, told.took(view, step))))
    return found, next(iter((*steps, *jobs, *wrong)), 0)


_LOOKS = {"in_progress": "strong", "completed": "text"}


def _job(view: View, job: JobView) -> Line:
    mark = told.mark(view, job)
    on = _("  on {runner}").format(runner=words.cut(job.runner, 30)) if job.runner else ""
    steps = (
        ngettext("  {number} step", "  {number} steps", len(job.steps)).format(number=len(job.steps))
        if job.steps
        else ""
    )
    name = f"{words.cut(job.name, 120)}{steps}{on}"
    return Line(name, "strong", mark.glyph, mark.tone, _right(mark.word, told.took(view, job)))


def _right(word: str, took: str) -> str:
    return f"{word} {took:>8}"


def _begun(view: View, workflow: WorkflowView) -> str:
    begun = workflow.started
    by = _(" by {operator}").format(operator=begun.operator) if begun.operator else ""
    return _("{workflow} on {ref} of {sha}, sent {time}{by}").format(
        workflow=begun.workflow, ref=begun.ref, sha=told.sha(begun.sha), time=view.at(workflow.at, seconds=True), by=by
    )


def _since(view: View) -> float:
    running = (one.started for one in view.state.migrations.values() if one.state == "running")
    return view.elapsed(next(running, None))
