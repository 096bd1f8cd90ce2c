"""`pg_dump` of one snapshot, whose rows were counted in that very snapshot.

A file that carries the dump's name is whole: it is written under `.part`, flushed, digested, renamed, and only then
gets its manifest. A failure removes the part.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from dixis_tui.errors import ToolError
from dixis_tui.model import Backup, Identity
from dixis_tui.postgres.catalog import extensions, identify, table_counts, table_sizes
from dixis_tui.postgres.libpq_files import SERVICE, connection_files
from dixis_tui.postgres.manifest import (
    Manifest,
    flush_folder,
    load_manifest,
    read_manifest,
    sha256,
    verify_backup,
    write_manifest,
)
from dixis_tui.postgres.progress import OnProgress, TableProgress, watching
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.tool_runs import LastLines, Started, run_tool
from dixis_tui.postgres.tools import Tools
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import LineSink

LOCK_WAIT_SECONDS = 30
"""How long counting and pg_dump wait for a table that somebody holds exclusively."""
SPARE_BYTES = 64 * 1024 * 1024
_KEEP_SNAPSHOT = "SET idle_in_transaction_session_timeout = 0"
_EXPORT = "SELECT pg_export_snapshot()"


def dump(
    url: DatabaseUrl,
    tools: Tools,
    folder: Path,
    *,
    on_progress: OnProgress,
    on_line: LineSink,
    started: Started | None = None,
) -> Backup:
    """Dump the database into `folder` as `<database>-<UTC>.dump`, with its manifest beside it.

    `on_progress` counts bytes of table data in the catalog's measure (not of the file), and gets `checksum` last.
    `on_line` gets pg_dump's words raw. `started` gets the process: kill it to stop the dump.

    Raises:
        ToolError: not enough room (half the tables' size and 64 MB are asked for), or pg_dump failed.
        ConnectError, QueryError: the snapshot or its counts failed.
    """
    begin = time.monotonic()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with connect(url, purpose="backup", read_only=True, lock_timeout_seconds=LOCK_WAIT_SECONDS) as session:
        session.execute(_KEEP_SNAPSHOT)
        source = identify(session, url)
        with session.transaction("ISOLATION LEVEL REPEATABLE READ, READ ONLY"):
            snapshot = str(session.value(_EXPORT))
            sizes = table_sizes(session)
            _check_space(folder, sum(sizes.values()))
            counts = table_counts(session)
            found = extensions(session)
            path, part = _names(folder, url.database)
            try:
                progress = TableProgress(sizes, counts, on_progress)
                _run_pg_dump(
                    url,
                    tools,
                    session,
                    part=part,
                    snapshot=snapshot,
                    progress=progress,
                    on_line=on_line,
                    started=started,
                )
                progress.finished("checksum")
                backup = _seal(part, path, begin, source, counts)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
    write_manifest(
        Manifest(backup=backup, source=source, taken_at=datetime.now(UTC), tools_major=tools.major, extensions=found)
    )
    return backup


def _run_pg_dump(
    url: DatabaseUrl,
    tools: Tools,
    session: Session,
    *,
    part: Path,
    snapshot: str,
    progress: TableProgress,
    on_line: LineSink,
    started: Started | None,
) -> None:
    name = f"dixis-tui pg_dump {secrets.token_hex(4)}"
    last = LastLines(on_line, progress.line)
    words: list[str | Path] = [tools.path("pg_dump"), "--format=custom", "--verbose", "--no-password"]
    words += ["--no-subscriptions", f"--lock-wait-timeout={LOCK_WAIT_SECONDS}s", f"--snapshot={snapshot}"]
    words += [f"--file={part}", f"--dbname=service={SERVICE}"]
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        connection_files(url, application_name=name, major=tools.major) as environment,
        watching(session, name, progress),
    ):
        code = run_tool(words, environment, last, started)
    if code != 0:
        raise ToolError(f"pg_dump {last.outcome(code, url)}", "No backup was made; mend that and try again.")


def _seal(part: Path, path: Path, begin: float, source: Identity, counts: dict[str, int]) -> Backup:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    digest = sha256(part)
    part.rename(path)
    flush_folder(path.parent)
    return Backup(
        path=str(path),
        bytes=path.stat().st_size,
        sha256=digest,
        seconds=time.monotonic() - begin,
        server_version=source.server_version,
        counts=counts,
    )


def _names(folder: Path, database: str) -> tuple[Path, Path]:
    """The dump's name and its name until it is whole; never one that exists."""
    plain = re.sub(r"[^\w.-]", "_", database).lstrip(".") or "database"
    stem = f"{plain}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    path = folder / f"{stem}.dump"
    while path.exists() or path.with_name(path.name + ".part").exists():
        number += 1
        path = folder / f"{stem}-{number}.dump"
    return path, path.with_name(path.name + ".part")


def _check_space(folder: Path, bytes_of_tables: int) -> None:
    """Compressed, a dump is rarely above half its tables; its indexes are not in it at all."""
    needed = bytes_of_tables // 2 + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ToolError(
            f"{folder} has {free // 2**20} MB free, and the backup may need {needed // 2**20} MB",
            "Make room there, or set backup.directory to a larger disk.",
        )


__all__ = ["Manifest", "dump", "load_manifest", "read_manifest", "verify_backup"]
