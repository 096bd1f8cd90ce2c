"""squawk's findings about columns, tables and their names."""

from __future__ import annotations

from dixis_tui.hazard import Severity
from dixis_tui.hazards.dress import Dress, Dresser, Found
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.sql.alter_table import contype
from dixis_tui.sql.facts import dropped, renamed, renamed_column
from dixis_tui.sql.names import Relation, fitting, quote
from dixis_tui.sql.parts import Command, type_text

_BATCH = "ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE {condition} LIMIT 5000))"


def not_null_steps(table: Relation, column: str) -> str:
    """`SET NOT NULL` without a scan under ACCESS EXCLUSIVE: the proof is made first."""
    name = quote(fitting(f"{table.name}_{column}_not_null"))
    shown = quote(column)
    return f"""
ALTER TABLE {table} ADD CONSTRAINT {name} CHECK ({shown} IS NOT NULL) NOT VALID;
-- In a migration of its own, while reads and writes go on:
ALTER TABLE {table} VALIDATE CONSTRAINT {name};
-- After it: the check is the proof, and no row is read.
ALTER TABLE {table} ALTER COLUMN {shown} SET NOT NULL;
ALTER TABLE {table} DROP CONSTRAINT {name};"""


def _required(found: Found) -> Dress | None:
    command = found.command
    if command is None or command.kind != "AT_AddColumn":
        return Dress(what=found.statement.shown)
    table, column = command.relation, quote(command.name)
    kind = type_text(command.given.column_def.type_name)
    facts = found.context.facts(table)
    empty = facts is not None and facts.rows == 0 and facts.bytes == 0
    return Dress(
        what=f"{column} is added to {table} NOT NULL and without a default.",
        safer=f"""
ALTER TABLE {table} ADD COLUMN {column} {kind};
-- The application fills it from now on. The old rows in batches, outside the migration, until none is left, each row
-- with its own value in place of VALUE:
-- UPDATE {table} SET {column} = VALUE WHERE {_BATCH.format(table=table, condition=f"{column} IS NULL")};
-- Then, in migrations that follow:{not_null_steps(table, command.name)}""",
        severity=Severity.NOTICE if empty else None,
        size=size_words(facts, "it fails if there is a row"),
    )


def _computed(found: Found) -> Dress | None:
    command = found.command
    if command is None or command.kind != "AT_AddColumn":
        return Dress(what=found.statement.shown)
    table, column = command.relation, quote(command.name)
    definition = command.given.column_def
    kind = type_text(definition.type_name)
    said = "its default is computed for each row"
    for item in definition.constraints:
        constraint = item.constraint
        if contype(constraint) == "GENERATED":
            if constraint.generated_kind == "v":
                return None  # PostgreSQL 18 computes it when it is read
            said = "it is computed for each row"
        elif contype(constraint) == "IDENTITY":
            said = "each row gets a number"
    facts = found.context.facts(table)
    return Dress(
        what=f"{column} is added to {table}, and {said}.",
        safer=f"""
ALTER TABLE {table} ADD COLUMN {column} {kind};
-- New rows: ALTER COLUMN {column} SET DEFAULT … (which touches no old row), a trigger, or the application.
-- Old rows in batches, outside the migration, until none is left, with what was to be computed in place of VALUE:
-- UPDATE {table} SET {column} = VALUE WHERE {_BATCH.format(table=table, condition=f"{column} IS NULL")};""",
        severity=weigh(Severity.DANGER, facts),
        size=size_words(facts, "every row is written anew"),
    )


def _retyped(found: Found) -> Dress | None:
    command = found.command
    if command is None or command.kind != "AT_AlterColumnType":
        return Dress(what=found.statement.shown)
    table, name = command.relation, command.name
    kind = type_text(command.given.column_def.type_name)
    facts = found.context.facts(table)
    old = facts.column(name) if facts else None
    if old and found.context.sizes and not _converts(command) and not found.context.sizes.rewrites(old.type, kind):
        return None
    before = f" from {old.type}" if old else ""
    column, other = quote(name), quote(fitting(f"{name}_new"))
    return Dress(
        what=f"The type of {column} of {table} changes{before} to {kind}.",
        safer=f"""
ALTER TABLE {table} ADD COLUMN {other} {kind};
-- The application (or a trigger) writes both columns from now on. Old rows in batches, outside the migration, until
-- none is left:
UPDATE {table} SET {other} = {column}::{kind}
WHERE {_BATCH.format(table=table, condition=f"{other} IS NULL AND {column} IS NOT NULL")};
-- Once the application reads the new column alone, in a migration of its own:
ALTER TABLE {table} DROP COLUMN {column};
ALTER TABLE {table} RENAME COLUMN {other} TO {column};""",
        severity=weigh(Severity.DANGER, facts),
        size=size_words(facts, "every row and every index over the column is written anew"),
    )


def _converts(command: Command) -> bool:
    """Whether a `USING` computes: anything but the column itself, or its cast to the new type."""
    definition = command.given.column_def
    if not definition.HasField("raw_default"):
        return False
    value = definition.raw_default
    if value.HasField("type_cast") and type_text(value.type_cast.type_name) == type_text(definition.type_name):
        value = value.type_cast.arg
    reference = value.column_ref if value.HasField("column_ref") else None
    return reference is None or [item.string.sval for item in reference.fields] != [command.name]


def _not_null(found: Found) -> Dress | None:
    command = found.command
    if command is None:
        return Dress(what=found.statement.shown)
    table, name = command.relation, command.name
    facts = found.context.facts(table)
    column = facts.column(name) if facts else None
    if found.context.proven(table, name, found.statement) or (column and (column.proven_not_null or column.not_null)):
        return None
    return Dress(
        what=f"SET NOT NULL on {quote(name)} looks at every row of {table}.",
        safer=not_null_steps(table, name),
        severity=weigh(Severity.DANGER, facts),
        size=size_words(facts, "every row is read"),
    )


def _renamed_column(found: Found) -> Dress | None:
    names = renamed_column(found.statement)
    if names is None:
        return Dress(what=found.statement.shown)
    table, old, new = names[0], quote(names[1]), quote(names[2])
    mapped = '"' + names[1].replace('"', '\\"') + '"'
    return Dress(
        what=f"{old} of {table} is called {new} from now on.",
        safer=f"""
-- Leave the column's name, and give it the new one in the application alone (in Prisma: @map({mapped})).
-- Or step by step: ADD COLUMN {new}, write both, fill it in batches, read {new}, and in a later migration
-- DROP COLUMN {old}.""",
    )


def _renamed_table(found: Found) -> Dress | None:
    names = renamed(found.statement)
    if names is None:
        return Dress(what=found.statement.shown)
    old, new = names
    return Dress(
        what=f"{old} is called {new} from now on.",
        safer=f"""
-- Leave the table's name, and give it the new one in the application alone (in Prisma: @@map).
-- Or keep the old name alive in the same transaction, as a view that can be written to, until nobody uses it:
{found.statement.text};
CREATE VIEW {old} AS SELECT * FROM {new};""",
    )


def _dropped_column(found: Found) -> Dress | None:
    command = found.command
    if command is None:
        return Dress(what=found.statement.shown)
    table, column = command.relation, quote(command.name)
    return Dress(
        what=f"{column} of {table} is dropped.",
        safer=f"""
-- First a release that neither reads nor writes {column} of {table}; if it is NOT NULL, then also:
-- ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL;
-- Once no process of the old release runs:
{found.statement.text};""",
        size=size_words(found.context.facts(table)),
    )


def _dropped_table(found: Found) -> Dress | None:
    drop = dropped(found.statement)
    if drop is None:
        return Dress(what=found.statement.shown)
    relations = [one for one in drop.relations if not found.context.fresh(one, found.statement)]
    if not relations:
        return None
    known = [facts for one in relations if (facts := found.context.facts(one))]
    names = ", ".join(map(str, relations))
    return Dress(
        what=f"{names} and all its rows are dropped.",
        safer=f"""
-- First a release that does not use it. Once no process of the old release runs, keep the rows for a while:
-- ALTER TABLE {relations[0]} RENAME TO {quote(fitting(f"{relations[0].name}_old"))};
-- and drop it in a later migration:
{found.statement.text};""",
        size="; ".join(size_words(facts) for facts in known),
    )


COLUMNS: dict[str, Dresser] = {
    "adding-required-field": _required,
    "adding-field-with-default": _computed,
    "changing-column-type": _retyped,
    "adding-not-nullable-field": _not_null,
    "renaming-column": _renamed_column,
    "renaming-table": _renamed_table,
    "ban-drop-column": _dropped_column,
    "ban-drop-table": _dropped_table,
}
