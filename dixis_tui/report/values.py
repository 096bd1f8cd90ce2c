"""What a report shows, as values: figures and the journal's own texts, no words of ours.

Times are UTC, durations seconds. Texts are as the journal has them; who writes them out cleans and escapes them.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.access import SessionSeen
from dixis_tui.after import AfterFinding, FlowResult
from dixis_tui.hazard import Hazard
from dixis_tui.locks import Peer
from dixis_tui.measures import HeldLock, Prediction
from dixis_tui.model import (
    Backup,
    CheckState,
    Executor,
    HealthResult,
    Identity,
    MigrationState,
    Phase,
    PhaseState,
    Place,
    Step,
    Verdict,
)
from dixis_tui.notice import Receipt
from dixis_tui.run.views import FleetView, WorkflowView


class Bar(Struct, frozen=True):
    """A phase on the time axis. `ends` is None while it runs, or where its runner died in it."""

    phase: Phase
    starts: datetime
    ends: datetime | None


class Span(Struct, frozen=True, kw_only=True):
    """One attempt at one phase. `seconds` as journaled at its end; None where there was none."""

    phase: Phase
    attempt: int
    started: datetime
    ended: datetime | None = None
    seconds: float | None = None
    state: PhaseState = PhaseState.RUNNING
    reason: str = ""


class Runner(Struct, frozen=True, kw_only=True):
    """Who ran it from where; one more whenever another runner took the run up. `gap` is the silence before it."""

    at: datetime
    operator: str
    host: str
    ssh: str
    pid: int
    version: str
    gap: float = 0.0
    cut_bytes: int = 0


class Answer(Struct, frozen=True, kw_only=True):
    """One answer to a check: what was looked up (`who` is empty), ticked, taken back, or waived with a `reason`."""

    at: datetime
    state: CheckState
    evidence: str = ""
    remedy: str = ""
    who: str = ""
    reason: str = ""


class Gate(Struct, frozen=True, kw_only=True):
    """One check: how it stands, and every answer that was given to it, oldest first."""

    code: str
    subject: str
    phase: Phase
    title: str
    person: bool
    gate: bool
    state: CheckState
    evidence: str
    remedy: str
    answers: tuple[Answer, ...] = ()


class Statement(Struct, frozen=True, kw_only=True):
    """One statement of one file: predicted, rehearsed, and as it ran on production. None: it was not.

    `locks` are those that were seen on production, else the rehearsal's (`locks_foreseen`). `victims` is the most
    sessions that waited behind it at once, `waited` the longest wait of any of them.
    """

    number: int
    line: int
    text: str
    predicted: float | None = None
    low: float | None = None
    high: float | None = None
    rehearsed: float | None = None
    taken: float | None = None
    rows: int = 0
    locks: tuple[HeldLock, ...] = ()
    locks_foreseen: bool = False
    wal_bytes: int = 0
    victims: int = 0
    waited: float = 0.0
    behind: tuple[Peer, ...] = ()
    """Who waited when most did, by name as far as they were listed."""


class Migration(Struct, frozen=True, kw_only=True):
    """One migration. `attempts` and `retries` are those on production, of the whole run."""

    name: str
    checksum: str
    state: MigrationState
    attempts: int
    retries: int
    started: datetime | None = None
    seconds: float | None = None
    rehearsed: float | None = None
    predicted: float | None = None
    rehearsal_state: MigrationState = MigrationState.PENDING
    rehearsal_error: str = ""
    error: str = ""
    sqlstate: str = ""
    statements: tuple[Statement, ...] = ()
    victims: int = 0
    waited: float = 0.0
    """As of its statements, and of the file where they are not told apart."""


class HazardSeen(Struct, frozen=True, kw_only=True):
    """A foreseen hazard, and the statement that it is about as it was measured; None where it was not."""

    hazard: Hazard
    state: MigrationState
    statement: Statement | None


class At(Struct, frozen=True):
    """An event of the journal with its time: what is shown as it stands."""

    at: datetime
    event: ev.Event


class Restored(Struct, frozen=True, kw_only=True):
    """One restore of a backup that was compared."""

    at: datetime
    place: Place
    where: str
    seconds: float
    compare_seconds: float
    tables: int
    rows: int


class Health(Struct, frozen=True, kw_only=True):
    """One endpoint or flow, before the go and after it. `looks` of the after-watch, its slowest, and its problems."""

    name: str
    url: str = ""
    baseline: float | None = None
    before: HealthResult | None = None
    after: HealthResult | None = None
    looks: int = 0
    worst: float = 0.0
    problems: int = 0


class FlowSeen(Struct, frozen=True, kw_only=True):
    """A flow as it was last gone through, and how often it was."""

    at: datetime
    result: FlowResult
    times: int


class Found(Struct, frozen=True):
    """What the after-watch said, and when."""

    at: datetime
    finding: AfterFinding


class After(Struct, frozen=True, kw_only=True):
    """The after-watch."""

    started: datetime
    until: datetime
    looks: int
    ended: str
    found: tuple[Found, ...]


class Notice(Struct, frozen=True, kw_only=True):
    """One notice on one channel, as it came out."""

    at: datetime
    operator: str
    receipt: Receipt


class Page(Struct, frozen=True, kw_only=True):
    """The maintenance page. `seconds` is how long it was in place; None: it still is."""

    steps: tuple[At, ...]
    up: datetime | None
    down: datetime | None
    seconds: float | None


class StepTaken(Struct, frozen=True, kw_only=True):
    """A step of a rollback; `seconds` is None where it was not done."""

    step: Step
    started: datetime
    seconds: float | None
    detail: str


class Rollback(Struct, frozen=True, kw_only=True):
    """The way back that was gone, or tried."""

    confirmed: tuple[At, ...]
    steps: tuple[StepTaken, ...]
    swapped: ev.Swapped | None


class Excerpt(Struct, frozen=True, kw_only=True):
    """Lines of the log around one error or several that lie close together."""

    at: datetime
    about: tuple[str, ...]
    first: int
    """Number of its first line in the file, from 1."""
    lines: tuple[str, ...]


class Record(Struct, frozen=True, kw_only=True):
    """What the report was made from, and how far that can be trusted."""

    journal: str
    bytes: int
    entries: int
    unread: int
    """Lines that this version knows no event of."""
    cut: bool
    """Whether the file ends in the middle of a line."""
    head: str
    ended: bool
    verifies: bool
    flaws: tuple[str, ...]
    kept: int
    fitting: int
    log: str
    log_bytes: int | None
    log_sha256: str
    """As the last entry seals it; empty without that."""
    checkpoints: int
    loose: int
    """Bytes of the log after the last digest."""


class Facts(Struct, frozen=True, kw_only=True):
    """All of a report. `provisional`: the run had not ended when it was made; `verdict` is how it would end then."""

    run: str
    name: str
    environment: str
    target: str
    executor: Executor | None
    timezone: str
    made: datetime
    version: str
    """Of dixis-tui that made the report."""
    verdict: Verdict
    provisional: bool
    live: bool
    summary: str
    started: datetime | None
    last: datetime | None
    seconds: float
    window: tuple[datetime, datetime] | None
    identity: Identity | None
    project: ev.ProjectSeen | None
    contacts: tuple[tuple[str, str, str], ...]
    runners: tuple[Runner, ...]
    confirmed: tuple[At, ...]
    """Every phrase that was taken, the first person's of two as well."""
    plan: ev.PlanSealed | None
    applied_before: int
    planned: tuple[Bar, ...]
    predicted: tuple[Bar, ...]
    actual: tuple[Bar, ...]
    spans: tuple[Span, ...]
    gates: tuple[Gate, ...]
    waived: int
    backup: Backup | None
    backup_source: Identity | None
    backups_made: int
    adopted: ev.BackupAdopted | None
    snapshot: At | None
    restored: tuple[Restored, ...]
    prediction: Prediction | None
    migrations: tuple[Migration, ...]
    migration_seconds: float
    """Of all that were applied on production."""
    hazards: tuple[HazardSeen, ...]
    most_victims: int
    longest_wait: float
    retries: tuple[At, ...]
    waits: tuple[At, ...]
    signals: tuple[At, ...]
    health: tuple[Health, ...]
    flows: tuple[FlowSeen, ...]
    after: After | None
    baseline_problem: str
    notices: tuple[Notice, ...]
    page: Page | None
    reopened: At | None
    access: tuple[SessionSeen, ...]
    access_more: int
    """Looks at kinds of session that are not among them."""
    ways: ev.WaysSeen | None
    rollback: Rollback | None
    recovery: tuple[At, ...]
    """What later runners found, settled and resolved, and when one left."""
    refusals: tuple[At, ...]
    workflows: tuple[WorkflowView, ...]
    reviews: tuple[At, ...]
    fleet: FleetView | None
    notes: tuple[At, ...]
    excerpts: tuple[Excerpt, ...]
    excerpts_left: int
    """Errors around which no lines are shown: there were too many."""
    record: Record
