"""Judgements that several phases make: each looks, and returns a finding."""

from __future__ import annotations

from dixis_tui.model import Backup, Executor, Finding, failed, passed, warned
from dixis_tui.postgres.restore import compare_counts
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import History, lock_holder, read_history
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts


def history(session: Session, seen: History) -> Finding:
    """Whether the migrations can go on from this history, and what to do where they can't."""
    if seen.unmanaged:
        tables = ", ".join(seen.foreign_tables[:3])
        return failed(
            f"the database has tables ({tables}, …) but no _prisma_migrations",
            "Baseline it first: `prisma migrate resolve --applied` for each migration that it already holds.",
        )
    if seen.failed:
        return _unfinished(session, seen)
    if seen.edited:
        names = ", ".join(file.name for file in seen.edited[:3])
        return failed(f"edited since applied: {names}", "Restore the file as it was applied; put changes in a new one.")
    if seen.missing:
        names = ", ".join(row.migration_name for row in seen.missing[:3])
        return failed(f"applied but not on disk: {names}", "Check out the commit that has it.")
    if seen.out_of_order:
        names = ", ".join(file.name for file in seen.out_of_order[:3])
        return warned(f"older than one that is applied: {names}", "It will run after newer ones.")
    if seen.rolled_back_pending:
        names = ", ".join(file.name for file in seen.rolled_back_pending[:3])
        return warned(f"was rolled back and will run again: {names}", "")
    return passed(f"{len(seen.applied)} applied, files and rows agree")


def _unfinished(session: Session, seen: History) -> Finding:
    row = seen.failed[0]
    if holder := lock_holder(session):
        return failed(
            f"{row.migration_name} is running now: backend {holder.pid} ({holder.application}) holds Prisma's lock",
            "Wait until it is done, then look again.",
        )
    why = f": {row.logs.strip().splitlines()[0]}" if row.logs and row.logs.strip() else ", without an error on record"
    return failed(
        f"{row.migration_name} is recorded as failed{why}",
        f"Look whether its changes are there, then `prisma migrate resolve --rolled-back {row.migration_name}` "
        "(or --applied), and look again.",
    )


def validate(context: Context, found: Project, url: DatabaseUrl) -> Finding:
    """`prisma validate` with the project's own CLI; a warning where it isn't installed and isn't needed."""
    if missing := cli_missing(context, found):
        return missing
    result = facts.cli_for(context, found, url).validate(facts.prisma_sink(context))
    if result.code == 0:
        return passed("the schema is valid")
    return failed(f"exit code {result.code}: see the log", "Mend the schema, commit it, and look again.")


def cli_missing(context: Context, found: Project) -> Finding | None:
    """A finding where the project's CLI isn't installed: a failure if it is the executor, else a warning."""
    if found.argv:
        return None
    evidence = f"Prisma's CLI is not installed in {found.directory}"
    remedy = f"Install the project's packages with {found.package_manager}."
    if context.settings.migrate.executor is Executor.PRISMA:
        return failed(evidence, remedy)
    return warned(f"{evidence}: not asked", remedy)


def counts(session: Session, backup: Backup) -> Finding:
    """Row counts per table against the manifest."""
    different = compare_counts(session, backup)
    if different:
        first = different[0]
        return failed(
            f"{len(different)} tables differ; {first.table}: {first.expected} in the backup, {first.found} found",
            "Do not trust this backup: look into the log, then make a new one.",
        )
    return passed(f"{len(backup.counts)} tables, {sum(backup.counts.values()):,} rows, all equal")


def up_to_date(context: Context, session: Session, url: DatabaseUrl, found: Project) -> Finding:
    """Our own look at the history, and what the project's CLI says."""
    seen = read_history(session, read_migrations(found.migrations), url.schema)
    if not seen.up_to_date:
        first = (*(row.migration_name for row in seen.failed), *(file.name for file in seen.pending))
        return failed(f"not up to date: {', '.join(first[:3])}", "Look at that migration in the log.")
    return status(context, url, found)


def status(context: Context, url: DatabaseUrl, found: Project) -> Finding:
    """`prisma migrate status` with the project's own CLI, where it is installed."""
    if missing := cli_missing(context, found):
        return warned(f"history is up to date; {missing.evidence}", missing.remedy)
    answer = facts.cli_for(context, found, url).status(facts.prisma_sink(context))
    if answer.up_to_date:
        return passed("Database schema is up to date!")
    return failed(f"prisma migrate status ended with {answer.code}", "Look into the log for what it said.")
