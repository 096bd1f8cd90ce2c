"""The browser that looks at reports: one for all tests of a session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.browser import Browser


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Chromium without a screen; skips, or fails in CI, where there is none."""
    found = Browser(tmp_path_factory.mktemp("chromium"))
    yield found
    found.close()
