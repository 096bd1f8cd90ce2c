"""A migration file taken apart: its statements, where each lies, and its syntax tree.

Splitting is PostgreSQL's own grammar (libpg_query), never a search for `;`. Positions are byte offsets in the file, and
lines count from 1. The pieces of a script, joined, are the script: nothing is lost or reordered.
"""

from __future__ import annotations

import re
from typing import Any

from msgspec import Struct

BOM = b"\xef\xbb\xbf"
_BLANKS = " \t\n\r\f\v"
"""White space to PostgreSQL's lexer; nothing else is, a no-break space least of all."""
_WHITE = re.compile(f"[{_BLANKS}]+")
_SHOWN = 200
"""Characters of a statement, or of a parser's message, that are shown."""


class Statement(Struct, frozen=True, kw_only=True):
    """One statement. `number` counts from 1; `start` and `end` are the bytes of its own text, without what stands
    before it and without its semicolon; a comment between its last word and its semicolon belongs to it. `piece_start`
    and `piece_end` are what is sent for it: the comments before it and its semicolon too.

    `kind` is libpg_query's name of the node (`alter_table_stmt`), `tree` the node itself (a protobuf message); both are
    empty where the tree is too deep to be read (a chain of more than some hundred operators).
    """

    number: int
    start: int
    end: int
    piece_start: int
    piece_end: int
    line: int
    kind: str
    tree: Any
    text: str

    @property
    def shown(self) -> str:
        """The text in one line, shortened."""
        return _one_line(self.text)


class SyntaxProblem(Struct, frozen=True):
    """Why a file can't be taken apart. `line` and `column` count from 1; 0 where they are not known."""

    message: str
    line: int = 0
    column: int = 0


class Script(Struct, frozen=True):
    """A file's bytes and its statements; none where `problem` says why."""

    content: bytes
    statements: tuple[Statement, ...] = ()
    problem: SyntaxProblem | None = None

    def piece(self, statement: Statement) -> bytes:
        """The very bytes that stand for this statement."""
        return self.content[statement.piece_start : statement.piece_end]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1 and in characters, of a byte offset."""
        before = self.content[:offset]
        line = before.count(b"\n") + 1
        return line, len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1


def parse_script(content: bytes) -> Script:
    """Take a file apart. Never raises for what a file can hold: `problem` says what is wrong with it."""
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        return Script(content, problem=_problem(content, f"not UTF-8 (byte {error.start})", error.start))
    if "\0" in text:
        return Script(content, problem=_problem(content, "a NUL byte, which PostgreSQL does not take", text.find("\0")))
    if content.startswith(BOM):
        # PostgreSQL takes it for a character of the first word.
        return Script(content, problem=_problem(content, "a byte order mark before the first statement", 0))
    from postgast import PgQueryError

    try:
        return Script(content, tuple(_statements(content, _spans(text))))
    except PgQueryError:
        text = _without_comments(text)
    try:
        return Script(content, tuple(_statements(content, _spans(text))))
    except PgQueryError as error:
        return Script(content, problem=_refused(content, text, error.message, error.cursorpos))


def _without_comments(text: str) -> str:
    """As many bytes, with blanks where comments were.

    The parser stumbles over comments that PostgreSQL takes: within `NOT BETWEEN`, `NULLS FIRST`, `WITH TIME ZONE`,
    before `UESCAPE`, and between a string and its continuation on another line.
    """
    import postgast
    from postgast.pg_query_pb2 import Token

    try:
        tokens = postgast.scan(text).tokens
    except postgast.PgQueryError as error:
        tokens = postgast.scan(text[: max(error.cursorpos - 1, 0)]).tokens  # up to a string that does not end
    data = bytearray(text.encode())
    for token in tokens:
        if token.token in (Token.SQL_COMMENT, Token.C_COMMENT):
            data[token.start : token.end] = b" " * (token.end - token.start)
    return data.decode()


def _spans(text: str) -> list[tuple[int, int, Any]]:
    """Start, end and tree of each statement, as the grammar has them: from its first word to its semicolon."""
    import postgast
    from google.protobuf.message import DecodeError

    try:
        tree = postgast.parse(text)
    except DecodeError:
        return _spans_one_by_one(text)
    found = []
    for raw in tree.stmts:
        end = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(text.encode())
        found.append((raw.stmt_location, end, raw.stmt))
    return found


def _spans_one_by_one(text: str) -> list[tuple[int, int, Any]]:
    """As `_spans`, for a file with a statement whose tree is too deep for protobuf: only that one goes without."""
    import postgast
    from google.protobuf.message import DecodeError

    found: list[tuple[int, int, Any]] = []
    content, at = text.encode(), 0
    for part in postgast.split(text):
        # Not searched for: a comment before the statement may hold its very text.
        start = _skip_blank(content, at)
        at = start + len(part.encode())
        try:
            node = postgast.parse(part).stmts[0].stmt
        except DecodeError:
            node = None
        found.append((start, at, node))
    return found


def _statements(content: bytes, spans: list[tuple[int, int, Any]]) -> list[Statement]:
    found: list[Statement] = []
    line, counted = 1, 0
    for number, (start, stop, node) in enumerate(spans, 1):
        last = number == len(spans)
        kind = node.WhichOneof("node") if node is not None else ""
        end = start + len(content[start:stop].rstrip())
        line += content.count(b"\n", counted, start)
        counted = start
        found.append(
            Statement(
                number=number,
                start=start,
                end=end,
                piece_start=found[-1].piece_end if found else 0,
                piece_end=len(content) if last else stop + 1,  # only the last may have no semicolon
                line=line,
                kind=kind,
                tree=getattr(node, kind) if kind else None,
                text=content[start:end].decode(),
            )
        )
    return found


def first_word_on(text: str) -> str:
    """A query's text without the comments before it, where Prisma says what it is about."""
    content = text.encode("utf-8", "replace")
    return content[_skip_blank(content, 0) :].decode("utf-8", "replace") or text


def _skip_blank(content: bytes, at: int) -> int:
    """The first byte from `at` on that belongs to a statement: no white space, comment or semicolon."""
    while at < len(content):
        if chr(content[at]) in _BLANKS + ";":
            at += 1
        elif content.startswith(b"--", at):
            # PostgreSQL ends such a comment at either.
            while at < len(content) and content[at] not in b"\r\n":
                at += 1
        elif content.startswith(b"/*", at):
            at = _comment_end(content, at)
        else:
            break
    return at


def _comment_end(content: bytes, at: int) -> int:
    """Where the comment that begins at `at` ends; PostgreSQL nests them."""
    depth = 0
    while at < len(content):
        if content.startswith(b"/*", at):
            depth, at = depth + 1, at + 2
        elif content.startswith(b"*/", at):
            depth, at = depth - 1, at + 2
            if depth == 0:
                return at
        else:
            at += 1
    return at


def _problem(content: bytes, message: str, offset: int) -> SyntaxProblem:
    return SyntaxProblem(message, *Script(content).position(offset))


def _refused(content: bytes, text: str, message: str, cursor: int) -> SyntaxProblem:
    """The parser's own words; `cursor` counts characters from 1, and 0 is nowhere."""
    told = _one_line(message)  # it quotes all the rest of the file where a string or comment does not end
    return _problem(content, told, len(text[: cursor - 1].encode())) if cursor > 0 else SyntaxProblem(told)


def _one_line(text: str) -> str:
    words = " ".join(_WHITE.split(text.strip(_BLANKS)))
    return words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…"
