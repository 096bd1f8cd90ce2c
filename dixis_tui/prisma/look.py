"""Reading what the truth is made of: rows, lock, facts of the database, and the catalog where a file is unfinished."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.postgres.session import Session
from dixis_tui.prisma.files import OnDisk, same_checksum
from dixis_tui.prisma.history import History, HistoryRow, LockHolder, foreign_tables, lock_holder, read_rows
from dixis_tui.prisma.reconcile import Executed, reconcile
from dixis_tui.prisma.truth import Evidence, judge
from dixis_tui.standing import Reconciliation, Truth

_LOOKS = 20
"""How often rows may change under our eyes before we take what we have."""


class Seen(Struct, frozen=True):
    """One look: files against rows, and the truth made of it."""

    history: History
    truth: Truth


def read_truth(
    session: Session, on_disk: OnDisk, schema: str = "public", *, splits: bool = False, cli: str = "prisma"
) -> Truth:
    """Where every migration stands; the session may be read-only. `splits`, `cli`: see :class:`Executed`.

    Raises:
        QueryError: the role may not read the history table or the catalog, or the table is not Prisma's.
        ConnectError: the connection was lost. (A missing database shows when connecting: `truth.missing_database`.)
    """
    return look(session, on_disk, schema, splits=splits, cli=cli).truth


def look(
    session: Session, on_disk: OnDisk, schema: str = "public", *, splits: bool = False, cli: str = "prisma"
) -> Seen:
    """As :func:`read_truth`, with the history that the truth was made of."""
    rows, holder = _rows_and_holder(session, schema)
    evidence = Evidence(
        files=on_disk.files,
        without_file=on_disk.without_file,
        rows=rows,
        holder=holder,
        tables=() if rows is not None else foreign_tables(session, schema),
        replica=bool(session.value("SELECT pg_catalog.pg_is_in_recovery()")),
        cli=cli,
    )
    found = _reconciled(session, evidence, schema, Executed(splits=splits, cli=cli))
    return Seen(evidence.history, judge(replace(evidence, reconciled=found)))


def _rows_and_holder(session: Session, schema: str) -> tuple[tuple[HistoryRow, ...] | None, LockHolder | None]:
    """Rows, and who was at work on them. Nobody is told of only where the rows were the same before and after."""
    rows = read_rows(session, schema)
    for _ in range(_LOOKS):
        holder = lock_holder(session)
        again = read_rows(session, schema)
        if holder is not None or again == rows:
            return again, holder
        rows = again
    return rows, None


def _reconciled(session: Session, evidence: Evidence, schema: str, executed: Executed) -> dict[str, Reconciliation]:
    """What the catalog says of unfinished files that nobody is at work on, and of all where there is no history."""
    history = evidence.history
    jobs = dict.fromkeys(evidence.files, executed) if history.unmanaged else {}
    files = {file.name: file for file in evidence.files}
    for row in history.failed:
        file = files.get(row.migration_name)
        logs = (row.logs or "").strip()
        # Another text than the one that ran says nothing about it.
        if file is not None and same_checksum(file, row.checksum) and (logs or evidence.holder is None):
            jobs[file] = replace(executed, logs=logs)
    return reconcile(session, jobs, schema) if jobs else {}
