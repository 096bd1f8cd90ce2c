"""Which errors a run had, and the lines of its log around each. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from dixis_tui import events as ev
from dixis_tui.model import CheckState, PhaseState
from dixis_tui.report.values import Excerpt
from dixis_tui.run.state import Entry

BEFORE, AFTER = 6, 4
"""Lines that are shown before an error and after it."""
MOST = 20
"""Excerpts at most: the log itself is beside the journal."""
_STAMP = 24
"""Characters of a line's time, `2026-11-24T18:40:23.881Z`."""


def errors(entries: Iterable[Entry]) -> tuple[tuple[datetime, str], ...]:
    """When something went wrong, and in which words the journal has it."""
    found: list[tuple[datetime, str]] = []
    for entry in entries:
        match entry.event:
            case ev.MigrationEnded(name=name, error=error) if error:
                found.append((entry.at, f"{name}: {error}"))
            case ev.CheckChanged(state=CheckState.FAILED | CheckState.UNKNOWN) as event:
                found.append((entry.at, f"{event.code} {event.subject} {event.evidence}"))
            case ev.PhaseEnded(state=PhaseState.FAILED, reason=reason) if reason:
                found.append((entry.at, reason))
            case ev.Noted(level="error", text=text):
                found.append((entry.at, text))
            case ev.DispatchFailed(problem=problem):
                found.append((entry.at, problem))
            case ev.RunnerResumed():
                found.append((entry.at, "The runner before died, or left."))
    return tuple(found)


def excerpts(wrong: Sequence[tuple[datetime, str]], lines: Sequence[str]) -> tuple[tuple[Excerpt, ...], int]:
    """The lines around each, those that touch as one; and around how many errors none are shown.

    Args:
        wrong: in the order of their times.
        lines: of the log, each with its time first; those without one belong to the line before.
    """
    if not lines:
        return (), 0
    stamps = _stamps(lines)
    found: list[tuple[int, int, datetime, list[str]]] = []
    left = 0
    for at, about in wrong:
        # The line itself is written just before or after its entry: both are shown.
        middle = bisect_right(stamps, f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z")
        first, last = max(middle - BEFORE, 0), min(middle + AFTER, len(lines))
        if found and first <= found[-1][1]:
            begins, _, when, abouts = found[-1]
            found[-1] = (begins, max(last, found[-1][1]), when, abouts if about in abouts else [*abouts, about])
        elif len(found) == MOST:
            left += 1
        else:
            found.append((first, last, at, [about]))
    made = [
        Excerpt(at=when, about=tuple(abouts), first=first + 1, lines=tuple(lines[first:last]))
        for first, last, when, abouts in found
    ]
    return tuple(made), left


def _stamps(lines: Sequence[str]) -> list[str]:
    """The time of each line; never earlier than the one before it, whatever a clock did."""
    stamps: list[str] = []
    latest = ""
    for line in lines:
        stamp = line[:_STAMP]
        if stamp.endswith("Z") and stamp[:4].isdigit() and stamp > latest:
            latest = stamp
        stamps.append(latest)
    return stamps
