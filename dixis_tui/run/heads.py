"""Heads of journals: the digest of a line vouches for all lines up to it, for whoever keeps it elsewhere.

At each gate the head is kept in `heads.jsonl` beside `runs`, said in the log, and sent to `audit.webhook` where one is
set. A journal that was rewritten, chain and all, does not have it.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.run import folders, records
from dixis_tui.run.log import Mark

FILE = "heads.jsonl"
SOURCE = "journal"
"""Of the log's lines with heads."""
_LOGGED = re.compile(rb"[^\t]*\tjournal\tinfo\thead (\d{1,18}) ([0-9a-f]{64})")


class Head(Struct, frozen=True, kw_only=True):
    """The digest of entry `number` of a run's journal, as of a gate. `target` is the masked URL, `at` is UTC."""

    number: int
    sha256: str
    run: str
    gate: str
    target: str
    at: datetime

    def __str__(self) -> str:
        return f"head {self.number} {self.sha256}"


def gate_of(event: ev.Event) -> str:
    """The name of the gate that an event is; empty: it is none."""
    match event:
        case ev.PhaseEnded(phase=phase):
            return str(phase)
        case ev.PlanSealed():
            return "plan sealed"
        case ev.FirstConfirmed():
            return "confirmed by the first"
        case ev.Confirmed():
            return "confirmed"
        case ev.RollbackConfirmed():
            return "rollback confirmed"
        case ev.RunnerLeft():
            return "runner left"
        case ev.RunEnded():
            return "end"
    return ""


def with_digests(events: tuple[ev.Event, ...], mark: Mark) -> list[ev.Event]:
    """The events, each gate followed by the log's digest, and the end with the digest in it."""
    made: list[ev.Event] = []
    for event in events:
        if isinstance(event, ev.RunEnded):
            made.append(replace(event, log_sha256=mark.sha256, log_bytes=mark.bytes))
            continue
        made.append(event)
        if gate := gate_of(event):
            made.append(ev.Checkpointed(gate=gate, log_bytes=mark.bytes, log_sha256=mark.sha256))
    return made


def path_for(run: Path) -> Path:
    """Where the heads of a run and of its neighbours are kept."""
    return records.beside_runs(run, FILE)


def keep(run: Path, head: Head) -> str:
    """Add one, on disk when this returns. A sentence where it could not be; else empty."""
    return records.append(path_for(run), head)


def kept(journal: Path, runs: set[str]) -> tuple[tuple[Head, ...], str]:
    """The heads of these runs on this machine, and beside the journal where it lies in a state directory elsewhere.

    The second is what could not be read.
    """
    state = folders.state_directory()
    paths = {
        state / FILE,
        *state.glob(f"demo/*/{FILE}"),
        *(folder / FILE for folder in journal.absolute().parents[2:3]),
    }
    found = [records.read(path, Head) for path in sorted(paths)]
    heads = {head for heads, _ in found for head in heads if head.run in runs}
    return tuple(sorted(heads, key=lambda head: head.number)), "; ".join(filter(None, (wrong for _, wrong in found)))


def logged(line: bytes) -> tuple[int, str] | None:
    """Number and digest of the head that a line of the log says."""
    found = _LOGGED.match(line)
    return (int(found[1]), found[2].decode()) if found else None
