"""GitHub's published description, and Prism that serves it: one for all workers of the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client
from tests.github import prism
from tests.github.fake import TOKEN
from tests.github.fake.server import FakeGithub
from tests.github.fake.shop import migration, shop
from tests.github.packages import node_modules, published
from tests.npm import locked


@pytest.fixture(scope="session")
def github_packages() -> Path:
    """The `node_modules` with the description and Prism, in the user's cache, by their versions."""
    return node_modules()


@pytest.fixture(scope="session")
def github_description() -> dict[str, Any]:
    """The description, cut down to our table of requests."""
    return published()


@pytest.fixture(scope="session")
def prism_url(github_packages: Path, github_description: dict[str, Any], session_folder: Path) -> Iterator[str]:
    """Prism's address. The first worker starts it, the last one that goes stops it."""
    folder = session_folder / "prism"
    with locked(session_folder / "prism.lock"):
        prism.join(folder, github_packages / ".bin" / "prism", github_description)
    try:
        yield (folder / "url").read_text()
    finally:
        with locked(session_folder / "prism.lock"):
            prism.leave(folder)


@pytest.fixture
def github() -> Iterator[FakeGithub]:
    """A GitHub with `dixis/shop`, whose runs go through the steps of *Production Migration*."""
    with FakeGithub(shop()) as standing:
        standing.script = migration()
        yield standing


@pytest.fixture
def client(github: FakeGithub) -> Iterator[Client]:
    """The program's own client, which does not wait between its tries."""
    with Client(TOKEN, github.url, pause_seconds=0) as client:
        yield client


@pytest.fixture
def repository(client: Client) -> Repository:
    """What the program asks."""
    return Repository(client, "dixis/shop")
