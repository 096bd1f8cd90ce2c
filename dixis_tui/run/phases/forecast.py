"""From what the rehearsal measured to what production is predicted to take; afterwards, what it took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from dixis_tui import events as ev
from dixis_tui.measures import Prediction, TableSize
from dixis_tui.model import Finding, MigrationFile, MigrationState, passed, warned
from dixis_tui.plan import learning, prediction
from dixis_tui.plan.prediction import Rehearsed
from dixis_tui.plan.workload import workloads
from dixis_tui.postgres import table_sizes as sizes
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.files import read_migrations
from dixis_tui.run import experience
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts
from dixis_tui.run.state import MigrationView, RunState
from dixis_tui.sql.script import parse_script

_TRIPS = 3
_MUCH = 1.25
"""More than that share over the range's high end is worth a word."""


def predict(context: Context, staging: Mapping[str, TableSize]) -> None:
    """Journal the prediction, and whether there is room for it. `staging`: the copy's sizes before it was migrated."""
    identity = context.state.identity
    recalled = experience.recall(identity) if identity else experience.Recalled()
    if recalled.note:
        context.note(recalled.note, "warning")
    url = facts.production(context)
    files = {file.name: file for file in read_migrations(facts.project(context).migrations)}
    with facts.reading(context, url, "sizes") as session:
        found = prediction.predict(
            [_rehearsed(files[name], view, url.schema) for name, view in context.state.migrations.items()],
            staging,
            sizes.table_sizes(session),
            learned=learning.learned(recalled.outcomes),
            round_trip=_round_trip(session),
        )
        free = round(context.settings.limits.disk_free_gb * 1e9) or sizes.free_bytes(session)
    context.emit(ev.Predicted(prediction=found))
    context.found("DX307", prediction.space(found, free))
    context.found("DX308", _measured(context.state, found))


def compare(context: Context) -> Finding:
    """Predicted and actual side by side, and kept for the next run on this target."""
    state = context.state
    found, views = state.prediction, list(state.migrations.values())
    applied = [view for view in views if view.state is MigrationState.APPLIED]
    if found is None or not found.rehearsed:
        return warned("nothing was predicted: the migrations were not rehearsed")
    if len(applied) < len(views):
        return warned(f"{len(applied)} of {len(views)} were applied: nothing to compare")
    actual = sum(view.seconds or 0.0 for view in views)
    if identity := state.identity:
        measures = {view.name: view.actual for view in views}
        outcome = learning.outcome(context.folder.name, datetime.now(UTC), found, actual, measures)
        note = experience.remember(identity, outcome) if outcome else ""
        if note:
            context.note(note, "warning")
    words = f"{actual:.1f} s, predicted {found.seconds:.1f} s ({found.low:.1f} to {found.high:.1f})"
    if actual > found.high * _MUCH and actual - found.high > 1:
        return warned(f"{words}: slower than foreseen", "The next prediction for this target takes it into account.")
    return passed(words)


def _measured(state: RunState, found: Prediction) -> Finding:
    views = state.migrations.values()
    statements = len(found.statements)
    words = f"{found.seconds:.1f} s, {found.low:.1f} to {found.high:.1f} s on production"
    again = f", {found.ratio:.2f} times as long learned from {found.learned_from} runs" if found.learned_from else ""
    if any(not view.measured for view in views):
        return warned(f"{words}{again}; by file only: the CLI does not tell its statements", "")
    return passed(f"{words}{again}; {statements} statements measured")


def _rehearsed(file: MigrationFile, view: MigrationView, schema: str) -> Rehearsed:
    """One file's measures and, from its text, what each statement does to the tables."""
    # Half a measurement would leave the other half out of the prediction.
    whole = bool(view.measured) and len(view.measured) == view.measured[-1].of
    measures = view.measured if whole else ()
    work = workloads(parse_script(facts.content(file)), measures, schema)
    return Rehearsed(migration=view.name, seconds=view.rehearsed or 0.0, statements=measures, work=work)


def _round_trip(session: Session) -> float:
    """The quickest of a few: what a statement costs by its way alone."""

    def once() -> float:
        began = time.monotonic()
        session.value("SELECT 1")
        return time.monotonic() - began

    return min(once() for _ in range(_TRIPS))
