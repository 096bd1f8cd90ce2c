"""Every request that this program makes of GitHub, and what a token needs for it. Nothing is asked that is not here.

`docs/github.md` shows this table: ``python -m docs.make_github``.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from msgspec import Struct

_REPO = "/repos/{owner}/{repo}"
_ACTIONS = f"{_REPO}/actions"
_RUN = f"{_ACTIONS}/runs/{{run_id}}"
_WORKFLOW = f"{_ACTIONS}/workflows/{{workflow_id}}"
_ENVIRONMENT = f"{_REPO}/environments/{{environment_name}}"
_BRANCH = f"{_REPO}/branches/{{branch}}"


class Request(Struct, frozen=True, kw_only=True):
    """One kind of request. `path` is as GitHub's own description has it."""

    name: str
    method: str
    path: str
    permission: str
    """What a fine-grained token needs, as GitHub's page names it: `Actions: read`; empty: nothing."""
    scope: str
    """What a classic token needs; empty: nothing."""
    what: str
    """What it is for, as it stands in a sentence."""

    @property
    def changes(self) -> bool:
        """Whether it changes something on GitHub. Such a request is sent once."""
        return self.method != "GET"

    def address(self, parts: Mapping[str, str]) -> str:
        """The path with `parts` filled in; every one of them stays one segment."""
        return self.path.format_map({name: quote(part, safe="") for name, part in parts.items()})


def _read(name: str, path: str, permission: str, what: str, scope: str = "repo") -> Request:
    return Request(name=name, method="GET", path=path, permission=permission, scope=scope, what=what)


def _change(name: str, path: str, permission: str, what: str, method: str = "POST") -> Request:
    return Request(name=name, method=method, path=path, permission=permission, scope="repo", what=what)


USER = _read("user", "/user", "", "whose token it is", scope="")
BRANCH = _read("branch", _BRANCH, "Contents: read", "where the branch stands")
RULES = _read("rules", f"{_REPO}/rules/branches/{{branch}}", "Metadata: read", "the rules that lock the branch")
PROTECTION = _read("protection", f"{_BRANCH}/protection", "Administration: read", "the protection of the branch")
COMMIT = _read("commit", f"{_REPO}/git/commits/{{commit_sha}}", "Contents: read", "whether a commit is on GitHub")
TREE = _read("tree", f"{_REPO}/git/trees/{{tree_sha}}", "Contents: read", "the files of a commit by checksum")
FILE = _read("file", f"{_REPO}/contents/{{path}}", "Contents: read", "the workflow's file")
WORKFLOWS = _read("workflows", f"{_ACTIONS}/workflows", "Actions: read", "a workflow by its name")
WORKFLOW = _read("workflow", _WORKFLOW, "Actions: read", "the workflow")
RUNS = _read("runs", f"{_WORKFLOW}/runs", "Actions: read", "the runs of the workflow")
RUN = _read("run", _RUN, "Actions: read", "a workflow run")
JOBS = _read("jobs", f"{_RUN}/jobs", "Actions: read", "the jobs and steps of a workflow run")
JOB_LOG = _read("job log", f"{_ACTIONS}/jobs/{{job_id}}/logs", "Actions: read", "the log of a job")
APPROVALS = _read("approvals", f"{_RUN}/pending_deployments", "Actions: read", "the approvals that a run waits for")
SECRETS = _read("secrets", f"{_ACTIONS}/secrets", "Secrets: read", "secrets of the repository by name")
ORGANIZATION_SECRETS = _read(
    "organization secrets",
    f"{_ACTIONS}/organization-secrets",
    "Secrets: read",
    "secrets of the organization that the repository may use, by name",
)
ENVIRONMENT_SECRETS = _read(
    "environment secrets", f"{_ENVIRONMENT}/secrets", "Environments: read", "secrets of the environment by name"
)
ENVIRONMENT = _read("environment", _ENVIRONMENT, "Actions: read", "the environment and what protects it")
ENVIRONMENT_BRANCHES = _read(
    "environment branches",
    f"{_ENVIRONMENT}/deployment-branch-policies",
    "Actions: read",
    "the branches that may deploy to the environment",
)
DEPLOYMENTS = _read("deployments", f"{_REPO}/deployments", "Deployments: read", "deployments under way")
DEPLOYMENT_STATUSES = _read(
    "deployment statuses",
    f"{_REPO}/deployments/{{deployment_id}}/statuses",
    "Deployments: read",
    "how far a deployment is",
)
DISPATCH = _change("dispatch", f"{_WORKFLOW}/dispatches", "Actions: write", "dispatching the workflow")
CANCEL = _change("cancel", f"{_RUN}/cancel", "Actions: write", "cancelling the workflow run")
REVIEW = _change("review", f"{_RUN}/pending_deployments", "Deployments: write", "approving or rejecting a deployment")
SECRETS_KEY = _read(
    "secrets key", f"{_ACTIONS}/secrets/public-key", "Secrets: read", "the key that a new secret is sealed with"
)
PUT_SECRET = _change(
    "put secret",
    f"{_ACTIONS}/secrets/{{secret_name}}",
    "Secrets: write",
    "giving the repository's secret the new URL (`dixis-tui rotate`)",
    "PUT",
)
ENVIRONMENT_SECRETS_KEY = _read(
    "environment secrets key",
    f"{_ENVIRONMENT}/secrets/public-key",
    "Environments: read",
    "the key that a new secret of the environment is sealed with",
)
PUT_ENVIRONMENT_SECRET = _change(
    "put environment secret",
    f"{_ENVIRONMENT}/secrets/{{secret_name}}",
    "Environments: write",
    "giving the environment's secret the new URL (`dixis-tui rotate`)",
    "PUT",
)

TABLE = tuple(value for value in list(globals().values()) if isinstance(value, Request))
