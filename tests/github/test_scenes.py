"""Each scene does what it says."""

from __future__ import annotations

import threading

import pytest

from dixis_tui.errors import GithubError
from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client
from tests.github.fake import TOKEN, FakeGithub, faults, scenes
from tests.github.fake.shop import CLINIC, DEPLOY, MIGRATE, PHRASE
from tests.waiting import until

CONFIRM = {"confirm": PHRASE}


def _run(repository: Repository) -> int:
    return repository.dispatch(MIGRATE, "main", CONFIRM)[0]


def test_queued_for_long(github: FakeGithub, repository: Repository) -> None:
    scenes.queued_for_long(github, polls=20)
    number = _run(repository)
    assert [repository.run(number).status for _ in range(21)] == ["queued"] * 20 + ["in_progress"]


def test_approval_and_a_failing_step(github: FakeGithub, repository: Repository) -> None:
    scenes.approval(github)
    scenes.step_fails(github, words="P3018")
    number = _run(repository)
    github.runs[number].settle()
    [asked] = repository.approvals(number)
    assert asked.mine
    repository.review(number, [asked.environment_id], approve=True, comment="ok")
    github.runs[number].settle()
    assert repository.run(number).conclusion == "failure"
    steps = {one.name: one.conclusion for one in repository.jobs(number)[0].steps}
    assert (steps[DEPLOY], steps["prisma migrate status"], steps["Complete job"]) == ("failure", "skipped", "success")


def test_cancelled_by_somebody_else(github: FakeGithub, repository: Repository) -> None:
    scenes.cancelled_by_other(github)
    number = _run(repository)
    until(lambda: repository.run(number).over, 20)
    assert repository.run(number).conclusion == "cancelled"
    assert github.cancels == []


def test_a_step_that_stands(github: FakeGithub, repository: Repository) -> None:
    hold = scenes.held_step(github)
    number = _run(repository)
    for _ in range(20):
        repository.run(number)
    [standing] = [one for one in repository.jobs(number)[0].steps if one.status == "in_progress"]
    assert standing.name == DEPLOY
    hold.set()
    github.runs[number].settle()
    assert repository.run(number).green


def test_logs_are_gone(github: FakeGithub, repository: Repository) -> None:
    scenes.logs_gone(github)
    number = _run(repository)
    github.runs[number].settle()
    with pytest.raises(GithubError, match="410"):
        repository.job_log(repository.jobs(number)[0].id)


def test_the_token_expires_in_mid_run(github: FakeGithub, repository: Repository) -> None:
    scenes.token_expires(github)
    number = _run(repository)
    with pytest.raises(GithubError) as caught:
        until(lambda: repository.run(number).over, 20)
    assert caught.value.kind == "token"
    github.runs[number].settle()
    assert github.runs[number].conclusion == "success"


def test_limits(github: FakeGithub, repository: Repository) -> None:
    fault = scenes.too_much_at_once(github, times=1, retry_after=0)
    assert repository.login() == "maria"
    assert fault.struck == 1
    scenes.hour_used_up(github)
    with pytest.raises(GithubError) as caught:
        repository.login()
    assert caught.value.kind == "rate"
    assert caught.value.until is not None
    with pytest.raises(GithubError):
        _run(repository)
    assert github.dispatches == []


def test_a_storm_passes_over_reads(github: FakeGithub, repository: Repository) -> None:
    fault = scenes.storm(github, times=3)
    assert repository.login() == "maria"
    assert fault.struck == 3
    scenes.cut_off(github, where="within")
    assert repository.branch("main").name == "main"


def test_githubs_clock_is_another(github: FakeGithub, client: Client, repository: Repository) -> None:
    scenes.skewed(github, hours=-5)
    run = repository.run(_run(repository))
    assert 17_990 < client.skew_seconds < 18_010
    assert run.created is not None
    assert (github.now() - run.created).total_seconds() < 60


def test_a_redirect_to_another_host_gets_no_token(github: FakeGithub, repository: Repository) -> None:
    fault = scenes.redirected(github, "/branches/main")
    with pytest.raises(GithubError, match="not followed"):
        repository.branch("main")
    assert fault.struck == 1


def test_a_token_that_leaks_is_caught(github: FakeGithub) -> None:
    import httpx

    scenes.redirected(github, "/user")
    moved = httpx.get(f"{github.url}/user").headers["location"]
    httpx.get(moved, headers={"Authorization": f"Bearer {TOKEN}"})
    with pytest.raises(AssertionError, match="reached another host"):
        github.check()
    github.elsewhere.leaks.clear()


@pytest.mark.parametrize(
    ("how", "runs", "taken"),
    [("before", 1, True), ("within", 1, True), ("502", 1, True), ("refused", 0, True), ("unheard", 0, True)],
)
def test_an_answer_is_lost(github: FakeGithub, repository: Repository, how: str, runs: int, taken: bool) -> None:
    scenes.answer_lost(github, how)
    with pytest.raises(GithubError) as caught:
        _run(repository)
    assert caught.value.taken is taken
    assert len(github.dispatches) == len(github.runs) == runs


def test_an_answer_without_the_run(github: FakeGithub, repository: Repository) -> None:
    scenes.answer_lost(github, "204")
    scenes.seen_late(github, lists=2)
    assert _run(repository) == 0
    found = [len(repository.runs(MIGRATE)) for _ in range(4)]
    assert found == [0, 0, 1, 1]
    assert len(github.dispatches) == 1


@pytest.mark.parametrize("taken_first", [True, False])
def test_an_answer_is_held(github: FakeGithub, repository: Repository, taken_first: bool) -> None:
    go_on = scenes.answer_held(github, taken_first=taken_first)
    told: list[int] = []
    asking = threading.Thread(target=lambda: told.append(_run(repository)))
    asking.start()
    until(lambda: any(map(faults.dispatches, github.requests)), 20)
    if taken_first:
        until(lambda: len(github.dispatches) == 1, 20)
    assert told == []
    assert len(github.dispatches) == int(taken_first)
    go_on.set()
    asking.join(20)
    assert told == list(github.runs)


def test_a_run_is_known_by_its_number_only_later(github: FakeGithub, repository: Repository) -> None:
    scenes.seen_late(github, lists=0, direct=1)
    number = _run(repository)
    with pytest.raises(GithubError) as caught:
        repository.run(number)
    assert caught.value.kind == "missing"
    assert repository.run(number).id == number


def test_a_clinic_of_the_past(github: FakeGithub, repository: Repository) -> None:
    github.past(CLINIC, "failure")
    [red] = repository.runs(CLINIC)
    assert (red.event, red.conclusion) == ("push", "failure")
