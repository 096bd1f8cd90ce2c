"""Programs that some tests need: missing is a skip with its reason, and a failure in CI."""

from __future__ import annotations

import os
import shutil

import pytest

_SYSTEM = "/usr/sbin:/sbin"
"""Where servers are; not on every user's PATH."""


def needs(*programs: str) -> None:
    """Skip the calling test where one of `programs` is not to be found; fail it where `CI` is set."""
    missing = [program for program in programs if _find(program) is None]
    if not missing:
        return
    reason = f"needs {', '.join(missing)}"
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI must not skip")
    pytest.skip(reason)


def path_of(program: str) -> str:
    """Where `program` is; skips or fails as `needs` does."""
    needs(program)
    return _find(program) or program


def _find(program: str) -> str | None:
    return shutil.which(program) or shutil.which(program, path=_SYSTEM)
