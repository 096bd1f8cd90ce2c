"""Facts that the catalog can be asked, and what a statement does to them.

A fact is one thing to ask; an effect says what the catalog answers once the statement is through, and, where the
statement would else have been refused, what it answered before. `IF NOT EXISTS`, `IF EXISTS` and `OR REPLACE` refuse
nothing, so nothing is known of before.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct

from dixis_tui.sql.names import of_list, of_range_var

ABSENT, THERE, INVALID, PRESENT = "", "there", "invalid", "*"
"""What the catalog may answer; `PRESENT` stands for anything but absent."""


class Kind(StrEnum):
    """What a fact is about; `owner` is the table of a column, the type of a label, the arguments of a function."""

    RELATION = "relation"
    COLUMN = "column"
    COLUMN_TYPE = "column type"
    NOT_NULL = "not null"
    DEFAULT = "default"
    CONSTRAINT = "constraint"
    VALIDATED = "validated"
    TRIGGER = "trigger"
    POLICY = "policy"
    TYPE = "type"
    LABEL = "label"
    LABELS = "labels"
    FUNCTION = "function"
    ANY_FUNCTION = "function of any arguments"
    SCHEMA = "schema"
    EXTENSION = "extension"
    COMMENT = "comment"


class Fact(Struct, frozen=True):
    """One thing to ask the catalog. `schema` is always named; empty for schemas and extensions."""

    kind: Kind
    schema: str
    owner: str
    name: str


class Effect(Struct, frozen=True):
    """The answers possible after the statement (empty: no telling), and before it (empty: any).

    `table`: the table of an index.
    """

    fact: Fact
    after: tuple[str, ...]
    before: tuple[str, ...] = ()
    table: str = ""


class Move(Struct, frozen=True):
    """A relation, column, constraint or type got another name: whatever hangs on it goes with it."""

    old: Fact
    new: Fact


class Forget(Struct, frozen=True):
    """Nothing more is known of what hangs on a table or type, of what `text` (lower case) names, or of anything."""

    schema: str = ""
    table: str = ""
    columns: bool = True
    """Whether the table's columns are forgotten too."""
    text: str = ""
    everything: bool = False
    frees: bool = False
    """Whether names of things that nobody wrote down (a dropped table's indexes) become free."""

    def hits(self, fact: Fact, table: str = "") -> bool:
        """Whether `fact` (an index of `table`) may have changed."""
        if self.everything:
            return True
        if self.text:
            return any(part and part.lower() in self.text for part in (fact.name, fact.owner))
        if fact.schema != self.schema or self.table not in (fact.owner, table):
            return False
        return self.columns or fact.kind not in (Kind.COLUMN, Kind.COLUMN_TYPE, Kind.NOT_NULL, Kind.DEFAULT)


Deed = Effect | Move | Forget


class UnknownSchemaError(Exception):
    """A name without a schema, after the file has changed the search path."""


class Names(Struct, frozen=True):
    """Makes facts of names."""

    schema: str

    def within(self, named: str) -> str:
        """The schema that is meant."""
        if not (named or self.schema):
            raise UnknownSchemaError
        return named or self.schema

    def table(self, node: Any) -> tuple[str, str]:
        """Schema and name of a RangeVar; a temporary one can't be found by anybody else."""
        if node.relpersistence == "t":
            raise UnknownSchemaError
        found = of_range_var(node)
        return self.within(found.schema), found.name

    def listed(self, items: Any) -> tuple[str, str]:
        """Schema and name of a list of String nodes."""
        found = of_list(items)
        return self.within(found.schema), found.name


def made(fact: Fact, *, tolerant: bool = False, table: str = "", after: tuple[str, ...] = (THERE,)) -> Effect:
    """It is there afterwards; where that was not `tolerant`, it was not there before."""
    before = () if tolerant else (ABSENT, INVALID)
    return Effect(fact, after, before, table)


def gone(fact: Fact, *, tolerant: bool = False) -> Effect:
    """It is not there afterwards; where that was not `tolerant`, it was there before."""
    return Effect(fact, (ABSENT,), () if tolerant else (PRESENT,))


def object_kind(number: int) -> str:
    """`TABLE`, `TYPE` and their like, of an ObjectType."""
    from postgast.pg_query_pb2 import ObjectType

    return str(ObjectType.Name(number)).removeprefix("OBJECT_")


def cascades(tree: Any) -> bool:
    """Whether whatever depends on the dropped thing goes with it."""
    from postgast.pg_query_pb2 import DropBehavior

    return bool(DropBehavior.Name(tree.behavior) == "DROP_CASCADE")
