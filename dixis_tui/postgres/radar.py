"""The lock radar: a connection of its own that looks at our backend and at everybody around it.

It only reads, never waits for a lock for long, and can't hang: a look that is not answered raises, and where the
connection is gone the next look opens another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from datetime import datetime
from types import TracebackType
from typing import LiteralString, TypeVar

import msgspec
from msgspec.structs import replace

from dixis_tui.errors import ConnectError, QueryError
from dixis_tui.locks import Lag, Progress, Radar
from dixis_tui.postgres.radar_rows import Around, Measures, ProgressRow, SessionRow, around_sql, measures_sql
from dixis_tui.postgres.radar_tree import radar_of, without_strangers
from dixis_tui.postgres.session import Parameters, Session, connect
from dixis_tui.postgres.signals import cancel_statement
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.secrets import Redactor

T = TypeVar("T")

PURPOSE = "radar"
_STATEMENT_SECONDS = 2.0
_LOCK_SECONDS = 0.25
_CONNECT_SECONDS = 5
_UNHEARD = {"tcp_user_timeout": "5000", "keepalives_idle": "5", "keepalives_interval": "2"}
"""A network that has gone is noticed within some 10 seconds."""
_RATE_SECONDS = 5.0
_NOT_ALLOWED = "42501"


class RadarSession:
    """Looks at the backends of ours; a context manager. One thread at a time.

    Ours are the process ids that `pids` gives at each look, and every session whose name begins with `application` (for
    an executor that opens connections of its own). A number that `pids` goes on to give after its session has ended
    never makes another session ours.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        *,
        pids: Callable[[], Collection[int]] | None = None,
        application: str | None = None,
        beside: Callable[[Session], None] | None = None,
    ) -> None:
        """`beside` gets the session after each look, for something quick of its own; it must not raise."""
        self.url = url
        self._beside = beside
        self._pids = pids or tuple
        self._application = application
        self._words = Redactor(url.secrets).line
        self._session: Session | None = None
        self._may_measure = True
        self._wal: deque[tuple[datetime, int]] = deque()
        self._seen: dict[tuple[object, ...], datetime] = {}
        self._ours: dict[int, datetime | None] = {}

    def __enter__(self) -> RadarSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """The radar's own backend; 0 where it has none."""
        return self._session.pid if self._session else 0

    def look(self) -> Radar:
        """One look, with everybody in it (see :meth:`Radar.listed`); connects where it has to.

        Raises:
            ConnectError: there is no connection; the next look tries again.
            QueryError: the server did not answer it in time, or not so that it can be read.
        """
        session = self._connected()
        pids = list(self._pids())
        around = self._ask(session, around_sql(session.server_version), Around, pids)
        self._ours = {pid: started for pid, started in self._ours.items() if pid in pids}
        around = without_strangers(around, self._ours)
        self._ours |= {row.pid: row.started for row in around.sessions if row.ours and row.pid in pids}
        before, self._seen = self._seen, {}

        def first_seen(row: SessionRow, what: str) -> datetime:
            key = (row.pid, row.started, row.transaction_since, what)
            return self._seen.setdefault(key, before.get(key, around.at))

        seen = self._measured(session, radar_of(around, self._words, first_seen))
        if self._beside and not session.closed:
            self._beside(session)
        return seen

    def cancel_statement(self, seen: Radar) -> bool:
        """Cancel the statement that our backend ran in that look, and no later one; what the server answered.

        False: it is over. In the thread that looks. Raises as :func:`dixis_tui.postgres.signals.cancel_statement`.
        """
        return cancel_statement(self._connected(), seen.pid, seen.query_since)

    def close(self) -> None:
        """End the connection; a later look would open another."""
        if self._session:
            self._session.close()
        self._session, self._may_measure = None, True
        self._wal.clear()

    def _connected(self) -> Session:
        if self._session is None or self._session.closed:
            self.close()
            self._session = connect(
                replace(self.url, libpq=_UNHEARD | self.url.libpq),
                purpose=PURPOSE,
                lock_timeout_seconds=_LOCK_SECONDS,
                statement_timeout_seconds=_STATEMENT_SECONDS,
                connect_timeout_seconds=_CONNECT_SECONDS,
                read_only=True,
                prepare=True,
            )
        return self._session

    def _measured(self, session: Session, seen: Radar) -> Radar:
        if not self._may_measure:
            return seen
        try:
            found = self._ask(session, measures_sql(session.server_version), Measures, [seen.pid])
        except QueryError as error:  # who waits for whom counts more than how much is written meanwhile
            self._may_measure = error.sqlstate != _NOT_ALLOWED
            return seen
        return replace(
            seen,
            progress=self._progress(found.progress[0]) if found.progress else None,
            wal_rate=self._rate(found),
            lag=tuple(Lag(self._words(row.replica), row.seconds, row.bytes) for row in found.lag),
        )

    def _progress(self, row: ProgressRow) -> Progress:
        return Progress(self._words(row.command), self._words(row.phase), row.done or 0, row.total or 0, row.unit)

    def _rate(self, found: Measures) -> float:
        """Over some seconds: between two looks it leaps."""
        if found.wal is None:
            return 0.0
        self._wal.append((found.at, found.wal))
        while (found.at - self._wal[0][0]).total_seconds() > _RATE_SECONDS:
            self._wal.popleft()
        at, wal = self._wal[0]
        seconds = (found.at - at).total_seconds()
        return max(found.wal - wal, 0) / seconds if seconds > 0 else 0.0

    def _ask(self, session: Session, sql: LiteralString, kind: type[T], pids: list[int]) -> T:
        parameters: Parameters = {"pids": pids, "application": self._application}
        try:
            return msgspec.json.decode(session.value(sql, parameters), type=kind)
        except ConnectError:
            self.close()
            raise
        except ValueError as error:  # a name in an encoding that is not this database's
            raise QueryError("22021", f"the server's answer to the radar can't be read: {error}") from None
