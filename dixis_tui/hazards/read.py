"""A file taken apart once for all rules: its statements, their locks, and which of them are committed together."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from msgspec import Struct

from dixis_tui.hazard import Execution, FileForecast
from dixis_tui.locks import LockMode
from dixis_tui.sql.claim import Claim
from dixis_tui.sql.claims import block_after, claims
from dixis_tui.sql.names import Relation
from dixis_tui.sql.parts import Command, commands
from dixis_tui.sql.script import Script, Statement


class SourceFile(Struct, frozen=True):
    """A file to be judged. `migration` is its name to Prisma (or the file's own), `path` is shown as it is."""

    migration: str
    path: str
    content: bytes


class Read(Struct, frozen=True):
    """A file taken apart, and how it will be run."""

    file: SourceFile
    script: Script
    forecast: FileForecast
    commands: dict[int, tuple[Command, ...]]
    """Those of each `ALTER TABLE`, by the statement's number: many rules look at them."""
    claims: tuple[tuple[Claim, ...], ...]
    """Those of each statement, in their order."""
    lines: tuple[int, ...]
    """Where each line begins, in bytes."""
    groups: tuple[tuple[Statement, ...], ...]
    """The statements that are committed together."""
    held: dict[tuple[int, Relation], Statement]
    """By a group's first statement's number and a table: the statement of the group that first locks it against all."""

    def position(self, offset: int) -> tuple[int, int]:
        """As `Script.position`, without a walk through the file for each of thousands of findings."""
        line = bisect_right(self.lines, offset)
        begin = self.lines[line - 1]
        return line, len(self.script.content[begin:offset].decode("utf-8", "replace")) + 1

    def offset(self, line: int, column: int) -> int:
        """The byte at a line and a column of bytes, both from 0, as squawk counts them."""
        if line >= len(self.lines):
            return len(self.script.content)
        return min(self.lines[line] + column, len(self.script.content))

    def statement_at(self, offset: int) -> Statement | None:
        """The statement whose piece holds the byte; the last one for what follows it."""
        statements = self.script.statements
        place = bisect_right(statements, offset, key=lambda one: one.piece_start) - 1
        return statements[max(place, 0)] if statements else None


def read_of(file: SourceFile, script: Script, forecast: FileForecast, *, splits: bool) -> Read:
    """The file with all that several rules look up in it."""
    groups = tuple(tuple(group) for group in _transactions(script.statements, forecast.execution, splits=splits))
    locks = tuple(claims(one) for one in script.statements)
    held: dict[tuple[int, Relation], Statement] = {}
    for group in groups:
        for statement in group:
            for claim in locks[statement.number - 1]:
                if claim.mode is LockMode.ACCESS_EXCLUSIVE and not claim.index:
                    held.setdefault((group[0].number, claim.relation), statement)
    return Read(
        file=file,
        script=script,
        forecast=forecast,
        commands={one.number: commands(one) for one in script.statements if one.kind == "alter_table_stmt"},
        claims=locks,
        lines=(0, *(match.end() for match in re.finditer(rb"\n", file.content))),
        groups=groups,
        held=held,
    )


def _transactions(statements: Iterable[Statement], execution: Execution, *, splits: bool) -> Iterator[list[Statement]]:
    if execution is Execution.STATEMENT_BY_STATEMENT:
        yield from ([statement] for statement in statements)
        return
    if execution is not Execution.OWN_TRANSACTIONS:
        yield from filter(None, [list(statements)])
        return
    group: list[Statement] = []
    block = False
    for statement in statements:
        before, block = block, block_after(statement, block)
        # In one query, BEGIN takes what was sent before it into its block; by itself it begins a new one.
        if splits and block and not before and group:
            yield group
            group = []
        group.append(statement)
        if (before and not block) or (splits and not block):
            yield group
            group = []
    if group:
        yield group
