"""The way back: this run's backup restored into the same database, whole or not at all, and counted."""

from __future__ import annotations

from dixis_tui import events as ev
from dixis_tui.errors import ToolError
from dixis_tui.model import CheckState, Phase, Place, passed
from dixis_tui.postgres import catalog
from dixis_tui.postgres.manifest import verify_backup
from dixis_tui.postgres.restore import restore
from dixis_tui.postgres.tools import find_tools
from dixis_tui.run.commands import Rollback
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts, judges, verify


def run(context: Context, command: Rollback) -> None:
    """Put production back to the backup. The emptying and the restore are one transaction."""
    backup = context.state.backup
    if backup is None:
        raise ToolError("There is no backup in this run", "Restore by the provider's means.")
    context.log.line("operator", f"{command.operator} confirmed the rollback", "warning")
    context.emit(ev.RollbackConfirmed(operator=command.operator, sha256=backup.sha256))
    checks = [*facts.phase_checks(Phase.ROLLBACK, "DX903"), *verify.health_subjects(context, "DX903")]
    with context.phase(Phase.ROLLBACK, checks):
        url = facts.production(context)
        with facts.reading(context, url, "rollback") as session:
            identity = catalog.identify(session, url)
        facts.require_source(context, identity)
        tools = find_tools(identity.major, pg_bindir=context.settings.backup.pg_bindir, tls=bool(identity.tls))
        verify_backup(backup, tools)
        context.found("DX900", passed(f"{backup.bytes:,} bytes, SHA-256 {backup.sha256[:12]}… as written"))
        seconds = restore(
            url,
            tools,
            backup,
            keep_owners=True,
            atomic=True,
            on_progress=lambda what, done, total: context.progress(Phase.ROLLBACK, what, done, total),
            on_line=context.log.sink("pg_restore"),
            started=context.child,
        )
        context.found("DX901", passed(f"in {seconds:.1f} s, one transaction"))
        with facts.reading(context, url, "rollback", statement_timeout_seconds=0) as session:
            counted = context.check("DX902", lambda: judges.counts(session, backup))
        if counted.state is CheckState.PASSED:
            tables, rows = len(backup.counts), sum(backup.counts.values())
            context.emit(
                ev.BackupRestored(
                    place=Place.PRODUCTION,
                    where=identity.database,
                    seconds=seconds,
                    tables=tables,
                    rows=rows,
                )
            )
        verify.health(context, "DX903")
