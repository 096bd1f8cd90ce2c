"""What several phases look at: the target's URL, the Prisma project, and both sides of the history."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.errors import ProjectError, ToolError
from dixis_tui.model import CheckState, Executor, Finding, Identity, MigrationFile, Phase
from dixis_tui.plan.checks import GITHUB_CODES, NOTICE_CODES, of_phase
from dixis_tui.plan.seal import Plan
from dixis_tui.postgres import catalog
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma.cli import PrismaCli, StreamSink
from dixis_tui.prisma.files import OnDisk, read_migrations
from dixis_tui.prisma.history import History
from dixis_tui.prisma.look import Seen, look
from dixis_tui.prisma.manners import Manners
from dixis_tui.prisma.project import Project, discover
from dixis_tui.prisma.truth import worded
from dixis_tui.run import accounts, policy
from dixis_tui.run.context import Context
from dixis_tui.run.phases import access, soundness
from dixis_tui.settings import DATABASE_URL, SHADOW_DATABASE_URL, Settings
from dixis_tui.standing import Truth


class Facts(Struct, frozen=True, kw_only=True):
    """Production and the project, as seen at one moment; `sound`: whether one can go on from that history."""

    identity: Identity
    project: Project
    files: tuple[MigrationFile, ...]
    history: History
    truth: Truth
    sound: Finding


def production(context: Context) -> DatabaseUrl:
    """The target's URL. Raises UrlError."""
    return parse(context.secrets.get(DATABASE_URL), DATABASE_URL)


def project(context: Context) -> Project:
    """The Prisma project. Raises ProjectError."""
    settings = context.settings.prisma
    return discover(context.settings.prisma_directory, settings.schema, settings.command)


def prisma_sink(context: Context) -> StreamSink:
    """Where the CLI's lines go: the log, stderr as warnings, since Prisma writes notes there as well as errors."""
    return lambda stream, line: context.log.line("prisma", line, "warning" if stream == "stderr" else "info")


@contextmanager
def reading(
    context: Context, url: DatabaseUrl, purpose: str, *, statement_timeout_seconds: float = 60
) -> Iterator[Session]:
    """A session that can only read."""
    with connect(
        url,
        purpose=purpose,
        read_only=True,
        on_notice=context.log.sink("server"),
        statement_timeout_seconds=statement_timeout_seconds,
    ) as session:
        if context.access and url == production(context):
            access.look(context, session, url)
        yield session


def gather(context: Context) -> Facts:
    """Look at everything that the plan is made of, anew. Raises any DixisError."""
    url = production(context)
    found = project(context)
    files = read_migrations(found.migrations)
    with reading(context, url, "look") as session:
        identity = catalog.identify(session, url)
        seen = truth_at(session, found, OnDisk(files), url.schema)
    require_source(context, identity)
    return Facts(
        identity=identity,
        project=found,
        files=files,
        history=seen.history,
        truth=seen.truth,
        sound=soundness.history(seen.truth),
    )


def truth_at(session: Session, found: Project, on_disk: OnDisk, schema: str) -> Seen:
    """Where every migration of the project stands in that session's database. Raises QueryError and ConnectError."""
    return look(session, on_disk, schema, splits=found.splits_statements, cli=found.shown)


def truth_seen(context: Context, truth: Truth) -> ev.TruthSeen:
    """The event that shows it; its words are cleaned and redacted here."""
    return ev.TruthSeen(truth=worded(truth, context.log.redactor.line))


def require_source(context: Context, identity: Identity) -> None:
    """Refuse where this run's backup was made from another database than the one that answers now. Raises ToolError."""
    source = context.state.backup_source
    if source is None:
        return
    adopted = context.state.adopted is not None
    # A copy of a server has its identifier; between two runs, only where it was reached tells them apart.
    moved = adopted and (source.host, source.port) != (identity.host, identity.port)
    if moved or not identity.same_database(source):
        raise ToolError(
            f"DATABASE_URL leads to {identity.database} at {identity.host}:{identity.port}, which is not the database "
            f"that the backup was made from ({source.database} at {source.host}:{source.port})",
            "Find out what moved before anything else; point DATABASE_URL at the database of the backup.",
        )


def plan_of(context: Context, facts: Facts) -> Plan:
    """The plan as these facts and this run's backup and rehearsal make it."""
    state = context.state
    waived = sorted({view.code for view in state.checks.values() if view.state is CheckState.WAIVED})
    return Plan(
        identity=facts.identity,
        executor=context.settings.migrate.executor,
        workflow=workflow_shown(context.settings),
        prisma_version=facts.project.prisma_version,
        commit=facts.project.commit,
        migrations=list(facts.history.pending),
        backup_sha256=state.backup.sha256 if state.backup else "",
        rehearsed=policy.rehearsed(state),
        waived=waived,
        second=accounts.needs_second(state),
    )


def workflow_shown(settings: Settings) -> str:
    """The workflow that will migrate, in words; empty with another executor."""
    if settings.migrate.executor is not Executor.GITHUB:
        return ""
    github = settings.github
    where = f", environment {github.environment}" if github.environment else ""
    return f"{github.repository} {github.migrate_workflow} on {github.branch}{where}"


def project_seen(found: Project) -> ev.ProjectSeen:
    """The event that shows the project."""
    return ev.ProjectSeen(
        directory=str(found.directory),
        prisma_version=found.prisma_version,
        command=found.shown,
        commit=found.commit,
    )


def cli_for(context: Context, found: Project, url: DatabaseUrl) -> PrismaCli:
    """The project's own CLI, pointed at `url`."""
    migrate = context.settings.migrate
    shadow = context.secrets.get(SHADOW_DATABASE_URL)
    return PrismaCli(
        found,
        url,
        lock_timeout_seconds=migrate.lock_timeout_seconds,
        statement_timeout_seconds=migrate.statement_timeout_seconds,
        shadow=parse(shadow, SHADOW_DATABASE_URL) if shadow else None,
        purpose=prisma_purpose(context),
    )


def prisma_purpose(context: Context) -> str:
    """What the sessions of this run's CLI are called: theirs alone may be cancelled by the victim rule."""
    return f"prisma {context.folder.name}"


def manners(context: Context) -> Manners:
    """How the executors wait and give way, by the settings."""
    migrate = context.settings.migrate
    return Manners(
        retries=migrate.lock_retries,
        deadline_seconds=migrate.retry_seconds,
        quiet_seconds=migrate.quiet_seconds,
        # 0 is no limit to PostgreSQL: only where none was asked for.
        patience_seconds=max(migrate.retry_seconds, migrate.lock_timeout_seconds)
        if migrate.lock_timeout_seconds
        else 0,
    )


def content(file: MigrationFile) -> bytes:
    """A migration file's bytes. Raises ProjectError."""
    try:
        return Path(file.path).read_bytes()
    except OSError as error:
        raise ProjectError(f"{file.path} can't be read: {error.strerror}", "Restore the migration file.") from None


def phase_checks(phase: Phase, *skipped: str) -> list[tuple[str, str]]:
    """Codes of the checks that a phase answers by looking, without subjects; those of GitHub and of notices come once
    it was asked."""
    left_out = (*skipped, *GITHUB_CODES, *NOTICE_CODES)
    return [(spec.code, "") for spec in of_phase(phase) if not spec.person and spec.code not in left_out]
