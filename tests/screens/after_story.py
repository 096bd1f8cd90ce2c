"""The after-watch as a journal tells it: a baseline before, looks after, and what became worse."""

from __future__ import annotations

from datetime import timedelta

from dixis_tui import events as ev
from dixis_tui.after import (
    AfterFinding,
    AfterKind,
    Baseline,
    DatabaseStat,
    FlowResult,
    Latency,
    Pool,
    Sample,
    ScanStat,
    StatementStat,
    StepResult,
)
from dixis_tui.model import Phase
from tests.screens.story import Story

LONG = "public.a_table_whose_name_takes_all_sixty_letters_that_a_name_may"
NO_STATEMENTS = (
    "pg_stat_statements is not there, so no statement can be compared. As a superuser: shared_preload_libraries = "
    "'pg_stat_statements' and a restart; then CREATE EXTENSION pg_stat_statements here."
)
_ENDPOINTS = (("API", 4.0, False), ("Product listing", 21.0, False), ("Login", 38.0, True), ("Αγορά", 61.0, True))
_QUERIES = (
    ("1", 'SELECT * FROM "Order" WHERE "status" = $1 ORDER BY "createdAt" DESC LIMIT $2', 3.1),
    ("2", 'SELECT count(*) FROM "OrderItem" WHERE "productId" = $1', 0.8),
    ("3", 'UPDATE "Product" SET "stock" = "stock" - $1 WHERE "id" = $2', 0.2),
)
SLOW = AfterFinding(
    kind=AfterKind.STATEMENT,
    subject='SELECT * FROM "Order" WHERE "status" = $1 ORDER BY "createdAt" DESC LIMIT $2',
    level="error",
    evidence="3.1 ms before, 412 ms now, over 96 calls",
    cause='The index "Order_status_createdAt_idx" on "Order" is gone: every row is read and sorted.',
    remedy='CREATE INDEX CONCURRENTLY "Order_status_createdAt_idx" ON "Order" ("status", "createdAt" DESC);',
)
SCAN = AfterFinding(
    kind=AfterKind.SCAN,
    subject=LONG,
    level="warning",
    evidence="96 sequential scans of 1,250,000 rows in 40 s; before, 2 in a minute",
    cause="No index serves this condition.",
    remedy="Look at the slow statement on it first.",
)
SLOW_FLOW = AfterFinding(
    kind=AfterKind.FLOW, subject="Αγορά", level="warning", evidence="61 ms before, 508 ms now", remedy="See above."
)


def baseline(problem: str = "") -> Baseline:
    """How it was."""
    return Baseline(
        latencies=tuple(Latency(name=name, milliseconds=at, flow=flow) for name, at, flow in _ENDPOINTS),
        statements=()
        if problem
        else tuple(
            StatementStat(query_id=number, query=query, calls=1000, milliseconds=mean * 1000)
            for number, query, mean in _QUERIES
        ),
        scans=(ScanStat(table=LONG, scans=4, rows_read=900, index_scans=88_000, rows=1_250_000),),
        pool=Pool(states={"active": 2, "idle": 9}, total=11, limit=100),
        problem=problem,
    )


def sample(number: int = 0, *, worse: bool = False, statements: bool = True) -> Sample:
    """One look; later ones wander a little."""
    factor = 1 + (number * 7 % 5) / 10
    broken = "step 2: answered 500, expected 200" if worse and number % 6 == 5 else ""
    return Sample(
        latencies=tuple(
            Latency(
                name=name,
                milliseconds=at * factor * (8 if worse and name == "Αγορά" and number > 5 else 1),
                problem=broken if name == "Login" else "",
                flow=flow,
            )
            for name, at, flow in _ENDPOINTS
        ),
        pool=Pool(
            states={"active": 61 if worse else 3, "idle": 14, "idle in transaction": 2},
            total=77 if worse else 19,
            limit=100,
            application={"pool_waiting": 4.0},
        ),
        database=DatabaseStat(commits=12_400 + number, rollbacks=3, conflicts=0, deadlocks=1 if worse else 0),
        statements=tuple(
            StatementStat(
                query_id=ident, query=query, calls=96, milliseconds=mean * 96 * (133 if worse and ident == "1" else 1)
            )
            for ident, query, mean in _QUERIES
        )
        if statements
        else (),
        scans=(ScanStat(table=LONG, scans=96, rows_read=120_000_000, index_scans=40, rows=1_250_000),) if worse else (),
        log_lines=2_140 + number,
        log_errors=2 if worse else 0,
    )


def flow(name: str = "Login", *, problem: str = "") -> FlowResult:
    """One flow gone through."""
    steps = (
        StepResult(number=1, method="GET", url="https://dixis.example/login", status=200, milliseconds=12.0),
        StepResult(
            number=2,
            method="POST",
            url="https://dixis.example/login",
            status=500 if problem else 200,
            milliseconds=26.0,
            problem=problem,
        ),
    )
    return FlowResult(name=name, steps=steps, planned=2)


def verified(problem: str = "") -> Story:
    """Up to the sign-off, with a baseline before the go."""
    story = Story().ready().write(ev.BaselineTaken(baseline=baseline(problem)), ev.FlowSeen(result=flow()))
    return story.into_window().seal().confirm().start(Phase.MIGRATE).migrated().verify()


def watched(looks: int = 12, *, worse: bool = False, statements: bool = True) -> Story:
    """The watch goes on."""
    story = verified("" if statements else NO_STATEMENTS)
    story.write(ev.AfterStarted(until=story.now + timedelta(minutes=10), every_seconds=5))
    for number in range(looks):
        story.write(ev.AfterSeen(sample=sample(number, worse=worse, statements=statements)), seconds=5)
    if worse:
        story.write(*(ev.AfterFound(finding=found) for found in (SCAN, SLOW, SLOW_FLOW)))
    return story


def over(*, worse: bool = False) -> Story:
    """Its time has come."""
    return watched(worse=worse).write(ev.AfterEnded(reason="its 10 minutes are over"))
