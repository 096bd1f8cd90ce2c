"""A dispatched workflow run is followed to its end, through everything that GitHub may do meanwhile.

What it says becomes an event where something moved. That it is not heard of never touches the run.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, GithubError, StoppedError, UnknownOutcomeError
from dixis_tui.github import Approval, JobView, StepView, WorkflowRun
from dixis_tui.plan import workflow_steps
from dixis_tui.run.context import Context
from dixis_tui.run.phases.github_logs import JobLogs
from dixis_tui.run.phases.github_open import say_waits, worded

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository

_GONE_LOOKS = 5
"""So many times in a row it was not there: a list or a look may lag, a run that was deleted stays away."""
_AGAIN = "open dixis-tui again: it goes on with the same run"
_SHUT = ("token", "rights")
_LONG_SECONDS = 90


class Follower:
    """Follows one run. `look` may be called by whoever has a loop of their own; `to_end` is one."""

    def __init__(
        self, context: Context, repository: Repository, request: str, run_id: int, url: str, *, logs: bool = True
    ) -> None:
        """`request` is the dispatch's key, `url` the run's address for a browser."""
        self._context, self._repository = context, repository
        self._request, self._run_id, self._url = request, run_id, url
        self._logs = JobLogs(context, repository, url) if logs else None
        self._logs_done = True
        self._seen: ev.WorkflowSeen | None = None
        self._heard_at: float | None = None
        self._since = time.monotonic()
        self._told: tuple[str, datetime | None] | None = None
        self._missing = 0
        self._patient_until = 0.0

    def to_end(self) -> WorkflowRun:
        """Look until the run is over; its last state.

        Raises:
            UnknownOutcomeError: it is no longer followed, and may be at work.
        """
        poll = self._context.settings.github.poll_seconds
        while True:
            run = self.look()
            if run and run.over and self._logs_done:
                return run
            if self._context.stopping.wait(poll if run else max(poll, self._pause())):
                if run and run.over:
                    return run  # who asks to stop waits for no log
                raise self._lost("It is no longer followed from here, as was asked")

    def look(self) -> WorkflowRun | None:
        """One look; None where GitHub did not answer. Raises UnknownOutcomeError where that lasts too long."""
        try:
            run = self._repository.run(self._run_id)
            jobs = self._repository.jobs(self._run_id)
            approvals = self._approvals(run, jobs)
        except GithubError as error:
            self._unheard(error)
            return None
        except StoppedError:
            return None
        self._heard_at, self._told, self._missing, self._patient_until = time.monotonic(), None, 0, 0.0
        seen = ev.WorkflowSeen(request=self._request, run=run, jobs=jobs, approvals=approvals)
        self._say(worded(self._context, seen))
        return run

    def _approvals(self, run: WorkflowRun, jobs: tuple[JobView, ...]) -> tuple[Approval, ...]:
        waits = run.status == "waiting" or any(job.status == "waiting" for job in jobs)
        if not waits or run.over:
            return ()
        try:
            return self._repository.approvals(self._run_id)
        except GithubError as error:
            if error.kind not in ("rights", "missing"):
                raise
            # Who may not see them still sees the run.
            if self._seen is None or self._seen.run.status != run.status:
                self._context.log.line("runner", f"The approvals can't be seen: {error}. {error.remedy}", "warning")
            return ()

    def _say(self, seen: ev.WorkflowSeen) -> None:
        before = self._seen
        waited = self._context.settled().github_waits is not None
        if before is None or _moves(before) != _moves(seen) or waited:
            self._seen = seen
            self._say_steps(before, seen)
            self._context.emit(seen, flush=seen.run.over)
        if self._logs:
            self._logs_done = self._logs.take(seen.jobs)

    def _say_steps(self, before: ev.WorkflowSeen | None, seen: ev.WorkflowSeen) -> None:
        """The run's states and steps, as lines of the log."""
        log = self._context.log
        state = seen.run.conclusion or seen.run.status
        if before is None or (before.run.conclusion or before.run.status) != state:
            log.line("runner", f"Workflow run {seen.run.id}: {state.replace('_', ' ')}")
        was = {(job.id, step.number): _short(step) for job in (before.jobs if before else ()) for step in job.steps}
        for job in seen.jobs:
            for step in job.steps:
                state = _short(step)
                if state != "waiting" and was.get((job.id, step.number)) != state:
                    log.line("runner", f"{job.name}: {step.name}: {state}", "error" if state == "failed" else "info")

    def _unheard(self, error: GithubError) -> None:
        say_waits(self._context, str(error), error.until)
        told = (error.kind, error.until)
        if told != self._told:
            self._told = told
            level = "error" if error.kind in _SHUT else "warning"
            self._context.log.line("runner", f"{error}. {error.remedy}".strip(), level)
        self._missing = self._missing + 1 if error.kind == "missing" else 0
        if self._missing >= _GONE_LOOKS:
            raise self._lost(f"GitHub has no run {self._run_id} any more, or this token may not see it")
        if self._heard_at is None and error.kind in _SHUT:
            raise self._lost(str(error), error.remedy)
        now = time.monotonic()
        if error.until:  # a limit whose end is known is no silence
            self._patient_until = now + max((error.until - datetime.now(UTC)).total_seconds(), 0) + 60
        silent = now - (self._heard_at or self._since)
        if silent > self._context.settings.github.silent_minutes * 60 and now > self._patient_until:
            long = f"{silent / 60:.0f} minutes" if silent >= _LONG_SECONDS else f"{silent:.0f} s"
            raise self._lost(f"Nothing was heard of the run for {long}: {error}", error.remedy)

    def _pause(self) -> float:
        """Seconds until a limit is over, at most a minute: then it is asked again whatever was said."""
        until = self._told[1] if self._told else None
        return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), 60.0) if until else 0.0

    def _lost(self, sentence: str, remedy: str = "") -> UnknownOutcomeError:
        remedy = f"{remedy.removesuffix('.')}; " if remedy else ""
        return UnknownOutcomeError(
            f"{sentence}; the workflow run may be at work",
            f"{remedy}look at {self._url}, then {_AGAIN}.",
        )


def follow(context: Context, repository: Repository, request: str, run_id: int, url: str) -> WorkflowRun:
    """Follow a run to its end; its last state.

    Raises:
        UnknownOutcomeError: it is no longer followed, and may be at work.
    """
    return Follower(context, repository, request, run_id, url).to_end()


def ended(context: Context, request: str, run: WorkflowRun) -> DixisError | None:
    """What to say of a run that is over and not green, naming job and step; None: it is green."""
    if run.green:
        return None
    view = context.state.workflows[request]
    if (said := view.reviewed) and said.done and not said.approved:
        worked = any(step.status != "queued" for job in view.jobs for step in job.steps)
        what = "what ran before it stands" if worked else "nothing was begun"
        return DixisError(f"{said.operator} rejected {said.environment}: {what}", said.comment)
    spot = workflow_steps.broken(view.jobs)
    where = f" in {workflow_steps.in_words(spot)}" if spot else ""
    how = run.conclusion.replace("_", " ") or run.status
    return DixisError(f"The workflow run ended as {how}{where}", f"The log has what it said; {view.url} has it whole.")


def _moves(seen: ev.WorkflowSeen) -> ev.WorkflowSeen:
    """Without what moves by itself."""
    return replace(seen, run=replace(seen.run, updated=None))


def _short(step: StepView) -> str:
    return workflow_steps.state_of(step)
