"""GitHub's JSON for workflows, runs, jobs, approvals and deployments, and the text of a job's log."""

from __future__ import annotations

from typing import Any

from tests.github.fake import git, shapes
from tests.github.fake.repo import BIRTH, Environment, Repo, User
from tests.github.fake.runs import Run
from tests.github.fake.shapes import Json, when
from tests.github.fake.states import JobState


def workflow_id(file: str) -> int:
    """GitHub's number of a workflow."""
    return 90_000_000 + sum(file.encode()) * 7


def workflow(repo: Repo, file: str, text: dict[str, Any], api: str) -> Json:
    """A workflow and whether it is enabled."""
    number, home = workflow_id(file), f"https://github.com/{repo.name}"
    return {
        "id": number, "node_id": f"W_{number}", "name": text.get("name", f".github/workflows/{file}"),
        "path": f".github/workflows/{file}", "state": repo.disabled.get(file, "active"),
        "created_at": when(BIRTH), "updated_at": when(BIRTH),
        "url": f"{api}/repos/{repo.name}/actions/workflows/{number}",
        "html_url": f"{home}/blob/{repo.default_branch}/.github/workflows/{file}",
        "badge_url": f"{home}/workflows/{file}/badge.svg",
    }  # fmt: skip


def run(repo: Repo, one: Run, api: str, actor: User) -> Json:
    """A run as it stands."""
    url, home = (
        f"{api}/repos/{repo.name}/actions/runs/{one.id}",
        f"https://github.com/{repo.name}/actions/runs/{one.id}",
    )
    text = repo.workflow_text(one.workflow) or {}
    person = {"name": "Maria", "email": "maria@dixis.example"}
    who, number = shapes.user(actor, api), workflow_id(one.workflow)
    return {
        "id": one.id, "name": text.get("name", one.workflow), "node_id": f"WFR_{one.id}", "head_branch": one.branch,
        "head_sha": one.sha, "path": f".github/workflows/{one.workflow}", "display_title": one.title,
        "run_number": one.number, "run_attempt": one.attempt, "event": one.event, "status": one.status,
        "conclusion": one.conclusion or None, "workflow_id": number, "check_suite_id": one.id + 1,
        "check_suite_node_id": f"CS_{one.id}", "url": url, "html_url": home, "pull_requests": [],
        "created_at": when(one.created), "updated_at": when(one.updated), "run_started_at": when(one.started),
        "actor": who, "triggering_actor": who, "jobs_url": f"{url}/jobs", "logs_url": f"{url}/logs",
        "check_suite_url": f"{api}/repos/{repo.name}/check-suites/{one.id + 1}", "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel", "rerun_url": f"{url}/rerun", "previous_attempt_url": None,
        "workflow_url": f"{api}/repos/{repo.name}/actions/workflows/{number}", "referenced_workflows": [],
        "head_commit": {
            "id": one.sha, "tree_id": git.trees(repo.tree(one.sha))[""], "message": "Orders have a shipping address",
            "timestamp": when(BIRTH), "author": person, "committer": person,
        },
        "repository": shapes.minimal(repo, api), "head_repository": shapes.minimal(repo, api),
    }  # fmt: skip


def job(repo: Repo, one: Run, state: JobState, api: str) -> Json:
    """A job; its steps are told once a runner has it."""
    url, began = f"{api}/repos/{repo.name}/actions/jobs/{state.id}", state.status in {"in_progress", "completed"}
    runner = began and bool(state.steps)
    return {
        "id": state.id, "run_id": one.id, "workflow_name": (repo.workflow_text(one.workflow) or {}).get("name"),
        "head_branch": one.branch, "run_url": f"{api}/repos/{repo.name}/actions/runs/{one.id}",
        "run_attempt": one.attempt,
        "node_id": f"CR_{state.id}", "head_sha": one.sha, "url": url,
        "html_url": f"https://github.com/{repo.name}/actions/runs/{one.id}/job/{state.id}", "status": state.status,
        "conclusion": state.conclusion, "created_at": when(state.created),
        "started_at": when(state.started or state.created),
        "completed_at": when(state.ended), "name": state.name, "labels": ["ubuntu-latest"],
        "check_run_url": f"{api}/repos/{repo.name}/check-runs/{state.id}",
        "runner_id": 21 if runner else None, "runner_name": "GitHub Actions 21" if runner else None,
        "runner_group_id": 0 if runner else None, "runner_group_name": "GitHub Actions" if runner else None,
        "steps": [
            {
                "name": step.act.name, "status": step.status, "conclusion": step.conclusion, "number": step.number,
                "started_at": when(step.started), "completed_at": when(step.ended),
            }
            for step in (state.steps if began else ())
        ],
    }  # fmt: skip


def log(state: JobState) -> bytes:
    """A job's log: a byte order mark, a time before each line."""
    lines = (f"{at.strftime('%Y-%m-%dT%H:%M:%S.%f')}0Z {line}\n" for at, line in state.log)
    return ("\ufeff" + "".join(lines)).encode()


def pending(repo: Repo, one: Run, asker: User, api: str, users: dict[str, User]) -> list[Json]:
    """The deployments that a run waits for."""
    environment = one.waits_for
    if environment is None:
        return []
    return [{
        "environment": shapes.environment_core(repo, environment, api), "wait_timer": environment.wait_minutes,
        "wait_timer_started_at": when(one.updated) if environment.wait_minutes else None,
        "current_user_can_approve": may_review(environment, one, asker),
        "reviewers": [shapes.reviewer(name, api, users) for name in environment.reviewers],
    }]  # fmt: skip


def may_review(environment: Environment, one: Run, asker: User) -> bool:
    """Whether `asker` is one of the reviewers, or of one of their teams."""
    if environment.no_self_review and one.actor == asker.login:
        return False
    mine = {asker.login, *(f"team:{slug}" for slug in asker.teams)}
    return bool(mine & set(environment.reviewers))


def deployment(repo: Repo, told: Json, api: str) -> Json:
    """A deployment: `told` has `id`, `environment`, `sha`, `ref`, `creator`, `created`, and a `state`."""
    url = f"{api}/repos/{repo.name}/deployments/{told['id']}"
    return {
        "url": url, "id": told["id"], "node_id": f"DE_{told['id']}", "sha": told["sha"], "ref": told["ref"],
        "task": "deploy",
        "payload": {}, "original_environment": told["environment"], "environment": told["environment"],
        "description": None,
        "creator": shapes.user(User(told["creator"]), api), "created_at": when(told["created"]),
        "updated_at": when(told["created"]), "statuses_url": f"{url}/statuses",
        "repository_url": f"{api}/repos/{repo.name}",
        "transient_environment": False, "production_environment": told["environment"] == "production",
    }  # fmt: skip


def status(repo: Repo, told: Json, api: str) -> Json:
    """The latest word about a deployment."""
    url = f"{api}/repos/{repo.name}/deployments/{told['id']}"
    return {
        "url": f"{url}/statuses/{told['id'] + 1}", "id": told["id"] + 1, "node_id": f"DES_{told['id']}",
        "state": told["state"],
        "creator": shapes.user(User(told["creator"]), api), "description": "", "environment": told["environment"],
        "target_url": "", "created_at": when(told["created"]), "updated_at": when(told["created"]),
        "deployment_url": url, "repository_url": f"{api}/repos/{repo.name}", "environment_url": "", "log_url": "",
    }  # fmt: skip
