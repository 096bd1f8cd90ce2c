"""What tonight's migration will take of production, from what its rehearsal took of a copy. Pure.

How time grows, by the kind of work (`dixis_tui.sql.claim.Work`):

- only the catalog is changed: not at all;
- every row read: as the table's bytes, since a table that is half dead rows is read whole all the same;
- rows changed, written anew or indexed: as the rows. That an index sorts them, n log n, does not show: from a rehearsal
  at a sixth of the size it predicts worse than n.

The range says how far off that may be. Its low end is a production whose processors and disks are better than those of
the rehearsal. Its high end is the other way round, and a table that the rehearsal had in memory, having just restored
it, and production has on its disk: what reads or writes whole tables gets twice as long. An index is built by up to
three processes where the server has them to spare, by one where it is busy. What only changes the catalog takes
milliseconds, which any other load may double. Nothing is predicted closer than 0.05 s: a round trip, a busy moment.
On a busy machine the demo's migrations at ten times its size took 8 and 21 % less than predicted in all, and single
statements kept within this range but for one index, which once took three times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.measures import HeldLock, Prediction, StatementForecast, StatementMeasure, TableSize
from dixis_tui.model import Finding, Phase, failed, passed, warned
from dixis_tui.plan.learning import Learned
from dixis_tui.plan.phases import PLANNED_SECONDS
from dixis_tui.sql.claim import Work

RUNBOOK_LOW, RUNBOOK_HIGH = 120.0, 300.0
"""The runbook gives the migration 2 to 5 minutes."""

Sizes = Mapping[str, TableSize]

_ALONE_ROWS, _ALONE_BYTES = 1_000, 128 * 1024
"""What a statement costs by itself, as rows and bytes: an empty table on staging says something of a full one then."""
_FLOOR_SECONDS = 0.05
_RANGES: dict[Work, tuple[float, float]] = {
    Work.NONE: (0.5, 2.0),
    Work.SCAN: (0.6, 2.0),
    Work.BUILD: (0.6, 2.5),
    Work.ROWS: (0.6, 2.0),
    Work.REWRITE: (0.6, 2.0),
}
_HEAVIEST = (Work.REWRITE, Work.ROWS, Work.BUILD, Work.SCAN)
_TIGHT = 0.8
"""The share of a disk that PostgreSQL should leave: one that is full stops the server."""


class Rehearsed(Struct, frozen=True, kw_only=True):
    """One file as the rehearsal ran it: its own seconds, its statements where they were measured, and their workload by
    number (`plan.workload`).
    """

    migration: str
    seconds: float
    statements: tuple[StatementMeasure, ...] = ()
    work: dict[int, dict[str, Work]] = {}


class _Scale(Struct, frozen=True):
    """By how much production has more to do: as expected, and at worst."""

    expected: float
    worst: float
    why: str


def predict(
    files: Sequence[Rehearsed],
    staging: Sizes,
    production: Sizes,
    *,
    learned: Learned = Learned(),  # noqa: B008  frozen
    round_trip: float = 0.0,
) -> Prediction:
    """The whole prediction. `staging` are the sizes before the rehearsal's first statement, `production` those of now,
    both by name (`public."Order"`); `round_trip` is a statement's way to production and back (seconds).

    A file without measured statements, as where Prisma's CLI ran it, grows with the rows of the whole database.
    """
    forecasts: list[StatementForecast] = []
    seconds = low = high = wal = disk = temp = 0.0
    for file in [_measured(file, staging) for file in files]:
        scales = [_scale(file.work.get(one.number, {}), staging, production) for one in file.statements]
        pairs = list(zip(file.statements, scales, strict=True))
        these = [_forecast(file, one, scale, learned, round_trip) for one, scale in pairs]
        forecasts += _with_locks(file.statements, these)
        # What is the file's and no statement's: its COMMIT.
        rest = max(file.seconds - sum(one.seconds for one in file.statements), 0.0) * learned.ratio
        seconds += rest + sum(one.seconds for one in these)
        low += rest * _RANGES[Work.NONE][0] + sum(one.low for one in these)
        high += rest * _RANGES[Work.NONE][1] + sum(one.high for one in these)
        wal += sum(one.wal_bytes * scale.expected for one, scale in pairs)
        disk += sum(max(one.growth * scale.expected, _written_anew(one, production), 0) for one, scale in pairs)
        temp = max(temp, *(one.temp_bytes * scale.expected for one, scale in pairs))
    return Prediction(
        rehearsed=True,
        seconds=seconds,
        low=low,
        high=high,
        wal_bytes=round(wal),
        disk_bytes=round(disk),
        temp_bytes=round(temp),
        ratio=learned.ratio,
        learned_from=learned.runs,
        statements=tuple(forecasts),
    )


def runbook() -> Prediction:
    """Where nothing was rehearsed: the runbook's 2 to 5 minutes, and as long as is planned for."""
    expected = PLANNED_SECONDS[Phase.MIGRATE]
    return Prediction(rehearsed=False, seconds=expected, low=RUNBOOK_LOW, high=max(RUNBOOK_HIGH, expected))


def needed_seconds(prediction: Prediction | None) -> float:
    """What the window must have left for the migration: the range's high end."""
    return (prediction or runbook()).high


def needed_bytes(prediction: Prediction) -> int:
    """What the disk must have left: new copies of tables and indexes, WAL, and the largest temporary files."""
    return prediction.disk_bytes + prediction.wal_bytes + prediction.temp_bytes


def space(prediction: Prediction, free: int | None) -> Finding:
    """Whether what the server needs is there. `free` are the bytes on its disk, None where nobody has said."""
    if not prediction.rehearsed:
        return warned("not rehearsed: nobody knows what it needs", "Rehearse, or compare the tables with the disk.")
    need = needed_bytes(prediction)
    words = (
        f"{_size(need)} needed ({_size(prediction.disk_bytes)} tables and indexes, "
        f"{_size(prediction.wal_bytes)} WAL, {_size(prediction.temp_bytes)} temporary)"
    )
    if free is None:
        remedy = "Compare it with the provider's console; limits.disk_free_gb in dixis.toml holds what that says."
        return warned(f"{words}; what is free is not known", remedy)
    words = f"{words} of {_size(free)} free"
    if need > free:
        return failed(words, "Make room first: a server whose disk is full stops.")
    if need > free * _TIGHT:
        return warned(words, "Make room first, or watch the disk.")
    return passed(words)


def _forecast(
    file: Rehearsed, measure: StatementMeasure, scale: _Scale, learned: Learned, round_trip: float
) -> StatementForecast:
    work = file.work.get(measure.number, {}).values()
    kind = next((one for one in _HEAVIEST if one in work), Work.NONE)
    below, above = _RANGES[kind]
    seconds = measure.seconds * scale.expected * learned.ratio + round_trip
    worst = measure.seconds * scale.worst * learned.ratio + round_trip
    again = f"; {learned.runs} earlier runs here took {learned.ratio:.2f} times as long" if learned.runs else ""
    return StatementForecast(
        migration=file.migration,
        number=measure.number,
        line=measure.line,
        text=measure.text,
        seconds=seconds,
        low=seconds * below,
        high=max(worst * above, seconds + _FLOOR_SECONDS),
        why=scale.why + again,
    )


def _with_locks(measures: Sequence[StatementMeasure], these: Sequence[StatementForecast]) -> list[StatementForecast]:
    """Locks are held for their own statement and, in a transaction, for those after it: each part grows as it does."""
    found = []
    for at, (measure, forecast) in enumerate(zip(measures, these, strict=True)):
        later = sum(one.seconds for one in measures[at + 1 :])
        factor = sum(one.seconds for one in these[at + 1 :]) / later if later else 1.0
        own = forecast.seconds / measure.seconds if measure.seconds else 1.0
        held = tuple(
            HeldLock(
                lock.table,
                lock.mode,
                min(lock.seconds, measure.seconds) * own + max(lock.seconds - measure.seconds, 0.0) * factor,
            )
            for lock in measure.locks
        )
        found.append(replace(forecast, held=held))
    return found


def _scale(work: Mapping[str, Work], staging: Sizes, production: Sizes) -> _Scale:
    known = {table: kind for table, kind in work.items() if table in staging and table in production}
    if not known:
        return _Scale(1.0, 1.0, "measured; the same at any size")
    weights = {table: staging[table].rows + _ALONE_ROWS for table in known}
    ratios = {table: _ratio(kind, staging[table], production[table]) for table, kind in known.items()}
    expected = sum(weights[table] * ratios[table][0] for table in known) / sum(weights.values())
    largest = max(known, key=lambda table: (weights[table], table))
    unit = "bytes" if known[largest] is Work.SCAN else "rows"
    others = f" and {len(known) - 1} more" if len(known) > 1 else ""
    why = f"measured, scaled by {expected:.2f} ({unit} of {largest}{others})"
    return _Scale(expected, max(expected, *(ratio[1] for ratio in ratios.values())), why)


def _ratio(kind: Work, staging: TableSize, production: TableSize) -> tuple[float, float]:
    """How much more there is to do, by the measure that fits the work, and by the worse of rows and bytes."""
    by_rows = (production.rows + _ALONE_ROWS) / (staging.rows + _ALONE_ROWS)
    by_bytes = (production.bytes + _ALONE_BYTES) / (staging.bytes + _ALONE_BYTES)
    return (by_bytes if kind is Work.SCAN else by_rows), max(by_rows, by_bytes)


def _written_anew(measure: StatementMeasure, production: Sizes) -> int:
    """The old copies stay on the disk until the transaction ends, indexes and all."""
    return sum(production[table].total for table in measure.rewritten if table in production)


def _measured(file: Rehearsed, staging: Sizes) -> Rehearsed:
    """A file with statements: as it is, or as one statement that may have done anything to any table."""
    if file.statements:
        return file
    whole = StatementMeasure(number=1, of=1, line=1, text="the whole file", seconds=file.seconds)
    return replace(file, statements=(whole,), work={1: dict.fromkeys(staging, Work.ROWS)})


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
