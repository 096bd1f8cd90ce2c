"""A small executor with a hook: a file's statements one by one, as the execution oracle says."""

from __future__ import annotations

import time

from dixis_tui.hazard import Execution
from dixis_tui.measures import StatementMeasure
from dixis_tui.postgres.session import Session
from dixis_tui.prisma.hooks import Hook, whole
from dixis_tui.prisma.oracle import forecast
from dixis_tui.sql.script import Statement, parse_script


def run_file(
    session: Session, hook: Hook, content: bytes, *, splits: bool = False, keep: bool = True
) -> tuple[StatementMeasure, ...]:
    """Run a file as Prisma would; `splits`: as Prisma 7.4 and later. Returns what the hook measured.

    `keep` False: its one transaction is undone in the end.
    """
    script = parse_script(content)
    execution = forecast("file", script, splits=splits).execution
    if execution in (Execution.OWN_TRANSACTIONS, Execution.UNKNOWN):
        pieces: list[tuple[Statement, bytes]] = [(whole(script), content)]
    else:
        pieces = [(one, script.piece(one)) for one in script.statements]
    block = execution is Execution.ONE_TRANSACTION
    committed = False
    try:
        if block:
            session.execute("BEGIN")
        for statement, piece in pieces:
            hook.before(statement, len(pieces))
            began = time.monotonic()
            rows = session._connection.execute(piece).rowcount
            hook.after(statement, time.monotonic() - began, max(rows, 0))
        if block:
            session.execute("COMMIT" if keep else "ROLLBACK")
        committed = keep
    finally:
        session.rollback()
        measures = hook.ended(committed=committed)
    return measures
