"""`pg_dump` of one snapshot, whose rows were counted in that very snapshot.

A file that carries the dump's name is whole: it is written under `.part`, flushed, digested, renamed, and only then
gets its manifest. A failure removes the part.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import DixisError, ToolError
from dixis_tui.model import Backup, DumpFormat
from dixis_tui.postgres.catalog import identify, table_sizes
from dixis_tui.postgres.contents import Contents, between, contents, joined, sequences
from dixis_tui.postgres.dump_files import (
    AGE,
    LOCK,
    PART,
    SUFFIXES,
    digest_files,
    digest_of,
    flush,
    flush_tree,
    remove,
    remove_part,
    remove_records,
    sweep,
)
from dixis_tui.postgres.encryption import encrypt
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.manifest import Manifest, write_manifest
from dixis_tui.postgres.progress import OnProgress, TableProgress, watching
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.snapshot_facts import snapshot_facts
from dixis_tui.postgres.tool_runs import LastLines, Started, run_tool
from dixis_tui.postgres.tools import Tools, archive_readable_by
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import LineSink

LOCK_WAIT_SECONDS = 30
"""How long counting and pg_dump wait for a table that somebody holds exclusively."""
COMPRESSION = 3
"""gzip's level, which every major and every build has: half of the default's (6) time for a tenth more bytes."""
SPARE_BYTES = 64 * 1024 * 1024
_MEND = "Mend that and try again."
_FULL = "The disk is full: make room, or set backup.directory to a larger disk."
_KEEP_SNAPSHOT = "SET idle_in_transaction_session_timeout = 0"
_EXPORT = "SELECT pg_export_snapshot()"


class DumpOptions(Struct, frozen=True, kw_only=True):
    """`form` None: a folder where the tables have at least `directory_bytes`, else one file. `jobs` are for a folder.

    A table of more than `sample_bytes` is digested for one row in `one_in`. `recipient`: age's public key to encrypt
    for; empty: not at all.
    """

    form: DumpFormat | None = None
    directory_bytes: int = 4_000_000_000
    jobs: int = 1
    sample_bytes: int = 1_000_000_000
    one_in: int = 16
    recipient: str = ""


def dump(
    url: DatabaseUrl,
    tools: Tools,
    folder: Path,
    *,
    on_progress: OnProgress,
    on_line: LineSink,
    started: Started | None = None,
    options: DumpOptions = DumpOptions(),  # noqa: B008  frozen
) -> Backup:
    """Dump the database into `folder` as `<database>-<UTC>.dump` (or `.dir`), with its manifest beside it.

    `on_progress` counts bytes of table data in the catalog's measure (not of the file), and gets `checksum` last.
    `on_line` gets pg_dump's words raw. `started` gets the process: kill it to stop the dump. The rows are counted and
    digested in the dump's own snapshot while pg_dump runs.

    Raises:
        ToolError: not enough room (half the tables' size and 64 MB are asked for, twice that where it is encrypted),
            the disk took no more, or pg_dump failed.
        ConnectError, QueryError: the snapshot or what it holds could not be read.
    """
    begin = time.monotonic()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder)
    with connect(url, purpose="backup", read_only=True, lock_timeout_seconds=LOCK_WAIT_SECONDS) as session:
        session.execute(_KEEP_SNAPSHOT)
        source = identify(session, url)
        with session.transaction("ISOLATION LEVEL REPEATABLE READ, READ ONLY"):
            taken_at = datetime.now(UTC)
            snapshot = str(session.value(_EXPORT))
            sizes = table_sizes(session)
            # For a moment the plain file and the encrypted one are both there.
            _check_space(folder, sum(sizes.values()) * (2 if options.recipient else 1))
            held = snapshot_facts(session, url.schema)
            large = sum(sizes.values()) >= options.directory_bytes
            form = options.form or (DumpFormat.DIRECTORY if large else DumpFormat.CUSTOM)
            jobs = options.jobs if form is DumpFormat.DIRECTORY else 1
            job = _Dump(url, tools, snapshot, form, jobs, TableProgress(sizes, held.estimates, on_progress, jobs=jobs))
            with _part(folder, url.database, form, encrypted=bool(options.recipient)) as (path, part):
                values = sequences(session)
                with _contents_beside(url, snapshot, options) as counting:
                    _run_pg_dump(job, session, part=part, on_line=on_line, started=started)
                    values = between(values, sequences(session))
                    found = counting.result()
                if options.recipient:
                    if not archive_readable_by(part, tools):
                        raise ToolError(f"pg_restore {tools.major} can't read what pg_dump wrote", _MEND)
                    encrypt(part, options.recipient, started)
                job.progress.finished("checksum")
                files = digest_files(part)
                flush_tree(part)
                part.rename(path)
                flush(folder)
    backup = Backup(
        path=str(path),
        bytes=sum(file.bytes for file in files),
        sha256=digest_of(files, form),
        seconds=time.monotonic() - begin,
        server_version=source.server_version,
        counts=found.counts,
        form=form,
        taken_at=taken_at,
        files=files if form is DumpFormat.DIRECTORY else (),
        encrypted=bool(options.recipient),
        digests=found.digests,
        sampled=found.sampled,
        sequences=values,
        writes=held.writes,
        roles=held.roles,
        head=held.head,
    )
    manifest = Manifest(
        backup=backup, source=source, taken_at=taken_at, tools_major=tools.major, extensions=held.extensions
    )
    try:
        write_manifest(manifest)
    except OSError as error:  # without it nobody could tell what the dump is
        remove(path)
        remove_records(path)
        raise _not_written(folder, error) from None
    return backup


class _Dump(Struct, frozen=True):
    url: DatabaseUrl
    tools: Tools
    snapshot: str
    form: DumpFormat
    jobs: int
    progress: TableProgress


@contextmanager
def _contents_beside(url: DatabaseUrl, snapshot: str, options: DumpOptions) -> Iterator[Future[Contents]]:
    """What the snapshot holds, read meanwhile by a session of its own; given up where the block fails."""
    with (
        connect(url, purpose="contents", read_only=True, lock_timeout_seconds=LOCK_WAIT_SECONDS) as session,
        ThreadPoolExecutor(1) as pool,
    ):

        def look() -> Contents:
            with joined(session, snapshot):
                return contents(session, sample_bytes=options.sample_bytes, one_in=options.one_in)

        future = pool.submit(look)
        try:
            yield future
        except BaseException:
            while not future.done():
                with contextlib.suppress(DixisError):
                    session.cancel()
                wait([future], timeout=0.2)
            raise


def _run_pg_dump(job: _Dump, session: Session, *, part: Path, on_line: LineSink, started: Started | None) -> None:
    name = f"dixis-tui pg_dump {secrets.token_hex(4)}"
    last = LastLines(on_line, job.progress.line)
    words: list[str | Path] = [job.tools.path("pg_dump"), f"--format={job.form}", "--verbose", "--no-password"]
    words += ["--no-subscriptions", f"--lock-wait-timeout={LOCK_WAIT_SECONDS}s", f"--snapshot={job.snapshot}"]
    words += [f"--compress={COMPRESSION}", f"--file={part}", f"--dbname=service={SERVICE}"]
    if job.form is DumpFormat.DIRECTORY:
        words.append(f"--jobs={job.jobs}")
    with (
        connection_files(job.url, application_name=name, major=job.tools.major) as environment,
        watching(session, name, job.progress),
    ):
        code = run_tool(words, environment, last, started)
    if code != 0:
        full = last.holds("No space left on device")
        raise ToolError(f"pg_dump {last.outcome(code, job.url)}", f"No backup was made. {_FULL if full else _MEND}")


@contextmanager
def _part(folder: Path, database: str, form: DumpFormat, *, encrypted: bool) -> Iterator[tuple[Path, Path]]:
    """The dump's name, and its name until it is whole, which is locked as long as we live; removed on any failure."""
    path, part = _names(folder, database, SUFFIXES[form] + (AGE if encrypted and form is DumpFormat.CUSTOM else ""))
    lock = part.with_name(part.name + LOCK)
    handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        if form is DumpFormat.DIRECTORY:
            part.mkdir(mode=0o700)
        else:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield path, part
    except OSError as error:
        remove(path)  # it may have its name already, and the disk not hold it
        raise _not_written(folder, error) from None
    finally:
        remove_part(part)
        lock.unlink(missing_ok=True)
        os.close(handle)


def _not_written(folder: Path, error: OSError) -> ToolError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    words = f"the backup could not be written to {folder}: {error.strerror or error}"
    return ToolError(words, f"No backup was made. {_FULL if full else _MEND}")


def _names(folder: Path, database: str, ending: str) -> tuple[Path, Path]:
    """The dump's name and its name until it is whole; never one that exists."""
    plain = re.sub(r"[^\w.-]", "_", database).lstrip(".") or "database"
    stem = f"{plain}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    path = folder / f"{stem}{ending}"
    while path.exists() or path.with_name(path.name + PART).exists():
        number += 1
        path = folder / f"{stem}-{number}{ending}"
    return path, path.with_name(path.name + PART)


def _check_space(folder: Path, bytes_of_tables: int) -> None:
    """Compressed, a dump is rarely above half its tables; its indexes are not in it at all."""
    needed = bytes_of_tables // 2 + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ToolError(
            f"{folder} has {free // 2**20} MB free, and the backup may need {needed // 2**20} MB",
            "Make room there, or set backup.directory to a larger disk.",
        )
