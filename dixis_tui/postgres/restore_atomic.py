"""A restore in one transaction: whole or not at all, whatever is killed.

psql gets its `COMMIT` from us, and only after pg_restore ended well: `psql --single-transaction` would commit half an
archive when its input merely ends, which is what it sees when pg_restore or this very process is killed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

from dixis_tui.errors import DixisError, ToolError, UnknownOutcomeError
from dixis_tui.postgres.emptying import emptying
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.restore_job import LOCK_NOT_AVAILABLE, LOCK_TIMEOUT_SECONDS, RestoreJob, blocked, list_file
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.tool_runs import run_tool
from dixis_tui.process import LineSink, child_environment

_GONE_SECONDS = 60.0
_TAIL = 4096
"""Bytes of pg_restore's script that are held back; its COMMIT stands in the last few hundred."""
_SCRIPT_ERROR = 3
"""psql's exit code for a statement that failed: then it sent nothing more, and the transaction was undone."""
_CHUNK = 1 << 20
_BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


def restore_atomically(job: RestoreJob, session: Session) -> None:
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
        list_file(job, session) as contents,
        connection_files(job.url, application_name=job.name, major=job.tools.major) as environment,
        _Feeder(job, contents, psql_input, writing) as feeder,
    ):
        code = run_tool(words, environment, job.last, feeder.start, psql_input)
    if code == 0 and feeder.committed:
        return
    unfinished = _wait_for_end(job, session)
    if job.last.holds(LOCK_NOT_AVAILABLE):
        raise blocked(job, session)
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

    def __init__(self, job: RestoreJob, contents: Path, reading: IO[bytes], writing: int) -> None:
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
        # READ WRITE: whoever froze the database before going back has made its transactions read-only by default.
        begin = f"BEGIN READ WRITE;\nSET LOCAL lock_timeout = '{LOCK_TIMEOUT_SECONDS:.0f}s';\n"
        begin += f"{emptying(self._job.extensions)};\n"
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


def _wait_for_end(job: RestoreJob, session: Session) -> str:
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
