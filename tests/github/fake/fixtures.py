"""Fixtures for whoever wants a GitHub: `github`, whose answers are held to the description as the test ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.github.fake.server import FakeGithub
from tests.github.fake.shop import migration, shop
from tests.github.fake.validate import Described


@pytest.fixture(scope="session")
def described(github_description: dict[str, Any]) -> Described:
    """Holds answers to the published description."""
    return Described(github_description)


@pytest.fixture
def github(described: Described) -> Iterator[FakeGithub]:
    """A GitHub with `dixis/shop`, whose runs go through the steps of *Production Migration*.

    As the test ends, a wrong answer fails it, and so does a token that reached another host.
    """
    with FakeGithub(shop(), validate=described) as standing:
        standing.script = migration()
        yield standing
    standing.check()
