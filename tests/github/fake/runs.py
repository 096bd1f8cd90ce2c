"""Workflow runs as they stand and how they move on. Whoever calls holds the server's lock."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

from tests.github.fake.repo import Environment
from tests.github.fake.script import Act, Cancelled, Context, Ends, Job, Queued, Step, StepFailedError, Waiting
from tests.github.fake.states import JobState, Review, StepState

Now = Callable[[], datetime]


class Run:
    """One run. `seen` are the questions of this round; `lag` how many lists more it is missing from."""

    def __init__(
        self, id_: int, number: int, workflow: str, *, sha: str, branch: str, actor: str, now: Now, script: tuple[Act,
        ...],
        event: str = "workflow_dispatch", inputs: Mapping[str, str] | None = None, title: str = "",
        environment_of: Callable[[str], Environment | None] = lambda _: None, group: str = "",
    ) -> None:  # fmt: skip
        self.id, self.number, self.workflow, self.sha, self.branch, self.event = (
            id_,
            number,
            workflow,
            sha,
            branch,
            event,
        )
        self.actor, self.inputs, self.title, self.group = actor, dict(inputs or {}), title, group
        self.status, self.conclusion = "queued", ""
        self.created = self.updated = self.started = now()
        self.attempt, self.lag, self.direct_lag = 1, 0, 0
        self.by_clock = False
        self.seen: set[str] = set()
        self.jobs: list[JobState] = []
        self.reviews: list[Review] = []
        self.waits_for: Environment | None = None
        self.deployed: list[str] = []
        self.cancelling = self.held = self.failed = False
        self._now, self._script, self._environment_of = now, script, environment_of
        self._at, self._left = -1, 0
        self._owner: dict[int, tuple[JobState, StepState]] = {}
        self._deed: threading.Thread | None = None
        self._trouble = ""
        self._cancelled = threading.Event()
        self._lay_out()

    @property
    def over(self) -> bool:
        """Nothing of it moves any more."""
        return self.status == "completed"

    @property
    def _needs_review(self) -> bool:
        return self.waits_for is not None and bool(self.waits_for.reviewers)

    def begin(self) -> None:
        """Take the first act."""
        self._next()

    def asked(self, what: str) -> None:
        """Somebody asks for `what`: the next round where it was asked in this one already."""
        if what in self.seen and not self.by_clock:
            self.seen.clear()
            self.advance()
        self.seen.add(what)

    def advance(self) -> None:
        """One round."""
        if self.over or self.held:
            return
        if self.cancelling:
            if self._deed is None or not self._deed.is_alive():
                self._end("cancelled")
            return
        act = self._script[self._at]
        self._left -= 1
        if self._needs_review or self._left > 0:
            return
        if isinstance(act, Step):
            if (self._deed and self._deed.is_alive()) or (act.hold and not act.hold.is_set()):
                return
            self._step_over(act)
        self._next()

    def settle(self, seconds: float = 30) -> None:
        """Advance to where nobody but a person can move it; for tests of what a finished run looks like."""
        for _ in range(10_000):
            if self.over or self.held or self._needs_review:
                return
            if self._deed:
                self._deed.join(seconds)
            self.advance()

    def review(self, by: str, approve: bool, comment: str) -> None:
        """Somebody answers the deployment that it waits for."""
        self.reviews.append(Review(by, approve, comment))
        if approve:
            self._next()
        else:
            self.failed = True
            self._end("failure")

    def cancel(self) -> None:
        """Somebody cancels it: what waits is over at once, what runs ends with its step."""
        self.cancelling = True
        self._cancelled.set()
        if self.status != "in_progress":
            self._end("cancelled")

    def _lay_out(self) -> None:
        for at, act in enumerate(self._script):
            if isinstance(act, Job) or (isinstance(act, Step) and not self.jobs):
                name = act.name if isinstance(act, Job) else "migrate"
                self.jobs.append(JobState(self.id * 10 + len(self.jobs), name, self.created))
            if isinstance(act, Step):
                job = self.jobs[-1]
                job.steps.append(StepState(len(job.steps) + 1, act))
                self._owner[at] = (job, job.steps[-1])

    def _next(self) -> None:
        self._at, self.waits_for = self._at + 1, None
        while self._at < len(self._script) and not self._enter(self._script[self._at]):
            self._at += 1
        if self._at >= len(self._script) and not self.over:
            self._end("failure" if self.failed else "success")

    def _enter(self, act: Act) -> bool:
        """Take up `act`; False where there is nothing to stand at."""
        self.updated = self._now()
        if isinstance(act, Queued):
            self.status, self._left = "queued", act.polls
            return act.polls > 0
        if isinstance(act, Waiting):
            return self._wait(act)
        if isinstance(act, Cancelled):
            self.cancel()
            return True
        if isinstance(act, Ends):
            self.failed = True
            self._end(act.conclusion)
            return True
        return isinstance(act, Step) and self._begin_step(act)

    def _wait(self, act: Waiting) -> bool:
        name = re.sub(r"\$\{\{\s*inputs\.(\w+)\s*\}\}", lambda m: self.inputs.get(m[1], ""), act.environment)
        environment = self._environment_of(name)
        self.deployed.append(name)
        if environment is None or not (environment.reviewers or environment.wait_minutes):
            return False
        self.waits_for, self.status, self._left = environment, "waiting", act.polls
        for job in self.jobs:
            job.status = "waiting" if job.status == "queued" else job.status
        return True

    def _begin_step(self, act: Step) -> bool:
        job, state = self._owner[self._at]
        if self.failed and (not act.always or job.status != "in_progress"):
            skipped = job.status != "in_progress"
            state.status, state.conclusion = "completed", "skipped"
            state.started = state.ended = self._now()
            if skipped:
                job.status, job.conclusion, job.started, job.ended = "completed", "skipped", self._now(), self._now()
            else:
                self._close(job, state)
            return False
        if job.status != "in_progress":
            job.started = self._now()
            if self.status != "in_progress":
                self.started = job.started
        self.status = job.status = state.status = "in_progress"
        state.started, self._left, self._trouble = self._now(), act.polls, ""
        for line in act.lines:
            job.log.append((self._now(), line))
        if act.does is not None:
            self._deed = threading.Thread(target=self._do, args=(act, job), daemon=True)
            self._deed.start()
        return True

    def _do(self, act: Step, job: JobState) -> None:
        context = Context(
            self.inputs, self.sha, self.branch, self.id, self.actor, lambda line: job.log.append((self._now(), line)),
            self._cancelled
        )  # fmt: skip
        try:
            assert act.does is not None
            act.does(context)
        except StepFailedError as error:
            self._trouble = str(error)
        except BaseException as error:  # noqa: BLE001 - whatever a test's own step raises is that step's failure
            self._trouble = f"{type(error).__name__}: {error}"

    def _step_over(self, act: Step) -> None:
        job, state = self._owner[self._at]
        state.status, state.ended, self._deed = "completed", self._now(), None
        state.conclusion = "failure" if self._trouble else act.conclusion
        if state.conclusion == "failure":
            self.failed = True
            job.log.append((self._now(), f"##[error]{self._trouble or 'Process completed with exit code 1.'}"))
        self._close(job, state)

    def _close(self, job: JobState, state: StepState) -> None:
        """The job is over with its last step."""
        if state is job.steps[-1]:
            bad = any(one.conclusion == "failure" for one in job.steps)
            job.status, job.conclusion, job.ended = "completed", "failure" if bad else "success", self._now()

    def _end(self, conclusion: str) -> None:
        now = self._now()
        for job in self.jobs:
            if job.status == "completed":
                continue
            began = job.status == "in_progress"
            for state in job.steps if began else ():
                if state.status != "completed":
                    state.conclusion = "cancelled" if state.status == "in_progress" else "skipped"
                    state.status, state.started, state.ended = "completed", state.started or now, now
            job.conclusion = conclusion if conclusion in {"cancelled", "failure", "timed_out"} else "skipped"
            job.status, job.started, job.ended = "completed", job.started or now, now
            if not began:
                job.steps = []
            else:
                job.log.append((now, "##[error]The operation was canceled."))
        self.waits_for, self.status, self.conclusion, self.updated = None, "completed", conclusion, now
