"""The waves of a fleet: dispatch, follow all open runs in one loop, read each database after its run's end.

Nothing is dispatched twice: what was begun stands in the journal before it is sent. Without the phrase nothing is
dispatched at all; what is open is followed to its end.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, GithubError, StoppedError, UnknownOutcomeError
from dixis_tui.fleet import TargetPlan, TargetState
from dixis_tui.github import WorkflowRun
from dixis_tui.plan.dispatching import MARGIN, Order, request_key, taken_inputs
from dixis_tui.plan.pace import PAGE, pace
from dixis_tui.run.context import Context
from dixis_tui.run.phases import fleet_plan, fleet_verify, github_dispatch
from dixis_tui.run.phases.fleet_inputs import inputs_of
from dixis_tui.run.phases.fleet_lock import Locks
from dixis_tui.run.phases.fleet_plan import Source
from dixis_tui.run.phases.github_open import say_waits, worded
from dixis_tui.run.views import FleetView, RunState, WorkflowView
from dixis_tui.secrets import Secret

if TYPE_CHECKING:
    from dixis_tui.web.github.api import Repository
    from dixis_tui.web.github.client import Client

T = TypeVar("T")
_GONE_LOOKS = 5
"""So many looks in a row it was not there: lists lag, a run that was deleted stays away."""
_ITS_OWN = ("rights", "missing", "refused", "unclear")
"""Errors of these kinds are of one question: whatever else is asked may be answered."""
_LONGEST_PAUSE_SECONDS = 60.0


class _StoppedMeanwhileError(Exception):
    """The fleet was stopped after the next target was chosen."""


class Work:
    """One pass over a fleet, until nothing is at work and nothing more may be dispatched."""

    def __init__(
        self, context: Context, repository: Repository, client: Client, seen: Source, phrase: Secret | None
    ) -> None:
        self._context, self._repository, self._client, self._source = context, repository, client, seen
        self._phrase = phrase
        self._targets = {target.name: target for target in context.settings.targets}
        self._locks = Locks(context)
        self._inputs: tuple[str, ...] | None = None
        self._turn = 0
        """Whose jobs are asked next, where not everybody's can be."""
        self._gone: dict[int, int] = {}
        self._hidden: dict[int, float] = {}
        """Since when a run is not shown to us, by the monotonic clock."""
        self._heard_at = time.monotonic()
        self._told = ""
        self._warned: set[str] = set()
        self._held_until = 0.0
        """By the monotonic clock: GitHub asked for so long to dispatch nothing."""

    @property
    def _fleet(self) -> FleetView:
        fleet = self._context.state.fleet
        assert fleet is not None  # noqa: S101 - it was planned before
        return fleet

    def to_end(self) -> None:
        """Dispatch, follow and verify, wave by wave.

        Raises:
            StoppedError: the runner is to go; what is open stays open.
        """
        self._heard_at = time.monotonic()  # what was looked for until here took its own time
        with self._locks:
            for name in self._fleet.named(TargetState.AT_WORK):
                self._locks.take_again(self._targets[name])
            while True:
                self._say_stop()
                while name := self._next():
                    self._context.safe_point()
                    self._dispatch(name)
                    self._say_stop()
                if not self._fleet.named(TargetState.AT_WORK):
                    if not self._phrase or self._fleet.waves.over:
                        return
                    self._wait(min(self._context.settings.github.poll_seconds, self._held()))
                    continue
                pause = self._round()
                # Whoever ended in this round may have opened the next wave: no pause before that.
                if not self._next() and self._fleet.named(TargetState.AT_WORK):
                    self._wait(pause)

    def _next(self) -> str:
        """The target that may be dispatched now; empty: none."""
        if not self._phrase or self._held() or not (ready := self._fleet.waves.ready):
            return ""
        return ready[0]

    def _held(self) -> float:
        """How long GitHub is still left alone with dispatches, in seconds."""
        return max(self._held_until - time.monotonic(), 0.0)

    def _wait(self, seconds: float) -> None:
        if self._context.stopping.wait(seconds):
            raise StoppedError("The runner goes, and the runs on GitHub go on", "Open dixis-tui fleet again.")

    def _say_stop(self) -> None:
        fleet = self._fleet
        if fleet.stopped is None and (reason := fleet.waves.stopped):
            self._context.log.line("runner", f"The fleet stops: {reason}", "error")
            self._context.emit(ev.FleetStopped(reason=reason))

    # -- dispatching

    def _dispatch(self, name: str) -> None:
        """One target: looked at once more, locked, journaled, sent. Whatever is in its way is its outcome."""
        plan = self._fleet.targets[name].plan
        try:
            self._require_unchanged(plan)
            self._locks.take(self._targets[name])
            order = self._order(plan)
        except StoppedError:
            raise
        except DixisError as error:
            if not self._hold(name, error):
                self._verified(plan, TargetState.FAILED, f"not dispatched: {error}", error.remedy)
            return
        try:
            self._begin(name, order.request)
            self._send(order)
        except _StoppedMeanwhileError:
            self._locks.give_back(name)
        except UnknownOutcomeError as error:
            self._verified(plan, TargetState.UNKNOWN, str(error), error.remedy)
        except StoppedError:
            self._take_back(name)
            raise
        except DixisError as error:
            if not self._hold(name, error):
                self._verified(plan, TargetState.FAILED, f"not dispatched: {error}", error.remedy)
        self._heard_at = time.monotonic()  # until here it was not asked how the others are

    def _begin(self, name: str, request: str) -> None:
        """Journaled, unless the fleet was stopped since this target was chosen: a stop comes from another thread."""

        def begun(state: RunState) -> ev.Event:
            if state.ended or state.left or state.fleet is None or name not in state.fleet.waves.ready:
                raise _StoppedMeanwhileError
            return ev.TargetDispatching(name=name, request=request)

        self._context.decide(begun)

    def _send(self, order: Order) -> None:
        confirmed = self._context.state.confirmed
        github_dispatch.dispatch(
            self._context,
            self._repository,
            order,
            operator=confirmed.operator if confirmed else "",
            phrase=self._phrase,
            skew_seconds=self._client.skew_seconds,
        )

    def _take_back(self, name: str) -> None:
        """Nothing of it was sent: it waits again."""
        if self._fleet.targets[name].request:
            self._context.emit(ev.TargetDispatching(name=name, request=""))
        self._locks.give_back(name)

    def _hold(self, name: str, error: DixisError) -> bool:
        """A limit of GitHub's is no failure of the target's: it waits again, and nothing is dispatched until then."""
        if not isinstance(error, GithubError) or error.kind != "rate" or error.taken:
            return False
        self._take_back(name)
        say_waits(self._context, f"{error}; nothing is dispatched until then", error.until)
        seconds = (error.until - datetime.now(UTC)).total_seconds() if error.until else _LONGEST_PAUSE_SECONDS
        self._held_until = time.monotonic() + max(seconds, self._context.settings.github.poll_seconds)
        return True

    def _require_unchanged(self, plan: TargetPlan) -> None:
        now = fleet_plan.of_target(self._context, self._targets[plan.name], self._source)
        if now.problem:
            raise DixisError(now.problem, now.remedy)
        if now.digest != plan.digest:
            raise DixisError("it is not as it was when the plan was sealed", "Look at it, then plan anew.")

    def _order(self, plan: TargetPlan) -> Order:
        settings, state = self._context.settings.github, self._context.state
        if self._inputs is None:
            self._inputs = inputs_of(self._repository, settings.migrate_workflow, settings.branch)
        sealed = state.plan.digest if state.plan else ""
        request = request_key(self._context.folder.name, sealed, len(state.workflows) + 1, secrets.token_hex(2))
        wanted = (
            ("plan", plan.hash),
            ("request", request),
            ("commit", self._fleet.planned.commit),
            ("migrations", plan.migrations),
            ("target", plan.name),
            ("environment", plan.environment),
        )
        return Order(
            request=request,
            workflow=settings.migrate_workflow,
            ref=settings.branch,
            sha=self._fleet.planned.commit,
            inputs=taken_inputs(wanted, self._inputs),
        )

    # -- following

    def _open(self) -> dict[str, WorkflowView]:
        """The runs that are at work, by their target."""
        workflows = self._context.state.workflows
        names = self._fleet.named(TargetState.AT_WORK)
        found = {name: workflows.get(self._fleet.targets[name].request) for name in names}
        return {name: view for name, view in found.items() if view is not None}

    def _round(self) -> float:
        """Look at all of them once; returns the pause until the next look, in seconds."""
        views = self._open()
        settings = self._context.settings.github
        now = datetime.now(UTC)
        speed = pace(len(views), settings.poll_seconds, self._client.rate, now)
        unheard = None
        self._conclude_over()
        try:
            self._look_at_all(speed.jobs)
        except GithubError as error:
            unheard = error
        # What was seen at its end is read, whoever else could not be asked.
        self._conclude_over()
        if unheard:
            return max(speed.seconds, self._unheard(unheard))
        self._heard_at, self._told = time.monotonic(), ""
        return speed.seconds

    def _look_at_all(self, jobs: int) -> None:
        """Raises GithubError where nobody can be asked; what is in one target's way stays its own."""
        views = self._open()
        try:
            runs = self._listed(views)
        except GithubError as error:
            if error.kind not in _ITS_OWN:
                raise
            self._warn("the list of runs", error)
            runs = {}
        chosen = self._in_turn(views, jobs)
        for name, view in views.items():
            try:
                self._look(name, view, runs, with_jobs=name in chosen)
            except GithubError as error:
                if error.kind not in _ITS_OWN:
                    raise
                self._warn(name, error)
                self._not_shown(name, view, error)

    def _conclude_over(self) -> None:
        for name, view in self._open().items():
            if view.run and view.run.over:
                self._conclude(name, view)

    def _warn(self, what: str, error: GithubError) -> None:
        """Once for each: it is asked again and again."""
        if (said := f"{what}: {error}. {error.remedy}") not in self._warned:
            self._warned.add(said)
            self._context.log.line("runner", said, "warning")

    def _listed(self, views: dict[str, WorkflowView]) -> dict[int, WorkflowRun]:
        """All of them in as few requests as there are pages."""
        if not views:
            return {}
        workflow = self._fleet.planned.workflow
        begun = min(view.at for view in views.values())
        since = begun - self._skew() - MARGIN
        # Whatever else was dispatched since then is in the list too: those of this fleet that are over, above all.
        limit = PAGE * (1 + sum(view.at >= begun - MARGIN for view in self._context.state.workflows.values()) // PAGE)
        found = self._repository.runs(workflow, event="workflow_dispatch", since=since, limit=limit)
        return {run.id: run for run in found}

    def _in_turn(self, views: dict[str, WorkflowView], jobs: int) -> set[str]:
        """Those whose jobs are asked in this round: so many, beginning where the last round ended."""
        names = list(views)
        chosen = {names[(self._turn + at) % len(names)] for at in range(min(jobs, len(names)))}
        self._turn += len(chosen)
        return chosen

    def _look(self, name: str, view: WorkflowView, runs: dict[int, WorkflowRun], *, with_jobs: bool) -> None:
        try:
            run = runs.get(view.run_id) or self._repository.run(view.run_id)
        except GithubError as error:
            if error.kind != "missing":
                raise
            self._missing(name, view)
            return
        moved = view.run is None or replace(view.run, updated=None) != replace(run, updated=None)
        jobs = view.jobs
        if run.over or (with_jobs and run.status == "in_progress"):
            jobs = self._if_shown(f"{name}'s jobs", lambda: self._repository.jobs(view.run_id), jobs)
        self._gone.pop(view.run_id, None)
        self._hidden.pop(view.run_id, None)
        approvals = view.approvals if run.status == "waiting" else ()
        if run.status == "waiting" and (moved or not approvals):
            approvals = self._if_shown(f"{name}'s approvals", lambda: self._repository.approvals(view.run_id), ())
        seen = ev.WorkflowSeen(request=view.started.request, run=run, jobs=jobs, approvals=approvals)
        if moved or jobs != view.jobs or approvals != view.approvals or self._context.state.github_waits:
            self._context.emit(worded(self._context, seen), flush=run.over)

    def _if_shown(self, what: str, ask: Callable[[], T], otherwise: T) -> T:
        """Who may not see those still sees the run. Raises GithubError where nobody can be asked."""
        try:
            return ask()
        except GithubError as error:
            if error.kind not in _ITS_OWN:
                raise
            self._warn(what, error)
            return otherwise

    def _not_shown(self, name: str, view: WorkflowView, error: GithubError) -> None:
        """The same patience as where GitHub is not heard of at all."""
        silent = time.monotonic() - self._hidden.setdefault(view.run_id, time.monotonic())
        if silent > self._context.settings.github.silent_minutes * 60:
            words = f"its run was not shown for {silent / 60:.0f} minutes: {error}"
            self._verified(self._fleet.targets[name].plan, TargetState.UNKNOWN, words, "Then look again (r).")

    def _missing(self, name: str, view: WorkflowView) -> None:
        self._gone[view.run_id] = self._gone.get(view.run_id, 0) + 1
        if self._gone[view.run_id] >= _GONE_LOOKS:
            plan = self._fleet.targets[name].plan
            words = f"GitHub has no run {view.run_id} any more, or this token may not see it"
            self._verified(plan, TargetState.UNKNOWN, words, f"Look at {view.url} and at its database.")

    def _unheard(self, error: GithubError) -> float:
        """GitHub does not answer; the runs go on. Returns how long it is left alone, in seconds."""
        if (told := f"{error.kind} {error.until}") != self._told:
            self._told = told
            reason = self._context.log.redactor.line(f"{error}; the runs go on all the same")
            self._context.log.line("runner", f"{error}. {error.remedy}", "warning")
            self._context.emit(ev.GithubWaits(reason=reason, until=error.until), flush=False)
        wait = (error.until - datetime.now(UTC)).total_seconds() if error.until else 0.0
        silent = time.monotonic() - self._heard_at
        if silent > self._context.settings.github.silent_minutes * 60 + max(wait, 0.0):
            for name in self._open():
                words = f"GitHub was not heard of for {silent / 60:.0f} minutes: {error}"
                self._verified(self._fleet.targets[name].plan, TargetState.UNKNOWN, words, "Then look again (r).")
        return min(max(wait, 0.0), _LONGEST_PAUSE_SECONDS)

    # -- concluding

    def _conclude(self, name: str, view: WorkflowView) -> None:
        """Its run is over: what its database says now is what came of it."""
        target, plan = self._targets[name], self._fleet.targets[name].plan
        self._say(fleet_verify.verify(self._context, target, plan, view, self._source))

    def _verified(self, plan: TargetPlan, state: TargetState, evidence: str, remedy: str = "") -> None:
        words = self._context.log.redactor.line
        self._context.log.line("runner", f"{plan.name}: {state}. {evidence}", "error")
        self._say(ev.TargetVerified(name=plan.name, state=state, evidence=words(evidence), remedy=words(remedy)))

    def _say(self, said: ev.TargetVerified) -> None:
        self._context.emit(said)
        # What is unknown may be at work still: nobody else goes there while this runner follows the others.
        if said.state is not TargetState.UNKNOWN:
            self._locks.give_back(said.name)

    def require_heard(self) -> None:
        """One question tells whether GitHub answers, and how far our clock is off. Raises GithubError."""
        try:
            self._repository.login()
        except GithubError as error:
            if error.kind != "rights":  # an app's token is nobody's, and it was an answer
                raise

    def find_lost(self, names: Iterable[str]) -> None:
        """Runs of dispatches whose answer was never journaled: found by their key, or unknown. Never sent again."""
        if names := tuple(names):
            with suppress(GithubError):  # each look says for itself what is in its way
                self.require_heard()
        for name in names:
            view = self._context.state.workflows[self._fleet.targets[name].request]
            order, sent = github_dispatch.order_of(view.started), view.at - self._skew()
            try:
                github_dispatch.find(self._context, self._repository, order, sent)
            except (UnknownOutcomeError, GithubError) as error:
                self._verified(self._fleet.targets[name].plan, TargetState.UNKNOWN, str(error), error.remedy)

    def _skew(self) -> timedelta:
        """How far our clock is ahead of GitHub's."""
        return timedelta(seconds=self._client.skew_seconds)
