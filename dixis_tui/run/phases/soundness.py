"""Whether the migrations can go on from what the history says."""

from __future__ import annotations

from itertools import pairwise

from dixis_tui.model import Finding, failed, passed, warned
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.history import History, lock_holder


def history(session: Session, seen: History) -> Finding:
    """Whether the migrations can go on from this history, and what to do where they can't."""
    if seen.unmanaged:
        tables = ", ".join(seen.foreign_tables[:3])
        return failed(
            f"the database has tables ({tables}, …) but no _prisma_migrations",
            "Baseline it first: `prisma migrate resolve --applied` for each migration that it already holds.",
        )
    if seen.failed:
        return unfinished(session, seen)
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


def unfinished(session: Session, seen: History) -> Finding:
    row = seen.failed[0]
    if holder := lock_holder(session):
        return failed(
            f"{row.migration_name} is running now: backend {holder.pid} ({holder.application}) holds Prisma's lock",
            "Wait until it is done, then look again.",
        )
    error = _error_in(row.logs or "")
    why = f": {error}" if error else ", without an error on record"
    return failed(
        f"{row.migration_name} is recorded as failed{why}",
        f"Look whether its changes are there, then `prisma migrate resolve --rolled-back {row.migration_name}` "
        "(or --applied), and look again.",
    )


def _error_in(logs: str) -> str:
    """The server's own sentence in `logs`; Prisma puts some of its own before it."""
    lines = [line.strip() for line in logs.splitlines() if line.strip()]
    after = [line for before, line in pairwise(lines) if before == "Database error:"]
    return next(iter([*after, *lines]), "")
