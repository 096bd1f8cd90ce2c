"""Phase 2: the dump, its digest and its manifest."""

from __future__ import annotations

from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.model import Backup, DumpFormat, Phase, passed
from dixis_tui.postgres import catalog
from dixis_tui.postgres.dump import DumpOptions, dump
from dixis_tui.postgres.dump_files import sweep
from dixis_tui.postgres.manifest import verify_backup
from dixis_tui.postgres.restore import JOBS
from dixis_tui.postgres.tools import find_tools
from dixis_tui.run import folders
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts
from dixis_tui.settings import BackupSettings

_GB = 10**9
_NAMED = 3


def backup_folder(context: Context) -> Path:
    """Where this run's dump goes."""
    configured = context.settings.backup.directory
    return folders.private(Path(context.settings.root, configured) if configured else context.folder / "backup")


def sweep_left(context: Context) -> None:
    """Remove what killed runners have left: unfinished dumps, and plain copies of encrypted ones.

    Nobody else comes by the folder of a run that is over.
    """
    for folder in {backup_folder(context), *context.folder.parent.glob("*/backup")}:
        try:
            gone = sweep(folder)
        except OSError as error:
            context.log.line("runner", f"{folder} could not be cleared: {error.strerror}", "warning")
            continue
        for path in gone:
            context.log.line("runner", f"Removed what a killed runner had left: {path}")


def run(context: Context) -> None:
    """Dump production, read the dump's table of contents back, and keep the rows that its snapshot held."""
    with context.phase(Phase.BACKUP, facts.phase_checks(Phase.BACKUP)):
        url = facts.production(context)
        with facts.reading(context, url, "backup") as session:
            identity = catalog.identify(session, url)
        seen = context.state.identity
        if seen is None or not identity.same_database(seen):
            raise ToolError("DATABASE_URL leads to another database than preflight saw", "Look again (preflight).")
        sweep_left(context)
        tools = find_tools(identity.major, pg_bindir=context.settings.backup.pg_bindir, tls=bool(identity.tls))
        options = _options(context.settings.backup)
        backup = dump(
            url,
            tools,
            backup_folder(context),
            on_progress=lambda what, done, total: context.progress(Phase.BACKUP, what, done, total),
            on_line=context.log.sink("pg_dump"),
            started=context.child,
            options=options,
        )
        context.safe_point()
        context.emit(ev.BackupMade(backup=backup, source=identity))
        verify_backup(backup, tools)
        context.found("DX201", passed(_readable(backup)))
        context.found("DX202", passed(_held(backup)))
        context.found("DX200", passed(_made(backup, options.jobs)))


def _options(settings: BackupSettings) -> DumpOptions:
    return DumpOptions(
        form=None if settings.format == "auto" else DumpFormat(settings.format),
        directory_bytes=int(settings.directory_gb * _GB),
        jobs=settings.jobs or JOBS,
        sample_bytes=int(settings.sample_gb * _GB),
        one_in=settings.sample_one_in,
        recipient=settings.age_recipient,
    )


def _readable(backup: Backup) -> str:
    before = "pg_restore read its table of contents before it was encrypted; its rehearsal opens it"
    return before if backup.encrypted else "pg_restore reads its table of contents"


def _held(backup: Backup) -> str:
    """What the dump's own snapshot held, and how thoroughly it is known."""
    sampled = [f"{name} by one row in {share}" for name, share in sorted(backup.sampled.items())]
    more = f" and {len(sampled) - _NAMED} more" if len(sampled) > _NAMED else ""
    by_sample = f" ({', '.join(sampled[:_NAMED])}{more})" if sampled else ""
    return (
        f"{len(backup.counts)} tables, {sum(backup.counts.values()):,} rows in the dump's own snapshot; "
        f"contents of {len(backup.digests)} tables digested{by_sample}, {len(backup.sequences)} sequences; "
        f"last migration {backup.head or 'none'}"
    )


def _made(backup: Backup, jobs: int) -> str:
    encrypted = "encrypted, " if backup.encrypted else ""
    form = f"a folder by {jobs} jobs" if backup.form is DumpFormat.DIRECTORY else "one file"
    size = f"{backup.bytes / 1e6:,.1f} MB in {backup.seconds:.1f} s"
    return f"{encrypted}{form}, {size}, SHA-256 {backup.sha256[:12]}…, {backup.path}"
