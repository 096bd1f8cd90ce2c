"""The rows of MIGRATIONS and its answer in one sentence. Pure."""

from __future__ import annotations

from collections import defaultdict

from msgspec import Struct

from dixis_tui.hazard import Execution, Hazard, Severity
from dixis_tui.i18n import _, ngettext, sentence
from dixis_tui.model import MigrationState
from dixis_tui.run.state import MigrationView, RunState
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Standing, Truth
from screens import words
from screens.view import View
from screens.widgets.painted import Part

SEVERITY = {
    Severity.DANGER: ("✖", "bad"),
    Severity.WARNING: ("▲", "warn"),
    Severity.NOTICE: ("·", "quiet"),
}
ACCEPTED = ("●", "quiet")
"""A hazard that a comment in the file accepts."""
_SOUND = (Standing.APPLIED, Standing.PENDING)
_HARMLESS = (DatabaseStanding.MANAGED, DatabaseStanding.EMPTY)
_WIDE = 100
"""Cells from which a hazard's code stands in its row; in its detail it always does."""


class Row(Struct, frozen=True):
    """A row of the list: the database where it stands badly, a migration whose history is not sound, a migration of
    this run, or a hazard of it."""

    migration: str = ""
    view: MigrationView | None = None
    hazard: Hazard | None = None
    standing: MigrationStanding | None = None
    database: Truth | None = None


def rows(view: View) -> list[Row]:
    """What is not as it should be in the history first, then tonight's migrations with their hazards."""
    state = view.state
    found: list[Row] = []
    if state.truth:
        if state.truth.database not in _HARMLESS:
            found.append(Row(database=state.truth))
        found += [Row(one.name, standing=one) for one in state.truth.migrations if one.standing not in _SOUND]
    hazards: defaultdict[str, list[Hazard]] = defaultdict(list)
    for hazard in state.hazards:
        hazards[hazard.migration].append(hazard)
    for name, migration in state.migrations.items():
        found.append(Row(name, view=migration))
        found += [Row(name, hazard=hazard) for hazard in hazards[name]]
    return found


def predicted(state: RunState) -> dict[str, float]:
    """The expected seconds of each migration that was rehearsed statement by statement."""
    found: defaultdict[str, float] = defaultdict(float)
    if state.prediction and state.prediction.rehearsed:
        for one in state.prediction.statements:
            found[one.migration] += one.seconds
    return found


def parts(row: Row, state: RunState, seconds: float | None, width: int) -> tuple[list[Part], list[Part]]:
    """One row of the list; `seconds` are those predicted for its migration."""
    if row.database:
        return [
            (" ✖ ", "bad"),
            (_("The database is {database}").format(database=_(row.database.database)), "strong"),
        ], []
    if row.standing:
        return [(" ✖ ", "bad"), (row.migration, "text")], [(f"{_(row.standing.standing)} ", "bad")]
    if row.hazard:
        glyph, tone = _mark(row.hazard)
        where: list[Part] = [(f"    {glyph} ", tone), (_("line {line} ").format(line=row.hazard.line), "quiet")]
        right: list[Part] = [(f"{row.hazard.code} ", "quiet")] if width >= _WIDE else []
        return [*where, (sentence(row.hazard.title), "text")], right
    return _migration(row, state, seconds)


def _mark(hazard: Hazard) -> Part:
    if hazard.suppressed:
        return ACCEPTED
    # What only makes others wait closes no gate in the agreed window.
    return SEVERITY[Severity.WARNING if hazard.blocks else hazard.severity]


def _migration(row: Row, state: RunState, seconds: float | None) -> tuple[list[Part], list[Part]]:
    migration = row.view
    kind = migration.state if migration else MigrationState.PENDING
    glyph, tone = words.MIGRATION_GLYPHS[kind], words.MIGRATION_TONES[kind]
    left: list[Part] = [(f" {glyph} ", tone), (row.migration, "strong")]
    how = next((one for one in state.forecasts if one.migration == row.migration), None)
    right: list[Part] = []
    if migration and kind is MigrationState.APPLIED and migration.seconds is not None:
        right.append((_("took {seconds}  ").format(seconds=words.duration(migration.seconds)), "strong"))
    elif kind is not MigrationState.PENDING:
        right.append((f"{_(kind)}  ", tone))
    if how and how.execution is Execution.FAILS and kind is MigrationState.PENDING:
        right.append((f"{_(how.execution)} ", "bad"))
    elif seconds is not None:
        right.append((_("predicted {seconds} ").format(seconds=words.duration(seconds)), "text"))
    elif migration and migration.rehearsed is not None:
        right.append((_("on staging {rehearsed} ").format(rehearsed=words.duration(migration.rehearsed)), "text"))
    elif how and kind is MigrationState.PENDING:
        right.append((f"{_(how.execution)} ", "quiet"))
    return left, right


def summary(view: View) -> tuple[str, str]:
    """The answer in one sentence: what tonight will take, or took, and what stands against it."""
    state = view.state
    if not state.migrations:
        looked = state.check("DX115").at is not None
        text = _("Nothing is pending") if looked else _("Preflight has not looked yet: nothing is known")
        return text, "text"
    text, tone = _dangers(state)
    return f"{_time(state)} · {text}", tone


def _time(state: RunState) -> str:
    found = state.prediction
    if found and found.rehearsed:
        span = words.between(found.low, found.high)
        text = _("predicted {seconds} ({span})").format(seconds=words.duration(found.seconds), span=span)
        if found.learned_from:
            text += _(", learned from {runs}").format(runs=words.count(found.learned_from, "run", "runs"))
    elif state.rehearsed_seconds is not None:
        text = _("took {rehearsed_seconds} on staging").format(
            rehearsed_seconds=words.duration(state.rehearsed_seconds)
        )
    else:
        text = _("not rehearsed: the runbook gives the migration 2 to 5 minutes")
    taken = [one.seconds for one in state.migrations.values() if one.seconds is not None]
    whole = all(one.state is MigrationState.APPLIED for one in state.migrations.values())
    if taken and whole:
        return _("Took {taken}, {text}").format(taken=words.duration(sum(taken)), text=text)
    return words.capital(text)


def _dangers(state: RunState) -> tuple[str, str]:
    standing = [one for one in state.hazards if not one.suppressed]
    dangers = [one for one in standing if one.severity is Severity.DANGER]
    harmful = [one for one in dangers if not one.blocks]
    told = words.count(len(harmful), "danger", "dangers") if harmful else _("no danger")
    if waits := len(dangers) - len(harmful):
        made = ngettext(", {number} makes others wait", ", {number} make others wait", waits)
        told += made.format(number=words.number(waits))
    if warned := sum(1 for one in standing if one.severity is Severity.WARNING):
        told += f", {words.count(warned, 'warning', 'warnings')}"
    return told, "bad" if harmful else "text"
