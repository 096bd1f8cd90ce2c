"""kill -9 of the runner around its dispatch: never a second run; found again, or said to be unknown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.process import BaseProcess

import pytest

from dixis_tui import events as ev
from dixis_tui.model import MigrationState, Phase, PhaseState, Recovery, Verdict
from dixis_tui.plan import dispatching
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.folders import JOURNAL
from tests.faults.evening import MIGRATIONS, ask
from tests.github.fake import faults
from tests.github.fake.answers import Answer
from tests.github.fake.faults import Answering, Fault
from tests.github.fake.script import job, queued, step
from tests.run.github_stage import OPERATOR, Stage, acts, deploys, go, processes
from tests.run.test_github_executor import github, project, stage
from tests.waiting import until

__all__ = ["github", "project", "stage"]  # fixtures


class Killer:
    """Kills the runner while GitHub's answer to its dispatch is in hand."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.process: BaseProcess = processes().Process(target=go, args=(stage.folder, stage.settings, stage.secrets))
        self.late: list[Answering] = []
        """What GitHub still does after the runner's death."""

    def strike(self) -> None:
        """Dead, and gone."""
        self.process.kill()
        self.process.join(10)

    def arrives_and_is_lost(self, _: Answering) -> Answer:
        """The request never gets beyond GitHub's door."""
        self.strike()
        return Answer(200, broken="before")

    def taken_and_not_answered(self, really: Answering) -> Answer:
        """It is carried out, and then the runner dies."""
        really()
        self.strike()
        return Answer(200, broken="before")

    def taken_after_the_death(self, really: Answering) -> Answer:
        """It is still being carried out when the runner is dead."""
        self.strike()
        return really()

    def taken_long_after_the_death(self, really: Answering) -> Answer:
        """It is carried out once another runner is looking for it already."""
        self.strike()
        self.late.append(really)
        return Answer(200, broken="before")

    def answered(self, seconds: float) -> Callable[[Answering], Answer]:
        """The answer is out: whether it comes to be journaled is a matter of microseconds."""

        def spoil(really: Answering) -> Answer:
            answer = really()
            threading.Timer(seconds, self.process.kill).start()
            return answer

        return spoil

    def begin(self) -> None:
        """Start the runner, and wait for its death."""
        self.process.start()
        until(lambda: self.process.exitcode is not None, 30, "the runner's death")


WAYS: list[tuple[str, int, float]] = [
    *[("arrives_and_is_lost", lag, 0.0) for lag in (0, 3)],
    *[("taken_and_not_answered", lag, 0.0) for lag in (0, 1, 2, 3, 5)],
    *[("taken_after_the_death", lag, 0.0) for lag in (0, 2, 4)],
    *[("taken_long_after_the_death", lag, 0.0) for lag in (0, 2)],
    *[("answered", 1, milliseconds / 1000) for milliseconds in (0.0, 0.3, 0.6, 1.0, 1.5, 2.5, 5.0, 20.0)],
]
"""How, how many lists the run is missing from, and after how long. Twenty."""


@pytest.mark.parametrize(("how", "lag", "seconds"), WAYS)
def test_never_two_runs(stage: Stage, how: str, lag: int, seconds: float) -> None:
    killer = Killer(stage)
    stage.github.lag = lag
    spoil = getattr(killer, how)
    stage.github.faults = [Fault(spoil(seconds) if seconds or how == "answered" else spoil, faults.dispatches)]
    killer.begin()
    started = [event for event in stage.events if isinstance(event, ev.DispatchStarted)]
    assert len(started) == 1, "written before the request"
    assert not policy.verdict(stage.state) or policy.verdict(stage.state) is Verdict.UNKNOWN
    stage.take_up()
    for deed in killer.late:
        until(lambda: any(one.path.endswith("/runs") for one in stage.github.requests), 20, "the first look")
        deed()
    state = stage.over()
    taken = how != "arrives_and_is_lost"
    assert len(stage.github.dispatches) == len(stage.github.runs) == taken
    assert state.recovery is not None
    assert state.workflow is not None
    if taken:
        assert state.recovery.outcome is Recovery.APPLIED, state.recovery
        assert state.workflow.run_id == stage.github.dispatches[0].run_id
        assert [view.state for view in state.migrations.values()] == [MigrationState.APPLIED] * 3
    else:
        assert state.recovery.outcome is Recovery.UNKNOWN
        assert f"{started[0].request} at https://" in state.recovery.remedy
        assert "taken for the whole truth" in state.recovery.remedy
        assert policy.refusal(state, cmd.Confirm(phrase="DIXIS-PROD-OK", operator=OPERATOR, digest=""))
        assert policy.verdict(state) is Verdict.UNKNOWN
    assert ask(stage.url.raw.reveal()).ran == (dict.fromkeys(MIGRATIONS, 1) if taken else {})
    assert sum(isinstance(event, ev.DispatchStarted) for event in stage.events) == 1


@pytest.mark.parametrize("hours", [-3, 3])
def test_clocks_that_disagree_hide_no_run(stage: Stage, hours: float) -> None:
    killer = Killer(stage)
    stage.github.skew = timedelta(hours=hours)
    stage.github.faults = [Fault(killer.taken_and_not_answered, faults.dispatches)]
    killer.begin()
    stage.take_up()
    state = stage.over()
    assert state.workflow is not None
    assert state.workflow.run_id == stage.github.dispatches[0].run_id
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.APPLIED, state.recovery
    assert len(stage.github.dispatches) == 1


def test_what_nobody_took_is_settled_after_a_while_and_goes_on_with_a_new_key(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer = Killer(stage)
    stage.github.faults = [Fault(killer.arrives_and_is_lost, faults.dispatches)]
    killer.begin()
    monkeypatch.setattr(dispatching, "SURE", dispatching.SURE * 0)
    stage.take_up()
    state = stage.over()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.REST, state.recovery
    assert state.workflow is not None
    assert state.workflow.failed is not None
    assert "GitHub did not take it" in state.workflow.failed.problem
    assert "The gate is closed" in policy.refusal(state, cmd.Seal()), "there is a way on, behind its gates"
    stage.confirm_again()
    state = stage.over()
    assert state.phase(Phase.MIGRATE).state is PhaseState.PASSED, stage.log
    first, second = (event.request for event in stage.events if isinstance(event, ev.DispatchStarted))
    assert first != second
    assert len(stage.github.dispatches) == 1
    assert ask(stage.url.raw.reveal()).ran == dict.fromkeys(MIGRATIONS, 1)


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_a_run_is_followed_on_by_the_next_runner(stage: Stage, status: str) -> None:
    """The same run, and no line of its logs twice."""
    gate = threading.Event()
    stage.github.script = (
        job("prepare"),
        step("Set up job", lines=("the first job's own line",)),
        job("migrate"),
        *acts(deploys(stage.url, stage.project), before=(queued(0),), hold=gate),
    )
    if status == "queued":
        stage.github.script = (queued(100_000), *stage.github.script)
    killer = Killer(stage)
    killer.process.start()

    def seen() -> bool:
        if not (stage.folder / JOURNAL).exists():
            return False
        view = stage.state.workflow
        there = view is not None and view.run is not None and view.run.status == status
        return there and (status == "queued" or "the first job's own line" in stage.job_lines())

    until(seen, 30, f"a run that is {status}")
    killer.strike()
    if status == "queued":
        (run,) = stage.github.runs.values()
        with stage.github.lock:
            run._left = 1  # a runner is free
    stage.take_up()
    gate.set()
    state = stage.over()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.APPLIED, state.recovery
    assert len(stage.github.dispatches) == 1
    assert policy.phase_state(state, Phase.MIGRATE) is PhaseState.PASSED
    assert state.phase(Phase.MIGRATE).attempts == 2, "what it took is told, and not what the look took"
    assert stage.job_lines().count("the first job's own line") == 1
    assert ask(stage.url.raw.reveal()).ran == dict.fromkeys(MIGRATIONS, 1)


def test_a_stop_of_the_machine_leaves_the_run_to_be_taken_up(stage: Stage) -> None:
    """SIGTERM: the workflow run goes on at GitHub, and the next runner follows it."""
    gate = threading.Event()
    stage.github.script = acts(deploys(stage.url, stage.project), hold=gate)
    stage.begin()
    stage.wait(lambda state: state.workflow and state.workflow.run, "the run")
    assert stage.context is not None
    stage.context.stop()
    state = stage.over()
    assert "may be at work" in state.phase(Phase.MIGRATE).reason
    assert policy.verdict(state) is Verdict.UNKNOWN
    assert not stage.github.cancels
    gate.set()
    stage.take_up()
    state = stage.over()
    assert state.recovery is not None
    assert state.recovery.outcome is Recovery.APPLIED
    assert len(stage.github.dispatches) == 1
