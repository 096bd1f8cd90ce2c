"""One run a database, whoever and wherever the second operator is: an advisory lock that a session of its own holds.

The session takes no transaction number, and does little else: it looks who is connected. The server gives the lock
back by itself once the session ends: with its runner, or half a minute after its machine has gone from the network.
"""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import DixisError
from dixis_tui.postgres.session import APPLICATION_NAME, Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.secrets import Redactor

PATIENCE_SECONDS = 5.0
"""How long a start waits for it: connecting is bounded by the next two, but resolving a name is not."""
_CONNECT_SECONDS = "3"
_UNANSWERED_MILLISECONDS = "10000"
_STATEMENT_SECONDS = 3.0
_NAME_BYTES = 63
_TRIES = 40
_PAUSE_SECONDS = 0.05

# `DXTU` and 1, in every version: two that differed would let two runs in.
_TAKE = "SELECT pg_try_advisory_lock(1146639445, 1)"
_HOLDER = """
SELECT a.pid, a.application_name AS application, coalesce(a.usename::text, '') AS user,
       coalesce(host(a.client_addr), '') AS address, a.backend_start AS started
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 1146639445 AND l.objid = 1 AND l.objsubid = 2
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""
_END = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND application_name = %s"
# The first is there since PostgreSQL 14. The others let the server find out soon that nobody is at the other end.
_SETTINGS = """
SELECT count(set_config(name, wanted.value, false)) FROM pg_catalog.pg_settings JOIN (VALUES
  ('idle_session_timeout', '0'), ('tcp_keepalives_idle', '15'), ('tcp_keepalives_interval', '5'),
  ('tcp_keepalives_count', '3')) AS wanted (name, value) USING (name)
"""
_NAME = re.compile(rf"{APPLICATION_NAME} run (\d{{8}}-\d{{6}}-[0-9a-f]{{4}}) ?(.*)")
_GREEK = str.maketrans(
    dict(zip("αβγδεζηικλμνοπρστυφωςΑΒΓΔΕΖΗΙΚΛΜΝΟΠΡΣΤΥΦΩ", "avgdeziiklmnoprstyfosAVGDEZIIKLMNOPRSTYFO", strict=True))
    | {"θ": "th", "ξ": "x", "χ": "ch", "ψ": "ps", "Θ": "Th", "Ξ": "X", "Χ": "Ch", "Ψ": "Ps"}
)


class Held(Struct, frozen=True):
    """It is ours, since then. `anew`: it was lost in between, and nobody else had taken it."""

    since: datetime
    anew: bool = False


class HeldBy(Struct, frozen=True, kw_only=True):
    """Another holds it. What the server hides from our role, or does not know, is empty.

    `who` is operator@host as its runner gave them, else the database's user. `since` is the run's own time in UTC, else
    when its session began. `pid` is of its backend (0: not known).
    """

    run: str = ""
    who: str = ""
    since: datetime | None = None
    pid: int = 0
    address: str = ""


class NotTaken(Struct, frozen=True):
    """It can't be held here, and why."""

    reason: str


Outcome = Held | HeldBy | NotTaken


class Row(Struct, frozen=True):
    """The session that holds it, as the server shows it to our role."""

    pid: int
    application: str
    user: str
    address: str
    started: datetime | None


class RunLock:
    """The lock of one run on one database; callable from any thread."""

    def __init__(self, url: DatabaseUrl, run: str, who: str) -> None:
        # A URL may ask for more patience than a start has.
        bounds = {"connect_timeout": _CONNECT_SECONDS, "tcp_user_timeout": _UNANSWERED_MILLISECONDS}
        self._url = replace(url, libpq=url.libpq | bounds)
        self._purpose = purpose(run, who)
        self._session: Session | None = None
        self._pids: set[int] = set()
        """Of the backends that this lock has had."""
        self._since: datetime | None = None
        self._mutex = threading.Lock()

    def begin(self, patience_seconds: float = PATIENCE_SECONDS) -> Outcome | None:
        """:meth:`ensure` at a run's start; None where it is not known in time, or the server can't be asked.

        Preflight looks again, and says why.
        """
        found: list[Outcome] = []

        def take() -> None:
            try:
                found.append(self.ensure())
            except DixisError:
                return

        thread = threading.Thread(target=take, name="run lock", daemon=True)
        thread.start()
        thread.join(patience_seconds)
        return found[0] if found else None

    def ensure(self) -> Outcome:
        """Hold it from now on: nothing to do where it is held, taken anew where its session was lost.

        Raises:
            ConnectError: the server can't be reached.
            QueryError: it refuses to answer.
        """
        with self._mutex:
            if reason := self._url.pooled:
                return NotTaken(reason)
            if self._still_held():
                assert self._since is not None  # noqa: S101 - it is held
                return Held(self._since)
            session = connect(
                self._url, purpose=self._purpose, statement_timeout_seconds=_STATEMENT_SECONDS, read_only=True
            )
            try:
                outcome = self._take(session)
            except DixisError:
                session.close()
                raise
            if isinstance(outcome, Held):
                self._session, self._since = session, outcome.since
            else:
                session.close()
            return outcome

    def release(self) -> None:
        """Give it back, and the database is as if we had never connected to it."""
        with self._mutex:
            self._since = None
            self._drop()

    def look(self, ask: Callable[[Session], None]) -> None:
        """Ask something quick through its session, where there is one. Raises as `ask` does."""
        with self._mutex:
            if self._session is not None and not self._session.closed:
                ask(self._session)

    def _still_held(self) -> bool:
        if self._session is None:
            return False
        try:
            if not self._session.closed and self._session.value(_TAKE):
                return True
        except DixisError:
            pass
        self._drop()
        return False

    def _drop(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None

    def _take(self, session: Session) -> Outcome:
        # PgBouncer and its like give out process ids of their own. Whoever holds a session's lock through them holds
        # it for a stranger.
        if session.value("SELECT pg_backend_pid()") != session.pid:
            return NotTaken("a connection pooler answers there, not PostgreSQL itself")
        session.value(_SETTINGS)
        for _ in range(_TRIES):
            if session.value(_TAKE):
                self._pids.add(session.pid)
                return Held(datetime.now(UTC), anew=self._since is not None)
            for row in session.query(_HOLDER, row=Row):
                other = holder(row, self._url)
                # By its process, not by its name: two runs of one instant on two machines have the same id.
                if row.pid not in self._pids:
                    return other
                # Our own session of before a cut line: the server has not found out yet.
                session.value(_END, (row.pid, row.application))
            time.sleep(_PAUSE_SECONDS)
        return HeldBy()


def holder(row: Row, url: DatabaseUrl) -> HeldBy:
    """Who holds it, by the name of its session. Pure; whoever can connect can call a session what he likes."""
    redact = Redactor(url.secrets).line
    match = _NAME.fullmatch(row.application)
    run, who = (match[1], match[2]) if match else ("", "")
    return HeldBy(
        run=run,
        who=redact(who or row.user or row.application),
        since=began(run) or row.started,
        pid=row.pid,
        address=redact(row.address),
    )


def began(run: str) -> datetime | None:
    """When a run began, in UTC to the second, by its id."""
    try:
        return datetime.strptime(run[:15], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def purpose(run: str, who: str) -> str:
    """What the session is called after `dixis-tui`: all of it in the 63 bytes that PostgreSQL keeps, and ASCII, since
    it keeps nothing else. Greek letters become Latin ones, others are dropped."""
    letters = unicodedata.normalize("NFD", who)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    latin = plain.replace("ου", "ou").replace("Ου", "Ou").translate(_GREEK)
    ascii_only = "".join(letter for letter in latin if letter.isascii() and letter.isprintable())
    return f"run {run} {ascii_only}"[: _NAME_BYTES - len(APPLICATION_NAME) - 1].rstrip()
