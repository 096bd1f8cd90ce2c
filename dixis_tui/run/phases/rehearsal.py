"""Phase 3: the backup restored into staging, compared, and the same migrations run there with the same executor."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from dixis_tui import events as ev
from dixis_tui.errors import DixisError, ToolError
from dixis_tui.model import (
    Backup,
    CheckState,
    Executor,
    Finding,
    MigrationFile,
    MigrationState,
    Phase,
    Place,
    failed,
    passed,
    warned,
)
from dixis_tui.postgres import catalog
from dixis_tui.postgres.amcheck import amcheck
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.proof import Difference
from dixis_tui.postgres.restore import restore
from dixis_tui.postgres.sameness import same_database
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.snapshot_facts import make_roles, missing_roles
from dixis_tui.postgres.tools import Tools, find_tools
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import read_history
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import equality, facts, forecast, judges, measuring, proven, rollback
from dixis_tui.run.phases.apply import apply
from dixis_tui.run.runs import live
from dixis_tui.settings import STAGING_DATABASE_URL


def run(context: Context) -> None:
    """Prove the backup by restoring it, then rehearse on it and measure."""
    backup = context.state.backup
    with context.phase(Phase.REHEARSAL, facts.phase_checks(Phase.REHEARSAL)), _staging(context) as (url, where):
        if backup is None:
            raise ToolError("There is no backup to rehearse on", "Make the backup first.")
        context.check("DX301", lambda: _not_production(context, url, where))
        # A waiver is not enough here: what is waived may be production itself.
        if context.state.check("DX301").state not in (CheckState.PASSED, CheckState.WARNED):
            raise DixisError("Staging is not fit for a rehearsal", "Mend STAGING_DATABASE_URL, or unset it.")
        with rollback.opened(context, backup) as plain:
            _restore(context, url, where, plain)
        proven.record(context, backup, where)
        context.check("DX313", lambda: proven.older(context, backup))
        context.safe_point()
        measuring.settle(context, url)
        before = measuring.sizes(context, url)
        context.safe_point()
        _migrate(context, url)
        if context.state.check("DX304").state is CheckState.PASSED:
            forecast.predict(context, before)
        else:
            context.skip(("DX307", "DX308"), "the migrations did not apply: nothing was measured to the end")
        unfit = [
            view.code
            for view in context.state.checks_of(Phase.REHEARSAL)
            if view.spec.gate and not view.spec.key and not view.open
        ]
        if unfit:
            context.found("DX300", failed(f"not passed: {', '.join(unfit)}", "Mend it, then rehearse again."))
        else:
            total = context.state.rehearsed_seconds
            measured = f", the migrations took {total:.1f} s" if total is not None else ""
            context.found("DX300", passed(f"restored and migrated on {where}{measured}"))


@contextmanager
def _staging(context: Context) -> Iterator[tuple[DatabaseUrl, str]]:
    """Staging as configured, or an embedded scratch server that lives as long as the rehearsal."""
    configured = context.secrets.get(STAGING_DATABASE_URL)
    if configured:
        url = parse(configured, STAGING_DATABASE_URL)
        yield url, f"{url.database} @ {url.host}:{url.port}"
        return
    context.note("No STAGING_DATABASE_URL: rehearsing on an embedded scratch server.")
    _sweep(context)
    server = EmbeddedServer(context.folder / "scratch")
    try:
        server.create()
        server.start()
        server.create_database("rehearsal")
        yield parse(server.url("rehearsal"), "the scratch server's URL"), "the embedded scratch server"
    finally:
        server.remove()


def _sweep(context: Context) -> None:
    """A runner that was killed in its rehearsal has left a server with a copy of production: end it."""
    for folder in context.folder.parent.glob("*/scratch"):
        if not live(folder.parent):
            EmbeddedServer(folder).remove()


def _not_production(context: Context, url: DatabaseUrl, where: str) -> Finding:
    target = facts.production(context)
    with (
        facts.reading(context, url, "rehearsal") as session,
        facts.reading(context, target, "rehearsal") as production,
    ):
        one = same_database(production, session)
        staging = catalog.identify(session, url)
        shared = catalog.identify(production, target).system_identifier == staging.system_identifier != ""
        missing = sorted(set(catalog.extensions(production)) - set(catalog.available_extensions(session)))
    if one:
        return failed(
            f"STAGING_DATABASE_URL is the production database itself ({where})",
            "Point it at another database: a rehearsal empties it.",
        )
    if staging.in_recovery or staging.read_only:
        return failed(f"{where} takes no writes", "Point STAGING_DATABASE_URL at a server that does.")
    if missing:
        return failed(f"{where} lacks the extensions {', '.join(missing)}", "Install them on the staging server.")
    if shared:
        return warned(f"{where} is on production's own server, or on a copy of it", "Its load would be production's.")
    return passed(f"{where}, PostgreSQL {staging.version}")


def _restore(context: Context, url: DatabaseUrl, where: str, backup: Backup) -> None:
    """The proof: restored, compared with what its snapshot held, checked page by page."""
    with facts.reading(context, url, "rehearsal") as session:
        staging = catalog.identify(session, url)
        missing = missing_roles(session, backup.roles)
    if missing and url.variable != STAGING_DATABASE_URL:
        with connect(url, purpose="rehearsal") as session:
            make_roles(session, missing)  # the scratch server is ours
        missing = []
    # An archive can be read by its own major's pg_restore or a newer one's, a server written by its own major's.
    tools = find_tools(
        max(staging.major, backup.server_version // 10000),
        pg_bindir=context.settings.backup.pg_bindir,
        tls=bool(staging.tls),
    )
    jobs = equality.jobs_of(context)
    seconds = restore(
        url,
        tools,
        backup,
        keep_owners=not missing,
        atomic=False,
        on_progress=lambda what, done, total: context.progress(Phase.REHEARSAL, what, done, total),
        on_line=context.log.sink("pg_restore"),
        started=context.child,
        jobs=jobs,
    )
    owners = f"; owners and grants left out, staging lacks the roles {', '.join(missing[:3])}" if missing else ""
    context.found("DX302", passed(f"into {where} in {seconds:.1f} s by {jobs} jobs{owners}"))
    context.safe_point()
    began = time.monotonic()
    _compare(context, url, backup)
    context.check(
        "DX310",
        lambda: equality.schema(url, tools, backup, keep_owners=not missing, server_major=staging.major),
    )
    compared = time.monotonic() - began
    # A waiver opens a gate; it proves nothing.
    good = (CheckState.PASSED, CheckState.WARNED)
    if all(context.state.check(code).state in good for code in ("DX303", "DX309", "DX310")):
        rows = sum(backup.counts.values())
        context.emit(
            ev.BackupRestored(
                place=Place.STAGING,
                where=where,
                seconds=seconds,
                tables=len(backup.counts),
                rows=rows,
                compare_seconds=compared,
                jobs=jobs,
            )
        )
    context.safe_point()
    context.check("DX312", lambda: _pages(context, url, tools, jobs))


def _compare(context: Context, url: DatabaseUrl, backup: Backup) -> None:
    found: list[Difference] = []

    def rows() -> Finding:
        found.extend(equality.look(context, url, backup, Phase.REHEARSAL))
        total = sum(backup.counts.values())
        equal = f"{len(backup.counts)} tables, {total:,} rows, all equal"
        return equality.told(context, [one for one in found if one.of_rows], equal)

    seen = context.check("DX303", rows)
    if seen.state is CheckState.FAILED and not found:
        context.skip(("DX309",), "the database could not be read")
        return
    others = [one for one in found if not one.of_rows]
    words = equality.compared_words(backup)
    context.check("DX309", lambda: equality.told(context, others, words) if backup.digests else warned(words))


def _pages(context: Context, url: DatabaseUrl, tools: Tools, jobs: int) -> Finding:
    seen = amcheck(url, tools, jobs=jobs, on_line=context.log.sink("pg_amcheck"), started=context.child)
    if seen.problem:
        return failed(seen.problem, "Look into the log: what was restored is not sound, or its server is not.")
    return warned(f"not checked: {seen.skipped}") if seen.skipped else passed("pg_amcheck found nothing")


def _migrate(context: Context, url: DatabaseUrl) -> None:
    found = facts.project(context)
    files = read_migrations(found.migrations)
    with facts.reading(context, url, "rehearsal") as session:
        pending = read_history(session, files, url.schema).pending
    wanted = [(file.name, file.checksum) for file in pending]
    planned = [(view.name, view.checksum) for view in context.state.migrations.values()]
    if wanted != planned:
        context.found(
            "DX304",
            failed("staging's pending files are not production's", "Look again (preflight), then make a new backup."),
        )
        return
    if context.settings.migrate.executor is Executor.PRISMA:
        measuring.on_a_copy(context, url, found, pending)
    context.check("DX304", lambda: _apply(context, url, found, pending))
    with connect(url, purpose="rehearsal", read_only=True) as session:
        context.check("DX305", lambda: judges.up_to_date(context, session, url, found))
    context.check("DX306", lambda: judges.validate(context, found, url))


def _apply(context: Context, url: DatabaseUrl, found: Project, pending: Sequence[MigrationFile]) -> Finding:
    apply(context, url, found, pending, Place.STAGING)
    bad = [view for view in context.state.migrations.values() if view.rehearsal_state is not MigrationState.APPLIED]
    if bad:
        return failed(f"{bad[0].name}: {bad[0].rehearsal_error or 'was not applied'}", "Mend the migration first.")
    return passed(f"{len(pending)} applied in {context.state.rehearsed_seconds or 0:.1f} s")
