"""Phase 2: the dump, its digest and its manifest."""

from __future__ import annotations

from pathlib import Path

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.model import Phase, passed
from dixis_tui.postgres import catalog
from dixis_tui.postgres.dump import dump
from dixis_tui.postgres.manifest import verify_backup
from dixis_tui.postgres.tools import find_tools
from dixis_tui.run import folders
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts


def backup_folder(context: Context) -> Path:
    """Where this run's dump goes."""
    configured = context.settings.backup.directory
    return folders.private(Path(context.settings.root, configured) if configured else context.folder / "backup")


def run(context: Context) -> None:
    """Dump production, read the dump's table of contents back, and keep the rows that its snapshot held."""
    with context.phase(Phase.BACKUP, facts.phase_checks(Phase.BACKUP)):
        url = facts.production(context)
        with facts.reading(context, url, "backup") as session:
            identity = catalog.identify(session, url)
        seen = context.state.identity
        if seen is None or not identity.same_database(seen):
            raise ToolError("DATABASE_URL leads to another database than preflight saw", "Look again (preflight).")
        tools = find_tools(identity.major, pg_bindir=context.settings.backup.pg_bindir, tls=bool(identity.tls))
        backup = dump(
            url,
            tools,
            backup_folder(context),
            on_progress=lambda what, done, total: context.progress(Phase.BACKUP, what, done, total),
            on_line=context.log.sink("pg_dump"),
            started=context.child,
        )
        context.safe_point()
        megabytes = f"{backup.bytes / 1e6:,.1f} MB"
        context.emit(ev.BackupMade(backup=backup, source=identity))
        verify_backup(backup, tools)
        context.found("DX201", passed("pg_restore reads its table of contents"))
        rows = sum(backup.counts.values())
        context.found("DX202", passed(f"{len(backup.counts)} tables, {rows:,} rows in the dump's own snapshot"))
        seconds = f"{backup.seconds:.1f} s"
        context.found("DX200", passed(f"{megabytes} in {seconds}, SHA-256 {backup.sha256[:12]}…, {backup.path}"))
