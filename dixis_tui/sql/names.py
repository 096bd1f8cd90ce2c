"""Names of relations as a statement writes them, and how they are written back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from msgspec import Struct

NAME_BYTES = 63
"""Bytes of an identifier that PostgreSQL keeps (NAMEDATALEN - 1)."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_RESERVED = re.compile(
    r"all|analyse|analyze|and|any|array|as|asc|asymmetric|authorization|binary|both|case|cast|check"
    r"|collate|collation|column|concurrently|constraint|create|cross|current_catalog|current_date"
    r"|current_role|current_schema|current_time|current_timestamp|current_user|default|deferrable|desc"
    r"|distinct|do|else|end|except|false|fetch|for|foreign|freeze|from|full|grant|group|having|ilike|in"
    r"|initially|inner|intersect|into|is|isnull|join|lateral|leading|left|like|limit|localtime"
    r"|localtimestamp|natural|not|notnull|null|offset|on|only|or|order|outer|overlaps|placing|primary"
    r"|references|returning|right|select|session_user|similar|some|symmetric|system_user|table|tablesample"
    r"|then|to|trailing|true|union|unique|user|using|variadic|verbose|when|where|window|with"
)
"""The reserved key words of PostgreSQL 18 (Appendix C): in quotes they are names."""


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
    """An identifier as SQL wants it: in double quotes only where it has to be.

    Control characters are escaped, so that a name with a line break never leaves the comment that it stands in.
    """
    if _PLAIN.fullmatch(identifier) and not _RESERVED.fullmatch(identifier):
        return identifier
    quoted = identifier.replace('"', '""')
    if _CONTROLS.search(identifier):
        escaped = quoted.replace("\\", "\\\\")
        return 'U&"' + _CONTROLS.sub(lambda found: f"\\{ord(found[0]):04X}", escaped) + '"'
    return f'"{quoted}"'


def fitting(name: str) -> str:
    """A name of ours cut to the bytes that PostgreSQL keeps of one."""
    return name.encode()[:NAME_BYTES].decode("utf-8", "ignore")


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
