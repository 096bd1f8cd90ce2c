"""Other sessions of a database: some hold locks, some wait for them, all are let go at the end."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from types import TracebackType

from dixis_tui.errors import DixisError
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from tests.waiting import until

_WAITS = "SELECT count(DISTINCT pid)::int FROM pg_locks WHERE NOT granted AND pid = ANY(%s)"
_BOUND_SECONDS = 60.0


class Deed:
    """A statement that a session runs in a thread of its own; `error` once it has failed."""

    def __init__(self, session: Session, sql: str) -> None:
        self.session = session
        self.error: DixisError | None = None
        self._sql = sql
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.session.script(self._sql.encode())
        except DixisError as error:
            self.error = error

    @property
    def over(self) -> bool:
        """Whether the server has answered."""
        return not self._thread.is_alive()

    def result(self) -> DixisError | None:
        """Wait for its end; None where it went through."""
        self._thread.join(_BOUND_SECONDS)
        assert self.over
        return self.error


class Crowd:
    """Opens sessions on one database, and ends them all."""

    def __init__(self, url: DatabaseUrl) -> None:
        self.url = url
        self.admin = connect(url, purpose="test")
        self._sessions: list[Session] = []
        self._deeds: list[Deed] = []

    def __enter__(self) -> Crowd:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        busy = [deed.session.pid for deed in self._deeds if not deed.over]
        self.admin.execute("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) pid", (busy,))
        for deed in self._deeds:
            deed.result()
        for session in self._sessions:
            session.close()
        self.admin.close()

    def session(self, *begin: str, application: str = "shop", url: DatabaseUrl | None = None) -> Session:
        """A session of the application that has run `begin`."""
        session = connect(
            url or self.url, purpose="test", lock_timeout_seconds=0, statement_timeout_seconds=_BOUND_SECONDS
        )
        self._sessions.append(session)
        session.execute("SELECT set_config('application_name', %s, false)", (application,))
        for sql in begin:
            session.script(sql.encode())
        return session

    def runs(self, session: Session, sql: str) -> Deed:
        """Let a session run something in the background."""
        self._deeds.append(Deed(session, sql))
        return self._deeds[-1]

    def waits(self, session: Session, sql: str) -> Deed:
        """Let a session run something, and return once it waits for a lock."""
        deed = self.runs(session, sql)
        self.waiting([session])
        return deed

    def waiting(self, sessions: Iterable[Session]) -> None:
        """Return once all of these wait for locks."""
        pids = [session.pid for session in sessions]
        until(lambda: self.admin.value(_WAITS, (pids,)) == len(pids), what=f"{len(pids)} sessions to wait")
