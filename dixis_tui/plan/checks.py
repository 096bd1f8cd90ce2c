"""The catalogue of checks: each has a stable code, a title, who answers it, and whether it closes the gate.

Codes go by phase: DX1xx preflight, DX2xx backup, and so on; a code is never used again for something else.
The key check of a phase (DX200, DX300, DX400) stands for the whole phase: waived, the phase may be left out.
"""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.model import Phase


class CheckSpec(Struct, frozen=True, kw_only=True):
    """One kind of check, whatever it found.

    `person`: answered by a tick, not by looking. `gate`: while it is not open, no go. `waivable`: a person may open
    it by name with a reason. `key`: stands for its whole phase. `looks`: what it looks at, for `dixis-tui checks`.
    """

    code: str
    phase: Phase
    title: str
    looks: str
    person: bool = False
    gate: bool = True
    waivable: bool = True
    key: bool = False


def _machine(
    code: str, phase: Phase, title: str, looks: str, *, gate: bool = True, waivable: bool = True, key: bool = False
) -> CheckSpec:
    return CheckSpec(code=code, phase=phase, title=title, looks=looks, gate=gate, waivable=waivable, key=key)


def _person(code: str, phase: Phase, title: str, looks: str, *, gate: bool = True, key: bool = False) -> CheckSpec:
    return CheckSpec(code=code, phase=phase, title=title, looks=looks, person=True, gate=gate, key=key)


_PRE, _BACKUP, _REHEARSAL = Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL

CATALOGUE: tuple[CheckSpec, ...] = (
    _machine(
        "DX101", _PRE, "Secrets set", "DATABASE_URL is set and a PostgreSQL URL; the others by name", waivable=False
    ),
    _machine("DX102", _PRE, "Direct connection", "port, host and parameters of the URL: not a pooler"),
    _machine("DX103", _PRE, "Target reachable", "a connection with the URL, its server and database", waivable=False),
    _machine("DX104", _PRE, "Primary, writable", "pg_is_in_recovery() and transaction_read_only", waivable=False),
    _machine("DX105", _PRE, "TLS", "pg_stat_ssl of our own connection, against what the URL asks", gate=False),
    _machine("DX106", _PRE, "Rights of the role", "CREATE on the schema, ownership of its tables"),
    _machine(
        "DX107", _PRE, "Tools of the server's major", "pg_dump, pg_restore and psql on this machine; age and its key"
    ),
    _machine("DX111", _PRE, "Prisma project", "package.json, schema, migrations folder and files", waivable=False),
    _machine("DX112", _PRE, "Prisma version supported", "the pinned version: 5, 6 or 7", waivable=False),
    _machine("DX113", _PRE, "prisma validate", "the project's own CLI, where it is installed"),
    _machine("DX114", _PRE, "History is sound", "_prisma_migrations against the files: failed, edited, missing"),
    _machine("DX115", _PRE, "Pending migrations", "files without an applied row", waivable=False),
    _machine(
        "DX116", _PRE, "Hazards of the pending files", "squawk and our own rules on each statement, and live sizes"
    ),
    _machine(
        "DX117", _PRE, "Execution foreseen", "the pinned Prisma and each pending file: what will run in one transaction"
    ),
    _machine(
        "DX118", _PRE, "No long transactions", "pg_stat_activity: transactions open for over a minute", gate=False
    ),
    _machine("DX119", _PRE, "Replicas keep up", "pg_stat_replication: seconds and bytes behind", gate=False),
    _machine("DX121", _PRE, "Maintenance window", "window.start and window.minutes of dixis.toml against the clock"),
    _machine("DX122", _PRE, "Disk space for the backup", "free bytes where the dump goes, against the database"),
    _machine("DX123", _PRE, "Contacts named", "contacts of dixis.toml", gate=False),
    _machine("DX124", _PRE, "No other run on this target", "an advisory lock in PostgreSQL, and who holds it"),
    _machine(
        "DX125",
        _PRE,
        "The run outlives this login",
        "logind's KillUserProcesses, the runner's cgroup, and Linger",
        gate=False,
    ),
    _person("DX131", _PRE, "Migration Clinic is green on main", "GitHub: Actions, Migration Clinic, branch main"),
    _person("DX132", _PRE, "Code freeze agreed", "nobody merges or deploys until sign-off"),
    _person("DX133", _PRE, "24 h notice sent", "e-mail and in-app banner, a day before the window"),
    _person(
        "DX134", _PRE, "GitHub secret DATABASE_URL_PROD set", "GitHub: Settings, Secrets and variables", gate=False
    ),
    _machine(
        "DX135",
        _PRE,
        "Notices can be made",
        "every template with example facts, and what each channel needs",
        gate=False,
    ),
    _machine("DX141", _PRE, "GitHub answers", "the token, whose it is, what it may, and the requests left"),
    _machine("DX142", _PRE, "Clinic green for this commit", "Migration Clinic's latest run for exactly this commit"),
    _machine(
        "DX143", _PRE, "Branch is at this commit", "github.branch against the local commit; and whether it is locked"
    ),
    _machine("DX144", _PRE, "Working tree clean", "git status of the project, and whether its commit was pushed"),
    _machine(
        "DX145", _PRE, "Migrations equal GitHub's", "the commit's tree on GitHub against the local files, by checksum"
    ),
    _machine(
        "DX146", _PRE, "Secrets on GitHub", "github.secret and github.shadow_secret by name, and their last change"
    ),
    _machine(
        "DX147", _PRE, "Workflow can be dispatched", "github.migrate_workflow: on the branch, enabled, takes confirm"
    ),
    _machine("DX148", _PRE, "Environment's protection", "reviewers, wait timer, branches; may you approve", gate=False),
    _machine("DX149", _PRE, "Nothing else deploys", "open runs of the migrate workflow, and open deployments"),
    _machine("DX200", _BACKUP, "Backup made", "pg_dump, one file or a folder, whole, with size and SHA-256", key=True),
    _machine("DX201", _BACKUP, "Backup readable", "pg_restore --list reads the file's table of contents"),
    _machine("DX202", _BACKUP, "Manifest written", "rows, contents and sequences of the dump's own snapshot"),
    _machine("DX300", _REHEARSAL, "Rehearsed on the restored backup", "the whole of this phase", key=True),
    _machine("DX301", _REHEARSAL, "Staging is not production", "system_identifier and database of both"),
    _machine("DX302", _REHEARSAL, "Backup restored", "pg_restore into staging, timed"),
    _machine("DX303", _REHEARSAL, "Rows equal the backup's", "row counts per table against the manifest"),
    _machine("DX304", _REHEARSAL, "Migrations apply on staging", "the same files with the same executor"),
    _machine("DX305", _REHEARSAL, "Staging is up to date", "history table and, where installed, prisma migrate status"),
    _machine("DX306", _REHEARSAL, "Schema validates", "prisma validate, where installed"),
    _machine(
        "DX307",
        _REHEARSAL,
        "Room on the server's disk",
        "disk and WAL needed, from the rehearsal, against what is free",
    ),
    _machine(
        "DX308", _REHEARSAL, "Measured and predicted", "every statement of the rehearsal, and both sizes", gate=False
    ),
    _machine(
        "DX309", _REHEARSAL, "Contents equal the backup's", "a digest of every table's rows, and every sequence's value"
    ),
    _machine("DX310", _REHEARSAL, "Schema equals the backup's", "every object of the dump, with its owner and grants"),
    _person("DX311", _REHEARSAL, "Application tried against staging", "the runbook's dry-run, step 4", gate=False),
    _machine("DX312", _REHEARSAL, "Pages and indexes are sound", "pg_amcheck on what was restored", gate=False),
    _machine("DX313", _REHEARSAL, "Older backups", "backup.keep, against the backups of this database", gate=False),
    _person("DX400", Phase.BANNER, "Maintenance banner is up", "maintenance page or in-app banner", key=True),
    _machine("DX401", Phase.BANNER, "Maintenance page served", "maintenance.url as a visitor asks for it", gate=False),
    _machine("DX402", Phase.BANNER, "Notice 'during' out", "the receipts of every channel of [notices]", gate=False),
    _machine("DX501", Phase.GO, "Prediction fits the window", "rehearsed seconds and way back against the time left"),
    _machine("DX502", Phase.GO, "Backup is fresh", "its age against backup.max_age_hours; its files as written"),
    _machine("DX600", Phase.MIGRATE, "Migrations applied", "every file of the sealed plan", waivable=False, key=True),
    _machine("DX601", Phase.MIGRATE, "History agrees", "_prisma_migrations read again afterwards", waivable=False),
    _machine("DX602", Phase.MIGRATE, "As predicted", "seconds predicted and taken, by statement", gate=False),
    _machine("DX701", Phase.VERIFY, "Nothing pending or failed", "_prisma_migrations against the files"),
    _machine("DX702", Phase.VERIFY, "prisma migrate status", "Database schema is up to date!"),
    _machine("DX703", Phase.VERIFY, "prisma validate", "The schema at prisma/schema.prisma is valid"),
    _machine("DX704", Phase.VERIFY, "No invalid indexes", "pg_index.indisvalid"),
    _machine("DX705", Phase.VERIFY, "No unvalidated constraints", "pg_constraint.convalidated", gate=False),
    _machine("DX706", Phase.VERIFY, "Health", "status, latency and body of each [[health]] endpoint"),
    _machine("DX707", Phase.VERIFY, "Critical flows", "each of [[flows]], gone through step by step; none: not asked"),
    _person("DX711", Phase.VERIFY, "Logs looked at", "application errors, slow queries, violations", gate=False),
    _machine(
        "DX721",
        Phase.VERIFY,
        "As before, or better",
        "endpoints, statements, scans, pool, logs after the migration against before",
        gate=False,
    ),
    _machine(
        "DX801",
        Phase.SIGNOFF,
        "Journal verifies",
        "the journal's hash chain, the log's digests, the kept heads",
        gate=False,
    ),
    _machine("DX802", Phase.SIGNOFF, "Backup verified", "this run restored and compared it", gate=False),
    _machine("DX803", Phase.SIGNOFF, "Rollback tested", "the last drill, or a rollback of this target", gate=False),
    _person("DX811", Phase.SIGNOFF, "Banner down, notice sent", "the runbook's after-notice", gate=False),
    _person("DX812", Phase.SIGNOFF, "Secrets rotation considered", "security checklist", gate=False),
    _person("DX813", Phase.SIGNOFF, "Access logs reviewed", "security checklist", gate=False),
    _machine(
        "DX814",
        Phase.SIGNOFF,
        "Credential's age",
        "rotations recorded here, the secret's last change on GitHub, rolvaliduntil",
        gate=False,
    ),
    _machine(
        "DX815", Phase.SIGNOFF, "Access review", "pg_stat_activity during the run, against access.known", gate=False
    ),
    _machine("DX900", Phase.ROLLBACK, "Backup intact", "sizes, SHA-256 and table of contents", waivable=False),
    _machine("DX901", Phase.ROLLBACK, "Database restored", "beside production, or in one transaction", waivable=False),
    _machine("DX902", Phase.ROLLBACK, "Rows and contents equal the backup's", "rows, digests and sequences"),
    _machine("DX903", Phase.ROLLBACK, "Health", "each [[health]] endpoint after the rollback", gate=False),
    _machine("DX904", Phase.ROLLBACK, "Schema equals the backup's", "every object of the dump, with owner and grants"),
    _machine(
        "DX905",
        Phase.ROLLBACK,
        "Swapped",
        "the restored database has production's name, the other is kept",
        waivable=False,
    ),
    _machine("DX906", Phase.ROLLBACK, "History is the backup's", "_prisma_migrations: the last applied, none failed"),
    _machine("DX907", Phase.ROLLBACK, "No invalid indexes", "pg_index.indisvalid"),
    _machine("DX908", Phase.ROLLBACK, "No unvalidated constraints", "pg_constraint.convalidated", gate=False),
    _person("DX911", Phase.ROLLBACK, "Application stopped", "nothing writes to the old database any more"),
    _person("DX912", Phase.ROLLBACK, "Snapshot restored", "the provider's console: a new database, available"),
    _person("DX913", Phase.ROLLBACK, "Connection strings changed", "application and DATABASE_URL lead to the new one"),
)

FLEET: tuple[CheckSpec, ...] = (
    _machine("DX151", _PRE, "Every target planned", "each target's database: reached, a primary, its history is sound"),
    _person("DX152", _PRE, "Backups of all targets exist", "each target's own: a fleet makes none, and rehearses none"),
)
"""Asked in a run over many databases alone."""

SPECS: dict[str, CheckSpec] = {spec.code: spec for spec in (*CATALOGUE, *FLEET)}


GITHUB_CODES = tuple(code for code in SPECS if code.startswith("DX14"))
"""Looked up only where `[github]` names a repository."""
FLOWS = "DX707"
"""Asked only where `[[flows]]` has one, once for each."""
NOTICE_CODES = ("DX135", "DX402")
"""Looked up only where `[notices]` has a channel."""
ANSWERED_BY_GITHUB = {"DX131": "DX142", "DX134": "DX146"}
"""What a person answers where GitHub can't be asked, and the check that looks it up where it can."""


FLEET_ASKS = ("DX131", "DX132", "DX133", "DX152")
"""What a person answers in a run over many databases; the first, only where GitHub can't be asked."""


def of_phase(phase: Phase) -> tuple[CheckSpec, ...]:
    """The checks of one phase in catalogue order."""
    return tuple(spec for spec in CATALOGUE if spec.phase is phase)


def key_of(phase: Phase) -> CheckSpec | None:
    """The check that stands for the whole phase, where there is one."""
    return next((spec for spec in of_phase(phase) if spec.key), None)
