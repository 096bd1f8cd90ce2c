"""What git says of a checkout, in real ones: what was changed, what is hidden, what its files are to git."""

from __future__ import annotations

import os
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dixis_tui.prisma import checkout
from dixis_tui.prisma.checkout import Checkout, blob_hash

FIRST, SECOND = "20260101000000_farms", "20260102000000_region"
Git = Callable[..., str]


def git_in(folder: Path) -> Git:
    def git(*words: str) -> str:
        identity = ("-c", "user.name=Ελένη", "-c", "user.email=e@dixis.example", "-c", "protocol.file.allow=always")
        return subprocess.run(
            ["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True
        ).stdout.strip()

    return git


@pytest.fixture(autouse=True)
def no_settings_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository whose project is in `apps/shop`."""
    return make(tmp_path / "repo")


def make(folder: Path) -> Path:
    project = folder / "apps" / "shop"
    for name in (FIRST, SECOND):
        file = project / "prisma" / "migrations" / name / "migration.sql"
        file.parent.mkdir(parents=True)
        file.write_text(f"-- {name}\nSELECT 1;\n")
    (project / "prisma" / "migrations" / "migration_lock.toml").write_text('provider = "postgresql"\n')
    (project / "prisma" / "schema.prisma").write_text("datasource db {}\n")
    (project / "package.json").write_text("{}\n")
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "prod.yml").write_text("on: push\n")
    (folder / "README.md").write_text("Dixis\n")
    git = git_in(folder)
    git("init", "-qb", "main")
    git("add", "-A")
    git("commit", "-qm", "All of it")
    return folder


def look(root: Path) -> Checkout:
    project = root / "apps" / "shop"
    return checkout.look(project, project / "prisma" / "migrations", [project / "prisma" / "schema.prisma"])


def migration(root: Path, name: str = FIRST) -> Path:
    return root / "apps" / "shop" / "prisma" / "migrations" / name / "migration.sql"


def test_a_clean_checkout(root: Path) -> None:
    seen, git = look(root), git_in(root)
    assert (seen.problem, seen.commit, seen.branch) == ("", git("rev-parse", "HEAD"), "main")
    assert (seen.upstream, seen.shallow, seen.submodule_of) == ("", False, "")
    assert seen.folder == "apps/shop/prisma/migrations"
    assert (seen.changed, seen.hidden) == ((), ())
    assert len(seen.migrations) == 3
    for path, file in seen.migrations.items():
        assert file.stored == file.exact == git("rev-parse", f"HEAD:{path}")


def test_what_was_changed_and_matters(root: Path) -> None:
    migration(root).write_text("SELECT 2;\n")
    (root / ".github" / "workflows" / "prod.yml").unlink()
    (root / "apps" / "shop" / "package.json").write_text('{"x": 1}\n')
    git_in(root)("add", "apps/shop/package.json")
    added = migration(root, "20260103000000_new")
    added.parent.mkdir()
    added.write_text("SELECT 3;\n")
    (root / "README.md").write_text("another part of the repository\n")
    (root / "apps" / "shop" / "notes.txt").write_text("mine\n")
    seen = look(root)
    folder = "apps/shop/prisma/migrations"
    assert seen.changed == (
        ".github/workflows/prod.yml",
        "apps/shop/package.json",
        f"{folder}/{FIRST}/migration.sql",
        f"{folder}/20260103000000_new/migration.sql",
    )
    assert seen.migrations[f"{folder}/{FIRST}/migration.sql"].stored == blob_hash(migration(root))
    assert seen.migrations[f"{folder}/20260103000000_new/migration.sql"].stored == blob_hash(added)


def test_a_look_leaves_the_checkout_as_it_is(root: Path) -> None:
    migration(root).touch()  # a status that may write would note that in the index
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    look(root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_was_told_not_to_look_at(root: Path, flag: str) -> None:
    git_in(root)("update-index", flag, str(migration(root)))
    migration(root).write_text("DROP TABLE x;\n")
    seen = look(root)
    path = f"apps/shop/prisma/migrations/{FIRST}/migration.sql"
    assert (seen.changed, seen.hidden) == ((), (path,))
    assert seen.migrations[path].stored == blob_hash(migration(root))


def test_line_endings_that_git_converts_are_told_from_changes(root: Path) -> None:
    git = git_in(root)
    git("config", "core.autocrlf", "true")
    migration(root).unlink()
    git("checkout", "--", ".")
    assert b"\r\n" in migration(root).read_bytes()
    seen = look(root)
    path = f"apps/shop/prisma/migrations/{FIRST}/migration.sql"
    assert seen.changed == ()
    assert seen.migrations[path].stored == git("rev-parse", f"HEAD:{path}") != seen.migrations[path].exact
    migration(root).write_bytes(b"-- changed too\r\n")
    assert look(root).migrations[path].stored == git("hash-object", path)


def test_a_file_that_was_committed_with_its_carriage_returns(root: Path) -> None:
    git = git_in(root)
    migration(root).write_bytes(b"SELECT 1;\r\n")
    git("commit", "-qam", "CRLF")
    git("config", "core.autocrlf", "true")
    path = f"apps/shop/prisma/migrations/{FIRST}/migration.sql"
    assert look(root).migrations[path].stored == git("rev-parse", f"HEAD:{path}") == blob_hash(migration(root))


def test_a_detached_head_and_a_branch_with_an_upstream(root: Path, tmp_path: Path) -> None:
    git_in(root)("checkout", "-q", "--detach")
    assert look(root).branch == ""
    git_in(tmp_path)("clone", "-q", "--depth", "1", "-b", "main", f"file://{root}", "copy")
    seen = look(tmp_path / "copy")
    assert (seen.branch, seen.upstream, seen.shallow) == ("main", "origin/main", True)


def test_before_the_first_commit(tmp_path: Path) -> None:
    root = make(tmp_path / "made")
    git_in(root)("update-ref", "-d", "HEAD")
    seen = look(root)
    assert (seen.problem, seen.commit, seen.branch) == ("", "", "main")


def test_a_project_in_a_submodule(root: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    git = git_in(outer)
    git("init", "-q")
    git("submodule", "add", "-q", str(root), "inner")
    seen = look(outer / "inner")
    assert (seen.submodule_of, seen.folder) == ("outer", "apps/shop/prisma/migrations")


def test_migrations_in_a_repository_of_their_own(root: Path) -> None:
    git_in(root / "apps" / "shop" / "prisma" / "migrations")("init", "-q")
    assert "another git repository" in look(root).problem


def test_hostile_names(root: Path) -> None:
    for name in ("-n", ":(top)x", "a\nb\tc", "*", "ελιά", '"quoted"'):
        file = migration(root, name)
        file.parent.mkdir()
        file.write_text("SELECT 4;\n")
    odd = Path(os.fsdecode(os.fsencode(migration(root, "x").parent.parent) + b"/\xff\xfe"))
    odd.mkdir()
    (odd / "migration.sql").write_text("SELECT 5;\n")
    seen = look(root)
    assert (len(seen.changed), len(seen.migrations)) == (7, 10)
    assert all(file.stored == file.exact for file in seen.migrations.values())


def test_no_repository_and_no_git(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = tmp_path / "bare" / "prisma" / "migrations"
    bare.mkdir(parents=True)
    assert "is in no git repository" in checkout.look(tmp_path / "bare", bare).problem
    monkeypatch.setenv("PATH", str(tmp_path))
    seen = look(root)
    assert seen.problem == "git can't be started: No such file or directory"
    assert seen.remedy == "Install git."


def test_a_git_that_hangs_is_ended_with_its_children(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nsleep 3600 &\nwait\n")
    fake.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(checkout, "_SECONDS", 0.2)
    assert look(root).problem == "git had no answer after 0.2 s"


def test_a_git_that_refuses_says_why(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = tmp_path / "bin" / "git"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 'fatal: detected \033[31mdubious ownership' >&2\nexit 128\n")
    fake.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{fake.parent}:{os.environ['PATH']}")
    assert look(root).problem == "git rev-parse ended with 128: detected dubious ownership"
