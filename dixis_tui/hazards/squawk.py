"""squawk, run once for all files of one kind, and what it found.

Facts of squawk 2.70, by running it: lines and columns count from 0, columns in bytes; exit 0 is clean, 1 findings or a
file that is not UTF-8, 2 bad use; a path is a glob pattern; `.squawk.toml` of the current folder changes its findings.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from dixis_tui.errors import ToolError
from dixis_tui.hazards.rulings import QUIET
from dixis_tui.process import child_environment
from dixis_tui.secrets import clean

_REMEDY = "Install squawk-cli beside this program: it is one of its requirements."
_WORDS_AT_MOST = 500_000
"""Bytes of paths in one call: Linux takes 2 MB, the environment included."""


class Finding(msgspec.Struct, frozen=True):
    """One finding as squawk reports it."""

    file: str
    line: int
    column: int
    line_end: int
    column_end: int
    message: str
    rule_name: str
    help: str | None = None


class Squawk:
    """One process over some files, already running; :meth:`findings` waits for it."""

    def __init__(self, paths: Sequence[str], *, in_transaction: bool, server_version: int) -> None:
        """Start it.

        Raises:
            ToolError: it is not there, or can't be started.
        """
        words = [
            program(),
            "--config",
            os.devnull,
            "--reporter",
            "json",
            "--pg-version",
            f"{server_version // 10000}.0",
            "--exclude",
            ",".join(QUIET),
            *(["--assume-in-transaction"] if in_transaction else []),
            "--",
            *(glob.escape(path) for path in paths),
        ]
        try:
            self._process = subprocess.Popen(
                words,
                env=child_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise ToolError(f"squawk can't be started: {error.strerror}", _REMEDY) from None

    def findings(self) -> list[Finding]:
        """All it found, by file and place.

        Raises:
            ToolError: it failed, or said what can't be understood.
        """
        output, errors = self._process.communicate()
        said = clean(errors.decode("utf-8", "replace").strip().partition("\n")[0])
        if self._process.returncode not in (0, 1) or not output.strip():
            raise ToolError(f"squawk failed with exit code {self._process.returncode}: {said or 'no word'}", _REMEDY)
        try:
            return msgspec.json.decode(output, type=list[Finding])
        except msgspec.MsgspecError as error:
            raise ToolError(f"squawk's answer can't be read: {error}", _REMEDY) from None

    def stop(self) -> None:
        """End it, where nobody waits for its findings any more."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()


def program() -> str:
    """squawk beside this Python, else the one on PATH.

    Raises:
        ToolError: there is none.
    """
    beside = Path(sys.executable).parent / "squawk"
    found = str(beside) if beside.is_file() else shutil.which("squawk")
    if not found:
        raise ToolError("squawk is not installed beside this Python, nor on PATH", _REMEDY)
    return found


def start_all(paths: Iterable[str], *, in_transaction: bool, server_version: int) -> list[Squawk]:
    """One process for all paths; several only where their names don't fit into one call."""
    batches: list[list[str]] = []
    room = 0
    for path in paths:
        length = len(os.fsencode(path)) + 9
        if not batches or length > room:
            batches.append([])
            room = _WORDS_AT_MOST
        batches[-1].append(path)
        room -= length
    return [Squawk(batch, in_transaction=in_transaction, server_version=server_version) for batch in batches]
