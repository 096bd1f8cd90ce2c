"""What a rule looks at: one file, how it will be run, what is pending with it, and what the server says of it."""

from __future__ import annotations

from bisect import bisect_right

from msgspec import Struct

from dixis_tui.hazards.read import Read
from dixis_tui.postgres.table_facts import Sizes, TableFacts
from dixis_tui.sql.claim import Claim
from dixis_tui.sql.facts import Code, code, created, not_null_proof, only_if_missing, renamed
from dixis_tui.sql.names import Relation
from dixis_tui.sql.parts import Command
from dixis_tui.sql.script import Statement

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

    def locked_before(self, relation: Relation, statement: Statement) -> int:
        """The line of an earlier statement whose ACCESS EXCLUSIVE on the table is still held; 0: there is none."""
        groups = self.read.groups
        group = groups[bisect_right(groups, statement.number, key=lambda one: one[0].number) - 1]
        first = self.read.held.get((group[0].number, relation))
        return first.line if first and first.number < statement.number else 0


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
