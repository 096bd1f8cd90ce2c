"""DH112 and DH113: what a new column costs beyond its place in the catalog."""

from __future__ import annotations

from collections.abc import Iterator

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import Rule
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.sql.alter_table import contype
from dixis_tui.sql.names import fitting, quote
from dixis_tui.sql.parts import Command
from dixis_tui.sql.script import Statement

_SERIAL = {
    "serial": "integer",
    "serial4": "integer",
    "bigserial": "bigint",
    "serial8": "bigint",
    "smallserial": "smallint",
    "serial2": "smallint",
}


class NumberedColumn(Rule):
    """A new `serial` column: every row gets a number."""

    code = "DH112"
    title = "New serial column numbers every row"
    severity = Severity.DANGER
    blocks = True
    why = "ACCESS EXCLUSIVE while every row is written anew with its number: nobody reads or writes the table."

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for statement, command in _added(context):
            names = command.given.column_def.type_name.names
            kind = _SERIAL.get(names[-1].string.sval if names else "")
            if kind:
                table = context.facts(command.relation)
                yield self.found(
                    context,
                    statement,
                    f"{quote(command.name)} is numbered in every row of {command.relation}.",
                    safer=_numbered(command, kind),
                    severity=weigh(self.severity, table),
                    span=(command.start, command.end),
                    size=size_words(table, "every row is written anew"),
                )


class CheckedColumn(Rule):
    """A new column with a `CHECK` of its own: every row is read."""

    code = "DH113"
    title = "New column with a CHECK reads every row"
    severity = Severity.DANGER
    blocks = True
    why = "ACCESS EXCLUSIVE while every row is checked, though the column is new: nobody reads or writes the table."

    def look(self, context: Context) -> Iterator[Hazard]:
        """See :class:`Rule`."""
        for statement, command in _added(context):
            column = command.given.column_def
            if not any(contype(item.constraint) == "CHECK" for item in column.constraints):
                continue
            table = context.facts(command.relation)
            name = quote(fitting(f"{command.relation.name}_{command.name}_check"))
            yield self.found(
                context,
                statement,
                f"{quote(command.name)} comes with a CHECK, which is tried on every row of {command.relation}.",
                safer=f"""
-- Leave the CHECK out of the new column, and add it without the scan (put its condition in place of CONDITION):
-- ALTER TABLE {command.relation} ADD CONSTRAINT {name} CHECK (CONDITION) NOT VALID;
-- In a migration of its own, while reads and writes go on:
-- ALTER TABLE {command.relation} VALIDATE CONSTRAINT {name};""",
                severity=weigh(self.severity, table),
                span=(command.start, command.end),
                size=size_words(table, "every row is read"),
            )


def _added(context: Context) -> Iterator[tuple[Statement, Command]]:
    for statement in context.statements:
        for command in context.commands(statement):
            if command.kind == "AT_AddColumn" and not context.fresh(command.relation, statement):
                yield statement, command


def _numbered(command: Command, kind: str) -> str:
    table, column = command.relation, quote(command.name)
    sequence = quote(fitting(f"{table.name}_{command.name}_seq"))
    return f"""
CREATE SEQUENCE {sequence};
ALTER TABLE {table} ADD COLUMN {column} {kind};
ALTER TABLE {table} ALTER COLUMN {column} SET DEFAULT nextval('{sequence.replace("'", "''")}');
ALTER SEQUENCE {sequence} OWNED BY {table}.{column};
-- Number the old rows in batches, outside the migration, until none is left:
UPDATE {table} SET {column} = nextval('{sequence.replace("'", "''")}')
WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {column} IS NULL LIMIT 5000));"""
