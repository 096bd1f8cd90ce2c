"""How a live table's size bears on a hazard: what it says of it, and whether it is more or less of one."""

from __future__ import annotations

from dixis_tui.hazard import Severity
from dixis_tui.postgres.table_facts import TableFacts

SMALL_ROWS, SMALL_BYTES = 1_000, 1_000_000
"""Below both, reading or writing all of a table takes milliseconds."""
LARGE_ROWS, LARGE_BYTES = 1_000_000, 1_000_000_000
"""From either on, it takes long enough for people to notice."""


_ELSEWHERE = ("v", "f")
"""Views and foreign tables have no rows of their own: what they show may be large."""


def weigh(severity: Severity, table: TableFacts | None) -> Severity:
    """The severity of a hazard whose time grows with the table: lower where it is small, higher where it is large."""
    if table is None or table.kind in _ELSEWHERE:
        return severity
    known = table.rows >= 0
    if (not known or table.rows < SMALL_ROWS) and table.bytes < SMALL_BYTES:
        return Severity.NOTICE
    if table.rows >= LARGE_ROWS or table.bytes >= LARGE_BYTES:
        return Severity.DANGER if severity is Severity.WARNING else severity
    return severity


def size_words(table: TableFacts | None, work: str = "") -> str:
    """`1.2 M rows, 340 MB, 4 indexes (120 MB): every row is written anew`; empty without a table."""
    if table is None:
        return ""
    rows = "rows unknown (never analyzed)" if table.rows < 0 else f"{number(table.rows)} rows"
    parts = [rows, size(table.bytes)]
    if table.indexes:
        parts.append(f"{table.indexes} {'index' if table.indexes == 1 else 'indexes'} ({size(table.index_bytes)})")
    kinds = {"p": "partitioned", "f": "foreign table", "m": "materialized view", "v": "view"}
    if word := kinds.get(table.kind):
        parts.append(word)
    return ", ".join(parts) + (f": {work}" if work else "")


def number(count: int) -> str:
    """`950`, `12 k`, `1.2 M`."""
    for unit, factor in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if count >= factor:
            shown = f"{count / factor:.1f}".removesuffix(".0") if count < 10 * factor else f"{count / factor:.0f}"
            return f"{shown} {unit}"
    return str(count)


def size(count: int) -> str:
    """`340 MB`, in powers of ten."""
    return f"{number(count)}B" if count >= 1000 else f"{count} B"
