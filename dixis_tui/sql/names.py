"""Names of relations as a statement writes them, and how they are written back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")


class Relation(Struct, frozen=True, order=True):
    """A table, view, index or sequence; `schema` is empty where the statement names none (the search path decides)."""

    schema: str
    name: str

    def __str__(self) -> str:
        return ".".join(quote(part) for part in (self.schema, self.name) if part)

    def same(self, other: Relation, default: str = "public") -> bool:
        """Whether both are one relation, with `default` for a schema that is not named."""
        return self.name == other.name and (self.schema or default) == (other.schema or default)


def quote(identifier: str) -> str:
    """An identifier as SQL wants it: in double quotes only where it has to be (keywords are not looked at)."""
    return identifier if _PLAIN.fullmatch(identifier) else '"' + identifier.replace('"', '""') + '"'


def of_range_var(node: Any) -> Relation:
    """The relation that a RangeVar names."""
    return Relation(node.schemaname, node.relname)


def of_list(items: Iterable[Any]) -> Relation:
    """The relation that a list of String nodes names, as in `DROP TABLE a.b`."""
    parts = [item.string.sval for item in items]
    return Relation(parts[-2] if len(parts) > 1 else "", parts[-1]) if parts else Relation("", "")


def strings(items: Iterable[Any]) -> list[str]:
    """The strings of a list of String nodes."""
    return [item.string.sval for item in items]
