"""Where the token for GitHub comes from, and that it is shown nowhere."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.cli import gh
from dixis_tui.cli.options import with_token
from dixis_tui.run import __main__ as main
from dixis_tui.run.spawn import Handover
from dixis_tui.secrets import MASK, Redactor
from dixis_tui.settings import Settings, token_in
from dixis_tui.settings_github import GithubSettings

NAMED = Settings(github=GithubSettings(repository="dixis/shop"))
OURS = "ghp_0123456789abcdef"


@pytest.fixture
def gh_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `gh` that notes how it was called, and says what stands in the file."""
    told = tmp_path / "said"
    told.write_text(f"{OURS}\n")
    program = tmp_path / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nenv > {tmp_path}/environment\ncat {told}\n')
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("DATABASE_URL", "postgresql://a:geheim@b/c")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/eleni/.config")
    monkeypatch.delenv("GITHUB_API_URL", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"GITHUB_TOKEN": OURS, "GH_TOKEN": "another-token"}, "GITHUB_TOKEN"),
        ({"GITHUB_TOKEN": " \n", "GH_TOKEN": f"{OURS}\n"}, "GH_TOKEN"),
        ({"GITHUB_TOKEN": "abc", "gh": OURS}, "gh"),
    ],
)
def test_the_first_that_is_a_token(given: dict[str, str], source: str) -> None:
    assert token_in(given) == (OURS, source)
    assert token_in({}) == token_in({"GH_TOKEN": "short"}) == ("", "")


def test_gh_is_asked_for_the_host_and_sees_no_secret(gh_says: Path) -> None:
    assert with_token({}, NAMED) == {"gh": OURS}
    assert (gh_says / "asked").read_text() == "auth token --hostname github.com\n"
    environment = (gh_says / "environment").read_text()
    assert "geheim" not in environment
    assert "XDG_CONFIG_HOME=/home/eleni/.config" in environment
    enterprise = replace(NAMED, github=replace(NAMED.github, api_url="https://git.dixis.example/api/v3"))
    with_token({}, enterprise)
    assert (gh_says / "asked").read_text() == "auth token --hostname git.dixis.example\n"


def test_gh_is_not_asked_where_it_is_not_needed(gh_says: Path) -> None:
    assert with_token({"GH_TOKEN": OURS}, NAMED) == {"GH_TOKEN": OURS}
    assert with_token({}, Settings()) == {}
    assert not (gh_says / "asked").exists()


@pytest.mark.parametrize(
    "words", ["", "no token for github.com\n", "tiny\n", "two\nlines_of_it\n", "ελληνικά_γράμματα\n"]
)
def test_what_is_no_token_is_not_taken(gh_says: Path, words: str) -> None:
    (gh_says / "said").write_text(words)
    assert with_token({}, NAMED) == {}


def test_a_gh_that_fails_hangs_or_is_not_there(gh_says: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = gh_says / "bin" / "gh"
    program.write_text(f"#!/bin/sh\necho {OURS}\nexit 1\n")
    assert gh.token("github.com") == ""
    program.write_text(f"#!/bin/sh\necho {OURS}\nsleep 3600\n")
    monkeypatch.setattr(gh, "_SECONDS", 0.2)
    assert gh.token("github.com") == ""
    program.unlink()
    monkeypatch.setenv("PATH", str(gh_says))
    assert gh.token("github.com") == ""


@pytest.mark.parametrize("name", ["GITHUB_TOKEN", "GH_TOKEN", "gh"])
def test_every_token_that_was_handed_over_is_masked(name: str, tmp_path: Path) -> None:
    settings = replace(NAMED, root=str(tmp_path))
    handover = Handover(folder=str(tmp_path), settings=settings, secrets={name: f"{OURS}\r\n"}, operator="Ελένη")
    redactor = Redactor(main._known_secrets(handover))
    assert redactor.line(f"Authorization: Bearer {OURS} or {OURS[:4]}") == f"Authorization: Bearer {MASK} or ghp_"
    assert main._started(handover).secrets["GITHUB_TOKEN"] is True
    assert "GITHUB_TOKEN" not in main._started(replace(handover, settings=Settings(root=str(tmp_path)))).secrets
    assert main._started(replace(handover, secrets={name: "short"})).secrets["GITHUB_TOKEN"] is False
