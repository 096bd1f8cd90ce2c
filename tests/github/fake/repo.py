"""What a GitHub holds before anything runs: a repository, its users and their tokens, secrets, environments."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

BIRTH = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
"""When everything was made that says nothing else."""
SHA = "5f2c9a41d7e0b3862c1f4a9d8e7b60543210fedc"
"""The one commit of a repository that no git stands behind."""
_ROOMS = ("actions", "administration", "contents", "deployments", "environments", "metadata", "secrets")
ALL = dict.fromkeys(_ROOMS, "write")


@dataclass
class User:
    """Somebody with an account; teams are by `slug`."""

    login: str
    id: int = 0
    teams: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.id = self.id or 1000 + sum(self.login.encode())


@dataclass
class Token:
    """A token: whose, and what it may. `scopes` makes it a classic one, which has no permissions of its own.

    `permissions` are as in a fine-grained token's page: `{"actions": "write"}`. `expired` answers 401,
    `sso` is the address where a classic token must be authorized first (403).
    """

    user: User
    permissions: dict[str, str] = field(default_factory=lambda: dict(ALL))
    scopes: str = ""
    expired: bool = False
    expires: datetime | None = None
    sso: str = ""

    def may(self, permission: str, level: str) -> bool:
        """Whether it has `permission` to at least `level` (`read` or `write`)."""
        if self.scopes:
            return "repo" in self.scopes.split(", ") or level == "none"
        return self.permissions.get(permission, "") in ({"read", "write"} if level == "read" else {level})


@dataclass
class Secret:
    """A secret by name. No API tells a value; `value` is what was sealed for it, as a workflow would get it."""

    name: str
    updated: datetime = BIRTH
    value: str = field(default="", repr=False)


@dataclass
class Environment:
    """A deployment environment: `reviewers` are logins, and teams as `team:SLUG`; any one of them is enough."""

    name: str
    reviewers: tuple[str, ...] = ()
    wait_minutes: int = 0
    no_self_review: bool = False
    branches: tuple[str, ...] = ()
    """Names or patterns that may deploy; empty: any; `("protected",)`: only protected branches."""
    secrets: list[Secret] = field(default_factory=list)
    id: int = 0

    def __post_init__(self) -> None:
        self.id = self.id or 7_000_000 + sum(self.name.encode())


@dataclass
class Repo:
    """A repository. Its files are `files`, over those of `checkout` (a git work tree) at each commit.

    `heads` says where each branch stands *on GitHub*: a commit of the checkout that no head reaches is not pushed.
    """

    name: str = "dixis/shop"
    heads: dict[str, str] = field(default_factory=lambda: {"main": SHA})
    files: dict[str, bytes] = field(default_factory=dict)
    checkout: Path | None = None
    private: bool = True
    default_branch: str = "main"
    protected: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Branch to what its classic protection says: `{"lock_branch": True}`."""
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Branch to the rules of its rulesets: `[{"type": "update"}]`."""
    secrets: list[Secret] = field(default_factory=lambda: [Secret("DATABASE_URL_PROD")])
    organization_secrets: list[Secret] = field(default_factory=list)
    environments: list[Environment] = field(default_factory=list)
    disabled: dict[str, str] = field(default_factory=dict)
    """Workflow file to its state: `{"prod-migration.yml": "disabled_manually"}`."""
    deployments: list[dict[str, Any]] = field(default_factory=list)
    """Deployments of others: `{"environment": "production", "state": "in_progress", "creator": "nikos"}`."""

    _read: dict[str, dict[str, bytes]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, checkout: Path, name: str = "dixis/shop", **more: Any) -> Repo:
        """What is committed in `checkout`, its branch pushed as it stands."""
        repo = cls(name=name, checkout=checkout, heads={}, **more)
        repo.push()
        return repo

    @classmethod
    def of_folder(cls, folder: Path, under: str = "", name: str = "dixis/shop", **more: Any) -> Repo:
        """The files of `folder`, which no git stands behind, as one commit; `under` is put before their paths."""
        found = (path for path in sorted(folder.rglob("*")) if path.is_file() and "node_modules" not in path.parts)
        return cls(name=name, files={under + str(p.relative_to(folder)): p.read_bytes() for p in found}, **more)

    def workflow(self, file: str, text: str) -> None:
        """Put a workflow file on every branch."""
        self.files[f".github/workflows/{file}"] = text.encode()

    def push(self, branch: str = "main") -> str:
        """The checkout's HEAD becomes `branch` on GitHub; its hash."""
        self.heads[branch] = self._git("rev-parse", "HEAD").decode().strip()
        return self.heads[branch]

    def resolve(self, ref: str) -> str | None:
        """The commit that `ref` (branch, or commit that was pushed) names."""
        short = ref.removeprefix("refs/heads/")
        if short in self.heads:
            return self.heads[short]
        if ref in self.heads.values():
            return ref
        if self.checkout is None or not re.fullmatch("[0-9a-f]{40}", ref):
            return None
        reached = (self._is_ancestor(ref, head) for head in self.heads.values())
        return ref if any(reached) else None

    def tree(self, ref: str) -> dict[str, bytes]:
        """Every file at `ref` by its path; empty where there is no such commit."""
        sha = self.resolve(ref)
        if sha is None:
            return {}
        return (self._committed(sha) if self.checkout else {}) | self.files

    def workflow_text(self, file: str, ref: str = "") -> dict[str, Any] | None:
        """The parsed workflow file at `ref`; None where there is none."""
        raw = self.tree(ref or self.default_branch).get(f".github/workflows/{file}")
        if raw is None:
            return None
        return _parsed(raw)

    def environment(self, name: str) -> Environment | None:
        """The environment of that name; they are the same in any case."""
        return next((one for one in self.environments if one.name.lower() == name.lower()), None)

    def _committed(self, sha: str) -> dict[str, bytes]:
        if sha not in self._read:
            self._read[sha] = self._from_git(sha)
        return self._read[sha]

    def _from_git(self, sha: str) -> dict[str, bytes]:
        names = [line for line in self._git("ls-tree", "-r", "-z", "--name-only", sha).decode().split("\0") if line]
        asked = "".join(f"{sha}:{name}\n" for name in names).encode()
        told = self._git("cat-file", "--batch", given=asked)
        files, at = {}, 0
        for name in names:
            end = told.index(b"\n", at)
            size = int(told[at:end].split()[-1])
            files[name] = told[end + 1 : end + 1 + size]
            at = end + size + 2
        return files

    def _is_ancestor(self, sha: str, head: str) -> bool:
        done = subprocess.run(
            ["git", "-C", str(self.checkout), "merge-base", "--is-ancestor", sha, head], capture_output=True
        )
        return done.returncode == 0

    def _git(self, *words: str, given: bytes | None = None) -> bytes:
        return subprocess.run(
            ["git", "-C", str(self.checkout), *words], input=given, capture_output=True, check=True
        ).stdout


@cache
def _parsed(raw: bytes) -> dict[str, Any]:
    found = yaml.safe_load(raw)
    if True in found:  # YAML 1.1 reads `on` as a boolean; GitHub does not
        found["on"] = found.pop(True)
    return dict(found)
