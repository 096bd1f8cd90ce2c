"""Why a statement became slow, or a table is scanned: the index that is gone, statistics that are missing. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from dixis_tui.after import AfterFinding, AfterKind, IndexSeen, TableFacts
from dixis_tui.plan.after import ASK_EXPLAIN, Scanned, Suspect
from dixis_tui.sql.asked import Asked, asked, concurrently, index_keys, words
from dixis_tui.sql.facts import dropped
from dixis_tui.sql.names import Relation, quote
from dixis_tui.sql.parts import commands
from dixis_tui.sql.script import parse_script

_LIST = re.compile(r"^(\s*SELECT(?:\s+DISTINCT)?)\s+(?:(?!\bSELECT\b).){40,}?\s+FROM\b", re.I | re.S)
_SUBJECT = 110
_SYSTEM = ("pg_", "_prisma_migrations")


class Gone(Struct, frozen=True, kw_only=True):
    """An index that was there before. `since` names the migration that drops it, or is empty."""

    seen: IndexSeen
    columns: tuple[str, ...]
    leading: tuple[str, ...]
    since: str = ""

    @property
    def told(self) -> str:
        """`Order_customerId_idx on Order (customerId) is gone since 20251120_drop`."""
        since = f" since {self.since}" if self.since else ""
        return f"{self.seen.index} on {self.seen.table} ({', '.join(self.columns)}) is gone{since}"


class Why(Struct, frozen=True):
    """A cause as a sentence without its stop, and what to do."""

    cause: str
    remedy: str


def gone(before: Iterable[IndexSeen], now: Iterable[IndexSeen], drops: Mapping[str, str]) -> tuple[Gone, ...]:
    """The indexes that were there before and are not now. One that was renamed, or is served by another, is not gone.

    `drops`: migration by what it drops (see :func:`drops`).
    """
    present = list(now)
    names = {(one.table, one.index) for one in present}
    served = {(one.table, keys.columns) for one in present if (keys := index_keys(one.definition))}
    found = []
    for one in before:
        keys = index_keys(one.definition)
        if (one.table, one.index) in names or keys is None:
            continue
        if any(table == one.table and columns[: len(keys.columns)] == keys.columns for table, columns in served):
            continue
        columns = tuple(", ".join(part) or "an expression" for part in keys.columns)
        by_column = (drops.get(f"{one.table}.{column}", "") for column in columns)
        since = drops.get(one.index, "") or next(filter(None, by_column), "")
        found.append(Gone(seen=one, columns=columns, leading=keys.leading, since=since))
    return tuple(found)


def drops(files: Iterable[tuple[str, bytes]], schema: str = "public") -> dict[str, str]:
    """What these migrations drop, each with the migration's name: indexes, constraints, and `table.column`."""
    found: dict[str, str] = {}
    for name, content in files:
        for statement in parse_script(content).statements:
            what = dropped(statement)
            if what and what.kind == "INDEX":
                found |= {relation.name: name for relation in what.relations}
            for command in commands(statement):
                if command.kind == "AT_DropConstraint":
                    found[command.name] = name
                if command.kind in ("AT_DropColumn", "AT_AlterColumnType"):
                    found[f"{table_name(command.relation, schema)}.{command.name}"] = name
    return found


def table_name(relation: Relation, schema: str) -> str:
    """A table as the readers of :mod:`dixis_tui.postgres.after_stats` call it."""
    return relation.name if relation.schema in ("", schema) else f"{relation.schema}.{relation.name}"


def of_users(text: str) -> bool:
    """Whether it is a statement of the application's: it reads or changes rows, and not the catalog's alone."""
    found = asked(text)
    if not found.data:
        return False
    if not found.parsed:
        return "pg_catalog" not in text and "pg_stat" not in text
    return any(not relation.name.startswith(_SYSTEM) for relation in found.relations)


def tables_of(text: str, known: Iterable[str], schema: str) -> tuple[str, ...]:
    """The tables of a statement, of those that are known."""
    found = asked(text)
    if found.parsed:
        named = {table_name(relation, schema) for relation in found.relations}
        return tuple(table for table in known if table in named)
    said = words(text)
    return tuple(table for table in known if table.rpartition(".")[2] in said)


def why_slow(
    text: str, lost: Sequence[Gone], facts: Mapping[str, TableFacts], indexed: Iterable[IndexSeen], schema: str
) -> Why:
    """Why a statement takes longer; that nothing can be told is an answer too."""
    columns = _columns(text, facts, schema)
    for index in lost:
        if index.leading and set(index.leading) <= columns.get(index.seen.table, frozenset()):
            return _create(index)
    for table, used in columns.items():
        if why := _unknown(facts[table], used):
            return why
    for table, used in columns.items():
        if why := _never_indexed(facts[table], used, indexed):
            return why
    return Why("why can't be told from here: its indexes are there, and its tables have statistics", ASK_EXPLAIN)


def why_scanned(found: Scanned, lost: Sequence[Gone], facts: Mapping[str, TableFacts]) -> Why:
    """Why a table is read from end to end."""
    for index in lost:
        if index.seen.table == found.table:
            return _create(index)
    known = facts.get(found.table)
    if known and (why := _unknown(known, frozenset())):
        return why
    return Why("no index that it had is gone: a statement is new, or planned in another way", ASK_EXPLAIN)


def _columns(text: str, facts: Mapping[str, TableFacts], schema: str) -> dict[str, frozenset[str]]:
    """What the statement looks at, of each table that is known."""
    found: Asked = asked(text)
    if found.parsed:
        named = {table_name(relation, schema): columns for relation, columns in found.columns.items()}
        return {table: frozenset(named[table]) for table in facts if table in named}
    return {table: words(text) for table in facts}


def _create(index: Gone) -> Why:
    return Why(index.told, f"{concurrently(index.seen.definition)}")


def _unknown(known: TableFacts, used: frozenset[str]) -> Why | None:
    table = ".".join(quote(part) for part in known.table.split("."))
    if known.invalid:
        names = ", ".join(known.invalid)
        return Why(f"{names} on {known.table} is invalid, and serves no search", f"REINDEX INDEX CONCURRENTLY {names};")
    if not known.rows and not known.analyzed:
        return None
    blind = [column for column in known.unknown if column in used]
    if blind and known.rows:
        names = ", ".join(blind)
        return Why(
            f"the planner has no statistics of {known.table} ({names}), as after a change of its type or a new column",
            f"ANALYZE {table};",
        )
    if not known.analyzed and known.unknown:
        return Why(f"{known.table} was never analyzed since it was written anew", f"ANALYZE {table};")
    return None


def _never_indexed(known: TableFacts, used: frozenset[str], indexed: Iterable[IndexSeen]) -> Why | None:
    """A search of a big table that no index serves, and none did."""
    keys = [index_keys(one.definition) for one in indexed if one.table == known.table]
    leading = {column for one in keys if one for column in one.leading}
    if not used or used & leading or known.rows < 1:
        return None
    column = min(used)
    table = ".".join(quote(part) for part in known.table.split("."))
    return Why(
        f"no index of {known.table} begins with {' or '.join(sorted(used))}, and none that did is gone",
        f"If it is asked often: CREATE INDEX CONCURRENTLY ON {table} ({quote(column)});",
    )


def shown(text: str, query_id: str) -> str:
    """A statement as the subject of a finding: short, and one of its kind."""
    line = " ".join(_LIST.sub(r"\1 … FROM", text).replace('"public".', "").split())
    return line if len(line) <= _SUBJECT else f"{line[:_SUBJECT]}… [{query_id[-4:]}]"


def slow_statement(suspect: Suspect, text: str, before: float | None, why: Why) -> AfterFinding:
    """A statement that became slow."""
    now = suspect.now
    was = f"{before:.1f} ms before" if before is not None else "it was not there before"
    return AfterFinding(
        kind=AfterKind.STATEMENT,
        subject=shown(text, suspect.query_id),
        level="error" if before and now.mean >= 10 * before and now.mean >= 100 else "warning",
        evidence=f"{now.mean:.1f} ms a call over its last {now.calls} calls, {was}",
        cause=why.cause,
        remedy=why.remedy,
    )


def scanned_table(found: Scanned, why: Why) -> AfterFinding:
    """A big table that is read from end to end."""
    a_minute = found.now.calls / found.now.seconds * 60 if found.now.seconds else found.now.calls
    before = f", {found.before:.1f} before" if found.before is not None else ", which it was not before"
    return AfterFinding(
        kind=AfterKind.SCAN,
        subject=found.table,
        level="warning",
        evidence=f"read from end to end {a_minute:.0f} times a minute{before}; {found.rows:,} rows",
        cause=why.cause,
        remedy=why.remedy,
    )
