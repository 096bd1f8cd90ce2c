"""squawk's findings about constraints, indexes and partitions."""

from __future__ import annotations

from dixis_tui.hazard import Severity
from dixis_tui.hazards.dress import Dress, Dresser, Found
from dixis_tui.hazards.weigh import size_words, weigh
from dixis_tui.sql.alter_table import contype
from dixis_tui.sql.facts import deparsed, dropped, index_made
from dixis_tui.sql.names import Relation, fitting, quote, strings
from dixis_tui.sql.parts import Command, constraint_kind, type_text

_ALONE = "-- A migration that holds this statement and nothing else; writes go on meanwhile:"


def _check(found: Found) -> Dress | None:
    command = found.command
    kind = constraint_kind(command) if command else ""
    if command is None or kind not in ("CHECK", "NOTNULL", "EXCLUSION"):
        return None  # a key has a rule of its own, and a VALIDATE is DH104
    table = command.relation
    facts = found.context.facts(table)
    if kind == "EXCLUSION":
        return Dress(
            what=f"{table} gets an exclusion constraint, whose index is built at once.",
            why="ACCESS EXCLUSIVE while the index is built: nobody reads or writes the table.",
            safer="-- PostgreSQL can't build it concurrently, and knows no NOT VALID for it: only a quiet time helps.",
            severity=weigh(Severity.DANGER, facts),
            size=size_words(facts, "an index over every row is built"),
        )
    name = quote(command.name) if command.name else quote(f"{table.name}_check")
    return Dress(
        what=f"{name} of {table} is checked on every row at once.",
        safer=_not_valid(command, name),
        severity=weigh(Severity.DANGER, facts),
        size=size_words(facts, "every row is read"),
    )


def _foreign(found: Found) -> Dress | None:
    command = found.command
    if command is None:
        return Dress(what=found.statement.shown)
    table = command.relation
    facts = found.context.facts(table)
    size = size_words(facts, "every row is looked up")
    if command.kind == "AT_AddColumn":
        column = command.given.column_def
        if not any(contype(item.constraint) == "DEFAULT" for item in column.constraints):
            return None  # a new column of NULLs is not looked up
        return Dress(
            what=f"{quote(command.name)} of {table} comes with a default and a foreign key.",
            safer="-- Add the column first; then the foreign key NOT VALID, and VALIDATE it in a migration of its own.",
            severity=weigh(Severity.WARNING, facts),
            size=size,
        )
    constraint = command.given.constraint
    columns = "_".join(strings(constraint.fk_attrs))
    name = quote(command.name) if command.name else quote(fitting(f"{table.name}_{columns}_fkey"))
    other = Relation(constraint.pktable.schemaname, constraint.pktable.relname)
    severity, why = _under_lock(found, table)
    return Dress(
        what=f"{name} looks up every row of {table} in {other}.",
        why=why,
        safer=_not_valid(command, name),
        severity=weigh(severity, facts),
        size=size,
    )


def _under_lock(found: Found, table: Relation) -> tuple[Severity, str]:
    """A warning; a danger, and why, where an earlier statement's lock keeps readers out for as long as this works."""
    line = found.context.locked_before(table, found.statement)
    if not line:
        return Severity.WARNING, ""
    held = f"here the ACCESS EXCLUSIVE on {table} that line {line} took is still held, so reads wait too."
    return Severity.DANGER, f"{found.ruling.why} But {held}"


def _not_valid(command: Command, name: str) -> str:
    text = command.text if command.name else _named(command.text, name)
    return f"""
ALTER TABLE {command.relation} {text} NOT VALID;
-- In a migration of its own, while reads and writes go on:
ALTER TABLE {command.relation} VALIDATE CONSTRAINT {name};"""


def _named(text: str, name: str) -> str:
    return f"ADD CONSTRAINT {name} {text[3:].lstrip()}"


def _key(found: Found) -> Dress | None:
    command = found.command
    if command is None:
        return Dress(what=found.statement.shown)
    table = command.relation
    primary = found.finding.rule_name == "adding-serial-primary-key-field"
    word = "PRIMARY KEY" if primary else "UNIQUE"
    facts = found.context.facts(table)
    if command.kind == "AT_AddColumn":
        columns = [command.name]
        kind = type_text(command.given.column_def.type_name)
        first = f"ALTER TABLE {table} ADD COLUMN {quote(command.name)} {kind};\n{_ALONE}\n"
    else:
        columns = strings(command.given.constraint.keys)
        first = f"{_ALONE}\n"
    name = command.name if command.kind == "AT_AddConstraint" and command.name else ""
    name = quote(name or fitting(f"{table.name}_{'pkey' if primary else '_'.join([*columns, 'key'])}"))
    listed = ", ".join(map(quote, columns))
    return Dress(
        what=f"{name} builds its index over every row of {table} at once.",
        safer=f"""
{first}CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} ({listed});
-- The next migration takes it over, which reads no row{" where the columns are NOT NULL" if primary else ""}:
ALTER TABLE {table} ADD CONSTRAINT {name} {word} USING INDEX {name};""",
        severity=weigh(Severity.DANGER, facts),
        size=size_words(facts, "an index over every row is built"),
    )


def _index(found: Found) -> Dress | None:
    made = index_made(found.statement)
    if made is None:
        return Dress(what=found.statement.shown)
    name, table, _ = made
    facts = found.context.facts(table)
    severity, why = _under_lock(found, table)
    return Dress(
        what=f"{quote(name) if name else 'An index'} is built on {table} against its writers.",
        why=why,
        safer=f"{_ALONE}\n{deparsed(found.statement, concurrent=True)};",
        severity=weigh(severity, facts),
        size=size_words(facts, "an index over every row is built"),
    )


def _no_index(found: Found) -> Dress | None:
    drop = dropped(found.statement)
    if drop is None:
        return Dress(what=found.statement.shown)
    facts = found.context.facts(drop.relations[0])
    safer = "\n".join(f"DROP INDEX CONCURRENTLY {name};" for name in drop.relations)
    alone = _ALONE if len(drop.relations) == 1 else "-- Migrations that each hold one of these and nothing else:"
    of_table = f" of {quote(facts.name)}" if facts else ""
    names = ", ".join(map(str, drop.relations))
    return Dress(
        what=f"{names}{of_table} is dropped against all use of its table.",
        safer=f"{alone}\n{safer}",
        size=size_words(facts),
    )


def _reindex(found: Found) -> Dress | None:
    relation = found.relation
    facts = found.context.facts(relation) if relation else None
    words = found.statement.text.split()
    safer = " ".join([*words[:2], "CONCURRENTLY", *words[2:]]) if len(words) == 3 else "REINDEX (CONCURRENTLY) …"
    return Dress(
        what=f"{found.statement.shown} builds anew against writers and readers.",
        safer=f"{_ALONE}\n{safer};" if len(words) == 3 else f"-- {safer}, in a migration of its own",
        severity=weigh(Severity.WARNING, facts),
        size=size_words(facts, "its indexes are built anew"),
    )


def _detach(found: Found) -> Dress | None:
    command = found.command
    if command is None:
        return Dress(what=found.statement.shown)
    safer = f"{_ALONE}\nALTER TABLE {command.relation} {command.text} CONCURRENTLY;"
    if found.context.server_version < 140000:
        safer = (
            "-- PostgreSQL can do it concurrently from 14 on; before, only a quiet time and a short lock_timeout help."
        )
    return Dress(
        what=f"A partition is detached from {command.relation} against all use of it.",
        safer=safer,
        size=size_words(found.context.facts(command.relation)),
    )


INDEXES: dict[str, Dresser] = {
    "constraint-missing-not-valid": _check,
    "adding-foreign-key-constraint": _foreign,
    "adding-serial-primary-key-field": _key,
    "disallowed-unique-constraint": _key,
    "require-concurrent-index-creation": _index,
    "require-concurrent-index-deletion": _no_index,
    "require-concurrent-reindex": _reindex,
    "require-concurrent-partition-detach": _detach,
}
