"""A house behind a real sshd, and terminals that reach it over a line."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import built, house
from tests.e2e.house import House
from tests.needs import needs
from tests.ssh.server import SshServer

__all__ = ["built", "house"]


@pytest.fixture(autouse=True)
def _programs() -> None:
    needs("tmux", "sshd", "ssh", "ssh-keygen")


@pytest.fixture
def sshd(house: House) -> Iterator[SshServer]:
    """An sshd whose sessions find the house's state directory."""
    with (
        tempfile.TemporaryDirectory(prefix="sshd-") as folder,
        SshServer(Path(folder), house.environment | {"COLORTERM": "truecolor"}) as server,
    ):
        yield server
