"""Where an executor lets others look on: before and after each statement that it sends, and when a file has ended.

The executor's side, for each file:

1. `BEGIN`, where the file runs as one transaction.
2. For each statement: :meth:`Hook.before`, the statement, :meth:`Hook.after` with the seconds and rows of it alone.
   What is sent as one query, because it can't be taken apart or because it begins and ends transactions itself, is
   one :func:`whole` statement, number 1 of 1.
3. `COMMIT`, or `ROLLBACK` after a failure, then :meth:`Hook.ended` at once. Also where the file failed or is tried
   anew.

A statement that failed gets no `after`. No call raises what a server said: a hook only looks.
"""

from __future__ import annotations

from typing import Protocol

from dixis_tui.measures import StatementMeasure
from dixis_tui.sql.script import Script, Statement


class Hook(Protocol):
    """Called from the executor's thread, with its session idle or inside the file's transaction."""

    def before(self, statement: Statement, of: int) -> None:
        """`statement` is sent next; `of` is how many the file has."""

    def after(self, statement: Statement, seconds: float, rows: int) -> StatementMeasure:
        """It went through. How long its locks are held is not known yet where its transaction is still open."""

    def ended(self, *, committed: bool) -> tuple[StatementMeasure, ...]:
        """The file is over. Returns the measures of all that went through, with the seconds that locks were held."""


class Stopwatch:
    """The hook that asks the server nothing, for production: seconds and rows alone."""

    def __init__(self) -> None:
        self._of = 0
        self._seen: list[StatementMeasure] = []

    def before(self, statement: Statement, of: int) -> None:  # noqa: ARG002  the protocol's
        """Remember how many there are."""
        self._of = of

    def after(self, statement: Statement, seconds: float, rows: int) -> StatementMeasure:
        """What the executor itself measured."""
        measure = StatementMeasure(
            number=statement.number,
            of=self._of,
            line=statement.line,
            text=statement.shown,
            kind=statement.kind,
            seconds=seconds,
            rows=rows,
        )
        self._seen.append(measure)
        return measure

    def ended(self, *, committed: bool) -> tuple[StatementMeasure, ...]:  # noqa: ARG002  the protocol's
        """All of the file's, and a clean sheet for the next."""
        seen, self._seen = tuple(self._seen), []
        return seen


def whole(script: Script) -> Statement:
    """The whole file as one statement without a tree."""
    return Statement(
        number=1,
        start=0,
        end=len(script.content),
        piece_start=0,
        piece_end=len(script.content),
        line=1,
        kind="",
        tree=None,
        text=script.content.decode("utf-8", "replace"),
    )
