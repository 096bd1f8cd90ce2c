"""A run's journal and log read for a report: from anywhere, whole or not, without believing anything. Reads only."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.errors import JournalError
from dixis_tui.plan.checks import SPECS
from dixis_tui.report.facts import facts
from dixis_tui.report.values import Facts, Record
from dixis_tui.run import folders, runs
from dixis_tui.run.audit_run import Audit, verify_run
from dixis_tui.run.flaws import Kind
from dixis_tui.run.journal import decode
from dixis_tui.run.state import Entry, RunState, fold

_LOG_BYTES = 64_000_000
"""Of a longer log its end is looked at: what went wrong is mostly there."""

_YEARS = range(2000, 9000)
"""No run of ours tells of another, and beyond them a time can't be shown in every zone."""


def of_record(found: folders.Record) -> Facts:
    """The figures of a run, as far as its journal can be read.

    Raises:
        UsageError: the journal can't be read.
        JournalError: there is no entry in it, or they can't be a run's.
    """
    here = found.journal.name == folders.JOURNAL
    live = here and _live(found.folder)
    audit = verify_run(found.folder if here else found.journal)
    entries, unread = _entries(audit)
    if not entries:
        raise JournalError(f"{found.journal} holds no entry", "Look at it with `dixis-tui audit verify`.")
    try:
        state = fold(entries)
    except (KeyError, ValueError, AttributeError, TypeError):
        # Entries that no runner would write in this order; each by itself is one.
        raise JournalError(
            f"The entries of {found.journal} do not add up to a run", "Look at it with `dixis-tui audit verify`."
        ) from None
    live = live and not (state.ended or state.left)
    lines, size = _lines(found.log)
    record = _record(found, audit, state, unread, size)
    return facts(entries, state, record, lines, made=datetime.now(UTC), live=live)


def _live(folder: Path) -> bool:
    with suppress(OSError):  # another account's
        return runs.live(folder)
    return False


def _entries(audit: Audit) -> tuple[list[Entry], int]:
    """The entries that this version knows, numbered as the journal has them; and how many lines are none."""
    found: list[Entry] = []
    unread = sum(flaw.kind is Kind.NO_ENTRY for flaw in audit.flaws)
    for number, line in sorted(audit.chain.lines.items()):
        event = line.event
        at = decode(line.raw).at if event is not None else None
        known = getattr(event, "code", None) in (None, *SPECS)
        if event is None or at is None or not known or at.tzinfo is None or at.year not in _YEARS:
            unread += 1
            continue
        found.append(Entry(number, at, event))
    return found, unread


def _record(found: folders.Record, audit: Audit, state: RunState, unread: int, size: int | None) -> Record:
    log = audit.log
    return Record(
        journal=str(found.journal),
        bytes=audit.chain.size,
        entries=audit.chain.number,
        unread=unread,
        cut=any(flaw.kind is Kind.CUT for flaw in audit.flaws),
        head=audit.chain.head,
        ended=isinstance(audit.chain.events.get(audit.chain.number), ev.RunEnded),
        verifies=audit.verifies,
        flaws=tuple(f"{flaw.sentence}. {flaw.meaning}" for flaw in audit.flaws),
        kept=audit.kept,
        fitting=audit.fitting,
        log=str(found.log),
        log_bytes=size,
        log_sha256=state.ended.log_sha256 if state.ended else "",
        checkpoints=log.checkpoints if log else 0,
        loose=log.loose if log else 0,
    )


def _lines(log: Path) -> tuple[list[str], int | None]:
    """The log's lines, and its bytes; None where there is none that can be read."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - _LOG_BYTES, 0))
            data = file.read(_LOG_BYTES)
    except OSError:
        return [], None
    if size > _LOG_BYTES:
        data = data.partition(b"\n")[2]
    return data.decode("utf-8", "replace").splitlines(), size
