"""What is known of one row of MIGRATIONS: a hazard with its safer form, a file's statements, a standing. Pure.

Nothing here is cut: what is longer than a row is wrapped, and the pane is scrolled.
"""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content

from dixis_tui.hazard import Hazard
from dixis_tui.i18n import N_, _, sentence
from dixis_tui.measures import HeldLock, StatementForecast, StatementMeasure
from dixis_tui.run.state import MigrationView
from dixis_tui.standing import MigrationStanding, Truth
from screens import words
from screens.outlook_rows import Row
from screens.view import View
from screens.widgets.painted import Part, line, spread, wrapped

_ONLY_WAITING = N_("Its only harm is that others wait: the window is for that, and the rehearsal measures how long.")
_AT_MOST = 100
"""Statements of one file that are listed: the longest. Nobody reads thousands, and drawing them takes its time."""


def detail(view: View, row: Row, width: int) -> list[Content]:
    """Rows of at most `width` cells."""
    if row.hazard:
        return _hazard(row.hazard, width)
    if row.standing:
        return _standing(row.standing, width)
    if row.database:
        return _database(row.database, width)
    return _migration(view, row.migration, width)


def _hazard(hazard: Hazard, width: int) -> list[Content]:
    found = _said(sentence(hazard.what), width, "strong") + _said(sentence(hazard.why), width, "text")
    if hazard.size:
        found += _said(_("Here: {size}").format(size=sentence(hazard.size)), width, "warn")
    if hazard.blocks:
        found += _said(_(_ONLY_WAITING), width, "quiet")
    if hazard.suppressed:
        found += _said(_("Accepted in the file: {suppressed}").format(suppressed=hazard.suppressed), width, "quiet")
    if hazard.safer:
        found.append(line((_(" Safer:"), "good")))
        found += _written(hazard.safer.splitlines(), width, "text")
    return found + _said(f"{hazard.code} ({hazard.source}), {hazard.path}:{hazard.line}", width, "quiet")


def _database(truth: Truth, width: int) -> list[Content]:
    return _said(_("The database is {database}.").format(database=_(truth.database)), width, "strong") + _said(
        sentence(truth.remedy), width, "good"
    )


def _standing(standing: MigrationStanding, width: int) -> list[Content]:
    found = _said(f"{_(standing.standing)}: {sentence(standing.detail)}".removesuffix(": "), width, "strong")
    if standing.prisma_says:
        found += _said(
            _("prisma migrate status says: {prisma_says}").format(prisma_says=standing.prisma_says), width, "warn"
        )
    if standing.reconciliation:
        found += _said(sentence(standing.reconciliation.sentence), width, "text")
        found += _written(standing.reconciliation.commands, width, "key")
    return found + _said(sentence(standing.remedy), width, "good")


def _migration(view: View, name: str, width: int) -> list[Content]:
    state = view.state
    how = next((one for one in state.forecasts if one.migration == name), None)
    found: list[Content] = []
    if how:
        found += _said(
            _("Runs as {execution}: {why}").format(execution=_(how.execution), why=sentence(how.why)), width, "text"
        )
        found += _said(sentence(how.surprise), width, "warn")
    migration = state.migrations.get(name)
    if migration is None:
        return found
    for error in (migration.rehearsal_error, migration.error):
        found += [row for said in error.splitlines() for row in _said(said, width, "bad")]
    if migration.retries:
        found += _said(
            _("Gave way {retries} to others who held a lock.").format(retries=words.times(migration.retries)),
            width,
            "warn",
        )
    found += _statements(state.prediction.statements if state.prediction else (), migration, width)
    return found or [line((_(" Not judged yet."), "quiet"))]


def _statements(predicted: Iterable[StatementForecast], migration: MigrationView, width: int) -> list[Content]:
    forecasts = {one.number: one for one in predicted if one.migration == migration.name}
    measured = {one.number: one for one in migration.measured}
    actual = {one.number: one for one in migration.actual}
    numbers = sorted(forecasts.keys() | measured.keys() | actual.keys())

    def seconds(number: int) -> float:
        return max(one[number].seconds for one in (forecasts, measured, actual) if number in one)

    longest = set(sorted(numbers, key=seconds, reverse=True)[:_AT_MOST])
    found: list[Content] = []
    for number in (number for number in numbers if number in longest):
        found += _statement(forecasts.get(number), measured.get(number), actual.get(number), width)
    if rest := [seconds(number) for number in numbers if number not in longest]:
        told = words.count(len(rest), "more statement", "more statements")
        found += _said(
            _("… and {told}, none of them over {time}").format(told=told, time=words.duration(max(rest))),
            width,
            "quiet",
        )
    return found


def _statement(
    forecast: StatementForecast | None, measured: StatementMeasure | None, actual: StatementMeasure | None, width: int
) -> list[Content]:
    """Its text, then predicted and actual side by side, then what it locks and costs."""
    one = forecast or actual or measured
    if one is None:
        return []
    found = [spread(width, [(f" {one.number:>2}  ", "quiet"), (one.text, "strong")])]
    times: list[Part] = []
    if actual:
        over = forecast is not None and actual.seconds > forecast.high
        times.append((_("took {seconds}").format(seconds=words.duration(actual.seconds)), "warn" if over else "good"))
    if forecast:
        span = words.between(forecast.low, forecast.high)
        times.append(
            (_("predicted {seconds} ({span})").format(seconds=words.duration(forecast.seconds), span=span), "text")
        )
    if measured:
        times.append((_("on staging {seconds}").format(seconds=words.duration(measured.seconds)), "quiet"))
    row: list[Part] = [("     ", "")]
    for number, part in enumerate(times):
        row += [("  ·  ", "faint"), part] if number else [part]
    found.append(spread(width, row))
    locks = forecast.held if forecast else measured.locks if measured else ()
    found += [row for lock in locks if lock.mode.blocks_writes for row in _held(lock, width)]
    if measured and (measured.rewritten or measured.wal_bytes > 1_000_000):
        found += _said(f"    {_costs(measured)}", width, "quiet")
    return found


def _held(lock: HeldLock, width: int) -> list[Content]:
    who = _("nobody reads or writes") if lock.mode.blocks_reads else _("nobody writes")
    seconds = words.duration(lock.seconds)
    text = _("    {who} {table} for {seconds} ({mode})").format(
        who=who, table=lock.table, seconds=seconds, mode=lock.mode
    )
    return _said(text, width, "warn" if lock.mode.blocks_reads else "text")


def _costs(measured: StatementMeasure) -> str:
    parts = [
        _("{table} written anew ({rows} rows)").format(table=table, rows=words.number(rows))
        for table, rows in measured.rewritten.items()
    ]
    parts.append(_("WAL {wal_bytes}").format(wal_bytes=words.size(measured.wal_bytes)))
    if measured.temp_bytes:
        parts.append(_("temporary files {temp_bytes}").format(temp_bytes=words.size(measured.temp_bytes)))
    if measured.growth > 0:
        parts.append(_("the database grew by {growth}").format(growth=words.size(measured.growth)))
    return ", ".join(parts)


def _said(text: str, width: int, tone: str) -> list[Content]:
    return [line((f" {part}", tone)) for part in wrapped(text, width - 1)] if text else []


def _written(rows: Iterable[str], width: int, tone: str) -> list[Content]:
    """Lines of SQL or commands, each with its own indentation."""
    return [line((f"   {part}", tone)) for text in rows for part in wrapped(text, width - 4)]
