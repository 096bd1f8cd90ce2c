"""The maintenance page in its place: put there and taken away in one piece, and never over a file that is not ours."""

from __future__ import annotations

import os
from pathlib import Path

from dixis_tui import atomic
from dixis_tui.errors import ToolError
from dixis_tui.notices.page import owner

_READ_BYTES = 256 * 1024
"""The mark is in the head: a longer file needs no reading to its end."""
_MODE = 0o644
"""The web server is another account."""
_REMEDY = "Look at it, and move it away, or set maintenance.file to another place."


def owner_of(path: Path) -> str | None:
    """The run whose page is at `path`; None: nothing is there.

    Raises:
        ToolError: something is there that is not our page, or can't be read.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            text = file.read(_READ_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ToolError(f"{path} is not a file that could be our page: {error.strerror}", _REMEDY) from None
    whose = owner(text)
    if whose is None:
        raise ToolError(f"{path} is not a maintenance page of dixis-tui: it is left as it is", _REMEDY)
    return whose


def put(path: Path, html: str) -> None:
    """Have `html` there, whole at every moment, readable by the web server. Replaces a page of ours.

    Raises:
        ToolError: something else is there, or it can't be written.
    """
    owner_of(path)
    try:
        atomic.write(path, html.encode(), _MODE)
    except OSError as error:
        raise ToolError(
            f"The maintenance page can't be put at {path}: {error.strerror}", "Give this account the right to write it."
        ) from None


def take(path: Path) -> bool:
    """Have it gone; whether it was there.

    Raises:
        ToolError: something else is there, or it can't be removed.
    """
    if owner_of(path) is None:
        return False
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ToolError(
            f"The maintenance page {path} can't be taken away: {error.strerror}", "Remove it by hand, at once."
        ) from None
    return True
