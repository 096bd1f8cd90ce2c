"""Migrations with their statements, what waited behind them, and what came of each foreseen hazard. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.locks import Peer, Radar
from dixis_tui.measures import StatementForecast, StatementMeasure
from dixis_tui.model import MigrationState, Place
from dixis_tui.report.values import HazardSeen, Migration, Statement
from dixis_tui.run.state import Entry, MigrationView, RunState

_Key = tuple[str, int]


class _Queue(Struct):
    """The most that waited behind one statement."""

    victims: int = 0
    waited: float = 0.0
    behind: tuple[Peer, ...] = ()

    def take(self, radar: Radar) -> None:
        if radar.victim_count > self.victims:
            self.victims, self.behind = radar.victim_count, radar.victims
        self.waited = max(self.waited, radar.longest_wait_seconds)


class _Tally(Struct):
    """What is counted over all attempts on production. `begun` is the latest beginning of each statement."""

    attempts: dict[str, int] = {}
    retries: dict[str, int] = {}
    started: dict[str, datetime] = {}
    begun: dict[_Key, ev.StatementStarted] = {}
    queues: dict[_Key, _Queue] = {}


def migrations(entries: Iterable[Entry], state: RunState) -> tuple[Migration, ...]:
    """All migrations of the run, in the order of their names."""
    tally = _counted(entries)
    return tuple(_migration(state, view, tally) for _, view in sorted(state.migrations.items()))


def _counted(entries: Iterable[Entry]) -> _Tally:
    tally = _Tally()
    at_work: _Key | None = None
    for entry in entries:
        match entry.event:
            case ev.MigrationStarted(name=name, place=Place.PRODUCTION):
                tally.attempts[name] = tally.attempts.get(name, 0) + 1
                tally.started[name] = entry.at
                tally.begun = {key: one for key, one in tally.begun.items() if key[0] != name}
                at_work = (name, 0)
            case ev.StatementStarted(name=name, place=Place.PRODUCTION) as event:
                at_work = (name, event.number)
                tally.begun[at_work] = event
            case ev.Retried(name=name, place=Place.PRODUCTION):
                tally.retries[name] = tally.retries.get(name, 0) + 1
            case ev.MigrationEnded(place=Place.PRODUCTION) | ev.RunnerResumed():
                at_work = None
            case ev.RadarSeen(place=Place.PRODUCTION, radar=radar) if at_work:
                tally.queues.setdefault(at_work, _Queue()).take(radar)
    return tally


def _migration(state: RunState, view: MigrationView, tally: _Tally) -> Migration:
    forecasts = state.prediction.statements if state.prediction else ()
    mine = {one.number: one for one in forecasts if one.migration == view.name}
    measured = {one.number: one for one in view.measured}
    actual = {one.number: one for one in view.actual}
    begun = {number: one for (name, number), one in tally.begun.items() if name == view.name}
    watched = {number for name, number in tally.queues if name == view.name}
    numbers = sorted({*mine, *measured, *actual, *begun, *watched} - {0})
    queues = [queue for (name, _), queue in tally.queues.items() if name == view.name]
    parts = [
        _statement(number, (mine.get(number), measured.get(number), actual.get(number), begun.get(number)), queue)
        for number in numbers
        for queue in [tally.queues.get((view.name, number), _Queue())]
    ]
    return Migration(
        name=view.name,
        checksum=view.checksum,
        state=view.state,
        attempts=tally.attempts.get(view.name, 0),
        retries=tally.retries.get(view.name, 0),
        started=tally.started.get(view.name),
        seconds=view.seconds,
        rehearsed=view.rehearsed,
        predicted=state.predicted_for(view.name),
        rehearsal_state=view.rehearsal_state,
        rehearsal_error=view.rehearsal_error,
        error=view.error,
        sqlstate=view.sqlstate,
        statements=tuple(parts),
        victims=max((queue.victims for queue in queues), default=0),
        waited=max((queue.waited for queue in queues), default=0.0),
    )


def _statement(
    number: int,
    known: tuple[
        StatementForecast | None, StatementMeasure | None, StatementMeasure | None, ev.StatementStarted | None
    ],
    queue: _Queue,
) -> Statement:
    """`known`: foretold, rehearsed, as it went through on production, as it was begun there."""
    forecast, measured, actual, begun = known
    source = actual or measured
    told = begun or actual or measured or forecast
    seen = actual.locks if actual else ()
    foreseen = measured.locks if measured else forecast.held if forecast else ()
    return Statement(
        number=number,
        line=told.line if told else 0,
        text=told.text if told else "",
        predicted=forecast.seconds if forecast else None,
        low=forecast.low if forecast else None,
        high=forecast.high if forecast else None,
        rehearsed=measured.seconds if measured else None,
        taken=actual.seconds if actual else None,
        rows=source.rows if source else 0,
        locks=seen or foreseen,
        locks_foreseen=not seen and bool(foreseen),
        wal_bytes=source.wal_bytes if source else 0,
        victims=queue.victims,
        waited=queue.waited,
        behind=queue.behind,
    )


def hazards(state: RunState, made: Sequence[Migration]) -> tuple[HazardSeen, ...]:
    """Each foreseen hazard beside what was measured of its statement."""
    by_name = {migration.name: migration for migration in made}
    found = []
    for hazard in state.hazards:
        migration = by_name.get(hazard.migration)
        parts = migration.statements if migration else ()
        statement = next((part for part in parts if part.number == hazard.statement), None)
        stands = migration.state if migration else MigrationState.PENDING
        found.append(HazardSeen(hazard=hazard, state=stands, statement=statement))
    return tuple(found)


def applied_seconds(made: Iterable[Migration]) -> float:
    """What all applied ones took on production together."""
    done = (one for one in made if one.state is MigrationState.APPLIED)
    return sum(one.seconds or 0.0 for one in done)
