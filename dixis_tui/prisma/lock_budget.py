"""How long the statements of one transaction may wait for locks together. Pure.

PostgreSQL's `lock_timeout` holds for each wait alone. Whoever waits behind the first lock of a transaction waits for
all that come after it: a file of five statements could keep them waiting five times as long as was configured.
"""

from __future__ import annotations

from dixis_tui.sql.claims import claims
from dixis_tui.sql.script import Script, Statement

STEP_SECONDS = 0.1
"""What is left is told to the server in such steps: a file whose statements are quick pays nothing for it."""
_LEAST_SECONDS = 0.1
_TOLD_BY_NOBODY = ("do_stmt", "call_stmt")


def left(limit: float, spent: float) -> float:
    """Seconds that the next wait may take, `spent` seconds after the first lock that keeps others waiting.

    At first what is left of `limit`. Past it, the time went into work of our own, and giving up would make whoever
    waits wait for that work once more: then as long as we have worked beyond `limit`, and `limit` at most.
    """
    return min(max(abs(limit - spent), _LEAST_SECONDS), limit)


def keeps_waiting(statement: Statement) -> bool:
    """Whether somebody who reads or writes a table may have to wait for it, as far as anybody can tell."""
    if statement.tree is None or statement.kind in _TOLD_BY_NOBODY:
        return True
    return any(claim.mode.blocks_writes for claim in claims(statement))


def sets_its_own(script: Script) -> bool:
    """Whether the file speaks of `lock_timeout` itself: what it says there holds."""
    return b"lock_timeout" in script.content.lower()
