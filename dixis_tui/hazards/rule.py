"""What every rule of ours has: a stable code, a severity, its words, and a look at one file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.secrets import clean
from dixis_tui.sql.names import Relation
from dixis_tui.sql.script import Statement

SOURCE = "dixis"
Span = tuple[int, int]
"""Two byte offsets of a file."""


class Rule(ABC):
    """One rule. `why` says what it does to the application; a finding may say it more exactly."""

    code: ClassVar[str]
    title: ClassVar[str]
    severity: ClassVar[Severity]
    why: ClassVar[str]
    blocks: ClassVar[bool] = False
    """Its only harm is that others wait (see :class:`Hazard`)."""

    @abstractmethod
    def look(self, context: Context) -> Iterator[Hazard]:
        """Every finding in the file, in the file's order."""

    def found(
        self,
        context: Context,
        statement: Statement,
        what: str,
        *,
        safer: str = "",
        why: str = "",
        severity: Severity | None = None,
        span: Span | None = None,
        size: str = "",
    ) -> Hazard:
        """A finding about a statement, at `span` or at the whole of it."""
        return make(
            context,
            statement,
            code=self.code,
            title=self.title,
            severity=severity or self.severity,
            what=what,
            why=why or self.why,
            safer=safer,
            span=span,
            size=size,
            blocks=self.blocks,
        )


def make(
    context: Context,
    statement: Statement | None,
    *,
    code: str,
    title: str,
    severity: Severity,
    what: str,
    why: str,
    safer: str = "",
    size: str = "",
    source: str = SOURCE,
    span: Span | None = None,
    blocks: bool = False,
) -> Hazard:
    """A hazard with its lines and columns; without a statement and a span it is about the whole file."""
    start, end = span or ((statement.start, statement.end) if statement else (0, 0))
    line, column = context.read.position(start)
    end_line, end_column = context.read.position(max(end, start))
    return Hazard(
        code=code,
        title=title,
        severity=severity,
        source=source,
        migration=clean(context.read.file.migration),
        path=context.read.file.path,
        line=line,
        column=column,
        end_line=end_line,
        end_column=end_column,
        statement=statement.number if statement else 0,
        what=clean(what),
        why=clean(why),
        safer="\n".join(map(clean, safer.strip("\n").split("\n"))),
        size=size,
        blocks=blocks,
    )


def listed(relations: list[Relation]) -> str:
    """`a, b and c`."""
    words = [str(relation) for relation in relations]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
