"""Hostile evenings, one a module, since each is a whole run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder of the module's own with a short path: a socket's may not be long."""
    with tempfile.TemporaryDirectory(prefix="dx-") as name:
        yield Path(name)
