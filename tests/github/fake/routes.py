"""Which request is answered by what, by the paths of the published description."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from tests.github.fake import actions, reads, vault
from tests.github.fake.access import NEEDS, R

_RUN = f"{R}/actions/runs/{{run_id}}"
_WORKFLOW = f"{R}/actions/workflows/{{workflow_id}}"
_HANDLERS: dict[tuple[str, str], Callable[..., Any]] = {
    ("GET", "/user"): reads.own_user,
    ("GET", f"{R}/branches/{{branch}}"): reads.branch,
    ("GET", f"{R}/branches/{{branch}}/protection"): reads.protection,
    ("GET", f"{R}/rules/branches/{{branch}}"): reads.rules,
    ("GET", f"{R}/actions/workflows"): reads.workflows,
    ("GET", _WORKFLOW): reads.workflow,
    ("GET", f"{_WORKFLOW}/runs"): actions.runs,
    ("POST", f"{_WORKFLOW}/dispatches"): actions.dispatch,
    ("GET", _RUN): actions.run,
    ("GET", f"{_RUN}/jobs"): actions.jobs,
    ("POST", f"{_RUN}/cancel"): actions.cancel,
    ("GET", f"{_RUN}/pending_deployments"): actions.pending,
    ("POST", f"{_RUN}/pending_deployments"): actions.review,
    ("GET", f"{R}/actions/jobs/{{job_id}}/logs"): actions.logs,
    ("GET", f"{R}/actions/secrets"): reads.secrets,
    ("GET", f"{R}/actions/secrets/public-key"): vault.key,
    ("PUT", f"{R}/actions/secrets/{{secret_name}}"): vault.put,
    ("GET", f"{R}/environments/{{environment_name}}/secrets/public-key"): vault.key,
    ("PUT", f"{R}/environments/{{environment_name}}/secrets/{{secret_name}}"): vault.put,
    ("GET", f"{R}/actions/organization-secrets"): reads.organization_secrets,
    ("GET", f"{R}/environments/{{environment_name}}"): reads.environment,
    ("GET", f"{R}/environments/{{environment_name}}/secrets"): reads.environment_secrets,
    ("GET", f"{R}/environments/{{environment_name}}/deployment-branch-policies"): reads.environment_branches,
    ("GET", f"{R}/deployments"): reads.deployments,
    ("GET", f"{R}/deployments/{{deployment_id}}/statuses"): reads.statuses,
    ("GET", f"{R}/contents/{{path}}"): reads.content,
    ("GET", f"{R}/git/trees/{{tree_sha}}"): reads.tree,
    ("GET", f"{R}/git/commits/{{commit_sha}}"): reads.git_commit,
}
assert _HANDLERS.keys() == NEEDS.keys()


def _pattern(route: str) -> re.Pattern[str]:
    wide = {"path", "branch"}  # a branch with a slash comes as it is, or as %2F
    parts = re.split(r"\{(\w+)\}", route)
    for at in range(1, len(parts), 2):
        parts[at] = f"(?P<{parts[at]}>{'.+?' if parts[at] in wide else '[^/]+'})"
    parts[::2] = map(re.escape, parts[::2])
    return re.compile("".join(parts))


_PATTERNS = [
    (method, route, _pattern(route), handler)
    for (method, route), handler in sorted(_HANDLERS.items(), key=lambda one: -len(one[0][1]))
]
"""The longest first: `…/branches/a/protection` is no branch."""


def find(method: str, path: str) -> tuple[str, dict[str, str], Callable[..., Any]] | None:
    """The route of a path, its parts, and what answers it."""
    for verb, route, pattern, handler in _PATTERNS:
        matched = pattern.fullmatch(path) if verb == method else None
        if matched:
            return route, {name: unquote(text) for name, text in matched.groupdict().items()}, handler
    return None
