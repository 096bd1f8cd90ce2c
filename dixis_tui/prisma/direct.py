"""The direct executor: applies migration files as Prisma's schema engine does, in one session and few round trips.

Same advisory lock, same table, same rows, the same statements in the same transactions (`direct_file.py` says how).
Prisma finds afterwards what it would have left itself. The statements are the engine's own (`apply_migrations.rs`,
`sql_migration_persistence.rs`, `flavour/postgres.rs` of prisma-engines), compared with a server's log of the real CLI.

Where this executor is stricter than Prisma, on purpose:

- A file that leaves a transaction open is rolled back and recorded as failed. Prisma writes "applied" into that open
  transaction, reports success, and loses the file and everything after it when it disconnects.
- A failed file that had begun a transaction of its own is rolled back first, so that its error can be recorded. Where
  Prisma tries to record it, that fails too (25P02), and the history keeps no reason.
- A file that is not UTF-8, or that changed since it was read, is refused before anything is sent.
- A `lock_timeout` that a file sets holds for that file alone: the next one begins with ours again.
- Times in the history are the server's clock, not that of whoever's machine this is.

And more patient: it waits for older transactions that hold its tables, and what was refused a lock is tried again
where nothing of it stayed. The waits of one transaction share one `lock_timeout` (`lock_budget.py`), where the file is
sent in pieces and does not set its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path

from msgspec import Struct

from dixis_tui.errors import ConnectError, ProjectError, QueryError
from dixis_tui.locks import LockMode
from dixis_tui.model import MigrationFile
from dixis_tui.postgres.quiet import Holder, in_the_way
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.bookkeeping import CREATE_TABLE, Row
from dixis_tui.prisma.direct_file import Conduct, FileRun
from dixis_tui.prisma.files import checksums
from dixis_tui.prisma.history import (
    ADVISORY_LOCK,
    LockHolder,
    foreign_tables,
    history_table,
    lock_holder,
    quoted,
    read_rows,
)
from dixis_tui.prisma.steps import Failed, Started, Step, Waiting
from dixis_tui.secrets import clean
from dixis_tui.sql.claims import claims
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import Script, parse_script

LOCK_WAIT_SECONDS = 10
"""How long Prisma waits for its advisory lock."""
_LOOK_SECONDS = 0.5
"""Between two looks at who is in the way."""

_SCHEMA_EXISTS = "SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = %s)"
_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', %s, false)"
_TRY_LOCK = f"SELECT pg_catalog.pg_try_advisory_lock({ADVISORY_LOCK})"
_WAIT_FOR_LOCK = (
    f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'; SET LOCAL statement_timeout = 0; "
    f"SELECT pg_catalog.pg_advisory_lock({ADVISORY_LOCK})"
)
_UNLOCK = f"SELECT pg_catalog.pg_advisory_unlock({ADVISORY_LOCK})"


class _Script(Struct, frozen=True):
    file: MigrationFile
    script: Script


def apply(
    session: Session,
    files: Sequence[MigrationFile],
    schema: str = "public",
    *,
    conduct: Conduct | None = None,
    on_waiting_for_lock: Callable[[LockHolder | None], None] | None = None,
) -> Iterator[Step]:
    """Apply `files` in their order: for each a :class:`Started`, what its statements do, then :class:`Applied` or, at
    the end, :class:`Failed`.

    The work happens as the values are taken; closing the iterator at a :class:`Started`, or before it, leaves no
    unfinished row. The session should be this executor's own: its `search_path` is set to `schema`, as Prisma does, and
    the files may change other settings, which last for the files after them, as in Prisma (but for `lock_timeout`).

    Raises (all before the first value, with nothing applied):
        ProjectError: a file changed, vanished or is not UTF-8; the database is not empty and has no history (Prisma:
            P3005); a failed migration is on record (P3009); one of `files` is on record already.
        QueryError: the advisory lock was not given within 10 s (`55P03`), or the history can't be read or made.
        ConnectError: the connection was lost.
    """
    conduct = conduct or Conduct()
    scripts = [_load(file) for file in files]
    with _advisory_lock(session, on_waiting_for_lock):
        _prepare(session, schema, files)
        table = history_table(schema)
        quiet = _Quiet(session, scripts)
        for script in scripts:
            yield from quiet.wait(script, conduct)
            yield Started(script.file.name)
            row = Row.of(table, script.file.name, script.file.checksum)
            for step in FileRun(session, row, script.script, conduct).run():
                yield step
                if isinstance(step, Failed):
                    return


class _Quiet:
    """Who is in the way of a file. The server is asked for all files together, and at most twice a second: a look costs
    more than a small file."""

    def __init__(self, session: Session, scripts: Sequence[_Script]) -> None:
        self._session = session
        self._wanted = blocking_of(script.script for script in scripts)
        self._holders: list[Holder] = []
        self._looked = float("-inf")

    def wait(self, script: _Script, conduct: Conduct) -> Iterator[Step]:
        """Wait for older transactions that hold the file's tables: behind them it would keep others waiting."""
        wanted = blocking_of([script.script])
        deadline = time.monotonic() + conduct.manners.quiet_seconds
        while wanted and time.monotonic() < deadline:
            seen = [holder for holder in self._look() if holder.relation in wanted]
            peers = [holder.peer for holder in seen if wanted[holder.relation].conflicts(holder.mode)]
            if not peers:
                return
            yield Waiting(script.file.name, tuple(peers))
            if conduct.pause(_LOOK_SECONDS):
                return
            self._looked = float("-inf")

    def _look(self) -> list[Holder]:
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            # A look that may not be had is no reason not to begin: lock_timeout is what protects others.
            self._holders = []
            with suppress(QueryError, ConnectError):
                self._holders = in_the_way(self._session, self._wanted)
            self._looked = time.monotonic()
        return self._holders


def blocking_of(scripts: Iterable[Script]) -> dict[Relation, LockMode]:
    """The strongest lock on each table that the files name, of those that make readers or writers wait. Pure."""
    found: dict[Relation, LockMode] = {}
    for statement in (one for script in scripts for one in script.statements):
        for claim in claims(statement):
            known = found.get(claim.relation)
            if claim.mode.blocks_writes and (known is None or known.strength < claim.mode.strength):
                found[claim.relation] = claim.mode
    return found


def _load(file: MigrationFile) -> _Script:
    try:
        content = Path(file.path).read_bytes()
    except OSError as error:
        raise ProjectError(f"{file.path} can't be read: {error.strerror}", "Restore the migration file.") from None
    if checksums(content)[0] != file.checksum:
        raise ProjectError(
            f"The migration {clean(file.name)} has changed since it was read", "Start again from the preflight."
        )
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise ProjectError(
            f"The migration {clean(file.name)} is not UTF-8 (byte {error.start})", "Save the file as UTF-8."
        ) from None
    if "\0" in text:
        raise ProjectError(f"The migration {clean(file.name)} holds a NUL byte", "Remove it: PostgreSQL takes none.")
    return _Script(file, parse_script(content))


@contextmanager
def _advisory_lock(session: Session, on_waiting: Callable[[LockHolder | None], None] | None) -> Iterator[None]:
    if not session.value(_TRY_LOCK):
        holder = lock_holder(session)
        if on_waiting:
            on_waiting(holder)
        try:
            session.script(_WAIT_FOR_LOCK.encode())
        except QueryError as error:
            if error.sqlstate != "55P03":
                raise
            raise _lock_refused(lock_holder(session) or holder) from None
    try:
        yield
    finally:
        # The lock goes with the session anyway; what went wrong before must not be hidden by a failure here.
        with suppress(QueryError, ConnectError):
            session.rollback()
            session.script(_UNLOCK.encode())


def _lock_refused(holder: LockHolder | None) -> QueryError:
    who = f", held by {holder}" if holder else ""
    return QueryError(
        "55P03",
        f"Prisma's advisory lock {ADVISORY_LOCK} was not given within {LOCK_WAIT_SECONDS} s{who}",
        "Another migration is running on this database: wait for its end, or find out whose it is.",
    )


def _prepare(session: Session, schema: str, files: Sequence[MigrationFile]) -> None:
    if not session.value(_SCHEMA_EXISTS, (schema,)):
        session.script(f"CREATE SCHEMA {quoted(schema)}".encode())
    session.value(_SEARCH_PATH, (quoted(schema),))
    rows = read_rows(session, schema)
    if rows is None:
        if others := foreign_tables(session, schema):
            raise ProjectError(
                f"The schema {clean(schema)} is not empty ({len(others)} tables) and has no migration history (P3005)",
                "Baseline it first: `prisma migrate resolve --applied` for each migration that is in it already.",
            )
        session.script(CREATE_TABLE.format(table=history_table(schema)).encode())
        return
    if failed := [row for row in rows if row.unfinished]:
        since = failed[0].started_at.astimezone(UTC)
        raise ProjectError(
            f"The migration {clean(failed[0].migration_name)}, started {since:%Y-%m-%d %H:%M:%S} UTC, "
            "is recorded as failed (P3009)",
            "Mend the database, then `prisma migrate resolve` with --rolled-back or --applied.",
        )
    standing = {row.migration_name for row in rows if row.rolled_back_at is None}
    if taken := [file.name for file in files if file.name in standing]:
        raise ProjectError(
            f"The migration {clean(taken[0])} is already applied: the history has changed since it was read",
            "Start again from the preflight.",
        )
