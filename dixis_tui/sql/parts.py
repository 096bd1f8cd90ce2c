"""The parts of one statement: the commands of an `ALTER TABLE` with where each stands, and over-long names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from dixis_tui.sql.alter_table import contype, definition, subtype
from dixis_tui.sql.names import NAME_BYTES, Relation, of_range_var, quote
from dixis_tui.sql.script import Statement

_LONG_WORD = re.compile(rb'[^\s"(),.;]{64,}|"(?:[^"]|""){40,}"')
_OPEN, _CLOSE, _COMMA = {"ASCII_40", "ASCII_91"}, {"ASCII_41", "ASCII_93"}, "ASCII_44"


class Command(Struct, frozen=True):
    """One command of an `ALTER TABLE`. `start` and `end` are bytes of the file, `text` what stands between them.

    `kind` is libpg_query's name (`AT_AddColumn`), `name` the column or constraint that it names, or empty.
    """

    relation: Relation
    kind: str
    name: str
    tree: Any
    start: int
    end: int
    text: str

    @property
    def given(self) -> Any:
        """What the command is given: a column, a constraint, a partition."""
        return definition(self.tree)


class LongName(Struct, frozen=True):
    """An identifier of more bytes than PostgreSQL keeps, and what it keeps of it."""

    name: str
    kept: str
    start: int
    end: int


def commands(statement: Statement) -> tuple[Command, ...]:
    """The commands of an `ALTER TABLE` in their order; empty for any other statement."""
    if statement.kind != "alter_table_stmt" or not statement.tree.HasField("relation"):
        return ()
    relation = of_range_var(statement.tree.relation)
    trees = [item.alter_table_cmd for item in statement.tree.cmds]
    spans = _spans(statement, len(trees))
    content = statement.text.encode()
    found = []
    for tree, (start, end) in zip(trees, spans, strict=True):
        kind = subtype(tree)
        name = tree.name
        if kind == "AT_AddColumn":
            name = definition(tree).column_def.colname
        elif kind == "AT_AddConstraint":
            name = definition(tree).constraint.conname
        text = content[start - statement.start : end - statement.start].decode()
        found.append(Command(relation, kind, name, tree, start, end, text))
    return tuple(found)


def _spans(statement: Statement, count: int) -> list[tuple[int, int]]:
    """Where each command stands, by the commas that stand in no bracket; the whole statement where that fails."""
    whole = [(statement.start, statement.end)] * count
    at = statement.tree.relation.location - statement.start
    if at < 0:
        return whole
    import postgast

    tokens = postgast.scan(statement.text).tokens
    parts: list[tuple[int, int]] = []
    depth, begin, end, named = 0, -1, -1, 0
    for token in tokens:
        word = _token(token)
        if token.start < at or word in ("SQL_COMMENT", "C_COMMENT"):
            continue
        if named < 2:  # the name itself: a word, and for each dot one more
            named, begin = _past_name(word, named, token, begin)
            if named < 2:
                continue
        if word == _COMMA and depth == 0:
            parts.append((begin, end))
            begin = -1
            continue
        depth += (word in _OPEN) - (word in _CLOSE)
        begin = token.start if begin < 0 else begin
        end = token.end
    parts.append((begin, end))
    if len(parts) != count or any(start < 0 for start, _ in parts):
        return whole
    return [(statement.start + start, statement.start + stop) for start, stop in parts]


def _past_name(word: str, named: int, token: Any, begin: int) -> tuple[int, int]:
    """0: a word of the name comes; 1: a dot or the end of it; 2: it is over."""
    if named == 0:
        return 1, begin
    if word == "ASCII_46":
        return 0, begin
    if word == "ASCII_42":  # `ALTER TABLE name *`
        return 1, begin
    return 2, int(token.start)


def _token(token: Any) -> str:
    from postgast.pg_query_pb2 import Token

    return str(Token.Name(token.token))


def long_names(statement: Statement) -> Iterator[LongName]:
    """Identifiers over 63 bytes, in the statement's own text; libpg_query's tree has them cut already."""
    content = statement.text.encode()
    if not _LONG_WORD.search(content):
        return
    import postgast

    for token in postgast.scan(statement.text).tokens:
        if _token(token) != "IDENT":
            continue
        written = content[token.start : token.end]
        name = written[1:-1].replace(b'""', b'"') if written.startswith(b'"') else written
        if len(name) > NAME_BYTES:
            kept = name[:NAME_BYTES].decode("utf-8", "ignore")
            yield LongName(name.decode(), kept, statement.start + token.start, statement.start + token.end)


def constraint_kind(command: Command) -> str:
    """`CHECK`, `FOREIGN`, `UNIQUE`, `PRIMARY`, `EXCLUSION`, `NOTNULL`; empty where it adds no constraint."""
    return contype(command.given.constraint) if command.kind == "AT_AddConstraint" else ""


def type_text(node: Any) -> str:
    """A type as SQL writes it."""
    from postgast import deparse, parse

    tree = parse("SELECT NULL::int")
    cast = tree.stmts[0].stmt.select_stmt.target_list[0].res_target.val.type_cast
    cast.type_name.CopyFrom(node)
    written = deparse(tree)
    return written[len("SELECT NULL::") :] if written.startswith("SELECT NULL::") else quote(node.names[-1].string.sval)
