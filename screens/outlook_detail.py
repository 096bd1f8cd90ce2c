"""What is known of one row of MIGRATIONS: a hazard with its safer form, a file's statements, a standing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from dixis_tui.hazard import Hazard
from dixis_tui.measures import HeldLock, StatementForecast, StatementMeasure
from dixis_tui.standing import MigrationStanding
from screens import words
from screens.view import View
from screens.widgets.painted import line, spread, wrapped

if TYPE_CHECKING:
    from screens.outlook import Row


_ONLY_WAITING = "Its only harm is that others wait: the window is for that, and the rehearsal measures how long."


def detail(view: View, row: Row, width: int) -> list[Content]:
    """Rows of at most `width` cells."""
    if row.hazard:
        return _hazard(row.hazard, width)
    if row.standing:
        return _standing(row.standing, width)
    return _migration(view, row.migration, width)


def _hazard(hazard: Hazard, width: int) -> list[Content]:
    found = _said(hazard.what, width, "strong") + _said(hazard.why, width, "text")
    if hazard.size:
        found += _said(f"Here: {hazard.size}", width, "warn")
    if hazard.blocks:
        found += _said(
            "Its only harm is that others wait: the window is for that, the rehearsal measures it.", width, "quiet"
        )
    if hazard.suppressed:
        found += _said(f"Accepted in the file: {hazard.suppressed}", width, "quiet")
    if hazard.safer:
        found.append(line((" Safer:", "good")))
        found += [line((f"   {text}", "text")) for text in hazard.safer.splitlines()]
    found.append(line((f" {hazard.code} ({hazard.source}), {hazard.path}:{hazard.line}", "quiet")))
    return found


def _standing(standing: MigrationStanding, width: int) -> list[Content]:
    found = _said(f"{standing.standing}: {standing.detail}".removesuffix(": "), width, "strong")
    if standing.prisma_says:
        found += _said(f"prisma migrate status says: {standing.prisma_says}", width, "warn")
    if standing.reconciliation:
        found += _said(standing.reconciliation.sentence, width, "text")
        found += [line((f"   {command}", "key")) for command in standing.reconciliation.commands]
    return found + _said(standing.remedy, width, "good")


def _migration(view: View, name: str, width: int) -> list[Content]:
    state = view.state
    how = next((one for one in state.forecasts if one.migration == name), None)
    found: list[Content] = []
    if how:
        found += _said(f"Runs as {how.execution}: {how.why}", width, "text")
        found += _said(how.surprise, width, "warn")
    migration = state.migrations.get(name)
    if migration is None:
        return found
    predicted = state.prediction.statements if state.prediction else ()
    forecasts = {one.number: one for one in predicted if one.migration == name}
    measured = {one.number: one for one in migration.measured}
    actual = {one.number: one for one in migration.actual}
    for number in sorted(forecasts.keys() | measured.keys() | actual.keys()):
        found += _statement(forecasts.get(number), measured.get(number), actual.get(number), width)
    if not found:
        found.append(line((" Not judged yet.", "quiet")))
    return found


def _statement(
    forecast: StatementForecast | None, measured: StatementMeasure | None, actual: StatementMeasure | None, width: int
) -> list[Content]:
    one = forecast or actual or measured
    if one is None:
        return []
    right = []
    if actual:
        right.append((f"took {words.duration(actual.seconds)} ", "strong"))
    if forecast:
        span = f"{words.duration(forecast.low)} to {words.duration(forecast.high)}"
        right.append((f"predicted {words.duration(forecast.seconds)} ({span}) ", "text"))
    elif measured:
        right.append((f"on staging {words.duration(measured.seconds)} ", "quiet"))
    found = [spread(width, [(f" {one.number:>2}  ", "quiet"), (one.text, "text")], right)]
    locks = forecast.held if forecast else measured.locks if measured else ()
    found += [_held(lock) for lock in locks if lock.mode.blocks_writes]
    if measured and (measured.rewritten or measured.wal_bytes > 1_000_000):
        found.append(line((f"     {_costs(measured)}", "quiet")))
    return found


def _held(lock: HeldLock) -> Content:
    who = "nobody reads or writes" if lock.mode.blocks_reads else "nobody writes"
    words_ = f"     {lock.mode} on {lock.table} for {words.duration(lock.seconds)}: {who}"
    return line((words_, "warn" if lock.mode.blocks_reads else "quiet"))


def _costs(measured: StatementMeasure) -> str:
    parts = [f"{table} written anew ({rows:,} rows)" for table, rows in measured.rewritten.items()]
    parts.append(f"WAL {words.size(measured.wal_bytes)}")
    if measured.temp_bytes:
        parts.append(f"temporary files {words.size(measured.temp_bytes)}")
    if measured.growth > 0:
        parts.append(f"the database grew by {words.size(measured.growth)}")
    return ", ".join(parts)


def _said(text: str, width: int, tone: str) -> list[Content]:
    return [line((f" {part}", tone)) for part in wrapped(text, width)] if text else []
