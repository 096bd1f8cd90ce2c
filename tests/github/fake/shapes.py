"""GitHub's JSON for what is not a run: users, repositories, branches, commits, environments, secrets."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from tests.github.fake import git
from tests.github.fake.repo import BIRTH, Environment, Repo, Secret, User

Json = dict[str, Any]
_USER = (
    ("followers_url", "/followers"), ("following_url", "/following{/other_user}"), ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"), ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"), ("repos_url", "/repos"), ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
)  # fmt: skip
_REPO = (
    "archive:/{archive_format}{/ref} assignees:{/user} blobs:/git/blobs{/sha} branches:{/branch}"
    " collaborators:{/collaborator} comments:{/number} commits:{/sha} compare:/{base}...{head} contents:/{+path}"
    " contributors: deployments: downloads: events: forks: git_commits:/git/commits{/sha} git_refs:/git/refs{/sha}"
    " git_tags:/git/tags{/sha} hooks: issue_comment:{/number} issue_events:{/number} issues:{/number}"
    " keys:{/key_id} labels:{/name} languages: merges: milestones:{/number}"
    " notifications:{?since,all,participating} pulls:{/number} releases:{/id} stargazers: statuses:/{sha}"
    " subscribers: subscription: tags: teams: trees:/git/trees{/sha}"
)


def when(moment: datetime | None) -> str | None:
    """As GitHub writes a time: UTC, whole seconds."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def user(who: User, api: str) -> Json:
    """A *simple user*."""
    url = f"{api}/users/{who.login}"
    return {
        "login": who.login, "id": who.id, "node_id": f"U_{who.id}", "avatar_url": "https://avatars.example/u/1",
        "gravatar_id": "", "url": url, "html_url": f"https://github.com/{who.login}", "type": "User",
        "site_admin": False,
        **{name: url + path for name, path in _USER},
    }  # fmt: skip


def own_user(who: User, api: str) -> Json:
    """`GET /user`: what is public of whoever asks."""
    return user(who, api) | {
        "name": who.login.title(), "company": None, "blog": "", "location": None, "email": None, "hireable": None,
        "user_view_type": "public",
        "bio": None, "public_repos": 2, "public_gists": 0, "followers": 1, "following": 1,
        "created_at": when(BIRTH), "updated_at": when(BIRTH),
    }  # fmt: skip


def minimal(repo: Repo, api: str) -> Json:
    """A *minimal repository*, as it lies in runs."""
    url, owner = f"{api}/repos/{repo.name}", User(repo.name.split("/")[0])
    links = {}
    for part in _REPO.split():
        name, _, path = part.partition(":")
        links[f"{name}_url"] = url + (path if path.startswith("/git/") else f"/{name.replace('_', '/')}{path}")
    return {
        "id": 400_001, "node_id": "R_400001", "name": repo.name.split("/")[1], "full_name": repo.name,
        "owner": user(owner, api),
        "private": repo.private, "html_url": f"https://github.com/{repo.name}", "description": None, "fork": False,
        "url": url,
        **links,
    }  # fmt: skip


def commit(repo: Repo, sha: str, api: str) -> Json:
    """A commit with its message."""
    url, person = (
        f"{api}/repos/{repo.name}/commits/{sha}",
        {"name": "Maria", "email": "maria@dixis.example", "date": when(BIRTH)},
    )
    tree = git.trees(repo.tree(sha))[""]
    return {
        "url": url, "sha": sha, "node_id": f"C_{sha[:12]}", "html_url": f"https://github.com/{repo.name}/commit/{sha}",
        "comments_url": f"{url}/comments", "author": user(User("maria"), api), "committer": user(User("maria"), api),
        "parents": [],
        "commit": {
            "url": url, "author": person, "committer": person, "message": "Orders have a shipping address",
            "comment_count": 0,
            "tree": {"sha": tree, "url": f"{api}/repos/{repo.name}/git/trees/{tree}"},
        },
    }  # fmt: skip


def git_commit(repo: Repo, sha: str, api: str) -> Json:
    """A commit as git has it."""
    told = commit(repo, sha, api)
    inner = told["commit"]
    verification = {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    return {
        "sha": sha, "node_id": told["node_id"], "url": f"{api}/repos/{repo.name}/git/commits/{sha}",
        "html_url": told["html_url"], "author": inner["author"], "committer": inner["committer"],
        "message": inner["message"], "tree": inner["tree"], "parents": [], "verification": verification,
    }  # fmt: skip


def branch(repo: Repo, name: str, api: str) -> Json:
    """A branch and where it stands."""
    url = f"{api}/repos/{repo.name}/branches/{name}"
    protected = name in repo.protected
    return {
        "name": name, "commit": commit(repo, repo.heads[name], api), "protected": protected,
        "_links": {"self": url, "html": f"https://github.com/{repo.name}/tree/{name}"},
        "protection": {"enabled": protected}, "protection_url": f"{url}/protection",
    }  # fmt: skip


def protection(repo: Repo, name: str, api: str) -> Json:
    """The classic protection of a branch."""
    url = f"{api}/repos/{repo.name}/branches/{name}/protection"
    flags = {key: {"enabled": bool(value)} for key, value in repo.protected[name].items()}
    return {
        "url": url,
        "lock_branch": {"enabled": False},
        "enforce_admins": {"url": f"{url}/enforce_admins", "enabled": False},
    } | flags


def content(repo: Repo, path: str, ref: str, data: bytes, api: str) -> Json:
    """A file with its content in base64, folded as GitHub folds it."""
    url = f"{api}/repos/{repo.name}/contents/{path}?ref={ref}"
    home = f"https://github.com/{repo.name}/blob/{ref}/{path}"
    raw = f"{api}/repos/{repo.name}/git/blobs/{git.blob(data)}"
    return {
        "type": "file", "encoding": "base64", "size": len(data), "name": path.rsplit("/", 1)[-1], "path": path,
        "content": base64.encodebytes(data).decode(), "sha": git.blob(data), "url": url, "git_url": raw,
        "html_url": home,
        "download_url": None, "_links": {"self": url, "git": raw, "html": home},
    }  # fmt: skip


def secret(one: Secret) -> Json:
    """A secret by name."""
    return {"name": one.name, "created_at": when(BIRTH), "updated_at": when(one.updated)}


def environment(repo: Repo, one: Environment, api: str, users: dict[str, User]) -> Json:
    """A deployment environment with what protects it."""
    rules: list[Json] = []
    if one.wait_minutes:
        rules.append({"id": 1, "node_id": "GA_1", "type": "wait_timer", "wait_timer": one.wait_minutes})
    if one.reviewers:
        rules.append({
            "id": 2, "node_id": "GA_2", "type": "required_reviewers", "prevent_self_review": one.no_self_review,
            "reviewers": [reviewer(name, api, users) for name in one.reviewers],
        })  # fmt: skip
    if one.branches:
        rules.append({"id": 3, "node_id": "GA_3", "type": "branch_policy"})
    policy = {
        "protected_branches": one.branches == ("protected",),
        "custom_branch_policies": one.branches != ("protected",),
    }
    return environment_core(repo, one, api) | {
        "created_at": when(BIRTH), "updated_at": when(BIRTH), "protection_rules": rules,
        "deployment_branch_policy": policy if one.branches else None,
    }  # fmt: skip


def environment_core(repo: Repo, one: Environment, api: str) -> Json:
    """What a pending deployment tells of its environment."""
    return {
        "id": one.id, "node_id": f"EN_{one.id}", "name": one.name,
        "url": f"{api}/repos/{repo.name}/environments/{one.name}",
        "html_url": f"https://github.com/{repo.name}/deployments/activity_log?environments_filter={one.name}",
    }  # fmt: skip


def reviewer(name: str, api: str, users: dict[str, User]) -> Json:
    """A user or a team that may approve."""
    if not name.startswith("team:"):
        return {"type": "User", "reviewer": user(users.get(name, User(name)), api)}
    slug = name.removeprefix("team:")
    url = f"{api}/organizations/1/team/1"
    return {
        "type": "Team",
        "reviewer": {
            "id": 1, "node_id": "T_1", "url": url, "members_url": url + "/members{/member}", "name": slug.title(),
            "slug": slug,
            "description": None, "permission": "push", "html_url": f"https://github.com/orgs/dixis/teams/{slug}",
            "repositories_url": url + "/repos", "privacy": "closed", "notification_setting": "notifications_enabled",
            "parent": None,
            "type": "organization",
        },
    }  # fmt: skip
