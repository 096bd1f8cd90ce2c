"""The execution oracle: how Prisma (or our direct executor, which follows it) will run a file. Pure.

Facts: until 7.3 a file is one simple query, so one implicit transaction; from 7.4 on it is split into statements, each
committed by itself, and one that can't be split is one query again (prisma-engines pull requests 5767 and 5847; the
native engine alone does so, the WebAssembly one of 7.9 hands the file on whole). A statement that refuses a transaction
block (25001) is alone in its file, or fails.
"""

from __future__ import annotations

from dixis_tui.hazard import Execution, FileForecast
from dixis_tui.sql.claims import Transaction, block_after, control, may_commit, transaction
from dixis_tui.sql.script import Script, Statement

_INDEXES = ("index_stmt", "drop_stmt", "reindex_stmt")
_ALONE = "Put it into a migration of its own."


def forecast(name: str, script: Script, *, splits: bool) -> FileForecast:
    """How the file will be run. `splits`: the pinned Prisma commits statement by statement (7.4 and later)."""
    statements = script.statements
    outside = [one for one in statements if transaction(one) is Transaction.OUTSIDE]
    controls = [one for one in statements if transaction(one) is Transaction.CONTROL]

    def told(execution: Execution, why: str, at: Statement | None = None, surprise: str = "") -> FileForecast:
        line = at.line if at else 0
        return FileForecast(
            migration=name,
            execution=execution,
            statements=len(statements),
            why=why,
            line=line,
            surprise=surprise,
            unjudged=sum(one.kind in ("do_stmt", "call_stmt") for one in statements),
        )

    if script.problem:
        return told(Execution.UNKNOWN, f"it can't be parsed: {script.problem.message}")
    refused = _inside_own_block(statements) if splits else outside if len(statements) > 1 else []
    if refused:
        # In one query of several statements PostgreSQL begins a transaction anew before each, also after a COMMIT.
        block = "its own BEGIN" if splits else f"a file of {len(statements)} statements"
        before = statements[: refused[0].number - 1]
        committed = any(control(one) == "COMMIT" for one in before) or bool(splits and not control(statements[0]))
        surprise = f"{_ALONE} What the file had committed before it stays." if committed else _ALONE
        why = f"{refused[0].shown} refuses the transaction block of {block}"
        return told(Execution.FAILS, why, refused[0], surprise)
    if controls:
        surprise = "After a failure what it had committed stays; nothing here can undo it."
        why = f"line {controls[0].line} begins or ends a transaction itself"
        return told(Execution.OWN_TRANSACTIONS, why, controls[0], surprise)
    if splits and len(statements) > 1:
        why = f"this Prisma commits each of its {len(statements)} statements by itself"
        surprise = "After a failure the statements before it stay applied."
        return told(Execution.STATEMENT_BY_STATEMENT, why, None, surprise)
    if outside:
        why = "its only statement runs outside a transaction block"
        invalid = "A failure may leave an invalid index behind: look before it is tried again."
        surprise = invalid if outside[0].kind in _INDEXES else ""
        return told(Execution.STATEMENT_BY_STATEMENT, why, outside[0], surprise)
    if len(statements) == 1 and may_commit(statements[0]):
        surprise = "After a failure what it had committed stays; nothing here can undo it."
        return told(Execution.OWN_TRANSACTIONS, "its only statement may commit on its way", statements[0], surprise)
    why = "one statement" if len(statements) == 1 else f"{len(statements)} statements sent as one query"
    return told(Execution.ONE_TRANSACTION, why)


def _inside_own_block(statements: tuple[Statement, ...]) -> list[Statement]:
    """Statements that refuse a transaction block and stand between the file's own BEGIN and COMMIT."""
    found: list[Statement] = []
    block = False
    for one in statements:
        block = block_after(one, block)
        if block and transaction(one) is Transaction.OUTSIDE:
            found.append(one)
    return found
