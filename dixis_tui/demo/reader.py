"""Somebody in the demo who is in the migration's way: a report that reads `Order` in a transaction and forgets it."""

from __future__ import annotations

from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.process import LineSink

NAME = "reports"
ENDED_BY_SOMEBODY = "57P01"
_NAMED = "SET application_name = 'reports'"
_READ = 'SELECT count(*), sum("totalCents") FROM "Order"'


def read_and_wait(url: DatabaseUrl, on_line: LineSink) -> str:
    """Read, then wait inside the transaction until somebody ends the session: how it ended, in a sentence.

    Raises:
        KeyboardInterrupt: it was interrupted; its transaction is undone.
        ConnectError: no connection came about. QueryError: it could not read.
    """
    with connect(url, purpose="demo", read_only=True) as session:
        session.execute(_NAMED)
        session.execute("BEGIN")
        session.execute(_READ)
        on_line(f'Process {session.pid} ({NAME}) has read "Order" and keeps its lock: whoever alters the table waits.')
        on_line("Ctrl+C gives it up; in the cockpit b shows it, t ends it.")
        sqlstate = session.until_ended()
    if sqlstate == ENDED_BY_SOMEBODY:
        return f"Ended by somebody ({sqlstate}): its transaction is undone, its lock is gone."
    return f"The connection was lost ({sqlstate or 'without a word'}): its transaction is undone."
