"""The server's own words are found among Prisma's."""

from __future__ import annotations

import pytest

from dixis_tui.run.phases import soundness

LOGS = """A migration failed to apply. New migrations cannot be applied before the error is recovered from.

Migration name: 20260101000000_x

Database error code: 23514

Database error:
ERROR: check constraint "c" is violated

DbError { severity: "ERROR" }
"""


@pytest.mark.parametrize(
    ("logs", "error"),
    [(LOGS, 'ERROR: check constraint "c" is violated'), ("just this\nand that", "just this"), ("", ""), (" \n", "")],
)
def test_the_error_is_the_servers(logs: str, error: str) -> None:
    assert soundness._error_in(logs) == error
