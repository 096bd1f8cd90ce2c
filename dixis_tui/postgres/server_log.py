"""The server's own log, read through SQL where the role may: from its end on, through rotations."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.errors import QueryError
from dixis_tui.postgres.session import Session

_BYTES_A_LOOK = 256 * 1024
_DENIED = "42501"
_NOT_FOUND = "58P01"

# jsonlog is of PostgreSQL 15; asked for an unknown format, older servers raise.
_FILE = """
SELECT coalesce(pg_current_logfile('csvlog'), pg_current_logfile('stderr'), pg_current_logfile(), '')
"""
_SIZE = "SELECT coalesce((pg_stat_file(%s, true)).size, 0)"
_READ = "SELECT pg_read_binary_file(%s, %s, %s, true)"
_RIGHTS = (
    "As a superuser: GRANT pg_monitor TO {role}; GRANT EXECUTE ON FUNCTION pg_stat_file(text, boolean), "
    "pg_read_binary_file(text, bigint, bigint, boolean) TO {role}; or name the log under [[after.logs]]."
)
NO_COLLECTOR = "the server's log can't be read from here (logging_collector is off); name it under [[after.logs]]"


class LogNews(Struct, frozen=True):
    """Bytes that came since the last look; `skipped` were too many."""

    data: bytes
    skipped: int = 0


class ServerLog:
    """The place in the server's log. `problem` says why it can't be read; empty: it can."""

    def __init__(self) -> None:
        self.problem = ""
        self._file = ""
        self._at = 0

    def begin(self, session: Session) -> None:
        """Find its end. Raises ConnectError; that the role may not is in `problem`."""
        try:
            self._file = session.value(_FILE)
            if not self._file:
                self.problem = NO_COLLECTOR
                return
            self._at = session.value(_SIZE, (self._file,))
            session.value(_READ, (self._file, self._at, 0))
            self.problem = ""
        except QueryError as error:
            self.problem = _sentence(error, session.url.user)

    def look(self, session: Session) -> LogNews:
        """What came since. Raises ConnectError and QueryError."""
        now = session.value(_FILE)
        data = b""
        skipped = 0
        if now != self._file:
            data, skipped = self._read(session)  # what the old one still holds
            self._file, self._at = now, 0
        more, also = self._read(session)
        return LogNews(data + more, skipped + also)

    def _read(self, session: Session) -> tuple[bytes, int]:
        size = session.value(_SIZE, (self._file,))
        self._at = min(self._at, size)
        skipped = max(size - self._at - _BYTES_A_LOOK, 0)
        self._at += skipped
        data = session.value(_READ, (self._file, self._at, _BYTES_A_LOOK)) or b""
        self._at += len(data)
        return bytes(data), skipped


def _sentence(error: QueryError, role: str) -> str:
    if error.sqlstate == _DENIED:
        return f"the server's log may not be read by {role}. {_RIGHTS.format(role=role)}"
    return f"the server's log can't be read: {error}"
