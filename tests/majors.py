"""The mark for tests that hold on every major at hand."""

from __future__ import annotations

import pytest

both_majors = pytest.mark.parametrize("server", ["embedded", "system"], indirect=True)
"""Run the test on the embedded server and on the system's."""
