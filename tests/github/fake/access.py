"""Who may ask what: tokens, permissions, and the refusals of each."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.github.fake.answers import Refusal, Request, missing, refused
from tests.github.fake.repo import Repo, Token

if TYPE_CHECKING:
    from tests.github.fake.world import World

R = "/repos/{owner}/{repo}"
NEEDS: dict[tuple[str, str], str] = {
    ("GET", "/user"): "",
    ("GET", f"{R}/branches/{{branch}}"): "contents=read",
    ("GET", f"{R}/branches/{{branch}}/protection"): "administration=read",
    ("GET", f"{R}/rules/branches/{{branch}}"): "metadata=read",
    ("GET", f"{R}/actions/workflows"): "actions=read",
    ("GET", f"{R}/actions/workflows/{{workflow_id}}"): "actions=read",
    ("GET", f"{R}/actions/workflows/{{workflow_id}}/runs"): "actions=read",
    ("POST", f"{R}/actions/workflows/{{workflow_id}}/dispatches"): "actions=write",
    ("GET", f"{R}/actions/runs/{{run_id}}"): "actions=read",
    ("GET", f"{R}/actions/runs/{{run_id}}/jobs"): "actions=read",
    ("POST", f"{R}/actions/runs/{{run_id}}/cancel"): "actions=write",
    ("GET", f"{R}/actions/runs/{{run_id}}/pending_deployments"): "actions=read",
    ("POST", f"{R}/actions/runs/{{run_id}}/pending_deployments"): "deployments=write",
    ("GET", f"{R}/actions/jobs/{{job_id}}/logs"): "actions=read",
    ("GET", f"{R}/actions/secrets"): "secrets=read",
    ("GET", f"{R}/actions/secrets/public-key"): "secrets=read",
    ("PUT", f"{R}/actions/secrets/{{secret_name}}"): "secrets=write",
    ("GET", f"{R}/environments/{{environment_name}}/secrets/public-key"): "environments=read",
    ("PUT", f"{R}/environments/{{environment_name}}/secrets/{{secret_name}}"): "environments=write",
    ("GET", f"{R}/actions/organization-secrets"): "secrets=read",
    ("GET", f"{R}/environments/{{environment_name}}"): "actions=read",
    ("GET", f"{R}/environments/{{environment_name}}/secrets"): "environments=read",
    ("GET", f"{R}/environments/{{environment_name}}/deployment-branch-policies"): "actions=read",
    ("GET", f"{R}/deployments"): "deployments=read",
    ("GET", f"{R}/deployments/{{deployment_id}}/statuses"): "deployments=read",
    ("GET", f"{R}/contents/{{path}}"): "contents=read",
    ("GET", f"{R}/git/trees/{{tree_sha}}"): "contents=read",
    ("GET", f"{R}/git/commits/{{commit_sha}}"): "contents=read",
}
"""Route to the permission of a fine-grained token, as *Permissions required for fine-grained tokens* lists them."""


def admit(request: Request, tokens: dict[str, Token], repo: Repo, now: datetime) -> Token:
    """Whose request it is; refuses as GitHub does."""
    if not request.token:
        raise Refusal(refused(401, "Requires authentication"))
    token = tokens.get(request.token)
    if token is None or token.expired or (token.expires is not None and token.expires <= now):
        raise Refusal(refused(401, "Bad credentials"))
    needed = NEEDS[request.method, request.route]
    if not needed:
        return token
    if token.sso:
        words = (
            "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to"
        )
        raise Refusal(refused(403, f"{words} this organization.", X_GitHub_SSO=f"required; url={token.sso}"))
    permission, level = needed.split("=")
    if token.may(permission, level) or (permission == "metadata" and token.permissions):
        return token
    if token.scopes or (repo.private and not token.permissions):
        raise missing()
    raise Refusal(
        refused(403, "Resource not accessible by personal access token", X_Accepted_GitHub_Permissions=needed)
    )


def token_headers(token: Token, request: Request) -> dict[str, str]:
    """What every answer says of the token."""
    headers: dict[str, str] = {}
    if token.scopes:
        headers |= {"X-OAuth-Scopes": token.scopes, "X-Accepted-OAuth-Scopes": "repo"}
    elif NEEDS[request.method, request.route]:
        headers["X-Accepted-GitHub-Permissions"] = NEEDS[request.method, request.route]
    if token.expires is not None:
        headers["GitHub-Authentication-Token-Expiration"] = token.expires.strftime("%Y-%m-%d %H:%M:%S UTC")
    return headers


def count(world: World) -> None:
    """One request less in this hour; refused where none is left."""
    world.remaining -= 1
    if world.remaining < 0:
        raise Refusal(refused(403, "API rate limit exceeded for user ID 1001."))
