"""Every request of our table, held to GitHub's published description: what we send, and what we make of each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from dixis_tui import github
from dixis_tui.errors import GithubError
from dixis_tui.web.github import requests, sealing, wire
from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client
from dixis_tui.web.github.requests import TABLE, Request
from tests.github.prism import prefer

pytestmark = pytest.mark.node
SHA = "a" * 40
PARTS = {
    "owner": "octocat",
    "repo": "Hello-World",
    "branch": "release/1",
    "commit_sha": SHA,
    "tree_sha": SHA,
    "path": ".github/workflows/blank.yaml",
    "workflow_id": "prod-migration.yml",
    "run_id": "17",
    "job_id": "21",
    "environment_name": "production",
    "deployment_id": "5",
    "secret_name": "DATABASE_URL_PROD",
}
BODIES: dict[str, object] = {
    "dispatch": {"ref": "main", "inputs": {"confirm": "YES"}, "return_run_details": True},
    "put secret": {"encrypted_value": "c2VhbGVk", "key_id": "012345678912345678"},
    "put environment secret": {"encrypted_value": "c2VhbGVk", "key_id": "012345678912345678"},
    "review": {"environment_ids": [1], "state": "rejected", "comment": "not today"},
}
KINDS = {301: "refused", 302: "refused", 304: "unclear", 401: "token", 403: "rights", 404: "missing"}
KINDS |= {409: "refused", 422: "refused"}


@pytest.fixture
def client(prism_url: str) -> Iterator[Client]:
    """Asks Prism; nothing is waited for between tries."""
    with Client("ghp_contract", prism_url, pause_seconds=0.0) as made:
        yield made


@pytest.fixture
def repository(client: Client) -> Repository:
    """Its repository."""
    return Repository(client, f"{PARTS['owner']}/{PARTS['repo']}")


def _workflow_runs(repository: Repository) -> None:
    since = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    found = repository.runs(
        "prod.yml", sha=SHA, branch="release/1", event="workflow_dispatch", status="queued", since=since, limit=5
    )
    assert (found[0].id, found[0].status, found[0].actor) == (30433642, "queued", "octocat")
    assert found[0].created == datetime(2020, 1, 22, 19, 33, 8, tzinfo=UTC)


def _run(repository: Repository) -> None:
    found = repository.run(17)
    assert (found.workflow, found.title, found.over) == ("Build", "Update README.md", False)
    assert found.url == "https://github.com/octo-org/octo-repo/actions/runs/30433642"


def _jobs(repository: Repository) -> None:
    (found,) = repository.jobs(17)
    assert (found.name, found.runner, found.steps[0].number) == ("test-coverage", "my runner", 1)
    assert found.started == datetime(2019, 8, 8, 15, 0, tzinfo=UTC)


def _branch(repository: Repository) -> None:
    found = repository.branch("release/1")
    assert len(found.sha) == 40
    assert found.locked is False


def _protection(repository: Repository) -> None:
    seen = repository._client.get(requests.PROTECTION, wire.Locks, PARTS)
    assert seen.lock_branch is not None


def _workflow(repository: Repository) -> None:
    prefer(repository._client, "example=response-if-content-is-a-file", only=requests.FILE)
    found = repository.workflow("prod-migration.yml", "main")
    assert (found.path, found.active, found.inputs) == (".github/workflows/blank.yaml", True, None)


def _by_name(repository: Repository) -> None:
    assert repository.workflow("CI", "main").id == 161335


def _approvals(repository: Repository) -> None:
    (found,) = repository.approvals(17)
    assert (found.environment, found.environment_id, found.mine) == ("staging", 56780428, True)
    assert found.wait_until == datetime(2020, 11, 23, 22, 30, 40, tzinfo=UTC)


def _log(repository: Repository) -> None:
    # The answer points to another host, which is not there for Prism: that it is asked for is all that is seen here.
    with pytest.raises(GithubError, match="The host that keeps it for GitHub") as caught:
        repository.job_log(21)
    assert caught.value.kind == "unreachable"


def _secrets(repository: Repository) -> None:
    assert {(one.name, one.where) for one in repository.secrets()} == {
        ("GH_TOKEN", "repository"),
        ("GIST_ID", "repository"),
        ("GH_TOKEN", "organization"),
        ("GIST_ID", "organization"),
    }


def _environment_secrets(repository: Repository) -> None:
    (first, _) = repository.environment_secrets("production")
    assert first.where == "environment production"
    assert first.updated == datetime(2020, 1, 10, 14, 59, 22, tzinfo=UTC)


def _environment(repository: Repository) -> None:
    assert repository.environment("staging", "Octocat") == github.EnvironmentSeen(
        name="staging",
        reviewers=("octocat", "team justice-league"),
        wait_minutes=30,
        branches="release/*, main",
        can_approve=True,
    )
    assert repository.environment("staging", "somebody").can_approve is None


def _deployments(repository: Repository) -> None:
    assert repository.deployments("production") == ()  # the example's only one has the state success


def _tree(repository: Repository) -> None:
    assert repository.tree(SHA)["file.rb"] == "44b4fc6d56897b048c772eb4087f854f46256132"
    assert repository.tree(SHA, "prisma/migrations") == {}


def _dispatch(repository: Repository) -> None:
    run_id, url = repository.dispatch("prod-migration.yml", "main", {"confirm": "YES", "target": ""})
    assert (run_id, url) == (1, "https://github.com/octo-org/octo-repo/actions/runs/1")
    prefer(repository._client, "code=204", only=requests.DISPATCH)
    assert repository.dispatch("prod-migration.yml", "main", {"confirm": "YES"}) == (0, "")


def _put_secret(repository: Repository) -> None:
    prefer(repository._client, "code=204", only=requests.PUT_SECRET)
    repository.put_secret("DATABASE_URL_PROD", "postgresql://shop:new@db/shop")


def _put_environment_secret(repository: Repository) -> None:
    prefer(repository._client, "code=204", only=requests.PUT_ENVIRONMENT_SECRET)
    repository.put_secret("DATABASE_URL_PROD", "postgresql://shop:new@db/shop", "production")


CALLS: dict[str, Callable[[Repository], object]] = {
    "user": lambda repository: repository.login() == "octocat" or pytest.fail("another login"),
    "branch": _branch,
    "rules": _branch,
    "protection": _protection,
    "commit": lambda repository: repository.pushed(SHA) or pytest.fail("not pushed"),
    "tree": _tree,
    "file": _workflow,
    "workflows": _by_name,
    "workflow": _workflow,
    "runs": _workflow_runs,
    "run": _run,
    "jobs": _jobs,
    "job log": _log,
    "approvals": _approvals,
    "secrets": _secrets,
    "organization secrets": _secrets,
    "environment secrets": _environment_secrets,
    "environment": _environment,
    "environment branches": _environment,
    "deployments": _deployments,
    "deployment statuses": _deployments,
    "dispatch": _dispatch,
    "cancel": lambda repository: repository.cancel(17),
    "secrets key": _put_secret,
    "put secret": _put_secret,
    "environment secrets key": _put_environment_secret,
    "put environment secret": _put_environment_secret,
    "review": lambda repository: repository.review(17, [1, 2], approve=True, comment="Καλή τύχη"),
}


@pytest.mark.parametrize("request_", TABLE, ids=lambda request: request.name)
def test_each_request_is_one_that_github_describes_and_its_answer_is_understood(
    request_: Request, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prism refuses a request that breaks the description, which would come out as a GithubError here."""
    sent: list[str] = []
    address = Request.address

    def noted(request: Request, parts: dict[str, str]) -> str:
        sent.append(request.name)
        return address(request, parts)

    monkeypatch.setattr(Request, "address", noted)
    # The description's example of a key is a byte longer than a key is: nothing can be sealed with it.
    monkeypatch.setattr(sealing, "sealed", lambda value, key: "c2VhbGVk")
    CALLS[request_.name](repository)
    assert request_.name in sent


@pytest.mark.parametrize("request_", TABLE, ids=lambda request: request.name)
def test_each_refusal_that_github_describes_has_its_sentence(
    request_: Request, client: Client, github_description: dict[str, Any]
) -> None:
    described = github_description["paths"][request_.path][request_.method.lower()]["responses"]
    for status in (int(code) for code in described if int(code) >= 300 and request_.name != "job log"):
        prefer(client, f"code={status}")
        with pytest.raises(GithubError) as caught:
            _ask(client, request_)
        error = caught.value
        assert (error.kind, error.taken) == (KINDS[status], False), status
        assert str(status) in str(error), error
        assert error.remedy, status


def _ask(client: Client, request: Request) -> None:
    if request.changes:
        client.send(request, BODIES.get(request.name), PARTS)
    else:
        client.get(request, msgspec.Raw, PARTS)
