"""One repository on GitHub: what is asked of it, and what is done to it. Answers are cleaned here, not redacted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, TypeVar

from dixis_tui.errors import GithubError
from dixis_tui.github import (
    Approval,
    BranchHead,
    Deployment,
    EnvironmentSeen,
    JobView,
    SecretSeen,
    WorkflowFile,
    WorkflowRun,
)
from dixis_tui.secrets import clean
from dixis_tui.web.github import reading, requests, wire
from dixis_tui.web.github.client import Client
from dixis_tui.web.github.requests import Request

T = TypeVar("T")
_NEW_KEY = "return_run_details"
_LOCKING = "update"
"""The rule of a ruleset by which nobody may move the branch."""
_DEPLOYMENTS = 10
"""Of the newest ones it is asked how far they are."""
_OVER = ("success", "failure", "error", "inactive")
_LINE_BYTES = 64 * 1024


class Repository:
    """`name` is `owner/name`. Every method may raise GithubError, and StoppedError where the client is told to stop."""

    def __init__(self, client: Client, name: str) -> None:
        owner, _, repository = name.partition("/")
        self._client = client
        self._parts = {"owner": owner, "repo": repository}
        self._files: dict[str, str] = {}

    def login(self) -> str:
        """Whose token it is. An app's token, as a workflow has it, is nobody's: kind `rights`."""
        return reading.text(self._client.get(requests.USER, wire.Account, {}).login)

    def branch(self, name: str) -> BranchHead:
        """Where a branch stands, and whether a rule or its protection locks it, where that may be seen."""
        told = self._client.get(requests.BRANCH, wire.Branch, self._at(branch=name))
        return BranchHead(
            name=reading.text(told.name),
            sha=reading.text(told.commit.sha),
            protected=told.protected,
            locked=self._locked(name, told),
        )

    def _locked(self, name: str, told: wire.Branch) -> bool | None:
        ruled = self._seen(requests.RULES, list[wire.Rule], branch=name)
        if any(rule.type == _LOCKING for rule in ruled or ()):
            return True
        protection: wire.Locks | None = wire.Locks()
        if told.protected and (told.protection is None or told.protection.enabled):
            protection = self._seen(requests.PROTECTION, wire.Locks, branch=name)
        if protection is not None and protection.lock_branch is not None and protection.lock_branch.enabled:
            return True
        return None if ruled is None or protection is None else False

    def workflow(self, file: str, ref: str) -> WorkflowFile:
        """The workflow by its file or its name, and the inputs that its file on `ref` takes.

        Kind `missing`: GitHub has no such workflow, or its file is not on `ref`.
        """
        told = self._workflow(file)
        try:
            found: wire.File | None = self._client.get(requests.FILE, wire.File, self._at(path=told.path), {"ref": ref})
        except GithubError as error:
            if error.kind not in ("rights", "unclear"):
                raise
            found = None
        return reading.workflow(told, found)

    def runs(
        self,
        workflow: str,
        *,
        sha: str = "",
        branch: str = "",
        event: str = "",
        status: str = "",
        since: datetime | None = None,
        limit: int = 30,
    ) -> list[WorkflowRun]:
        """Its runs, the newest first. `since` is the time of making; empty arguments do not narrow."""
        created = since.astimezone(UTC).strftime(">=%Y-%m-%dT%H:%M:%SZ") if since else ""
        wanted = {"head_sha": sha, "branch": branch, "event": event, "status": status, "created": created}
        query = {key: value for key, value in wanted.items() if value} | {"per_page": str(min(limit, 100))}
        found: list[WorkflowRun] = []
        for page in self._client.pages(requests.RUNS, wire.Runs, self._at(workflow_id=self._file(workflow)), query):
            found += map(reading.run, page.workflow_runs)
            if len(found) >= limit:
                break
        return found[:limit]

    def run(self, run_id: int) -> WorkflowRun:
        """One run."""
        return reading.run(self._client.get(requests.RUN, wire.Run, self._at(run_id=str(run_id))))

    def jobs(self, run_id: int) -> tuple[JobView, ...]:
        """The jobs of its latest attempt with their steps."""
        query = {"filter": "latest"}
        pages = self._client.pages(requests.JOBS, wire.Jobs, self._at(run_id=str(run_id)), query)
        return tuple(reading.job(job) for page in pages for job in page.jobs)

    def job_log(self, job_id: int) -> Iterator[str] | None:
        """The lines of a job's log, cleaned; None: there is none (yet). Kind `missing`: it is gone.

        It was read whole before the first line comes: no line is given twice.
        """
        answer = self._client.download(requests.JOB_LOG, self._at(job_id=str(job_id)))
        return None if answer is None or answer.file is None else _lines(answer.file, cut=answer.cut)

    def dispatch(self, workflow: str, ref: str, inputs: Mapping[str, str]) -> tuple[int, str]:
        """Dispatch it, once: the run's id and its address for a browser; (0, "") where the server does not say.

        GithubError.taken says whether it may have been carried out all the same.
        """
        body = {"ref": ref, "inputs": dict(inputs)}
        parts = self._at(workflow_id=self._file(workflow))
        try:
            answer = self._client.send(requests.DISPATCH, body | {_NEW_KEY: True}, parts)
        except GithubError as error:
            # A server from before that key has refused the request as a whole: without it, it is a first one again.
            if error.kind != "refused" or error.taken or _NEW_KEY not in str(error):
                raise
            answer = self._client.send(requests.DISPATCH, body, parts)
        if answer.status == 204:
            return 0, ""
        told = self._client.decoded(requests.DISPATCH, answer, wire.Dispatched)
        return told.workflow_run_id, reading.address(told.html_url)

    def cancel(self, run_id: int) -> None:
        """Ask for the run's end; it comes later. Kind `refused`: it is over."""
        self._client.send(requests.CANCEL, None, self._at(run_id=str(run_id)))

    def approvals(self, run_id: int) -> tuple[Approval, ...]:
        """The environments that the run waits for."""
        told = self._client.get(requests.APPROVALS, list[wire.Pending], self._at(run_id=str(run_id)))
        return tuple(map(reading.approval, told))

    def review(self, run_id: int, environment_ids: Sequence[int], *, approve: bool, comment: str) -> None:
        """Approve or reject the deployments to these environments."""
        state = "approved" if approve else "rejected"
        body = {"environment_ids": list(environment_ids), "state": state, "comment": comment}
        self._client.send(requests.REVIEW, body, self._at(run_id=str(run_id)))

    def secrets(self) -> tuple[SecretSeen, ...]:
        """The repository's secrets, and those of the organization that it may use."""
        own = self._secrets(requests.SECRETS, "repository")
        try:
            return own + self._secrets(requests.ORGANIZATION_SECRETS, "organization")
        except GithubError as error:
            if error.kind != "missing":  # what a person owns belongs to no organization
                raise
            return own

    def environment_secrets(self, environment: str) -> tuple[SecretSeen, ...]:
        """The secrets of a deployment environment."""
        where = f"environment {environment}"
        return self._secrets(requests.ENVIRONMENT_SECRETS, where, environment_name=environment)

    def put_secret(self, name: str, value: str, environment: str = "") -> None:
        """Give the repository's secret, or that of an environment, this value; made where there is none.

        It is sealed here, with the key that GitHub gives for it: nobody but GitHub can open it. Sent once; doing it
        again does no harm.
        """
        from dixis_tui.web.github.sealing import sealed

        where = {"environment_name": environment} if environment else {}
        ask = requests.ENVIRONMENT_SECRETS_KEY if environment else requests.SECRETS_KEY
        put = requests.PUT_ENVIRONMENT_SECRET if environment else requests.PUT_SECRET
        key = self._client.get(ask, wire.PublicKey, self._at(**where))
        body = {"encrypted_value": sealed(value, key.key), "key_id": key.key_id}
        self._client.send(put, body, self._at(secret_name=name, **where))

    def environment(self, name: str, login: str = "") -> EnvironmentSeen:
        """A deployment environment, what protects it, and whether `login` may approve."""
        told = self._client.get(requests.ENVIRONMENT, wire.Environment, self._at(environment_name=name))
        policy = told.deployment_branch_policy
        branches = "protected branches" if policy is not None and policy.protected_branches else ""
        if policy is not None and policy.custom_branch_policies:
            named = self._seen(requests.ENVIRONMENT_BRANCHES, wire.Policies, environment_name=name)
            names = [reading.text(one.name) for one in named.branch_policies] if named is not None else []
            branches = ", ".join(names) or "named branches"
        return reading.environment(told, branches, login)

    def deployments(self, environment: str = "") -> tuple[Deployment, ...]:
        """Those of the newest ten that are not over."""
        query = {"per_page": str(_DEPLOYMENTS)} | ({"environment": environment} if environment else {})
        told = self._client.get(requests.DEPLOYMENTS, list[wire.Deployment], self._parts, query)
        found = [reading.deployment(one, self._state(one.id)) for one in told[:_DEPLOYMENTS]]
        return tuple(one for one in found if one.state not in _OVER)

    def tree(self, sha: str, path: str = "") -> dict[str, str]:
        """Of every file under the folder `path` its path from the repository's root and its git blob hash.

        Empty where there is no such folder. Kind `unclear`: there are more files than one answer holds.
        """
        segments = [segment for segment in path.split("/") if segment not in ("", ".")]
        for segment in segments:
            inside = {one.path: one.sha for one in self._tree(sha, {}).tree if one.type == "tree"}
            if segment not in inside:
                return {}
            sha = inside[segment]
        whole = self._tree(sha, {"recursive": "1"})
        if whole.truncated:
            raise GithubError(
                "unclear", f"GitHub does not list all files under {path or '/'}: there are too many", "Name a folder."
            )
        return {"/".join((*segments, one.path)): one.sha for one in whole.tree if one.type == "blob"}

    def pushed(self, sha: str) -> bool:
        """Whether the commit is on GitHub."""
        try:
            self._client.get(requests.COMMIT, wire.Commit, self._at(commit_sha=sha))
        except GithubError as error:
            if error.kind in ("missing", "refused"):  # it refuses where nothing was ever pushed
                return False
            raise
        return True

    def _at(self, **parts: str) -> dict[str, str]:
        return self._parts | parts

    def _tree(self, sha: str, query: Mapping[str, str]) -> wire.Tree:
        return self._client.get(requests.TREE, wire.Tree, self._at(tree_sha=sha), query)

    def _state(self, deployment_id: int) -> str:
        told = self._client.get(
            requests.DEPLOYMENT_STATUSES,
            list[wire.DeploymentStatus],
            self._at(deployment_id=str(deployment_id)),
            {"per_page": "1"},
        )
        return told[0].state if told else "pending"

    def _secrets(self, request: Request, where: str, **parts: str) -> tuple[SecretSeen, ...]:
        pages = self._client.pages(request, wire.Secrets, self._parts | parts)
        return tuple(reading.secret(one, where) for page in pages for one in page.secrets)

    def _workflow(self, name: str) -> wire.Workflow:
        if _is_file(name):
            return self._client.get(requests.WORKFLOW, wire.Workflow, self._at(workflow_id=name))
        for page in self._client.pages(requests.WORKFLOWS, wire.Workflows, self._parts):
            for workflow in page.workflows:
                if workflow.name == name:
                    self._files[name] = str(workflow.id)
                    return workflow
        raise GithubError("missing", f"There is no workflow named {name}", "Name the workflow's file in dixis.toml.")

    def _file(self, name: str) -> str:
        """What stands for the workflow in an address: its file, or its number where it was named by its name."""
        if _is_file(name):
            return name
        return self._files.get(name) or str(self._workflow(name).id)

    def _seen(self, request: Request, into: type[T], **parts: str) -> T | None:
        """An answer that one can do without; None where the token may not see it, or it does not exist."""
        try:
            return self._client.get(request, into, self._parts | parts)
        except GithubError as error:
            if error.kind in ("rights", "missing"):
                return None
            raise


def _is_file(name: str) -> bool:
    return name.endswith((".yml", ".yaml"))


def _lines(file: IO[bytes], *, cut: bool) -> Iterator[str]:
    with file:
        while line := file.readline(_LINE_BYTES):
            yield clean(line.decode("utf-8", "replace").rstrip("\r\n").removeprefix("\ufeff"))
    if cut:
        yield "… the log is longer; the rest is on GitHub"
