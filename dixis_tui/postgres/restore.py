"""`pg_restore` into a database that is emptied first: all or nothing for production, in parallel for staging.

The atomic way is one transaction around the emptying and the whole restore. psql gets its `COMMIT` from us, and only
after pg_restore ended well: `psql --single-transaction` would commit half an archive when its input merely ends,
which is what it sees when pg_restore or this very process is killed.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import DixisError, QueryError, ToolError
from dixis_tui.model import Backup
from dixis_tui.postgres.catalog import table_counts
from dixis_tui.postgres.emptying import emptying
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.progress import OnProgress, TableProgress, watching
from dixis_tui.postgres.restore_atomic import restore_atomically
from dixis_tui.postgres.restore_job import (
    LOCK_NOT_AVAILABLE,
    LOCK_TIMEOUT_SECONDS,
    RestoreJob,
    blocked,
    list_file,
    table_of_contents,
)
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.tool_runs import LastLines, Started, run_tool
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import LineSink

JOBS = min(4, os.cpu_count() or 1)
"""Where nothing else is asked."""
_ANALYZE = "ANALYZE"


class CountDifference(Struct, frozen=True):
    """A table whose rows differ from the backup's; -1 where there is no such table."""

    table: str
    expected: int
    found: int


def restore(
    url: DatabaseUrl,
    tools: Tools,
    backup: Backup,
    *,
    keep_owners: bool,
    atomic: bool,
    on_progress: OnProgress,
    on_line: LineSink,
    started: Started | None = None,
    jobs: int = 0,
) -> float:
    """Empty the database, restore the backup into it, gather statistics; return the seconds it took.

    With `atomic`, emptying and restore are one transaction: a failure, a kill of ours or of any program leaves the
    database as it was. `keep_owners=False` makes everything the connecting role's own and drops grants.
    Else `jobs` sessions write (0: :data:`JOBS`). `on_progress` counts rows. `started` gets the process that writes;
    killing it stops the restore. Call :func:`dixis_tui.postgres.manifest.verify_backup` before: only the table of
    contents is read here.

    Raises:
        ToolError: the archive can't be read, somebody holds a table (its process is named), or the restore failed.
        ConnectError, QueryError: the server can't be reached or refused the emptying.
    """
    way = restore_atomically if atomic else _empty_and_restore
    jobs = 1 if atomic else jobs or JOBS
    return _carry_out(
        way,
        url,
        tools,
        backup,
        jobs=jobs,
        keep_owners=keep_owners,
        on_progress=on_progress,
        on_line=on_line,
        started=started,
    )


def restore_into(
    url: DatabaseUrl,
    tools: Tools,
    backup: Backup,
    *,
    jobs: int,
    keep_owners: bool,
    on_progress: OnProgress,
    on_line: LineSink,
    started: Started | None = None,
) -> float:
    """As :func:`restore`, in parallel, into a database that is new and empty; return the seconds it took."""
    return _carry_out(
        _restore_in_parallel,
        url,
        tools,
        backup,
        jobs=jobs or JOBS,
        keep_owners=keep_owners,
        on_progress=on_progress,
        on_line=on_line,
        started=started,
    )


def _carry_out(
    way: Callable[[RestoreJob, Session], None],
    url: DatabaseUrl,
    tools: Tools,
    backup: Backup,
    *,
    jobs: int,
    keep_owners: bool,
    on_progress: OnProgress,
    on_line: LineSink,
    started: Started | None,
) -> float:
    begin = time.monotonic()
    progress = TableProgress(backup.counts, backup.counts, on_progress, jobs=jobs)
    job = RestoreJob(
        url=url,
        tools=tools,
        archive=Path(backup.path),
        entries=table_of_contents(tools, Path(backup.path)),
        name=f"dixis-tui restore {secrets.token_hex(4)}",
        last=LastLines(on_line, progress.line),
        owners=[] if keep_owners else ["--no-owner", "--no-acl"],
        started=started,
        jobs=jobs,
    )
    with (
        connect(url, purpose="restore") as session,
        connect(url, purpose="restore watcher") as watcher,
        watching(watcher, job.name, progress),
    ):
        way(job, session)
    progress.finished("statistics")
    _analyze(url, on_line)
    return time.monotonic() - begin


def _analyze(url: DatabaseUrl, on_line: LineSink) -> None:
    try:
        with connect(url, purpose="restore", lock_timeout_seconds=LOCK_TIMEOUT_SECONDS) as session:
            session.execute(_ANALYZE)
    except DixisError as error:  # the data is there; the planner only knows less of it
        on_line(f"ANALYZE after the restore failed: {error}")


def compare_counts(session: Session, backup: Backup) -> list[CountDifference]:
    """Tables whose exact row count differs from what was counted in the dump's snapshot; empty: all as it was."""
    found = table_counts(session)
    return [
        CountDifference(table, backup.counts.get(table, -1), found.get(table, -1))
        for table in sorted(backup.counts.keys() | found.keys())
        if backup.counts.get(table, -1) != found.get(table, -1)
    ]


def _empty_and_restore(job: RestoreJob, session: Session) -> None:
    with connect(job.url, purpose="restore", lock_timeout_seconds=LOCK_TIMEOUT_SECONDS) as writer:
        try:
            with writer.transaction():
                writer.script(emptying(job.extensions).encode())
        except QueryError as error:
            if error.sqlstate == LOCK_NOT_AVAILABLE:
                raise blocked(job, session) from None
            raise
    _restore_in_parallel(job, session)


def _restore_in_parallel(job: RestoreJob, session: Session) -> None:
    with (
        list_file(job, session) as contents,
        connection_files(job.url, application_name=job.name, major=job.tools.major) as environment,
    ):
        words: list[str | Path] = [job.tools.path("pg_restore"), "--verbose", "--no-password", "--exit-on-error"]
        words += [f"--jobs={job.jobs}", f"--use-list={contents}", "--no-subscriptions"]
        words += [*job.owners, f"--dbname=service={SERVICE}", job.archive]
        code = run_tool(words, environment, job.last, job.started)
    if code != 0:
        raise ToolError(
            f"pg_restore {job.last.outcome(code, job.url)}",
            "The database is half restored and of no use: mend that and restore again.",
        )
