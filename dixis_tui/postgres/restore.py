"""`pg_restore` into a database that is emptied first: all or nothing for production, in parallel for staging.

The atomic way is one transaction around the emptying and the whole restore. psql gets its `COMMIT` from us, and only
after pg_restore ended well: `psql --single-transaction` would commit half an archive when its input merely ends,
which is what it sees when pg_restore or this very process is killed.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from msgspec import Struct

from dixis_tui.errors import DixisError, QueryError, ToolError, UnknownOutcomeError
from dixis_tui.model import Backup
from dixis_tui.postgres.catalog import extensions, table_counts
from dixis_tui.postgres.emptying import emptying
from dixis_tui.postgres.libpq_files import SERVICE, connection_files, private_folder
from dixis_tui.postgres.progress import OnProgress, TableProgress, watching
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.tool_runs import LastLines, Started, run_tool
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import LineSink, child_environment
from dixis_tui.secrets import Redactor

LOCK_TIMEOUT_SECONDS = 10.0
_GONE_SECONDS = 60.0
JOBS = min(4, os.cpu_count() or 1)
"""Where nothing else is asked."""
_LOCK_NOT_AVAILABLE = "55P03"
_TAIL = 4096
"""Bytes of pg_restore's script that are held back; its COMMIT stands in the last few hundred."""
_SCRIPT_ERROR = 3
"""psql's exit code for a statement that failed: then it sent nothing more, and the transaction was undone."""
_CHUNK = 1 << 20
_ENTRY = re.compile(r"^\d+; \d+ \d+ (EXTENSION - |COMMENT - EXTENSION |SCHEMA - )(.*)$")
_BLOCKERS = """
SELECT DISTINCT a.pid, a.application_name AS application, coalesce(a.state, '') AS state
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'relation' AND l.granted AND l.relation >= 16384 AND a.pid <> pg_backend_pid()
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND a.application_name <> %s
ORDER BY 1
"""
_BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
_KEPT_SCHEMAS = """
SELECT nspname::text AS name FROM pg_namespace n
WHERE nspname <> 'public' AND EXISTS (
  SELECT FROM pg_extension x WHERE (x.extname = ANY (%s) OR NOT pg_has_role(x.extowner, 'USAGE')) AND (
    x.extnamespace = n.oid OR EXISTS (
      SELECT FROM pg_depend e JOIN pg_depend d USING (classid, objid)
      WHERE e.refclassid = 'pg_extension'::regclass AND e.refobjid = x.oid AND e.deptype = 'e'
        AND d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid)))
"""
_ANALYZE = "ANALYZE"


class CountDifference(Struct, frozen=True):
    """A table whose rows differ from the backup's; -1 where there is no such table."""

    table: str
    expected: int
    found: int


class _Blocker(Struct, frozen=True):
    pid: int
    application: str
    state: str


class _Named(Struct, frozen=True):
    name: str


class _Restore(Struct, frozen=True, kw_only=True):
    """What the steps share."""

    url: DatabaseUrl
    tools: Tools
    archive: Path
    entries: list[str]
    """The archive's table of contents, a line each."""
    name: str
    """`application_name` of everything that writes."""
    last: LastLines
    owners: list[str]
    """`--no-owner --no-acl`, or nothing."""
    started: Started | None
    jobs: int = 1

    @property
    def extensions(self) -> list[str]:
        """Extensions that the archive would create."""
        found = (_ENTRY.match(line) for line in self.entries)
        return [match[2].strip() for match in found if match and match[1].startswith("EXTENSION")]


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
    way = _restore_atomically if atomic else _empty_and_restore
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
    way: Callable[[_Restore, Session], None],
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
    job = _Restore(
        url=url,
        tools=tools,
        archive=Path(backup.path),
        entries=_contents(tools, Path(backup.path)),
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


def _contents(tools: Tools, archive: Path) -> list[str]:
    done = subprocess.run(
        [tools.path("pg_restore"), "--list", archive],
        env=child_environment({"LC_ALL": "C"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise ToolError(
            f"pg_restore {tools.major} can't read {archive}",
            "The file is damaged or newer than these tools; take another backup or other tools.",
        )
    return done.stdout.decode("utf-8", "replace").splitlines()


@contextmanager
def _list_file(job: _Restore, session: Session) -> Iterator[Path]:
    """The table of contents without what stays in the database: extensions with their comments, and their schemas."""
    installed = set(extensions(session))
    schemas = [found.name for found in session.query(_KEPT_SCHEMAS, (job.extensions,), row=_Named)]
    kept: list[str] = []
    for line in job.entries:
        match = _ENTRY.match(line)
        if match is None:
            kept.append(line)
        elif match[1].startswith("SCHEMA"):  # the name, a blank, the owner
            if not any(match[2] == schema or match[2].startswith(f"{schema} ") for schema in schemas):
                kept.append(line)
        elif match[2].strip() not in installed:
            kept.append(line)
    with private_folder() as folder:
        path = folder / "list"
        path.write_text("\n".join(kept) + "\n")
        yield path


def _empty_and_restore(job: _Restore, session: Session) -> None:
    with connect(job.url, purpose="restore", lock_timeout_seconds=LOCK_TIMEOUT_SECONDS) as writer:
        try:
            with writer.transaction():
                writer.script(emptying(job.extensions).encode())
        except QueryError as error:
            if error.sqlstate == _LOCK_NOT_AVAILABLE:
                raise _blocked(job, session) from None
            raise
    _restore_in_parallel(job, session)


def _restore_in_parallel(job: _Restore, session: Session) -> None:
    with (
        _list_file(job, session) as contents,
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


def _restore_atomically(job: _Restore, session: Session) -> None:
    reading, writing = os.pipe()
    words: list[str | Path] = [job.tools.path("psql"), "--no-psqlrc", "--quiet", "--no-password"]
    # An archive's SELECTs set sequences; what they answer is no news.
    words += [
        f"--output={os.devnull}",
        "--set=ON_ERROR_STOP=1",
        "--set=VERBOSITY=verbose",
        f"--dbname=service={SERVICE}",
    ]
    with (
        os.fdopen(reading, "rb") as psql_input,  # closed once psql has it: else its death would go unnoticed
        _list_file(job, session) as contents,
        connection_files(job.url, application_name=job.name, major=job.tools.major) as environment,
        _Feeder(job, contents, psql_input, writing) as feeder,
    ):
        code = run_tool(words, environment, job.last, feeder.start, psql_input)
    if code == 0 and feeder.committed:
        return
    unfinished = _wait_for_end(job, session)
    if job.last.holds(_LOCK_NOT_AVAILABLE):
        raise _blocked(job, session)
    program, how = ("psql", job.last.outcome(code, job.url))
    if feeder.code:
        program, how = "pg_restore", job.last.outcome(feeder.code, job.url)
    if (
        feeder.committed and code != _SCRIPT_ERROR
    ):  # psql had the COMMIT and yet did not end well: the answer may have been lost on the way
        raise UnknownOutcomeError(
            f"{program} {how}, at the very COMMIT", "Compare the database with the backup before anything else."
        )
    raise ToolError(
        f"{program} {how}; {unfinished or 'the database is as it was before'}", "Mend that, then restore again."
    )


class _Feeder:
    """Gives psql its script: BEGIN, the emptying, pg_restore's output, and its COMMIT only if pg_restore ended well.

    pg_restore is told to make one transaction of it: else it puts a BEGIN and a COMMIT of its own around large objects,
    and that COMMIT would end ours half-way. The script's last bytes, its COMMIT among them, are held back until
    pg_restore's exit code is known.
    """

    def __init__(self, job: _Restore, contents: Path, reading: IO[bytes], writing: int) -> None:
        self._job = job
        self._reading = reading
        self._contents = contents
        self._writing = os.fdopen(writing, "wb")
        self._thread: threading.Thread | None = None
        self.committed = False
        """Whether psql was sent the COMMIT."""
        self.code = 0
        """pg_restore's exit code, where it was what failed."""
        self._tail = b""

    def __enter__(self) -> _Feeder:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._thread.join()
        else:
            self._writing.close()

    def start(self, psql: subprocess.Popen[bytes]) -> None:
        """psql runs: begin to feed it."""
        self._reading.close()
        self._thread = threading.Thread(target=self._feed, args=(psql,), daemon=True)
        self._thread.start()
        if self._job.started:
            self._job.started(psql)

    def _feed(self, psql: subprocess.Popen[bytes]) -> None:
        begin = f"BEGIN;\nSET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS:.0f}s';\n{emptying(self._job.extensions)};\n"
        try:
            self._writing.write(begin.encode())
            self._writing.flush()
            self.code = self._pour()
            if self.code == 0:
                self.committed = True
                self._writing.write(self._tail)
            else:
                psql.kill()  # before it sees the end of its input
            self._writing.close()
        except OSError:  # psql is gone; its own words say why
            psql.kill()
            with contextlib.suppress(OSError):
                self._writing.close()
        except BaseException:
            psql.kill()
            raise

    def _pour(self) -> int:
        """pg_restore's output into psql; its exit code."""
        words: list[str | Path] = [self._job.tools.path("pg_restore"), "--verbose", "--no-subscriptions", "--file=-"]
        words += ["--single-transaction"]
        words += [f"--use-list={self._contents}", *self._job.owners, self._job.archive]
        restore = subprocess.Popen(
            words,
            env=child_environment({"LC_ALL": "C"}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert restore.stdout is not None  # noqa: S101  as asked for
        assert restore.stderr is not None  # noqa: S101
        pump = threading.Thread(target=_pump, args=(restore.stderr, self._job.last.line), daemon=True)
        pump.start()
        try:
            while chunk := restore.stdout.read(_CHUNK):
                held = self._tail + chunk
                self._writing.write(held[:-_TAIL])
                self._tail = held[-_TAIL:]
            self._writing.flush()
            return restore.wait()
        finally:
            restore.kill()
            restore.wait()
            restore.stdout.close()
            pump.join()


def _pump(stream: IO[bytes], sink: LineSink) -> None:
    with stream:
        for line in stream:
            sink(line.decode("utf-8", "replace").rstrip("\r\n"))


def _wait_for_end(job: _Restore, session: Session) -> str:
    """Wait until the server has let go of the failed transaction; empty, or what is still unknown."""
    deadline = time.monotonic() + _GONE_SECONDS
    try:
        while session.value(_BACKENDS, (job.name,)):
            if time.monotonic() > deadline:
                return f"the server still undoes it (application_name '{job.name}')"
            threading.Event().wait(0.1)
    except DixisError:
        return "the server can't be asked at the moment; nothing was committed"
    return ""


def _blocked(job: _Restore, session: Session) -> ToolError:
    blockers = session.query(_BLOCKERS, (job.name,), row=_Blocker)
    redact = Redactor(job.url.secrets).line
    named = ", ".join(redact(f"{one.pid} ({one.application or 'unnamed'}, {one.state})") for one in blockers)
    return ToolError(
        f"other sessions hold the tables, so nothing was restored: {named or 'they are gone by now'}",
        "End those sessions (stop the application, or pg_terminate_backend), then restore again.",
    )
