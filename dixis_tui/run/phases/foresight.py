"""What the pending files will do to this database, before anything is done: how each runs, and every hazard in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

import msgspec

from dixis_tui import events as ev
from dixis_tui.errors import DixisError
from dixis_tui.hazard import Execution, FileForecast, Hazard, Severity
from dixis_tui.hazards.judge import SourceFile, judge, relations_named
from dixis_tui.model import Finding, MigrationFile, failed, passed, unknown, warned
from dixis_tui.postgres import catalog
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.sizes import read_sizes
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts

LONG_SECONDS = 60.0
"""A transaction that is open for longer than that is worth a word before a lock is asked for."""
_LAG_SECONDS = 10.0
_SHOWN = "h shows each with a safer form; so does `dixis-tui lint`."
_T = TypeVar("_T", FileForecast, Hazard)


def look(context: Context, session: Session, found: Project, pending: Sequence[MigrationFile]) -> None:
    """Answer the checks on hazards and execution, and journal what they are made from."""
    try:
        forecasts, hazards = _judged(session, found, pending)
    except DixisError as error:
        for code in ("DX116", "DX117"):
            context.found(code, unknown(str(error), error.remedy))
        return
    words = context.log.redactor.line
    context.emit(
        ev.HazardsSeen(
            forecasts=[_cleaned(one, words) for one in forecasts],
            hazards=[_cleaned(one, words) for one in hazards],
        )
    )
    context.found("DX116", of_hazards(hazards, sum(one.unjudged for one in forecasts)))
    context.found("DX117", of_forecasts(forecasts))


def of_hazards(hazards: Sequence[Hazard], unjudged: int = 0) -> Finding:
    """What they come to; what a comment in its file gives a reason for does not count. Pure.

    `unjudged`: blocks of code (`DO`, `CALL`) that no rule sees into.
    """
    standing = [one for one in hazards if not one.suppressed]
    dangers = [one for one in standing if one.severity is Severity.DANGER]
    harmful = [one for one in dangers if not one.blocks]
    warnings = [one for one in standing if one.severity is Severity.WARNING]
    left = len(hazards) - len(standing)
    accepted = f", {left} accepted by a comment" if left else ""
    if unjudged:
        accepted += f"; {unjudged} {'block' if unjudged == 1 else 'blocks'} of code (DO, CALL) not judged"
    if not dangers and not warnings:
        notices = f" ({len(standing)} {'notice' if len(standing) == 1 else 'notices'})" if standing else ""
        return passed(f"none found that would harm this database{notices}{accepted}")
    words = f"{_tally(dangers, warnings)}: {_named([*(harmful or dangers), *warnings])}{accepted}"
    return failed(words, _SHOWN) if harmful else warned(words, _SHOWN)


def of_forecasts(forecasts: Sequence[FileForecast]) -> Finding:
    """Whether every file can run, and whether one runs in another way than its author may think. Pure."""
    failing = [one for one in forecasts if one.execution is Execution.FAILS]
    if failing:
        return failed(f"{failing[0].migration}: {failing[0].why}", failing[0].surprise or "Split the file.")
    unclear = [one for one in forecasts if one.execution is Execution.UNKNOWN]
    if unclear:
        return warned(f"{unclear[0].migration}: {unclear[0].why}", "The rehearsal shows whether the server takes it.")
    surprising = [one for one in forecasts if one.surprise]
    if surprising:
        first = surprising[0]
        return warned(f"{first.migration}: {first.execution}, {first.why}", first.surprise)
    return passed(f"{len(forecasts)} files, each in one transaction")


def transactions(session: Session) -> Finding:
    """Transactions that are open for long: whatever they have touched can't be altered until they end."""
    long = catalog.long_transactions(session, LONG_SECONDS)
    if not long:
        return passed(f"none open for over {LONG_SECONDS:.0f} s")
    first = long[0]
    who = f"{first.application or 'no name'}, user {first.user}, {first.state}"
    return warned(
        f"{len(long)} open, the oldest for {first.seconds:.0f} s: process {first.pid} ({who})",
        "Find out whose it is: a migration waits behind it, and everybody else behind the migration.",
    )


def replicas(session: Session) -> Finding:
    """How far the replicas are behind; a migration's WAL comes on top of it."""
    found = catalog.replicas(session)
    if not found:
        return passed("none that stream from here")
    worst = max(found, key=lambda one: one.seconds)
    words = f"{len(found)}, the slowest {worst.name} {worst.seconds:.1f} s and {worst.bytes / 1e6:,.1f} MB behind"
    if worst.seconds > _LAG_SECONDS:
        return warned(words, "Wait until it has caught up, or agree that readers of it see old data.")
    return passed(words)


def _judged(
    session: Session, found: Project, pending: Sequence[MigrationFile]
) -> tuple[list[FileForecast], list[Hazard]]:
    files = [SourceFile(file.name, file.path, facts.content(file)) for file in pending]
    if not files:
        return [], []
    schema = session.url.schema
    sizes = read_sizes(session, relations_named(files), schema)
    version = session.server_version
    return judge(files, splits=found.splits_statements, server_version=version, sizes=sizes, schema=schema)


def _cleaned(found: _T, words: Callable[[str], str]) -> _T:
    """Names and SQL come from the files: cleaned and redacted line by line."""
    texts = {
        name: "\n".join(words(line) for line in value.splitlines())
        for name in found.__struct_fields__
        if isinstance(value := getattr(found, name), str) and not isinstance(value, StrEnum)
    }
    return msgspec.structs.replace(found, **texts)


def _tally(dangers: Sequence[Hazard], warnings: Sequence[Hazard]) -> str:
    words = [f"{len(dangers)} {'danger' if len(dangers) == 1 else 'dangers'}"] if dangers else []
    words += [f"{len(warnings)} {'warning' if len(warnings) == 1 else 'warnings'}"] if warnings else []
    return " and ".join(words)


def _named(hazards: Sequence[Hazard]) -> str:
    first = hazards[0]
    more = f" and {len(hazards) - 1} more" if len(hazards) > 1 else ""
    return f"{first.migration}:{first.line} {first.code} {first.title}{more}"
