"""Secrets that are given to GitHub: sealed here, opened there, and nowhere else to be read."""

from __future__ import annotations

import base64

import pytest

from dixis_tui.errors import GithubError
from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client
from dixis_tui.web.github.sealing import sealed
from tests.github.fake import TOKEN, Environment, FakeGithub, Secret, Token

URL = "postgresql://shop:ν%C3%A9o-secret@db.example:5432/shop"


def test_a_secret_is_opened_by_github_alone(github: FakeGithub, repository: Repository) -> None:
    before = github.repo.secrets[0].updated
    repository.put_secret("DATABASE_URL_PROD", URL)
    assert github.repo.secrets[0].value == URL
    assert github.repo.secrets[0].updated > before
    assert next(iter(repository.secrets())).updated == github.repo.secrets[0].updated.replace(microsecond=0)
    sent = [request for request in github.requests if request.method == "PUT"]
    assert len(sent) == 1
    assert "secret" not in str(sent[0].body)
    repository.put_secret("NEW_ONE", URL)
    assert github.repo.secrets[-1].value == URL


def test_an_environment_s_secret_is_its_own(github: FakeGithub, repository: Repository) -> None:
    github.repo.environments = [Environment("production", secrets=[Secret("DATABASE_URL_PROD")])]
    repository.put_secret("DATABASE_URL_PROD", URL, "production")
    assert github.repo.environments[0].secrets[0].value == URL
    assert github.repo.secrets[0].value == ""
    with pytest.raises(GithubError) as caught:
        repository.put_secret("DATABASE_URL_PROD", URL, "staging")
    assert caught.value.kind in ("missing", "rights")


def test_a_token_that_may_only_read_is_told_what_it_lacks(github: FakeGithub) -> None:
    github.tokens[TOKEN] = Token(github.user_of("maria"), permissions={"secrets": "read"})
    with Client(TOKEN, github.url, pause_seconds=0) as client, pytest.raises(GithubError) as caught:
        Repository(client, "dixis/shop").put_secret("DATABASE_URL_PROD", URL)
    assert caught.value.kind == "rights"
    assert "Secrets: write" in caught.value.permission
    assert not caught.value.taken
    assert github.repo.secrets[0].value == ""


def test_each_seal_is_another_and_a_key_that_is_none_is_said() -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    assert sealed(URL, key) != sealed(URL, key)
    for wrong in ("", "not base64!", base64.b64encode(b"short").decode()):
        with pytest.raises(GithubError, match="a key that nothing can be sealed with"):
            sealed(URL, wrong)
