"""What is in `.github/workflows` already, whose it is, and how a file is written there.

The first line of our files holds the digest of all that follows it. A file without that line, or whose digest is
another, is somebody's own work.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import re
from enum import StrEnum
from pathlib import Path

from msgspec import Struct

from dixis_tui import __version__
from dixis_tui.errors import DixisError, UsageError
from dixis_tui.secrets import clean
from dixis_tui.workflows.render import Workflow

FOLDER = ".github/workflows"
_MARK = re.compile(r"# Written by dixis-tui \S+ \(github init\), sha256 ([0-9a-f]{64})\b[^\n]*\n")
_LARGEST = 1_000_000


class Whose(StrEnum):
    """Who wrote what is there."""

    NOBODY = "nobody"
    """There is no file."""
    OURS = "ours"
    SAME = "same"
    """Ours, and nothing would change."""
    CHANGED = "changed"
    """Ours once, changed by hand since."""
    HAND_MADE = "hand-made"


class There(Struct, frozen=True):
    """One file as it is and as it would be. `path` is from the repository's root."""

    path: str
    whose: Whose
    now: str
    new: str

    @property
    def left_alone(self) -> bool:
        """Whether only force writes it."""
        return self.whose in (Whose.CHANGED, Whose.HAND_MADE)

    def diff(self) -> list[str]:
        """A unified diff that `git apply` takes, without line breaks; cleaned, since what is there is outside text."""
        before = f"a/{self.path}" if self.whose is not Whose.NOBODY else "/dev/null"
        diff = difflib.unified_diff(_lines(self.now), _lines(self.new), before, f"b/{self.path}", lineterm="")
        return ["\n".join(map(clean, line.split("\n"))) for line in diff]


def _lines(text: str) -> list[str]:
    """Of a text whose last line has no end, the diff says so."""
    *lines, last = text.split("\n")
    return [*lines, f"{last}\n\\ No newline at end of file"] if last else lines


def marked(body: str) -> str:
    """`body` with the line before it that makes it ours."""
    return (
        f"# Written by dixis-tui {__version__} (github init), sha256 {_digest(body)}; "
        f"change a line below, and it is yours: only --force writes it again.\n{body}"
    )


def look(root: Path, workflow: Workflow) -> There:
    """What is in the repository at `root` where `workflow` would be.

    Raises:
        UsageError: a part of the path is a symbolic link or no folder, or the file can't be read.
    """
    path = f"{FOLDER}/{workflow.file}"
    new = marked(workflow.body)
    place = _place(root, path)
    try:
        # Cut: a file so large was not written by us.
        with place.open("rb") as file:
            now = file.read(_LARGEST).decode("utf-8", "replace").replace("\r\n", "\n")
    except FileNotFoundError:
        return There(path, Whose.NOBODY, "", new)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}", "Make it a readable file.") from None
    if now == new:
        return There(path, Whose.SAME, now, new)
    mark = _MARK.match(now)
    if mark is None:
        return There(path, Whose.HAND_MADE, now, new)
    ours = _digest(now[mark.end() :]) == mark[1]
    return There(path, Whose.OURS if ours else Whose.CHANGED, now, new)


def write(root: Path, file: There) -> None:
    """Put `file.new` where it belongs: whole, or not at all.

    Raises:
        UsageError: a part of the path is a symbolic link or no folder.
        DixisError: it can't be written.
    """
    place = _place(root, file.path)
    part = place.with_name(f".{place.name}.{os.getpid()}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with part.open("x", encoding="utf-8", newline="\n") as text:
            text.write(file.new)
            text.flush()
            os.fsync(text.fileno())
        part.replace(place)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DixisError(f"{file.path} can't be written: {error.strerror}", "Make its folder writable.") from None


def _place(root: Path, path: str) -> Path:
    """Where `path` is below `root`; a link on the way could lead anywhere."""
    place = root
    *folders, _ = parts = path.split("/")
    for number, part in enumerate(parts):
        place /= part
        if place.is_symlink():
            raise UsageError(
                f"{'/'.join(parts[: number + 1])} is a symbolic link, which is not followed",
                "Put a real folder or file there.",
            )
        if number < len(folders) and place.exists() and not place.is_dir():
            raise UsageError(f"{'/'.join(parts[: number + 1])} is not a folder", "Move it out of the way.")
    return place


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()
