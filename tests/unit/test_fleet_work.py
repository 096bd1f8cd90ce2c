"""The waves against a GitHub that refuses, limits and falls silent: what is journaled, and which locks are held."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, GithubError, StoppedError
from dixis_tui.fleet import TargetState
from dixis_tui.github import Purpose, WorkflowFile, WorkflowRun
from dixis_tui.run.phases import fleet_go, fleet_plan, fleet_verify, fleet_work
from dixis_tui.run.state import RunState, fold
from dixis_tui.secrets import Secret
from dixis_tui.settings import Settings
from dixis_tui.settings_github import GithubSettings, TargetSettings
from tests.screens.fleet_story import FleetStory

WAITING, AT_WORK, DONE, FAILED, UNKNOWN = (
    TargetState.WAITING,
    TargetState.AT_WORK,
    TargetState.DONE,
    TargetState.FAILED,
    TargetState.UNKNOWN,
)
INPUTS = ("confirm", "request", "target", "environment")


class Desk:
    """A context whose journal is a story."""

    def __init__(self, story: FleetStory) -> None:
        self.story = story
        targets = [TargetSettings(name=name, url_variable=f"URL_{at}") for at, name in enumerate(story.names)]
        self.settings = Settings(targets=targets, github=GithubSettings(repository="dixis/shop", poll_seconds=0.05))
        self.log = SimpleNamespace(line=lambda *_: None, redactor=SimpleNamespace(line=str))
        self.stopping, self.folder = threading.Event(), Path("run")

    @property
    def state(self) -> RunState:
        return fold(self.story.entries)

    def settled(self) -> RunState:
        return self.state

    def emit(self, *events: ev.Event, flush: bool = True) -> None:
        self.story.write(*events)

    def decide(self, make: Callable[[RunState], ev.Event]) -> ev.Event:
        made = make(self.state)
        self.story.write(made)
        return made

    def safe_point(self) -> None:
        if self.stopping.is_set():
            raise StoppedError("stopped")

    def states(self) -> dict[str, TargetState]:
        fleet = self.state.fleet
        assert fleet is not None
        return {name: view.state for name, view in fleet.targets.items()}


class Locks:
    """Which locks were taken and given back."""

    def __init__(self, _: object) -> None:
        self.told: list[tuple[str, str]] = []

    def take(self, target: TargetSettings) -> None:
        self.told.append(("take", target.name))

    def take_again(self, target: TargetSettings) -> None:
        self.told.append(("again", target.name))

    def give_back(self, name: str) -> None:
        self.told.append(("back", name))

    def __enter__(self) -> Locks:
        return self

    def __exit__(self, *_: object) -> None:
        return


class Github:
    """A repository whose runs are green as soon as they are looked at; `refuses` is raised once for each entry."""

    def __init__(self) -> None:
        self.refuses: list[DixisError] = []
        self.dispatched: list[str] = []
        self.before: Callable[[], None] = lambda: None
        self.since: datetime | None = None

    def workflow(self, *_: str) -> WorkflowFile:
        return WorkflowFile(id=1, name="m", path="m.yml", state="active", inputs=INPUTS)

    def dispatch(self, workflow: str, ref: str, inputs: dict[str, str]) -> tuple[int, str]:
        self.before()
        if self.refuses:
            raise self.refuses.pop(0)
        self.dispatched.append(inputs["target"])
        return 17_000 + len(self.dispatched), "https://github.com/run"

    def runs(self, *_: str, since: datetime, **__: object) -> list[WorkflowRun]:
        self.since = since
        return []

    def run(self, run_id: int) -> WorkflowRun:
        return WorkflowRun(id=run_id, url="https://github.com/run", status="completed", conclusion="success")

    def jobs(self, _: int) -> tuple[()]:
        return ()

    def login(self) -> str:
        return "maria"


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Desk, Github, fleet_work.Work]]:
    def made(story: FleetStory, phrase: str = "DIXIS-PROD-OK") -> tuple[Desk, Github, fleet_work.Work]:
        desk, github = Desk(story), Github()
        plans = {plan.name: plan for plan in story.plans}
        monkeypatch.setattr(fleet_work, "Locks", Locks)
        monkeypatch.setattr(fleet_plan, "of_target", lambda _, target, __: plans[target.name])
        monkeypatch.setattr(
            fleet_verify,
            "verify",
            lambda _, target, *__: ev.TargetVerified(name=target.name, state=DONE, evidence="2 of 2 applied"),
        )
        client = SimpleNamespace(skew_seconds=0.0, rate=None)
        secret = Secret(phrase) if phrase else None
        return desk, github, fleet_work.Work(desk, github, client, None, secret)  # type: ignore[arg-type]

    return made


Make = Callable[..., tuple[Desk, Github, Any]]


def confirmed(count: int = 2) -> FleetStory:
    return FleetStory().begin(count, canaries=0).planned().answered().sealed().confirmed()


def test_a_stop_between_choice_and_dispatch_sends_nothing(work: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, github, doing = work(confirmed())
    of_target = fleet_plan.of_target

    def stops(context: Any, target: TargetSettings, seen: Any) -> Any:
        desk.emit(ev.FleetStopped(reason="maria stopped it", operator="maria"))
        return of_target(context, target, seen)

    monkeypatch.setattr(fleet_plan, "of_target", stops)
    doing.to_end()
    assert github.dispatched == []
    assert desk.states() == {"shop-001": WAITING, "shop-002": WAITING}
    assert doing._locks.told[-2:] == [("take", "shop-001"), ("back", "shop-001")]


def test_a_limit_at_the_dispatch_is_waited_for(work: Make) -> None:
    desk, github, doing = work(confirmed())
    github.refuses.append(GithubError("rate", "too many", until=datetime.now(UTC) + timedelta(seconds=0.01)))
    doing.to_end()
    assert github.dispatched == ["shop-001", "shop-002"]
    assert set(desk.states().values()) == {DONE}


def test_a_stop_heard_while_a_limit_is_waited_for_ends_it(work: Make) -> None:
    desk, github, doing = work(confirmed())
    github.refuses.append(GithubError("rate", "too many", until=datetime.now(UTC) + timedelta(hours=1)))
    github.before = lambda: desk.emit(ev.FleetStopped(reason="maria stopped it", operator="maria"))
    doing.to_end()
    assert github.dispatched == []
    assert set(desk.states().values()) == {WAITING}


def test_a_runner_that_goes_at_the_dispatch_takes_it_back(work: Make) -> None:
    desk, github, doing = work(confirmed())
    github.refuses.append(StoppedError("asked to stop"))
    with pytest.raises(StoppedError):
        doing.to_end()
    assert set(desk.states().values()) == {WAITING}
    assert doing._locks.told[-1] == ("back", "shop-001")


def test_what_github_refuses_has_failed(work: Make) -> None:
    desk, github, doing = work(confirmed())
    github.refuses.append(GithubError("refused", "422 no such input"))
    doing.to_end()
    assert desk.states() == {"shop-001": FAILED, "shop-002": WAITING}


def lost(story: FleetStory, name: str, **failed: Any) -> FleetStory:
    """A dispatch of which nobody knows a run."""
    request = f"r-{name}"
    started = ev.DispatchStarted(
        request=request,
        purpose=Purpose.MIGRATE,
        workflow="m.yml",
        ref="main",
        sha="a" * 40,
        inputs=(("request", request),),
    )
    story.write(ev.TargetDispatching(name=name, request=request), started)
    if failed:
        story.write(ev.DispatchFailed(request=request, problem="422", **failed))
    return story


def test_a_lost_run_is_looked_for_by_githubs_clock(work: Make) -> None:
    story = lost(confirmed(), "shop-001")
    desk, github, doing = work(story, phrase="")
    desk.stopping.wait = lambda _: False  # type: ignore[method-assign,assignment]
    behind = 3600.0

    def login() -> str:
        doing._client.skew_seconds = behind
        return "maria"

    github.login = login  # type: ignore[method-assign]
    doing.find_lost(["shop-001"])
    began = desk.state.workflows["r-shop-001"].at
    assert github.since == began - timedelta(seconds=behind) - timedelta(days=1)
    assert desk.states()["shop-001"] is UNKNOWN


def test_another_look_leaves_what_was_refused_and_reads_what_is_over(
    work: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = lost(confirmed(4), "shop-001", unknown=False)
    lost(story, "shop-002", unknown=True).dispatched("shop-003", "shop-004").seen("shop-003", 3, conclusion="failure")
    story.verified("shop-001", "shop-003", state=FAILED).verified("shop-002", "shop-004", state=UNKNOWN)
    desk, github, _ = work(story)
    monkeypatch.setattr(fleet_go, "Work", lambda *_: SimpleNamespace(require_heard=heard))
    monkeypatch.setattr(fleet_go, "opened", lambda _: nullcontext((github, None)))
    desk.phase = lambda *_: suppress(DixisError)  # type: ignore[attr-defined]
    desk.found = lambda *_: None  # type: ignore[attr-defined]

    def heard() -> None:
        raise GithubError("unreachable", "no answer")

    fleet_go._work(desk, None, None, again=True)  # type: ignore[arg-type]
    assert list(desk.states().values()) == [FAILED, UNKNOWN, DONE, UNKNOWN], "GitHub was not heard: none is reopened"
    asked: list[str] = []
    monkeypatch.setattr(
        fleet_go,
        "Work",
        lambda *_: SimpleNamespace(require_heard=str, find_lost=asked.extend, to_end=lambda: None),
    )
    fleet_go._work(desk, None, None, again=True)  # type: ignore[arg-type]
    assert list(desk.states().values()) == [FAILED, AT_WORK, DONE, AT_WORK]
    assert asked == ["shop-002"], "only that one has no run that is known"


def test_the_locks_of_those_at_work_are_taken_again_and_what_is_unknown_keeps_its_own(work: Make) -> None:
    story = confirmed(3)
    story.dispatched("shop-001")
    desk, github, doing = work(story)
    github.refuses.append(GithubError("unreachable", "no answer", taken=True))
    desk.stopping.wait = lambda _: False  # type: ignore[method-assign,assignment]
    doing.to_end()
    assert desk.states() == {"shop-001": DONE, "shop-002": UNKNOWN, "shop-003": WAITING}
    assert doing._locks.told == [("again", "shop-001"), ("take", "shop-002"), ("back", "shop-001")]


def test_what_is_in_one_targets_way_is_not_in_the_others(work: Make) -> None:
    desk, github, doing = work(confirmed(3).dispatched("shop-001", "shop-002", "shop-003"), phrase="")
    green = github.run

    def run(run_id: int) -> WorkflowRun:
        if run_id == 17_000:
            raise GithubError("rights", "it may not be seen")
        if run_id == 17_001:
            return WorkflowRun(id=run_id, url="https://github.com/run", status="waiting")
        return green(run_id)

    def blind(_: int) -> Any:
        raise GithubError("rights", "the token may not see that")

    github.run, github.jobs, github.approvals = run, blind, blind  # type: ignore[method-assign,attr-defined]
    doing._round()
    assert desk.states() == {"shop-001": AT_WORK, "shop-002": AT_WORK, "shop-003": DONE}
    assert desk.state.workflows["r-shop-002"].run.status == "waiting"  # type: ignore[union-attr]
    doing._hidden = dict.fromkeys(doing._hidden, time.monotonic() - 24 * 3600)
    doing._round()
    assert desk.states()["shop-001"] is UNKNOWN


def test_who_ended_is_read_though_github_falls_silent(work: Make) -> None:
    desk, github, doing = work(confirmed().dispatched("shop-001", "shop-002"), phrase="")
    green = github.run

    def run(run_id: int) -> WorkflowRun:
        if run_id == 17_001:
            raise GithubError("unreachable", "no answer")
        return green(run_id)

    github.run = run  # type: ignore[method-assign]
    doing._round()
    assert desk.states() == {"shop-001": DONE, "shop-002": AT_WORK}
    assert desk.state.github_waits


@pytest.mark.parametrize("at_dispatch", [False, True])
def test_silence_is_counted_from_when_github_was_asked(work: Make, at_dispatch: bool) -> None:
    story = confirmed(1) if at_dispatch else confirmed(1).dispatched("shop-001")
    desk, github, doing = work(story)
    silences = [GithubError("unreachable", "no answer")]
    green = github.run

    def run(run_id: int) -> WorkflowRun:
        if silences:
            raise silences.pop()
        return green(run_id)

    def long_ago() -> None:
        doing._heard_at = time.monotonic() - 24 * 3600

    github.run = run  # type: ignore[method-assign]
    github.before = long_ago if at_dispatch else github.before
    long_ago()
    doing.to_end()
    assert desk.states() == {"shop-001": DONE}
