"""The words every room shares: phases, check states, verdicts, and the frozen values that travel between rooms.

Times are UTC datetimes, durations are seconds, sizes are bytes.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Phase(StrEnum):
    """The runbook's phases in their order; `rollback` stands outside the order."""

    PREFLIGHT = "preflight"
    BACKUP = "backup"
    REHEARSAL = "rehearsal"
    BANNER = "banner"
    GO = "go"
    MIGRATE = "migrate"
    VERIFY = "verify"
    SIGNOFF = "signoff"
    ROLLBACK = "rollback"


class PhaseState(StrEnum):
    """`passed` may hold waived checks; `failed` may be started again where the policy allows it."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


class CheckState(StrEnum):
    """What is known of one check. `warned` is open to go on; `unknown` could not be looked at."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"
    WAIVED = "waived"
    UNKNOWN = "unknown"


class MigrationState(StrEnum):
    """A migration in this run."""

    PENDING = "pending"
    RUNNING = "running"
    APPLIED = "applied"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Place(StrEnum):
    """Where a migration was applied."""

    STAGING = "staging"
    PRODUCTION = "production"


class Verdict(StrEnum):
    """How a run stands or ended."""

    OPEN = "open"
    DONE = "done"
    CHECKED = "checked"
    CLOSED = "closed"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"
    UNKNOWN = "unknown"
    INTERRUPTED = "interrupted"
    ABANDONED = "abandoned"


class Recovery(StrEnum):
    """What a run that lost its runner has come to, by a look at the database."""

    UNTOUCHED = "untouched"
    """The phrase was not taken: production is as it was, and the phases can go on."""
    AT_WORK = "at work"
    """A session of the dead runner, or another one with Prisma's lock, is still at work: wait."""
    APPLIED = "applied"
    """Every file of the plan is in: what is left is to verify."""
    REST = "rest"
    """Some are in and the others were not begun: the rest needs a seal and a phrase of its own."""
    UNFINISHED = "unfinished"
    """A file was begun and is not finished: resolve it as the catalog says, or roll back."""
    GOING_BACK = "going back"
    """A rollback was under way: roll back again, it goes on from where the databases stand."""
    UNKNOWN = "unknown"
    """It could not be looked at, or does not add up."""


class Executor(StrEnum):
    """Who applies the migrations."""

    DIRECT = "direct"
    PRISMA = "prisma"
    GITHUB = "github"
    """A workflow of the repository, on GitHub's own machines."""


class DumpFormat(StrEnum):
    """How a dump lies on the disk: one file of `pg_dump -Fc`, or a folder of `pg_dump -Fd`, made by several jobs."""

    CUSTOM = "custom"
    DIRECTORY = "directory"


class Way(StrEnum):
    """How production goes back.

    `side`: restored beside it, compared, and swapped by name. `in_place`: emptied and restored in one transaction.
    `snapshot`: the provider's snapshot, restored by the operator's hand.
    """

    SIDE = "side"
    IN_PLACE = "in_place"
    SNAPSHOT = "snapshot"


class Step(StrEnum):
    """The steps of a rollback, in their order; a way has those that it needs."""

    INTACT = "intact"
    CREATE = "create"
    RESTORE = "restore"
    COMPARE = "compare"
    CLEAR = "clear"
    SWAP = "swap"
    VERIFY = "verify"


class Identity(Struct, frozen=True):
    """What a PostgreSQL says it is, asked after connecting.

    `system_identifier` is that of `pg_control_system()`, empty where the role may not read it;
    `server_version` is PostgreSQL's number (150008 for 15.8); `tls` is the protocol of `pg_stat_ssl`, empty for none.
    """

    system_identifier: str
    database: str
    host: str
    port: int
    user: str
    server_version: int
    in_recovery: bool
    read_only: bool
    tls: str = ""

    @property
    def major(self) -> int:
        """PostgreSQL's major version: 15 for 150008."""
        return self.server_version // 10000

    @property
    def version(self) -> str:
        """As people write it: `15.8`."""
        return f"{self.major}.{self.server_version % 10000}"

    def same_database(self, other: Identity) -> bool:
        """Whether both say that they are one database, however they were reached. A copy of a server says so too."""
        if self.system_identifier and other.system_identifier:
            return (self.system_identifier, self.database) == (other.system_identifier, other.database)
        return (self.host, self.port, self.database) == (other.host, other.port, other.database)


class MigrationFile(Struct, frozen=True):
    """A directory under `prisma/migrations` and its `migration.sql`.

    `checksum` is the lower-case hex SHA-256 of the file's bytes, as Prisma records it. `equal_checksums` are those
    of the file with the other line endings (LF, CRLF), which Prisma takes for the same file.
    """

    name: str
    path: str
    checksum: str
    bytes: int
    equal_checksums: tuple[str, ...] = ()


class BackupFile(Struct, frozen=True):
    """One file of a dump in directory format; `name` is relative to the dump's folder."""

    name: str
    bytes: int
    sha256: str


class TableWrites(Struct, frozen=True):
    """Rows that a table's statistics had counted as inserted, updated and deleted (`n_tup_*`)."""

    inserted: int
    updated: int
    deleted: int


class Backup(Struct, frozen=True):
    """A finished dump and what its own snapshot held. Tables and sequences are named `schema.name`.

    `bytes` is the sum of its files. `sha256` is the digest of the file, or, in directory format, of the list of its
    `files` with theirs. `counts` are exact rows. `digests` say what the rows held (`dixis_tui.postgres.contents`);
    a table in `sampled` was digested for one row in so many. `sequences` are their values, as text. `writes` are the
    statistics at that moment, to tell later what was written since. `head` is the last migration that was applied.
    """

    path: str
    bytes: int
    sha256: str
    seconds: float
    server_version: int
    counts: dict[str, int]
    form: DumpFormat = DumpFormat.CUSTOM
    taken_at: datetime | None = None
    """When the snapshot was taken."""
    files: tuple[BackupFile, ...] = ()
    encrypted: bool = False
    """With `age`, file by file; sizes and digests are those of the encrypted files."""
    digests: dict[str, str] = {}
    sampled: dict[str, int] = {}
    sequences: dict[str, str] = {}
    writes: dict[str, TableWrites] = {}
    roles: tuple[str, ...] = ()
    """Roles that own something in it, or are granted something."""
    head: str = ""


class Snapshot(Struct, frozen=True):
    """A provider's snapshot as the operator named it: nothing of it was seen or proven here."""

    id: str
    taken_at: datetime
    where: str


class TableLoss(Struct, frozen=True):
    """What was written to a table since the backup, and is lost by going back.

    The rows of the statistics; `rows_then` and `rows_now` are live counts, -1 where the table is not there.
    """

    table: str
    inserted: int
    updated: int
    deleted: int
    rows_then: int
    rows_now: int


class WayView(Struct, frozen=True):
    """One way back as it stands: why it can't be taken (empty: it can), and what it is expected to take in seconds."""

    way: Way
    refused: str = ""
    seconds: float = 0.0
    measured: bool = False
    """Whether `seconds` comes from this backup's own restore, and not from the runbook's plan."""


class HealthResult(Struct, frozen=True):
    """One look at one endpoint. `status` is 0 where no answer came; `problem` is empty where all is well."""

    name: str
    url: str
    status: int
    milliseconds: float
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether the endpoint answered as its rule wants."""
        return not self.problem


class Finding(Struct, frozen=True):
    """What one check saw: `state`, `evidence` (what, where) and `remedy` (what to do; empty where all is well)."""

    state: CheckState
    evidence: str
    remedy: str = ""


def passed(evidence: str) -> Finding:
    """All is well."""
    return Finding(CheckState.PASSED, evidence)


def warned(evidence: str, remedy: str = "") -> Finding:
    """Worth knowing; the way stays open."""
    return Finding(CheckState.WARNED, evidence, remedy)


def failed(evidence: str, remedy: str) -> Finding:
    """The gate is closed until this is mended or waived."""
    return Finding(CheckState.FAILED, evidence, remedy)


def unknown(evidence: str, remedy: str = "") -> Finding:
    """Could not be looked at; the gate is closed as if it had failed."""
    return Finding(CheckState.UNKNOWN, evidence, remedy)
