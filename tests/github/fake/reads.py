"""What is only read: the repository and all that lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.github.fake import shapes, shapes_runs
from tests.github.fake.answers import Answer, Request, missing, told
from tests.github.fake.paging import page

if TYPE_CHECKING:
    from tests.github.fake.server import FakeGithub

Parts = dict[str, str]


def own_user(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Whose token it is."""
    return told(shapes.own_user(github.asker(request), github.url))


def rate_limit(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """What is left of the hour."""
    rate = github.rate()
    return told({"resources": {"core": rate, "search": rate}, "rate": rate}, X_RateLimit_Used=str(rate["used"]))


def repository(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """The repository."""
    return told(shapes.repository(github.repo, github.url))


def branch(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Where a branch stands."""
    _has_branch(github, parts["branch"])
    return told(shapes.branch(github.repo, parts["branch"], github.url))


def protection(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Classic protection; 404 where it has none."""
    _has_branch(github, parts["branch"])
    if parts["branch"] not in github.repo.protected:
        raise missing()
    return told(shapes.protection(github.repo, parts["branch"], github.url))


def rules(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """The rules of rulesets that hold for a branch."""
    found = github.repo.rules.get(parts["branch"], [])
    whence = {"ruleset_source_type": "Repository", "ruleset_source": github.repo.name, "ruleset_id": 42}
    return page(github, request, [whence | rule for rule in found])


def workflow(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """One workflow, by file name or number."""
    file = github.workflow_file(parts["workflow_id"])
    text = github.repo.workflow_text(file)
    if text is None:
        raise missing()
    return told(shapes_runs.workflow(github.repo, file, text, github.url))


def content(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """A file at a ref."""
    ref = request.query.get("ref") or github.repo.default_branch
    data = github.repo.tree(ref).get(parts["path"])
    if data is None:
        raise missing()
    return told(shapes.content(github.repo, parts["path"], ref, data, github.url))


def tree(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Everything under a commit, with its folders, as `recursive=1` tells it."""
    files = github.repo.tree(parts["tree_sha"])
    if not files:
        raise missing()
    base = f"{github.url}/repos/{github.repo.name}/git"
    entries: dict[str, dict[str, Any]] = {}
    for path, data in sorted(files.items()):
        for at in (i for i, letter in enumerate(path) if letter == "/"):
            folder = path[:at]
            sha = shapes.blob(folder.encode())
            entries[folder] = {
                "path": folder,
                "mode": "040000",
                "type": "tree",
                "sha": sha,
                "url": f"{base}/trees/{sha}",
            }
        sha = shapes.blob(data)
        entries[path] = {
            "path": path,
            "mode": "100644",
            "type": "blob",
            "sha": sha,
            "size": len(data),
            "url": f"{base}/blobs/{sha}",
        }
    found = [entry for path, entry in sorted(entries.items()) if request.query.get("recursive") or "/" not in path]
    sha = shapes.tree_sha(github.repo, parts["tree_sha"])
    return told(
        {
            "sha": sha,
            "url": f"{base}/trees/{sha}",
            "tree": found[: github.tree_limit],
            "truncated": len(found) > github.tree_limit,
        }
    )


def commit(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """A commit that was pushed."""
    sha = github.repo.resolve(parts["ref"])
    if sha is None:
        words = f"No commit found for SHA: {parts['ref']}"
        return told({"message": words, "documentation_url": "https://docs.github.com/rest", "status": "422"}, 422)
    return told(shapes.commit(github.repo, sha, github.url))


def secrets(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """The repository's secrets by name."""
    return page(github, request, [shapes.secret(one) for one in github.repo.secrets], "secrets")


def organization_secrets(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """The organization's secrets that this repository may use."""
    return page(github, request, [shapes.secret(one) for one in github.repo.organization_secrets], "secrets")


def environment(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """A deployment environment."""
    found = github.repo.environment(parts["environment_name"])
    if found is None:
        raise missing()
    return told(shapes.environment(github.repo, found, github.url, github.users))


def environment_secrets(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """The secrets of an environment."""
    found = github.repo.environment(parts["environment_name"])
    if found is None:
        raise missing()
    return page(github, request, [shapes.secret(one) for one in found.secrets], "secrets")


def deployments(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Deployments, newest first; open ones and those that are over."""
    wanted = request.query.get("environment", "")
    found = [one for one in github.deployments() if wanted in {"", one["environment"]}]
    return page(github, request, [shapes_runs.deployment(github.repo, one, github.url) for one in found])


def statuses(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """What was said of a deployment; GitHub's newest first, here the newest alone."""
    found = [one for one in github.deployments() if str(one["id"]) == parts["deployment_id"]]
    if not found:
        raise missing()
    return page(github, request, [shapes_runs.status(github.repo, one, github.url) for one in found])


def _has_branch(github: FakeGithub, name: str) -> None:
    if name not in github.repo.heads:
        raise missing()
