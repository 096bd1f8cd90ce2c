"""Journals of evenings that a story tells, chained as a runner would have written them, with the log beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.state import Entry


def lines(entries: Sequence[Entry]) -> list[bytes]:
    """The journal's lines, each with its line break."""
    found: list[bytes] = []
    head = ""
    for entry in entries:
        line = msgspec.json.encode({"number": entry.number, "at": entry.at, "prev": head, "event": entry.event})
        head = hashlib.sha256(line).hexdigest()
        found.append(line + b"\n")
    return found


def log_line(at: datetime, text: str, source: str = "runner") -> str:
    """One line of `run.log`."""
    return f"{at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + f"Z\t{source}\tinfo\t{text}\n"


def record(folder: Path, entries: Sequence[Entry], *, log: Sequence[str] | None = None) -> Path:
    """A run's folder; without `log`, one line an entry that names its number."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / JOURNAL).write_bytes(b"".join(lines(entries)))
    told = log if log is not None else [log_line(entry.at, f"log of entry {entry.number}") for entry in entries]
    (folder / LOG).write_text("".join(told))
    return folder
