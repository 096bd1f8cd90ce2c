"""What is only read: the repository and all that lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.github.fake import git, shapes, shapes_runs
from tests.github.fake.answers import Answer, Request, missing, told
from tests.github.fake.paging import page

if TYPE_CHECKING:
    from tests.github.fake.server import FakeGithub

Parts = dict[str, str]


def own_user(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """Whose token it is."""
    return told(shapes.own_user(github.asker(request), github.url))


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


def workflows(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """All workflows of the default branch."""
    found = []
    for path in sorted(github.repo.tree(github.repo.default_branch)):
        file = path.removeprefix(".github/workflows/")
        if file != path and "/" not in file and (text := github.repo.workflow_text(file)):
            found.append(shapes_runs.workflow(github.repo, file, text, github.url))
    return page(github, request, found, "workflows")


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
    """A folder by its own hash or the commit whose root it is; all that is below it with `recursive`."""
    root, files = _folder(github, parts["tree_sha"])
    base = f"{github.url}/repos/{github.repo.name}/git"
    hashes = git.trees(files)
    entries: dict[str, shapes.Json] = {
        path: {"path": path, "mode": "040000", "type": "tree", "sha": sha, "url": f"{base}/trees/{sha}"}
        for path, sha in hashes.items()
        if path
    }
    for path, data in files.items():
        sha = git.blob(data)
        entries[path] = {"path": path, "mode": "100644", "type": "blob", "sha": sha, "url": f"{base}/blobs/{sha}"}
        entries[path] |= {"size": len(data)}
    found = [entry for path, entry in sorted(entries.items()) if request.query.get("recursive") or "/" not in path]
    cut, limit = len(found) > github.tree_limit, github.tree_limit
    return told({"sha": root, "url": f"{base}/trees/{root}", "tree": found[:limit], "truncated": cut})


def git_commit(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """A commit that was pushed; 404 where it was not."""
    sha = github.repo.resolve(parts["commit_sha"])
    if sha is None:
        raise missing()
    return told(shapes.git_commit(github.repo, sha, github.url))


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


def environment_branches(github: FakeGithub, request: Request, parts: Parts) -> Answer:
    """The branches that may deploy to an environment, by name or pattern."""
    found = github.repo.environment(parts["environment_name"])
    if found is None:
        raise missing()
    named = [name for name in found.branches if name != "protected"]
    policies = [{"id": at, "node_id": f"BP_{at}", "name": name, "type": "branch"} for at, name in enumerate(named, 1)]
    return page(github, request, policies, "branch_policies")


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


def _folder(github: FakeGithub, sha: str) -> tuple[str, dict[str, bytes]]:
    """The folder's hash and its files, looked for below every branch."""
    for ref in (sha, *github.repo.heads):
        files = github.repo.tree(ref)
        hashes = git.trees(files)
        if ref == sha and files:
            return hashes[""], files
        for path, found in hashes.items():
            if found == sha:
                inside = path + "/" if path else ""
                return sha, {name.removeprefix(inside): data for name, data in files.items() if name.startswith(inside)}
    raise missing()
