"""Judgements that several phases make: each looks, and returns a finding."""

from __future__ import annotations

from dixis_tui.model import Executor, Finding, failed, passed, warned
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import History, read_history
from dixis_tui.prisma.project import Project
from dixis_tui.run.context import Context
from dixis_tui.run.phases import facts


def pending(seen: History) -> Finding:
    """What is to be applied; nothing is a closed gate."""
    if not seen.pending:
        return failed("nothing is pending: the database is up to date", "There is nothing to migrate.")
    return passed(f"{len(seen.pending)} pending: {', '.join(file.name for file in seen.pending)}")


def validate(context: Context, found: Project, url: DatabaseUrl) -> Finding:
    """`prisma validate` with the project's own CLI; a warning where it isn't installed and isn't needed."""
    if missing := cli_missing(context, found):
        return missing
    result = facts.cli_for(context, found, url).validate(facts.prisma_sink(context), context.child)
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
    answer = facts.cli_for(context, found, url).status(facts.prisma_sink(context), context.child)
    if answer.up_to_date:
        return passed("Database schema is up to date!")
    return failed(f"prisma migrate status ended with {answer.code}", "Look into the log for what it said.")
