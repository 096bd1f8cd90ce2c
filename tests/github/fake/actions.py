"""What happens: dispatching, runs, jobs, logs, reviews, cancelling."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.github.fake import shapes_runs
from tests.github.fake.answers import Answer, Request, invalid, missing, told
from tests.github.fake.paging import page
from tests.github.fake.runs import Run
from tests.github.fake.states import JobState

if TYPE_CHECKING:
    from tests.github.fake.server import FakeGithub

Parts = dict[str, str]


@dataclass(frozen=True)
class Dispatch:
    """A dispatch that was taken."""

    workflow: str
    ref: str
    inputs: dict[str, str]
    actor: str
    run_id: int


def dispatch(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Take a dispatch: a run comes of it."""
    file, body, repo = github.workflow_file(parts["workflow_id"]), request.body or {}, github.repo
    if not repo.workflow_text(file):
        raise missing()
    if file in repo.disabled:
        raise invalid("Cannot trigger a 'workflow_dispatch' on a disabled workflow")
    if github.older and "return_run_details" in body:
        raise invalid('Invalid request.\n\n"return_run_details" is not a permitted key.')
    ref = body.get("ref", "")
    branch = ref.removeprefix("refs/heads/")
    if branch not in repo.heads:
        raise invalid(f"No ref found for: {ref}")
    text = repo.workflow_text(file, branch)
    if text is None or "workflow_dispatch" not in _triggers(text):
        raise invalid("Workflow does not have 'workflow_dispatch' trigger")
    inputs = _inputs(_triggers(text)["workflow_dispatch"] or {}, dict(body.get("inputs") or {}))
    run = github.start(file, branch=branch, inputs=inputs, actor=github.asker(request).login)
    github.dispatches.append(Dispatch(file, ref, inputs, run.actor, run.id))
    if not body.get("return_run_details") or github.without_details:
        return Answer(204)
    url = f"{github.url}/repos/{repo.name}/actions/runs/{run.id}"
    return told(
        {"workflow_run_id": run.id, "run_url": url, "html_url": f"https://github.com/{repo.name}/actions/runs/{run.id}"}
    )


def runs(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """The runs of a workflow, newest first."""
    file = github.workflow_file(parts["workflow_id"])
    if github.repo.workflow_text(file) is None:
        raise missing()
    found = []
    for run in sorted(github.runs.values(), key=lambda run: -run.id):
        if run.workflow != file:
            continue
        if run.lag > 0:
            run.lag -= 1
            continue
        run.asked("list")
        if _wanted(run, request.query):
            found.append(run)
    return page(github, request, [_told(github, run) for run in found], "workflow_runs")


def run(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """One run."""
    found = _run(github, parts)
    if found.direct_lag > 0:
        found.direct_lag -= 1
        raise missing()
    found.asked("run")
    return told(_told(github, found))


def jobs(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Its jobs with their steps."""
    found = _run(github, parts)
    if int(request.query.get("page", "1")) == 1:
        found.asked("jobs")
    return page(github, request, [shapes_runs.job(github.repo, found, job, github.url) for job in found.jobs], "jobs")


def logs(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Where a job's log lies: on another host, by a signed address, once the job is over."""
    job = _job(github, parts)
    if job.status != "completed" or not job.log:
        raise missing()
    if github.logs_gone:
        raise invalid("Server Error: logs have expired or were deleted", 410)
    return Answer(302, headers={"Location": github.elsewhere.log_address(job)})


def cancel(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Cancel a run."""
    found = _run(github, parts)
    if found.over:
        raise invalid("Cannot cancel a workflow run that is completed.", 409)
    found.cancel()
    github.cancels.append(found.id)
    github.unblock()
    return told({}, 202)


def pending(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """What it waits for."""
    found = _run(github, parts)
    found.asked("pending")
    return told(shapes_runs.pending(github.repo, found, github.asker(request), github.url, github.users))


def review(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Approve or reject what it waits for."""
    found, body, asker = _run(github, parts), request.body or {}, github.asker(request)
    environment = found.waits_for
    if environment is None or body.get("environment_ids") != [environment.id]:
        raise invalid("There are no pending deployment requests to approve or reject")
    if body.get("state") not in {"approved", "rejected"} or not isinstance(body.get("comment"), str):
        raise invalid('Invalid request.\n\nNo subschema in "oneOf" matched.')
    if not shapes_runs.may_review(environment, found, asker):
        raise invalid(f"{asker.login} is not a required reviewer of {environment.name}")
    found.review(asker.login, body["state"] == "approved", body["comment"])
    github.unblock()
    told_of = [one for one in github.deployments() if one.get("run") == found.id]
    return told([shapes_runs.deployment(github.repo, one, github.url) for one in told_of])


def _told(github: FakeGithub, run: Run) -> dict[str, Any]:
    return shapes_runs.run(github.repo, run, github.url, github.user_of(run.actor))


def _run(github: FakeGithub, parts: Parts) -> Run:
    found = github.runs.get(int(parts["run_id"])) if parts["run_id"].isdigit() else None
    if found is None:
        raise missing()
    return found


def _job(github: FakeGithub, parts: Parts) -> JobState:
    for one in github.runs.values():
        for job in one.jobs:
            if str(job.id) == parts["job_id"]:
                return job
    raise missing()


def _wanted(run: Run, query: Any) -> bool:
    since = re.match(r">=?(.+)", query.get("created", ""))
    status = query.get("status", "")
    return (
        query.get("head_sha", run.sha) == run.sha
        and query.get("branch", run.branch) == run.branch
        and query.get("event", run.event) == run.event
        and query.get("actor", run.actor) == run.actor
        and status in {"", run.status, run.conclusion}
        and (since is None or run.created.replace(microsecond=0) >= datetime.fromisoformat(since[1]))
    )


def _triggers(text: dict[str, Any]) -> dict[str, Any]:
    triggers = text.get("on") or {}
    if isinstance(triggers, str):
        triggers = [triggers]
    return triggers if isinstance(triggers, dict) else dict.fromkeys(triggers)


def _inputs(spec: dict[str, Any], given: dict[str, Any]) -> dict[str, str]:
    """The inputs with their defaults; refuses in GitHub's words."""
    known = spec.get("inputs") or {}
    if extra := [name for name in given if name not in known]:
        raise invalid(f"Unexpected inputs provided: {list(extra)}".replace("'", '"'))
    inputs = {}
    for name, told_of in known.items():
        one = told_of or {}
        if name not in given and one.get("required") and "default" not in one:
            raise invalid(f"Required input '{name}' not provided")
        value = str(given.get(name, one.get("default", "")))
        if one.get("type") == "choice" and value not in map(str, one.get("options") or ()):
            raise invalid(f"Provided value '{value}' for input '{name}' not in the list of allowed values")
        inputs[name] = value
    return inputs
