"""Putting a restored database in production's place by name, in one transaction.

`ALTER DATABASE … RENAME` locks the name first, so whoever connects meanwhile waits, and then gives other sessions five
seconds to be gone (PostgreSQL's `CountOtherDBBackends`). A second session ends them while the first waits. Both renames
are one transaction: production's name is never without a database, and nothing is left closed by a crash.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace
from psycopg import sql

from dixis_tui.errors import ConnectError, DixisError, QueryError, ToolError, UnknownOutcomeError
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl

MAINTENANCE = ("postgres", "template1")
"""Databases that are there on nearly every server, to work from while production's has no session."""
_IN_USE = "55006"
_TRIES = 5
_PAUSE_SECONDS = 0.05
_NAME_BYTES = 63
_LEAVING_SECONDS = 15.0
"""How long a backend whose client is gone may take to be gone too."""

# Of others' sessions a plain role sees neither type nor state; a worker of the server's own has no user. Who may be
# ended is pg_terminate_backend's own rule: the other role's rights, and a superuser's session by a superuser alone.
_SESSIONS = """
SELECT pid, coalesce(usename::text, '') AS user, application_name AS application, coalesce(state, '') AS state,
       coalesce(backend_type, 'client backend') AS kind,
       (pg_has_role(usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE'))
         AND NOT coalesce((SELECT rolsuper FROM pg_roles r WHERE r.oid = usesysid), false)
         OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS may_end,
       coalesce(xact_start IS NOT NULL OR state = 'active', true) AS at_work
FROM pg_stat_activity a
WHERE datname = %s AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
  AND coalesce(backend_type, 'client backend') NOT IN ('autovacuum worker', 'parallel worker')
ORDER BY backend_start
"""
_PREPARED = "SELECT count(*) FROM pg_prepared_xacts WHERE database = %s"
_END = "SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid = ANY (%s)"
_END_ALL = """
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = %s AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
  AND coalesce(backend_type, 'client backend') NOT IN ('autovacuum worker', 'parallel worker')
"""
_ALIVE = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
_NAMES = """
SELECT d.datname::text AS name, coalesce(shobj_description(d.oid, 'pg_database'), '') AS comment
FROM pg_database d WHERE d.datname = ANY (%s)
"""
_NEVER_IDLE = "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'"
_HOLD = "SELECT pg_try_advisory_lock(hashtextextended('dixis-tui rollback ' || %s, 0))"
_HOLDER = """
SELECT a.pid, coalesce(a.usename::text, '') AS user, a.application_name AS application,
       to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND l.database = (
        SELECT oid FROM pg_database WHERE datname = current_database())
  AND (l.classid::bigint << 32 | l.objid::bigint) = hashtextextended('dixis-tui rollback ' || %s, 0)
"""
_RENAME = sql.SQL("ALTER DATABASE {} RENAME TO {}")
_COMMENT = sql.SQL("COMMENT ON DATABASE {} IS {}")


class Standing(StrEnum):
    """How far a rollback by a side database came, read from the databases' names and the side's comment."""

    NOTHING = "nothing"
    UNFINISHED = "unfinished"
    COMPARED = "compared"
    SWAPPED = "swapped"
    FOREIGN = "foreign"


class Names(Struct, frozen=True):
    """The three names of a swap, and the comment that marks the side database as ours.

    `mark` names the backup; ` compared` is added to it once the side holds what the backup holds. `resumed`: an earlier
    attempt has these names in its journal, and may have died between making the side database and marking it.
    """

    database: str
    side: str
    kept: str
    mark: str
    resumed: bool = False


class Other(Struct, frozen=True):
    """Another session of the database. `may_end`: our role may end it; `at_work`: it has a transaction open."""

    pid: int
    user: str
    application: str
    state: str
    kind: str
    may_end: bool
    at_work: bool

    def __str__(self) -> str:
        """For a sentence; to be cleaned and redacted."""
        return f"{self.pid} ({self.user}, {self.application or 'unnamed'}, {self.state or self.kind})"


class Swap(Struct, frozen=True):
    """`seconds` is how long nobody could connect; `ended`, how many sessions were ended by force."""

    seconds: float
    ended: int


class _Holder(Struct, frozen=True):
    pid: int
    user: str
    application: str
    since: str


class _Named(Struct, frozen=True):
    name: str
    comment: str


def names(database: str, stamp: str, mark: str) -> Names:
    """`<database>_back_<stamp>` and `<database>_failed_<stamp>`, cut to PostgreSQL's 63 bytes."""
    return Names(database, _cut(database, f"_back_{stamp}"), _cut(database, f"_failed_{stamp}"), mark)


def _cut(database: str, ending: str) -> str:
    kept = database.encode()[: _NAME_BYTES - len(ending.encode())].decode("utf-8", "ignore")
    return kept + ending


@contextmanager
def maintenance(url: DatabaseUrl) -> Iterator[Session]:
    """A session on the same server in another database.

    Raises:
        ConnectError: the role may connect to none.
    """
    last: ConnectError | None = None
    for name in MAINTENANCE:
        if name == url.database:
            continue
        try:
            session = connect(replace(url, database=name), purpose="rollback")
        except ConnectError as error:
            last = error
            continue
        with session:
            yield session
        return
    assert last is not None  # noqa: S101  production can't have both names
    raise last


def hold(session: Session, database: str) -> None:
    """Be the only one who rolls that database back, as long as the session lives; asked again, whether it still does.

    Raises:
        ToolError: somebody else does; it is named.
        ConnectError: the session is lost, and the lock with it.
    """
    session.value(_NEVER_IDLE)  # a restore may take longer than a session may be idle
    if session.value(_HOLD, (database,)):
        return
    found = session.query(_HOLDER, (database,), row=_Holder)
    named = "it is gone by now"
    if found:
        named = "{0.application} by {0.user}, backend {0.pid}, since {0.since} UTC".format(found[0])
    raise ToolError(
        f"somebody else rolls {database} back at this moment ({named})", "Wait for its end, then look again."
    )


def standing(session: Session, wanted: Names) -> Standing:
    """How far it came. Raises QueryError and ConnectError."""
    found = session.query(_NAMES, ([wanted.database, wanted.side, wanted.kept],), row=_Named)
    return judge({one.name: one.comment for one in found}, wanted)


def judge(found: dict[str, str], wanted: Names) -> Standing:
    """Pure: `found` are the comments of those of the three databases that exist."""
    if wanted.side not in found:
        # Nothing but our own swap makes a database of that dated name.
        return Standing.SWAPPED if {wanted.kept, wanted.database} <= found.keys() else Standing.NOTHING
    unmarked = wanted.resumed and not found[wanted.side]
    if not unmarked and not found[wanted.side].startswith(wanted.mark):
        return Standing.FOREIGN
    return Standing.COMPARED if found[wanted.side] == f"{wanted.mark} compared" else Standing.UNFINISHED


def mark(session: Session, wanted: Names, *, compared: bool) -> None:
    """Write on the side database whose it is, and whether it holds what the backup holds."""
    text = f"{wanted.mark} compared" if compared else wanted.mark
    session.execute(_COMMENT.format(sql.Identifier(wanted.side), sql.Literal(text)))


def others(session: Session, database: str) -> list[Other]:
    """Sessions of that database, oldest first, but for ours that asks."""
    return session.query(_SESSIONS, (database,), row=Other)


def immovable(session: Session, database: str) -> str:
    """What keeps the database from being renamed and can't be ended from here; empty: nothing does."""
    prepared = int(session.value(_PREPARED, (database,)))
    if prepared:
        return f"{prepared} prepared transactions (pg_prepared_xacts)"
    held = [str(one) for one in others(session, database) if not one.may_end]
    return f"sessions that this role may not end: {', '.join(held[:3])}" if held else ""


def clear(session: Session, database: str, seconds: float, stopped: threading.Event) -> list[Other]:
    """End those that are idle, and let those at work finish for `seconds`; returns who is at work still."""
    deadline = time.monotonic() + seconds
    while True:
        found = others(session, database)
        idle = [one.pid for one in found if not one.at_work and one.may_end]
        if idle:
            session.value(_END, (idle,))
        at_work = [one for one in found if one.at_work]
        if not at_work or time.monotonic() >= deadline or stopped.wait(min(0.2, max(0.0, seconds))):
            return at_work


def swap(url: DatabaseUrl, wanted: Names) -> Swap:
    """Give the side database production's name, and production's database the name to be kept under.

    Both or none. Sessions of production's database are ended by force.

    Raises:
        ToolError: somebody would not go, or the side is not marked as compared; nothing was changed.
        UnknownOutcomeError: the connection was lost at the commit, and the server can't be asked what came of it.
    """
    begin = time.monotonic()
    ended = [0]
    with maintenance(url) as renaming, maintenance(url) as ending:
        if standing(renaming, wanted) is not Standing.COMPARED:
            raise ToolError(
                f"{wanted.side} has not been compared with the backup; nothing was changed", "Roll back again."
            )
        comment = _comment_of(renaming, wanted.database)
        for attempt in range(1, _TRIES + 1):
            with _ending_all(ending, wanted.database, ended):
                try:
                    _rename(renaming, wanted, comment)
                except QueryError as error:
                    if error.sqlstate != _IN_USE:
                        raise
                    if attempt == _TRIES:
                        raise _in_use(ending, wanted.database) from None
                except ConnectError:
                    _look_again(url, wanted, renaming.pid)
                    break
                else:
                    break
    return Swap(time.monotonic() - begin, ended[0])


def _rename(session: Session, wanted: Names, comment: str) -> None:
    production, side = sql.Identifier(wanted.database), sql.Identifier(wanted.side)
    with session.transaction():
        session.execute(_RENAME.format(production, sql.Identifier(wanted.kept)))
        session.execute(_RENAME.format(side, production))
        session.execute(_COMMENT.format(production, sql.Literal(comment or None)))


def _comment_of(session: Session, database: str) -> str:
    found = session.query(_NAMES, ([database],), row=_Named)
    return found[0].comment if found else ""


@contextmanager
def _ending_all(session: Session, database: str, count: list[int]) -> Iterator[None]:
    """End that database's sessions again and again while the block runs; how many were is added to the list's one."""
    over = threading.Event()

    def end() -> None:
        while not over.is_set():
            try:
                count[0] += int(session.value(_END_ALL, (database,)))
            except DixisError:  # who would not go is told by the rename's own failure
                return
            over.wait(_PAUSE_SECONDS)

    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _in_use(session: Session, database: str) -> ToolError:
    left = ", ".join(str(one) for one in others(session, database)[:3])
    return ToolError(
        f"{database} could not be renamed: sessions would not leave ({left or 'they come back at once'}); "
        "nothing was changed",
        "Stop what connects there, then roll back again: the restored database is ready beside it.",
    )


def _look_again(url: DatabaseUrl, wanted: Names, lost: int) -> None:
    """The connection went at an unknown moment: only the names say whether it was committed, once its backend is gone.

    Raises:
        ToolError: it was not; nothing was changed.
        UnknownOutcomeError: the server can't be asked, or that backend does not go.
    """
    deadline = time.monotonic() + _LEAVING_SECONDS
    problem = f"its backend {lost} is at work still"
    while True:
        try:
            with maintenance(url) as session:
                if not session.value(_ALIVE, (lost,)):
                    found = standing(session, wanted)
                    break
        except DixisError as error:  # a server that was restarted answers again soon
            problem = str(error)
        if time.monotonic() >= deadline:
            raise UnknownOutcomeError(
                f"The connection was lost while {wanted.database} was being renamed ({problem})",
                f"Look whether there is a database {wanted.kept}: if so, it was done.",
            )
        time.sleep(_PAUSE_SECONDS)
    if found is not Standing.SWAPPED:
        raise ToolError(
            f"The connection was lost before {wanted.database} was renamed; nothing was changed", "Roll back again."
        )
