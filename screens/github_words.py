"""GitHub in words: states of runs, jobs and steps, ages by GitHub's clock, who approves, what a look saw. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from dixis_tui.github import Approval, EnvironmentSeen, JobView, Look, SecretSeen, StepView, WorkflowRun
from dixis_tui.i18n import N_, _
from dixis_tui.model import Executor, Phase
from dixis_tui.run.state import RunState
from dixis_tui.run.views import WorkflowView
from screens import words
from screens.spots import Mark
from screens.view import Link, View

_LOST = Mark("?", "bad", N_("unknown"))
_UNHEARD = Mark("◐", "warn", N_("running?"))
"""What ran when GitHub was last heard of."""
_STATUS = {
    "requested": Mark("○", "quiet", N_("queued")),
    "queued": Mark("○", "quiet", N_("queued")),
    "pending": Mark("○", "quiet", N_("queued")),
    "waiting": Mark("▲", "warn", N_("waiting")),
    "in_progress": Mark("◐", "work", N_("running")),
}
_CONCLUSION = {
    "success": Mark("✔", "good", N_("success")),
    "neutral": Mark("✔", "good", N_("neutral")),
    "skipped": Mark("–", "quiet", N_("skipped")),
    "failure": Mark("✖", "bad", N_("failed")),
    "timed_out": Mark("✖", "bad", N_("timed out")),
    "startup_failure": Mark("✖", "bad", N_("could not start")),
    "cancelled": Mark("✖", "bad", N_("cancelled")),
    "action_required": Mark("▲", "warn", N_("action required")),
}
_SHORT_SHA = 8


def executes(state: RunState) -> bool:
    """Whether a workflow run is what migrates in this run; a fleet has many, and a screen of its own."""
    return state.run is not None and state.run.executor is Executor.GITHUB and not state.many


def stale(view: View) -> bool:
    """Whether what was seen of a run under way is not seen any more: GitHub is silent, or nobody follows."""
    state = view.state
    alone = state.workflow is not None and state.workflow.open and state.running is not Phase.MIGRATE
    return alone or view.link is Link.GONE or state.github_waits is not None


def mark(view: View, seen: WorkflowRun | JobView | StepView) -> Mark:
    """Glyph, tone and word of a state; what was under way when the runner went away is unknown."""
    found = _mark(view, seen)
    return Mark(found.glyph, found.tone, _(found.word))


def _mark(view: View, seen: WorkflowRun | JobView | StepView) -> Mark:
    if seen.status == "completed":
        word = seen.conclusion.replace("_", " ") or N_("ended")
        return _CONCLUSION.get(seen.conclusion, Mark("?", "bad", word))
    if view.link is Link.GONE:
        return _LOST
    if seen.status == "in_progress" and stale(view):
        return _UNHEARD
    return _STATUS.get(seen.status, Mark("?", "warn", seen.status.replace("_", " ") or N_("unknown")))


# -- time


def whole(seconds: float) -> str:
    """`0 s`, `41 s`, `2 m 05 s`: GitHub's times are whole seconds, and nothing finer is made of them."""
    return words.duration(seconds) if seconds >= 59.5 else _("{seconds} s").format(seconds=max(round(seconds), 0))


def elapsed(view: View, since: datetime | None) -> float:
    """Seconds from a moment of GitHub's clock until now, as far as the difference of the clocks is known."""
    skew = view.state.github.look.skew_seconds if view.state.github else 0.0
    return view.elapsed(since + timedelta(seconds=skew)) if since else 0.0


def took(view: View, seen: JobView | StepView) -> str:
    """How long it took, or runs already; empty before it began."""
    if seen.started is None or seen.conclusion == "skipped":
        return ""
    if seen.ended is not None:
        return whole((seen.ended - seen.started).total_seconds())
    return "" if stale(view) else whole(elapsed(view, seen.started))


def ago(view: View, at: datetime | None) -> str:
    """`2 h 05 m ago`; empty where the time is not known."""
    return _("{elapsed} ago").format(elapsed=whole(elapsed(view, at))) if at else ""


def day(view: View, at: datetime | None) -> str:
    """`3 Nov`, of another year `Nov 2024`; `no date` where GitHub gave none."""
    if at is None:
        return _("no date")
    local = at.astimezone(view.zone)
    same_year = local.year == view.now.astimezone(view.zone).year
    return f"{local.day} {words.month(local)}" if same_year else f"{words.month(local)} {local.year}"


# -- runs


def sha(commit: str) -> str:
    """The first letters of a commit, as people name it."""
    return commit[:_SHORT_SHA] or _("unknown")


def run_words(view: View, run: WorkflowRun) -> str:
    """`run 901, by maria, 2 h 05 m ago`."""
    parts = [_("run {id}").format(id=run.id)]
    parts += [_("attempt {attempt}").format(attempt=run.attempt)] if run.attempt > 1 else []
    parts += [_("of {sha}").format(sha=sha(run.sha))] if run.sha else []
    parts += [_("by {actor}").format(actor=words.cut(run.actor, 30))] if run.actor else []
    parts += [ago(view, run.started or run.created)] if run.started or run.created else []
    return ", ".join(parts)


def working(jobs: tuple[JobView, ...]) -> tuple[JobView, StepView | None] | None:
    """The job that runs, and its step; None where none does."""
    for job in jobs:
        if job.status == "in_progress":
            return job, next((step for step in job.steps if step.status == "in_progress"), None)
    return None


def broke(jobs: tuple[JobView, ...]) -> tuple[JobView, StepView | None] | None:
    """The first job that ended badly, and its step."""
    for job in jobs:
        if job.status == "completed" and job.conclusion not in ("success", "neutral", "skipped"):
            bad = (one for one in job.steps if one.status == "completed" and one.conclusion not in _HARMLESS)
            return job, next(bad, None)
    return None


_HARMLESS = ("success", "neutral", "skipped")


def place(job: JobView, step: StepView | None) -> str:
    """`step 4 of 9 of migrate`, of what GitHub has told so far."""
    if step is None:
        return _("job {name}").format(name=words.cut(job.name, 40))
    at = next((number for number, one in enumerate(job.steps, 1) if one is step), 1)
    return _("step {at} of {steps} of {name}").format(at=at, steps=len(job.steps), name=words.cut(job.name, 40))


def counted(jobs: tuple[JobView, ...]) -> tuple[int, int]:
    """Steps that are over, and steps that are known, of all jobs."""
    steps = [step for job in jobs for step in job.steps]
    return sum(step.status == "completed" for step in steps), len(steps)


# -- who may what


def approvers(approval: Approval) -> str:
    """`maria, team dba`."""
    return ", ".join(approval.reviewers) or _("its reviewers")


def mine(workflow: WorkflowView | None) -> Approval | None:
    """The first approval that this token's user may give."""
    return next((one for one in workflow.approvals if one.mine), None) if workflow else None


def environment_words(seen: EnvironmentSeen) -> list[str]:
    """What protects an environment, a sentence each."""
    found = [
        _("Approved by {names}.").format(names=", ".join(seen.reviewers))
        if seen.reviewers
        else _("Nobody has to approve.")
    ]
    if seen.reviewers:
        may = {True: _("You can approve."), False: _("You can't approve: others have to."), None: ""}[seen.can_approve]
        found.append(may or _("Whether you can approve is not known: a team can, and its members are not told."))
    if seen.no_self_review:
        found.append(_("Who started the run can't approve it."))
    if seen.wait_minutes:
        found.append(
            _("It waits {minutes} before it begins.").format(
                minutes=words.count(seen.wait_minutes, "minute", "minutes")
            )
        )
    if seen.branches:
        found.append(_("Branches that may deploy: {branches}.").format(branches=seen.branches))
    return found


def approval_words(look: Look | None) -> str:
    """Who has to approve the dispatched run, as a part of a sentence; empty where that is not known."""
    if look is None or look.environment is None:
        return ""
    seen = look.environment
    return _("{name} is approved by {names}").format(
        name=seen.name, names=", ".join(seen.reviewers) or _("nobody: it runs at once")
    )


def secret_names(state: RunState) -> tuple[str, ...]:
    """The secrets that are looked for on GitHub: the database's URL, and, optional, the shadow database's."""
    return tuple(state.run.github_secrets) if state.run and state.run.github else ()


def secret(look: Look, name: str) -> SecretSeen | None:
    """The secret of that name that a run would get: the environment's before the repository's; None: there is none."""
    found = [one for one in look.secrets or () if one.name.upper() == name.upper()]
    return next((one for one in found if one.where.startswith("environment")), found[0] if found else None)
