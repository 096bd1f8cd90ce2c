"""`dixis-tui github init`: the diff first, what is somebody's own left alone, nothing outside of the repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dixis_tui.cli import main
from dixis_tui.cli.exits import Exit
from tests.workflows.conftest import Repository, write_project

FILES = ("migration-clinic.yml", "prod-migration.yml", "staging-migration.yml")
Said = pytest.CaptureFixture[str]


@pytest.fixture
def shop(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A project in a subdirectory, without dixis.toml; the current folder is deep in it."""
    (repository.root / "web").mkdir()
    write_project(repository.root / "web")
    monkeypatch.chdir(repository.root / "web" / "prisma" / "migrations")
    return repository


def init(*words: str) -> int:
    return main.run(["github", "init", *words])


def written(repository: Repository) -> list[str]:
    folder = repository.root / ".github" / "workflows"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_the_diff_comes_first_and_git_takes_it(shop: Repository, capsys: Said) -> None:
    """Nothing is written without --write; what would be is on stdout alone, as a patch."""
    assert init() == Exit.DONE
    told = capsys.readouterr()
    assert "Nothing was written: --write changes 3 files." in told.err
    assert written(shop) == []
    subprocess.run(["git", "apply", "-"], cwd=shop.root, input=told.out, text=True, check=True)
    assert written(shop) == sorted(FILES)
    assert init() == Exit.DONE, "a patch is as good as --write"
    assert "Nothing to change" in capsys.readouterr().err


def test_written_once_it_is_kept_up_to_date(shop: Repository, capsys: Said) -> None:
    assert init("--write") == Exit.DONE
    assert "3 files written" in capsys.readouterr().err
    assert written(shop) == sorted(FILES), "and no half file is left"
    assert shop.workflow("prod-migration.yml").stat().st_mode & 0o444, "for others of the repository too"
    # Checked out on Windows it is still ours.
    clinic = shop.workflow("migration-clinic.yml")
    clinic.write_bytes(clinic.read_bytes().replace(b"\n", b"\r\n"))
    assert init() == Exit.DONE
    assert "Nothing to change" in capsys.readouterr().err
    (shop.root / "dixis.toml").write_text('[prisma]\ndirectory = "web"\n[confirm]\nphrase = "ΝΑΙ-ΤΩΡΑ"\n')
    assert init("--write") == Exit.DONE
    told = capsys.readouterr()
    assert '-          PHRASE: DIXIS-PROD-OK\n+          PHRASE: "ΝΑΙ-ΤΩΡΑ"\n' in told.out
    assert "1 file written" in told.err
    assert "ΝΑΙ-ΤΩΡΑ" in shop.workflow("prod-migration.yml").read_text("utf-8")


def test_what_is_somebodys_own_is_left_alone(shop: Repository, capsys: Said) -> None:
    assert init("--write") == Exit.DONE
    own, changed = shop.workflow("staging-migration.yml"), shop.workflow("prod-migration.yml")
    own.write_text("name: \x1b[31mΔική μας")
    changed.write_text(changed.read_text("utf-8").replace("timeout-minutes: 360", "timeout-minutes: 90"), "utf-8")
    before = own.read_bytes(), changed.read_bytes()
    capsys.readouterr()
    assert init("--write") == Exit.DONE
    told = capsys.readouterr()
    assert told.out == ""
    assert "Left alone: .github/workflows/staging-migration.yml: it was not written by this command" in told.err
    assert "Left alone: .github/workflows/prod-migration.yml: it was changed by hand since" in told.err
    assert (own.read_bytes(), changed.read_bytes()) == before
    assert init("--force") == Exit.DONE
    told = capsys.readouterr()
    assert "-name: Δική μας\n\\ No newline at end of file\n" in told.out, "without its escapes"
    assert "-    timeout-minutes: 90\n" in told.out
    assert (own.read_bytes(), changed.read_bytes()) == before, "force alone writes nothing either"
    assert init("--force", "--write") == Exit.DONE
    assert init() == Exit.DONE
    assert "Nothing to change" in capsys.readouterr().err


@pytest.mark.parametrize("link", [".github", ".github/workflows", ".github/workflows/prod-migration.yml"])
def test_no_link_is_followed(shop: Repository, tmp_path: Path, capsys: Said, link: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (shop.root / link).parent.mkdir(parents=True, exist_ok=True)
    (shop.root / link).symlink_to(outside / "file" if link.endswith(".yml") else outside)
    assert init("--write", "--force") == Exit.USAGE
    assert f"{link} is a symbolic link" in capsys.readouterr().err
    assert list(outside.iterdir()) == []


def test_a_folder_or_a_file_in_the_way_is_told(shop: Repository, capsys: Said) -> None:
    (shop.root / ".github").write_text("")
    assert init("--write") == Exit.USAGE
    assert ".github is not a folder" in capsys.readouterr().err
    (shop.root / ".github").unlink()
    shop.workflow("prod-migration.yml").mkdir(parents=True)
    assert init("--write") == Exit.USAGE
    assert "prod-migration.yml can't be read: Is a directory" in capsys.readouterr().err


def test_the_remotes_other_branch_is_told(shop: Repository, capsys: Said) -> None:
    shop.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/master")
    assert init() == Exit.DONE
    assert "default branch is master, and github.branch is main" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--directory", "/proc/1"), "is in no git repository"),
        (("--directory", "/nowhere"), "is not a folder"),
        (("--pg-version", "fifteen"), "is no major of PostgreSQL"),
    ],
)
def test_what_is_wrong_is_one_sentence(shop: Repository, capsys: Said, words: tuple[str, ...], said: str) -> None:
    assert init(*words) == Exit.USAGE
    assert said in capsys.readouterr().err


def test_no_project_is_told(repository: Repository, capsys: Said) -> None:
    assert init("--directory", str(repository.root)) == Exit.ERROR
    assert "has no package.json" in capsys.readouterr().err
