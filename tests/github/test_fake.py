"""The tests' own GitHub: its answers are GitHub's, its runs go on as their script says, and nothing else moves them."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from dixis_tui.errors import GithubError
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.history import read_rows
from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client
from tests.github.fake import TOKEN, Environment, FakeGithub, Secret, job, queued, step, waiting
from tests.github.fake.answers import Answer, Request, told
from tests.github.fake.script import Context
from tests.github.fake.shop import BY_HAND_TEXT, CLINIC, DEPLOY, MIGRATE, PHRASE, migration, shop
from tests.github.fake.validate import Described
from tests.waiting import until

CONFIRM = {"confirm": PHRASE}


def test_a_run_is_seen_once_in_each_state(github: FakeGithub, repository: Repository) -> None:
    github.script = (queued(2), job("Migrate"), step("Set up job"), step(DEPLOY, lambda told: told.log("applied")))
    number, url = repository.dispatch(MIGRATE, "main", CONFIRM | {"plan": "7f3a·c2e1", "request": "k1"})
    seen: list[tuple[str, list[tuple[str, str]]]] = []
    while not (run := repository.run(number)).over:
        steps = [(one.name, one.status) for job in repository.jobs(number) for one in job.steps]
        if not seen or seen[-1] != (run.status, steps):
            seen.append((run.status, steps))
    assert seen[0] == ("queued", [])
    assert ("in_progress", [("Set up job", "in_progress"), (DEPLOY, "queued")]) in seen
    assert ("in_progress", [("Set up job", "completed"), (DEPLOY, "in_progress")]) in seen
    assert run.green
    assert run.title == "Production Migration · 7f3a·c2e1 · k1"
    assert url.endswith(f"/dixis/shop/actions/runs/{number}")
    [done] = repository.jobs(number)
    lines = list(repository.job_log(done.id) or ())
    assert [line.split(" ", 1)[1] for line in lines] == ["applied"]


def test_no_log_before_the_job_is_over(github: FakeGithub, repository: Repository) -> None:
    github.script = (step(DEPLOY, polls=50, lines=("begun",)),)
    number, _ = repository.dispatch(MIGRATE, "main", CONFIRM)
    assert repository.job_log(repository.jobs(number)[0].id) is None


@pytest.mark.parametrize(
    ("ref", "inputs", "words"),
    [
        ("main", {"confim": "x"}, 'Unexpected inputs provided: ["confim"]'),
        ("main", {}, "Required input 'confirm' not provided"),
        ("gone", CONFIRM, "No ref found for: gone"),
    ],
)
def test_a_wrong_dispatch_is_refused(
    github: FakeGithub, repository: Repository, ref: str, inputs: dict[str, str], words: str
) -> None:
    with pytest.raises(GithubError) as caught:
        repository.dispatch(MIGRATE, ref, inputs)
    assert (caught.value.kind, caught.value.taken) == ("refused", False)
    assert words in str(caught.value)
    assert github.dispatches == []


def test_a_workflow_that_can_not_be_dispatched(github: FakeGithub, repository: Repository) -> None:
    github.repo.workflow(CLINIC, "name: Migration Clinic\non: push\njobs: {}\n")
    with pytest.raises(GithubError, match="does not have 'workflow_dispatch' trigger"):
        repository.dispatch(CLINIC, "main", {})
    github.repo.disabled[MIGRATE] = "disabled_manually"
    with pytest.raises(GithubError, match="disabled workflow"):
        repository.dispatch(MIGRATE, "main", CONFIRM)
    with pytest.raises(GithubError) as caught:
        repository.dispatch("none.yml", "main", {})
    assert caught.value.kind == "missing"


def test_an_older_server_does_not_tell_the_run(github: FakeGithub, repository: Repository) -> None:
    github.older = github.without_details = True
    github.repo.workflow(MIGRATE, BY_HAND_TEXT)
    assert repository.dispatch(MIGRATE, "main", CONFIRM) == (0, "")
    assert [run.title for run in repository.runs(MIGRATE, sha=github.repo.heads["main"])] == ["Production Migration"]
    assert len(github.dispatches) == 1


def test_a_reviewer_approves_and_others_may_not(github: FakeGithub, repository: Repository) -> None:
    github.repo.environments[0].reviewers = ("nikos", "team:dba")
    github.script = (waiting("${{ inputs.environment }}"), step(DEPLOY))
    number, _ = repository.dispatch(MIGRATE, "main", CONFIRM)
    assert repository.run(number).status == "waiting"
    [approval] = repository.approvals(number)
    assert (approval.environment, approval.mine) == ("production", False)
    with pytest.raises(GithubError, match="not a required reviewer"):
        repository.review(number, [approval.environment_id], approve=True, comment="ok")
    github.users["maria"].teams = ("dba",)
    assert repository.approvals(number)[0].mine
    assert [one.state for one in repository.deployments("production")] == ["pending"]
    repository.review(number, [approval.environment_id], approve=True, comment="looked at it")
    assert repository.run(number).status == "in_progress"
    assert github.runs[number].reviews[0].comment == "looked at it"
    with pytest.raises(GithubError, match="no pending deployment requests"):
        repository.review(number, [approval.environment_id], approve=True, comment="ok")


def test_rejected_it_fails_without_a_step(github: FakeGithub, repository: Repository) -> None:
    github.repo.environments[0].reviewers = ("maria",)
    github.script = (waiting(), step(DEPLOY))
    number, _ = repository.dispatch(MIGRATE, "main", CONFIRM)
    repository.review(number, [repository.approvals(number)[0].environment_id], approve=False, comment="no")
    assert repository.run(number).conclusion == "failure"
    assert repository.jobs(number)[0].steps == ()


def test_a_wait_timer_passes_by_itself(github: FakeGithub, repository: Repository) -> None:
    github.repo.environments[0].wait_minutes = 30
    github.script = (waiting(polls=2), step(DEPLOY))
    number, _ = repository.dispatch(MIGRATE, "main", CONFIRM)
    assert repository.run(number).status == "waiting"
    [timer] = repository.approvals(number)
    assert (timer.mine, timer.wait_until is not None) == (False, True)
    assert [repository.run(number).status for _ in range(2)] == ["waiting", "in_progress"]


def test_each_dispatch_has_its_own_fate(github: FakeGithub, repository: Repository) -> None:
    github.script_for = lambda inputs: (step(DEPLOY, conclusion="failure" if inputs["target"] == "b" else "success"),)
    numbers = [repository.dispatch(MIGRATE, "main", CONFIRM | {"target": target})[0] for target in "abc"]
    for number in numbers:
        github.runs[number].settle()
    assert [repository.run(number).conclusion for number in numbers] == ["success", "failure", "success"]


def test_cancelled_what_a_step_does_ends(github: FakeGithub, repository: Repository, tmp_path: Path) -> None:
    begun = tmp_path / "begun"
    github.script = (step(DEPLOY, lambda told: told.shell("touch begun; sleep 600", tmp_path)), step("Never"))
    number, _ = repository.dispatch(MIGRATE, "main", CONFIRM)
    until(begun.exists, 20)
    repository.cancel(number)
    until(lambda: repository.run(number).over, 20)
    assert repository.run(number).conclusion == "cancelled"
    assert [one.conclusion for one in repository.jobs(number)[0].steps] == ["cancelled", "skipped"]
    with pytest.raises(GithubError) as caught:
        repository.cancel(number)
    assert caught.value.kind == "refused"


def test_one_of_a_group_at_a_time(github: FakeGithub, repository: Repository) -> None:
    held = threading.Event()
    github.script = (step(DEPLOY, hold=held),)
    first, second, third = (repository.dispatch(MIGRATE, "main", CONFIRM)[0] for _ in range(3))
    assert [repository.run(one).status for one in (first, second, third)] == ["in_progress", "completed", "pending"]
    held.set()
    github.runs[first].settle()
    until(lambda: repository.run(third).over, 20)
    assert [repository.run(one).conclusion for one in (first, second, third)] == ["success", "cancelled", "success"]


def test_lists_come_by_the_page(github: FakeGithub, repository: Repository) -> None:
    github.page_limit = 2
    github.repo.secrets = [Secret(f"NAME_{at}") for at in range(5)]
    assert [one.name for one in repository.secrets()] == [f"NAME_{at}" for at in range(5)]
    for _ in range(5):
        github.past(CLINIC)
    assert len(repository.runs(CLINIC)) == 5
    assert [request.query.get("page") for request in github.requests][-3:] == [None, "2", "3"]


def test_what_is_known_already_is_not_sent_again(github: FakeGithub) -> None:
    url, headers = f"{github.url}/repos/dixis/shop/branches/main", {"Authorization": f"Bearer {TOKEN}"}
    first = httpx.get(url, headers=headers)
    again = httpx.get(url, headers=headers | {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]
    assert first.headers["X-GitHub-Request-Id"] != again.headers["X-GitHub-Request-Id"]


def test_a_token_with_too_few_rights(github: FakeGithub, client: Client) -> None:
    github.token("few", permissions={"metadata": "read", "contents": "read"})
    with Client("few", github.url) as few:
        repository = Repository(few, "dixis/shop")
        assert repository.branch("main").sha == github.repo.heads["main"]
        with pytest.raises(GithubError) as caught:
            repository.dispatch(MIGRATE, "main", CONFIRM)
        assert (caught.value.kind, caught.value.permission) == ("rights", "Actions: write")
    github.token("sso", scopes="repo", sso="https://github.com/orgs/dixis/sso?authorization_request=A")
    with Client("sso", github.url) as unauthorized, pytest.raises(GithubError, match="single sign-on"):
        Repository(unauthorized, "dixis/shop").branch("main")
    github.tokens[TOKEN].expired = True
    with pytest.raises(GithubError) as caught:
        Repository(client, "dixis/shop").login()
    assert caught.value.kind == "token"


def test_the_repository_is_that_of_a_checkout(tmp_path: Path) -> None:
    git = ("git", "-C", str(tmp_path), "-c", "user.name=Maria", "-c", "user.email=maria@dixis.example")
    (tmp_path / "prisma" / "migrations").mkdir(parents=True)
    (tmp_path / "prisma" / "migrations" / "lock.toml").write_text("provider = 1\n")
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "One"], check=True)
    repo = shop(tmp_path)
    subprocess.run([*git, "commit", "-qm", "Two", "--allow-empty"], check=True)
    told = subprocess.run(
        [*git, "rev-parse", "HEAD", "HEAD:prisma/migrations/lock.toml"], capture_output=True, text=True
    )
    head, file = told.stdout.split()
    with FakeGithub(repo) as github, Client(TOKEN, github.url) as client:
        repository = Repository(client, "dixis/shop")
        pushed = repository.branch("main").sha
        assert not repository.pushed(head)
        assert repository.pushed(pushed)
        assert repository.tree(pushed, "prisma/migrations") == {"prisma/migrations/lock.toml": file}
        assert repo.push() == head
        assert repository.pushed(head)


def test_gates_are_answered(github: FakeGithub, repository: Repository) -> None:
    github.repo.environments.append(Environment("staging", ("maria",), branches=("release/*",)))
    github.repo.organization_secrets = [Secret("NPM_TOKEN")]
    github.repo.protected["main"] = {"lock_branch": True}
    github.repo.deployments = [{"environment": "production", "state": "in_progress"}]
    assert repository.branch("main").locked
    assert [one.where for one in repository.secrets()] == ["repository", "organization"]
    assert [one.name for one in repository.environment_secrets("production")] == ["SHADOW_DATABASE_URL_PROD"]
    staging = repository.environment("staging", "maria")
    assert (staging.branches, staging.can_approve) == ("release/*", True)
    assert [one.creator for one in repository.deployments()] == ["nikos"]
    assert "confirm" in (repository.workflow(MIGRATE, "main").inputs or ())
    github.past(CLINIC)
    [green] = repository.runs(CLINIC, sha=github.repo.heads["main"], event="push")
    assert green.green


def test_migrations_are_really_applied(
    github: FakeGithub, repository: Repository, database: DatabaseUrl, tmp_path: Path
) -> None:
    migrations = tmp_path / "migrations"
    for name, sql in (("20260101000000_good", "CREATE TABLE good (id int)"), ("20260102000000_bad", "SELECT 1/0")):
        (migrations / name).mkdir(parents=True)
        (migrations / name / "migration.sql").write_text(sql)
    github.script = migration(migrations, database.raw.reveal())
    number, _ = repository.dispatch(MIGRATE, "main", CONFIRM)
    github.runs[number].settle()
    assert repository.run(number).conclusion == "failure"
    log = "\n".join(repository.job_log(repository.jobs(number)[0].id) or ())
    assert "Applying migration `20260102000000_bad`" in log
    assert "division by zero" in log
    with connect(database, purpose="test") as session:
        rows = read_rows(session) or ()
    assert [(row.migration_name, row.finished_at is None) for row in rows] == [
        ("20260101000000_good", False),
        ("20260102000000_bad", True),
    ]


def test_a_wrong_answer_is_caught(github_description: dict[str, Any]) -> None:
    described = Described(github_description)

    def bent(request: Request, answer: Answer) -> None:
        run = answer.json()
        described(request, told({**run, "id": str(run["id"])}) if request.route.endswith("{run_id}") else answer)

    github = FakeGithub(shop(), validate=bent)
    with pytest.raises(AssertionError, match="id: '17000000001' is not of type 'integer'"):
        _ask_for_a_run(github)


def _ask_for_a_run(github: FakeGithub) -> None:
    with github, Client(TOKEN, github.url) as client:
        repository = Repository(client, "dixis/shop")
        repository.run(repository.dispatch(MIGRATE, "main", CONFIRM)[0])


def test_what_a_step_raises_is_its_failure(github: FakeGithub, repository: Repository) -> None:
    def does(context: Context) -> None:
        assert context.inputs["confirm"] == "another"

    github.script = (step("Check", does), step("Next"), step("Complete job", always=True))
    number, _ = repository.dispatch(MIGRATE, "main", CONFIRM)
    github.runs[number].settle()
    assert [one.conclusion for one in repository.jobs(number)[0].steps] == ["failure", "skipped", "success"]
