"""What is watched once a migration is in: the values that travel from the after-watch to the screen and the report.

Milliseconds are floats; counts of `pg_stat_…` are as the server has them, since its last reset.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class StatementStat(Struct, frozen=True, kw_only=True):
    """One row of `pg_stat_statements`: its calls and its milliseconds in all."""

    query_id: str
    query: str
    calls: int
    milliseconds: float
    rows: int = 0

    @property
    def mean(self) -> float:
        """Milliseconds a call; 0 where there was none."""
        return self.milliseconds / self.calls if self.calls else 0.0


class ScanStat(Struct, frozen=True, kw_only=True):
    """One table of `pg_stat_user_tables`: sequential scans, the rows they read, index scans, and its live rows."""

    table: str
    scans: int
    rows_read: int
    index_scans: int
    rows: int


class DatabaseStat(Struct, frozen=True, kw_only=True):
    """The database's row of `pg_stat_database`."""

    commits: int
    rollbacks: int
    conflicts: int
    deadlocks: int
    temp_bytes: int = 0


class Pool(Struct, frozen=True, kw_only=True):
    """Connections to the database by state, against the server's `max_connections`, and the application's own pool."""

    states: dict[str, int]
    """`active`, `idle`, `idle in transaction`, …"""
    total: int
    limit: int
    application: dict[str, float] = {}
    """What `after.pool_url` says, by name."""
    problem: str = ""


class Latency(Struct, frozen=True, kw_only=True):
    """One look at one endpoint or one flow. `problem` is empty where all was as it should be."""

    name: str
    milliseconds: float
    problem: str = ""
    flow: bool = False


class IndexSeen(Struct, frozen=True, kw_only=True):
    """An index as it stood before the migration, to say later which one is missing."""

    table: str
    index: str
    definition: str


class ServerLook(Struct, frozen=True, kw_only=True):
    """One look at the server's counters, as they are since their reset. Texts of statements are not read.

    `unread` says why there are no statements in it, or is empty.
    """

    statements: tuple[StatementStat, ...]
    scans: tuple[ScanStat, ...]
    database: DatabaseStat
    pool: Pool
    idle_seconds: float = 0.0
    """The longest that a session idles in its transaction."""
    unread: str = ""


class TableFacts(Struct, frozen=True, kw_only=True):
    """What the planner knows of a table: `unknown`: columns without statistics, `invalid`: indexes of no use."""

    table: str
    rows: int
    analyzed: bool
    unknown: list[str]
    invalid: list[str]


class Baseline(Struct, frozen=True, kw_only=True):
    """How it was before. `problem` says what could not be read (no `pg_stat_statements`), or is empty."""

    latencies: tuple[Latency, ...] = ()
    statements: tuple[StatementStat, ...] = ()
    scans: tuple[ScanStat, ...] = ()
    indexes: tuple[IndexSeen, ...] = ()
    database: DatabaseStat | None = None
    pool: Pool | None = None
    scans_per_minute: dict[str, float] = {}
    """Sequential scans by table between two looks before the migration; empty where there was one look."""
    problem: str = ""


class AfterKind(StrEnum):
    """What the after-watch may find."""

    HEALTH = "health"
    FLOW = "flow"
    STATEMENT = "statement"
    SCAN = "scan"
    POOL = "pool"
    DATABASE = "database"
    LOG = "log"


class AfterFinding(Struct, frozen=True, kw_only=True):
    """One thing that is worse than before. Of the same `kind` and `subject` the newest one counts."""

    kind: AfterKind
    subject: str
    level: str
    """`warning` or `error`."""
    evidence: str
    """What became of it: numbers before and now."""
    cause: str = ""
    """Why, as far as it can be told: the index that is gone, the SQLSTATE by name."""
    remedy: str = ""
    over: bool = False
    """Whether it is as before again."""


class Sample(Struct, frozen=True, kw_only=True):
    """One look of the after-watch."""

    latencies: tuple[Latency, ...] = ()
    pool: Pool | None = None
    database: DatabaseStat | None = None
    """Since the migration, not since the reset."""
    statements: tuple[StatementStat, ...] = ()
    """The slowest since the migration, at most ten."""
    scans: tuple[ScanStat, ...] = ()
    """Those on big tables since the migration."""
    log_lines: int = 0
    log_errors: int = 0
    """Read along since the watch began."""


class StepResult(Struct, frozen=True, kw_only=True):
    """One request of a flow. `status` is 0 where no answer came."""

    number: int
    method: str
    url: str
    status: int
    milliseconds: float
    problem: str = ""


class FlowResult(Struct, frozen=True, kw_only=True):
    """One flow gone through, up to its first step that was not as it should be."""

    name: str
    steps: tuple[StepResult, ...]
    planned: int
    """How many steps it has."""

    @property
    def ok(self) -> bool:
        """Whether every step was as it should be."""
        return len(self.steps) == self.planned and not any(step.problem for step in self.steps)

    @property
    def milliseconds(self) -> float:
        """Of all steps together."""
        return sum(step.milliseconds for step in self.steps)

    @property
    def problem(self) -> str:
        """What was wrong with the first such step, or empty."""
        return next((f"step {step.number}: {step.problem}" for step in self.steps if step.problem), "")
