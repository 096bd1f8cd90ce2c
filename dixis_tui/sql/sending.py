"""Whether a file may be sent piece by piece between BEGIN and COMMIT, or has to be one simple query as Prisma sends it.

Pure. Found by sending files of every shape both ways (`tests/postgres/test_sending.py`). What no file tells: a trigger
or function of the database may ask for `current_query()` or `statement_timestamp()` itself. It then sees the statement
in place of the whole file, and a moment for each.
"""

from __future__ import annotations

import re

from dixis_tui.sql.claims import Transaction, transaction
from dixis_tui.sql.script import Script

_READING = re.compile(
    r"standard_conforming_strings|backslash_quote|client_encoding|\bset\s+((session|local)\s+)?names\b"
)
_ASKING = re.compile(r"current_query|statement_timestamp")


def only_whole(script: Script) -> str:
    """Why the file has to be sent as one simple query; empty where its pieces in one transaction do the very same.

    A name that decides is looked for in the whole text, comments and strings too: sending whole is never wrong.
    """
    statements = script.statements
    if script.problem:
        return f"it can't be parsed: {script.problem.message}"
    if len(statements) < 2:
        # Alone, a statement is in no transaction block: CALL may commit, LOCK TABLE is refused.
        return "there is nothing to take apart"
    for one in statements:
        if one.tree is None:
            return f"its statement {one.number} is too deep to be understood"
        if transaction(one) is not Transaction.ORDINARY:
            return f"its statement {one.number} {transaction(one).value}"
    text = script.content.decode().lower()
    if found := _READING.search(text):
        return f"{found[0]} would change how the statements after it are read, and a simple query is read at once"
    if found := _ASKING.search(text):
        return f"{found[0]}() tells of the query as it was sent"
    return ""
