"""What is predicted from a rehearsal: growth, ranges, room, and what earlier runs taught."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui.locks import LockMode
from dixis_tui.measures import HeldLock, Prediction, StatementMeasure, TableSize
from dixis_tui.model import CheckState
from dixis_tui.plan import learning, prediction
from dixis_tui.plan.learning import Learned, Outcome, Pair
from dixis_tui.plan.prediction import Rehearsed, needed_seconds, predict, runbook, space
from dixis_tui.plan.workload import workload, workloads
from dixis_tui.sql.claim import Work
from dixis_tui.sql.claims import claims
from dixis_tui.sql.script import parse_script

ORDER, ITEM = 'public."Order"', 'public."OrderItem"'
AT = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)


def size(rows: int) -> TableSize:
    """A table with 100 bytes a row, and half as much again of indexes."""
    return TableSize(rows, rows * 100, rows * 150)


def measured(number: int = 1, seconds: float = 1.0, **fields: object) -> StatementMeasure:
    return StatementMeasure(number=number, of=9, line=number, text=f"statement {number}", seconds=seconds, **fields)  # type: ignore[arg-type]


def file(*measures: StatementMeasure, work: dict[int, dict[str, Work]] | None = None, rest: float = 0.0) -> Rehearsed:
    seconds = sum(one.seconds for one in measures) + rest
    return Rehearsed(migration="20251110_zone", seconds=seconds, statements=measures, work=work or {})


def one(work: Work, staging: int, production: int, **fields: object) -> Prediction:
    """A single statement of that kind on `Order`."""
    found = file(measured(**fields), work={1: {ORDER: work}} if work is not Work.NONE else {})  # type: ignore[arg-type]
    return predict([found], {ORDER: size(staging)}, {ORDER: size(production)})


@pytest.mark.parametrize("work", list(Work))
def test_the_same_size_takes_the_same_time(work: Work) -> None:
    found = one(work, 10_000, 10_000)
    assert found.seconds == pytest.approx(1.0)
    assert found.statements[0].seconds == pytest.approx(1.0)
    assert found.low < 1.0 < found.high
    assert found.rehearsed


def test_twice_the_rows_take_twice_the_time_but_for_the_catalog() -> None:
    seconds = {work: one(work, 1_000_000, 2_000_000).seconds for work in Work}
    assert seconds[Work.NONE] == 1.0
    for work in (Work.SCAN, Work.BUILD, Work.ROWS, Work.REWRITE):
        assert seconds[work] == pytest.approx(2.0, rel=0.01)


def test_a_table_of_dead_rows_takes_longer_to_read_and_may_take_longer_to_write() -> None:
    staging, production = {ORDER: size(100_000)}, {ORDER: TableSize(100_000, 30_000_000, 40_000_000)}
    scan, rewrite = (
        predict([file(measured(), work={1: {ORDER: work}})], staging, production) for work in (Work.SCAN, Work.REWRITE)
    )
    assert scan.seconds == pytest.approx(3.0, rel=0.05)
    assert rewrite.seconds == pytest.approx(1.0)
    assert rewrite.high > 5.0


def test_an_empty_staging_still_predicts_something_for_a_full_production() -> None:
    assert one(Work.REWRITE, 0, 1_000_000, seconds=0.01).seconds == pytest.approx(10.0, rel=0.01)


def test_several_tables_weigh_as_much_as_they_have_rows() -> None:
    staging = {ORDER: size(1_000_000), ITEM: size(10_000)}
    production = {ORDER: size(2_000_000), ITEM: size(10_000)}
    work = {1: {ORDER: Work.SCAN, ITEM: Work.SCAN}}
    found = predict([file(measured(), work=work)], staging, production)
    assert 1.95 < found.seconds < 2.0
    assert found.statements[0].why == f"measured, scaled by 1.99 (bytes of {ORDER} and 1 more)"


def test_tables_made_by_the_file_itself_do_not_scale() -> None:
    found = predict([file(measured(), work={1: {"public.new": Work.BUILD}})], {}, {})
    assert found.seconds == 1.0
    assert found.statements[0].why == "measured; the same at any size"


def test_nothing_is_predicted_closer_than_a_round_trip() -> None:
    found = one(Work.NONE, 0, 0, seconds=0.001)
    assert found.high >= 0.05
    far = predict([file(measured(seconds=0.001), measured(2, 0.001))], {}, {}, round_trip=0.1)
    assert far.seconds == pytest.approx(0.202)


def test_the_commit_counts() -> None:
    assert predict([file(measured(), rest=0.5)], {}, {}).seconds == pytest.approx(1.5)


def test_a_file_without_statements_grows_with_the_whole_database() -> None:
    staging = {ORDER: size(1_000_000), ITEM: size(1_000_000)}
    production = {ORDER: size(2_000_000), ITEM: size(2_000_000)}
    found = predict([Rehearsed(migration="20251110_zone", seconds=3.0)], staging, production)
    assert found.seconds == pytest.approx(6.0, rel=0.01)
    assert [(row.migration, row.number, row.text) for row in found.statements] == [
        ("20251110_zone", 1, "the whole file")
    ]


def test_held_locks_grow_with_their_own_statement_and_with_those_after_it() -> None:
    early = HeldLock(ORDER, LockMode.ROW_EXCLUSIVE, 5.0)  # its own 1 s, and 4 s of later ones
    late = HeldLock(ORDER, LockMode.ACCESS_EXCLUSIVE, 2.0)
    measures = [measured(1, 1.0, locks=(early,)), measured(2, 2.0), measured(3, 2.0, locks=(late,))]
    work = {1: {ORDER: Work.ROWS}, 2: {ORDER: Work.REWRITE}}
    found = predict([file(*measures, work=work)], {ORDER: size(10**6)}, {ORDER: size(3 * 10**6)})
    held = [lock.seconds for row in found.statements for lock in row.held]
    assert held == [pytest.approx(3.0 + 6.0 + 2.0, rel=0.01), pytest.approx(2.0)]


def test_room_is_counted_whole() -> None:
    staging, production = {ORDER: size(10**6)}, {ORDER: size(2 * 10**6)}
    measures = [
        measured(1, wal_bytes=100, growth=50, rewritten={ORDER: 10**6}),
        measured(2, wal_bytes=10, growth=40, temp_bytes=30),
        measured(3, growth=-1000, temp_bytes=20),
    ]
    work = {1: {ORDER: Work.REWRITE}, 2: {ORDER: Work.ROWS}}
    found = predict([file(*measures, work=work)], staging, production)
    assert found.wal_bytes == pytest.approx(220, abs=1)
    assert found.disk_bytes == pytest.approx(production[ORDER].total + 80, abs=1), "table and indexes once more"
    assert found.temp_bytes == pytest.approx(60, abs=1), "one after the other, not together"


@pytest.mark.parametrize(
    ("free", "state"),
    [
        (None, CheckState.WARNED),
        (300, CheckState.FAILED),
        (600, CheckState.FAILED),
        (700, CheckState.WARNED),
        (751, CheckState.PASSED),
    ],
)
def test_space(free: int | None, state: CheckState) -> None:
    found = Prediction(
        rehearsed=True,
        seconds=1,
        low=1,
        high=1,
        wal_bytes=100_000_000,
        disk_bytes=500_000_000,
        temp_bytes=500_000,
    )
    finding = space(found, None if free is None else free * 1_000_000)
    assert finding.state is state
    assert "500 MB tables and indexes, 100 MB WAL, 500 kB temporary" in finding.evidence
    assert bool(finding.remedy) == (state is not CheckState.PASSED)


def test_without_a_rehearsal_the_runbook_speaks() -> None:
    found = runbook()
    assert (found.rehearsed, found.low, found.seconds, found.high) == (False, 120.0, 300.0, 300.0)
    assert needed_seconds(None) == needed_seconds(found) == 300.0
    assert space(found, 10**12).state is CheckState.WARNED
    assert needed_seconds(one(Work.SCAN, 1000, 1000)) == one(Work.SCAN, 1000, 1000).high


ROWS = st.integers(0, 10**9)
WORK = st.sampled_from(list(Work))
SECONDS = st.floats(0, 10_000)


@given(WORK, SECONDS, st.tuples(ROWS, ROWS, ROWS), st.floats(0.25, 4), st.floats(0, 1))
def test_more_rows_never_take_less(
    work: Work, seconds: float, rows: tuple[int, int, int], ratio: float, trip: float
) -> None:
    staging, *others = rows
    lock = HeldLock(ORDER, LockMode.SHARE, seconds * 2)
    found = [
        predict(
            [file(measured(seconds=seconds, locks=(lock,), wal_bytes=1000), measured(2), work={1: {ORDER: work}})],
            {ORDER: size(staging)},
            {ORDER: size(production)},
            learned=Learned(ratio, 3),
            round_trip=trip,
        )
        for production in sorted(others)
    ]
    for name in ("seconds", "low", "high", "wal_bytes", "disk_bytes"):
        assert getattr(found[0], name) <= getattr(found[1], name) * (1 + 1e-9)
    assert found[0].statements[0].held[0].seconds <= found[1].statements[0].held[0].seconds * (1 + 1e-9)


@given(st.lists(st.tuples(WORK, SECONDS, ROWS, ROWS), min_size=1, max_size=6), st.floats(0.25, 4))
def test_what_is_expected_lies_within_its_range(given: list[tuple[Work, float, int, int]], ratio: float) -> None:
    names = [f"public.t{number}" for number, _ in enumerate(given, 1)]
    staging = {name: size(one[2]) for name, one in zip(names, given, strict=True)}
    production = {name: size(one[3]) for name, one in zip(names, given, strict=True)}
    measures = [measured(number, one[1]) for number, one in enumerate(given, 1)]
    work = {number: {names[number - 1]: one[0]} for number, one in enumerate(given, 1)}
    found = predict([file(*measures, work=work)], staging, production, learned=Learned(ratio, 1))
    for part in (found, *found.statements):
        assert 0 <= part.low <= part.seconds <= part.high
        assert part.high - part.seconds >= 0.05 - 1e-6
    assert found.seconds == pytest.approx(sum(part.seconds for part in found.statements))


def test_what_was_learned_is_applied_and_said() -> None:
    found = predict([file(measured(), rest=1.0)], {}, {}, learned=Learned(1.5, 4))
    assert (found.seconds, found.ratio, found.learned_from) == (pytest.approx(3.0), 1.5, 4)
    assert found.statements[0].why.endswith("4 earlier runs here took 1.50 times as long")


def outcome(predicted: float, actual: float) -> Outcome:
    return Outcome(run="r", at=AT, predicted=predicted, actual=actual)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], Learned(1.0, 0)),
        ([(99.5, 199.5)], Learned(2.0, 1)),
        ([(99.5, 199.5), (99.5, 99.5), (99.5, 149.5)], Learned(1.5, 3)),
        ([(99.5, 9999.5)], Learned(4.0, 1)),
        ([(99.5, 0.0)], Learned(0.25, 1)),
        ([(99.5, 399.5)] * 20 + [(99.5, 99.5)] * 10, Learned(1.0, 10)),
    ],
)
def test_the_median_of_the_last_ten_within_bounds(runs: list[tuple[float, float]], expected: Learned) -> None:
    assert learning.learned([outcome(*run) for run in runs]) == expected


def test_milliseconds_teach_nothing() -> None:
    assert learning.learned([outcome(0.01, 0.04)]).ratio == pytest.approx(1.06, abs=0.01)


def test_an_outcome_forgets_what_was_learned_before() -> None:
    """Or a ratio that was right once would be taken for a perfect prediction ever after."""
    made = predict([file(measured(seconds=10.0))], {}, {}, learned=Learned(2.0, 1))
    kept = learning.outcome("run", AT, made, 20.0, {"20251110_zone": [measured(seconds=19.0), measured(2)]})
    assert kept == Outcome(
        run="run", at=AT, predicted=10.0, actual=20.0, statements=(Pair("20251110_zone", 1, 10.0, 19.0),)
    )
    assert learning.outcome("run", AT, runbook(), 20.0) is None


@pytest.mark.parametrize(
    ("sql", "seen", "expected"),
    [
        ('ALTER TABLE "Order" ALTER n TYPE bigint', {"rewritten": {ORDER: 5}, "scanned": {ORDER: 5}}, Work.REWRITE),
        ('ALTER TABLE "Order" ALTER n TYPE text', {}, None),
        ('ALTER TABLE "Order" ALTER n TYPE date', {"scanned": {ORDER: 5}}, Work.SCAN),
        ('ALTER TABLE "Order" ALTER n SET NOT NULL', {"scanned": {ORDER: 5}}, Work.SCAN),
        ('ALTER TABLE "Order" ALTER n SET NOT NULL', {}, None),
        ('ALTER TABLE "Order" ADD CHECK (n > 0)', {}, Work.SCAN),
        ('ALTER TABLE "Order" ADD COLUMN n int', {}, None),
        ('CREATE INDEX ON "Order" (n)', {"scanned": {ORDER: 5}}, Work.BUILD),
        ('UPDATE "Order" SET n = 1', {"scanned": {ORDER: 5}}, Work.ROWS),
        ("REINDEX INDEX order_idx", {"scanned": {ORDER: 5}}, Work.BUILD),
        ("DO 'BEGIN END'", {"locks": (HeldLock(ORDER, LockMode.ROW_EXCLUSIVE, 1.0),)}, Work.ROWS),
        ("DO 'BEGIN END'", {"rewritten": {ORDER: 5}, "scanned": {ORDER: 5}}, Work.REWRITE),
        ("DO 'BEGIN END'", {"scanned": {ORDER: 5}}, Work.SCAN),
        ("DO 'BEGIN END'", {}, None),
        ('DROP TABLE "Order"', {}, None),
    ],
)
def test_the_text_claims_and_the_measure_settles(sql: str, seen: dict[str, object], expected: Work | None) -> None:
    (statement,) = parse_script(sql.encode()).statements
    assert workload(claims(statement), measured(**seen)) == ({ORDER: expected} if expected else {})  # type: ignore[arg-type]


def test_a_whole_file_does_what_its_statements_claim() -> None:
    script = parse_script(b'BEGIN; CREATE INDEX ON "Order" (n); UPDATE "OrderItem" SET n = 1; COMMIT')
    seen = StatementMeasure(number=1, of=1, line=1, text="BEGIN; …", seconds=1.0, scanned={ORDER: 5, ITEM: 5})
    assert workloads(script, [seen]) == {1: {ORDER: Work.BUILD, ITEM: Work.ROWS}}
    unread = parse_script(b"BEGIN; CREATE INDEX ON")
    assert workloads(unread, [seen]) == {1: {ORDER: Work.SCAN, ITEM: Work.SCAN}}
    begin, index = (measured(number, kind="some_stmt") for number in (1, 2))
    assert workloads(script, [begin, index]) == {1: {}, 2: {ORDER: Work.BUILD}}


def test_ranges_are_ranges() -> None:
    assert {*prediction._RANGES} == {*Work}
    assert all(0 < low < 1 < high for low, high in prediction._RANGES.values())
