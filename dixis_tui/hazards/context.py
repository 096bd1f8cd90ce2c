"""What a rule looks at: one file, how it will be run, what is pending with it, and what the server says of it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from msgspec import Struct

from dixis_tui.hazard import Execution, FileForecast
from dixis_tui.postgres.table_facts import Sizes, TableFacts
from dixis_tui.sql.claim import Claim
from dixis_tui.sql.claims import block_after
from dixis_tui.sql.facts import Code, code, created, not_null_proof, only_if_missing, renamed
from dixis_tui.sql.names import Relation
from dixis_tui.sql.parts import Command
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


Place = tuple[int, int]
"""A statement of the pending set: the file's place from 0, and the statement's number."""


class Pending(Struct, frozen=True):
    """What the pending files make, and where: tables (empty, and used by nobody yet), views and functions.

    `proven` are columns that a valid `CHECK (column IS NOT NULL)` holds, from where it is valid.
    """

    tables: dict[Relation, Place]
    code: tuple[tuple[Place, Code], ...]
    proven: dict[tuple[Relation, str], Place]


class Context(Struct, frozen=True, kw_only=True):
    """One file in its set. `place` is the file's place in `pending`; `server_version` is as 150008."""

    read: Read
    place: int
    pending: Pending
    server_version: int
    schema: str
    splits: bool
    sizes: Sizes | None = None

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The file's statements, in their order."""
        return self.read.script.statements

    def commands(self, statement: Statement) -> tuple[Command, ...]:
        """The commands of an `ALTER TABLE`; empty for any other statement."""
        return self.read.commands.get(statement.number, ())

    def claims(self, statement: Statement) -> tuple[Claim, ...]:
        """The locks that the statement takes on tables it names."""
        return self.read.claims[statement.number - 1]

    def full(self, relation: Relation) -> Relation:
        """The relation with its schema."""
        return relation if relation.schema else Relation(self.schema, relation.name)

    def fresh(self, relation: Relation, statement: Statement) -> bool:
        """Whether the table was made by the pending set before this statement: nobody uses it yet."""
        made = self.pending.tables.get(self.full(relation))
        return made is not None and made <= (self.place, statement.number)

    def proven(self, relation: Relation, column: str, statement: Statement) -> bool:
        """Whether a check that the pending files made valid before this statement proves the column free of NULL."""
        place = self.pending.proven.get((self.full(relation), column))
        return place is not None and place < (self.place, statement.number)

    def facts(self, relation: Relation) -> TableFacts | None:
        """What the catalog says of a table, or of an index's; None without a server, or where it is not there."""
        return self.sizes.table(relation) if self.sizes else None

    def transactions(self) -> list[list[Statement]]:
        """The statements in the groups that are committed together."""
        return list(_transactions(self.statements, self.read.forecast.execution, splits=self.splits))


def _transactions(statements: Iterable[Statement], execution: Execution, *, splits: bool) -> Iterator[list[Statement]]:
    if execution is Execution.STATEMENT_BY_STATEMENT:
        yield from ([statement] for statement in statements)
        return
    if execution is not Execution.OWN_TRANSACTIONS:
        yield list(statements)
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


def pending_of(reads: list[Read], schema: str, sizes: Sizes | None, first: int = 0) -> Pending:
    """What these files make, in their order; `first` is the place of the first of them.

    A table that is there already is not new, whatever `IF NOT EXISTS` says.
    """
    tables: dict[Relation, Place] = {}
    found: list[tuple[Place, Code]] = []
    proven: dict[tuple[Relation, str], Place] = {}
    waiting: dict[tuple[Relation, str], str] = {}

    def full(relation: Relation) -> Relation:
        return relation if relation.schema else Relation(schema, relation.name)

    for number, read in enumerate(reads, first):
        for statement in read.script.statements:
            place = (number, statement.number)
            made = created(statement)
            there = made is not None and only_if_missing(statement) and sizes is not None and sizes.table(made)
            if made is not None and not there:
                tables.setdefault(full(made), place)
            if (names := renamed(statement)) and tables.get(full(names[0]), place) < place:
                tables.setdefault(full(names[1]), place)
            if body := code(statement):
                found.append((place, body))
            for command in read.commands.get(statement.number, ()):
                relation = full(command.relation)
                if command.kind == "AT_ValidateConstraint" and (relation, command.name) in waiting:
                    proven.setdefault((relation, waiting[relation, command.name]), place)
                elif command.kind == "AT_AddConstraint" and (column := not_null_proof(command.given.constraint)):
                    if command.given.constraint.skip_validation:
                        waiting[relation, command.name] = column
                    else:
                        proven.setdefault((relation, column), place)
    return Pending(tables, tuple(found), proven)
