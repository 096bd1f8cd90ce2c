"""The history of runs: one record a run in `history.jsonl` beside `runs`, kept when the run's own folder is gone.

A run whose folder is there is read from its journal, so that what never came to its end is in the table as well.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from dixis_tui.model import CheckState, Executor, MigrationState, Verdict
from dixis_tui.run import folders, records
from dixis_tui.run.runs import look
from dixis_tui.run.state import RunState

FILE = "history.jsonl"


class RunRecord(Struct, frozen=True, kw_only=True):
    """One run. Seconds are of the migrations alone; None where nothing was rehearsed, or nothing was measured.

    `target` is the masked URL, `system_identifier` the server's (empty where the role may not read it), `migrations`
    are those that were applied on production, `planned` counts what was pending.
    """

    run: str
    at: datetime
    ended: datetime | None
    target: str
    database: str
    system_identifier: str
    environment: str
    executor: Executor
    verdict: Verdict
    planned: int
    migrations: tuple[str, ...]
    predicted_seconds: float | None
    seconds: float | None
    operator: str
    second: str = ""
    waived: tuple[str, ...] = ()
    """Codes of the checks that a person waived."""
    plan: str = ""
    summary: str = ""
    went: bool = False
    """Whether the phrase was taken, or production went back: it is a row of the runbook's appendix."""

    @property
    def place(self) -> tuple[str, str]:
        """What tells a target from another, whatever name it was reached by."""
        return (self.system_identifier or self.target, self.database)


class History(Struct, frozen=True):
    """The records, oldest first; `problem` says what could not be read, or is empty."""

    records: tuple[RunRecord, ...] = ()
    problem: str = ""

    def targets(self) -> dict[tuple[str, str], tuple[RunRecord, ...]]:
        """The same by target, the one with the latest run first."""
        found: dict[tuple[str, str], tuple[RunRecord, ...]] = {}
        for record in reversed(self.records):
            found[record.place] = (record, *found.get(record.place, ()))
        return found


def of_state(run: str, state: RunState, verdict: Verdict) -> RunRecord | None:
    """The record of a run with this verdict; None where it never began, or is a drill, which has its own records."""
    if state.run is None or state.started is None or state.drill:
        return None
    where = state.identity or state.backup_source
    applied = tuple(view.name for view in state.migrations.values() if view.state is MigrationState.APPLIED)
    taken = [view.seconds for view in state.migrations.values() if view.seconds is not None]
    confirmed = state.confirmed
    return RunRecord(
        run=run,
        at=state.started,
        ended=state.ended_at,
        target=state.run.target,
        database=where.database if where else "",
        system_identifier=where.system_identifier if where else "",
        environment=state.run.environment,
        executor=state.run.executor,
        verdict=verdict,
        planned=len(state.migrations),
        migrations=applied,
        predicted_seconds=state.predicted_seconds,
        seconds=sum(taken) if taken else None,
        operator=confirmed.operator if confirmed else state.run.operator,
        second=confirmed.second if confirmed else "",
        waived=tuple(sorted({view.code for view in state.checks.values() if view.state is CheckState.WAIVED})),
        plan=state.plan.hash if state.plan else "",
        summary=state.ended.summary if state.ended else "",
        went=confirmed is not None or state.rollback is not None,
    )


def keep(folder: Path, state: RunState) -> str:
    """Add the run that has just ended; a sentence where that could not be written, else empty."""
    record = of_state(folder.name, state, state.verdict)
    return records.append(records.beside_runs(folder, FILE), record) if record else ""


def read(places: Iterable[Path]) -> History:
    """All that is known in these folders, each with a `runs` in it."""
    found: dict[str, RunRecord] = {}
    problems: list[str] = []
    for place in places:
        kept, problem = records.read(place / FILE, RunRecord)
        problems += [problem] if problem else []
        found |= {record.run: record for record in kept}
        for journal in place.glob(f"runs/*/{folders.JOURNAL}"):
            run = look(journal.parent)
            record = of_state(run.id, run.state, run.verdict)
            found |= {run.id: record} if record else {}
    return History(tuple(sorted(found.values(), key=lambda record: (record.at, record.run))), "; ".join(problems))


def places() -> list[Path]:
    """The state directory, and each demo's folder in it."""
    state = folders.state_directory()
    return [state, *sorted(path for path in state.glob("demo/*") if path.is_dir())]
