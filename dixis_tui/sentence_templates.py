"""Templates of sentences: a message of a catalogue with its named fields, and what fills them in a text.

No regular expression is built from a template: literals are sought from left to right, which is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

WORD = re.compile(r"[A-Za-z_]{2,}")
NUMBER = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_SMALL = frozenset(
    ["and", "are", "as", "at", "by", "for", "from", "in", "into", "is", "it", "not", "of", "on", "or", "the", "to"]
)
_FIELD = re.compile(r"\{\{|\}\}|\{([a-z_][a-z_0-9]*)(:[^{}]*)?\}")
RAW = re.compile(
    r"^(query|sql|text|statement|quote|quoted|command|commands|cmd|path|file|files|folder|directory|name|names|named|"
    r"database|table|tables|column|columns|relation|schema|url|host|user|operator|second|account|branch|commit|hash|"
    r"sha|sha256|head|run|id|pid|login|login_name|token|clean|shown|config|key|variable|code|sqlstate|version|secret|"
    r"repository|workflow|environment|group|journal|script)\d*$"
)
"""Names of fields that hold a name, a path or SQL: their text is never put into other words."""
VERBATIM = re.compile(r"^(query|sql|text|statement|quote|quoted|commands?|cmd|path|url|script|token|secret)\d*$")
"""Of these, what may hold anything: SQL, commands, and what somebody else wrote."""
WORDY = re.compile(
    r"^(state|states|word|how|kind|what|outcome|verdict|severity|phase|titles?|way|place|delivery|reason|why|evidence|"
    r"case|step|role|said|stands|told|seen|left|by|unit|are|how_far|sentence|which|status|when|asked|option|wait|way_out)\d*$"
)
"""Names of fields in which one word alone may be one of ours: `passed`, `production`."""


class Template(Struct, frozen=True):
    """`literals` stand around `fields`: one more than there are fields. `put` is the other language's: a literal, or
    the name of a field with a leading NUL. `weight`: characters of the literals; `rank` puts
    more of them first, and where they are equal more numbers. `weak`: it says little by itself, as `{one} to {other}`.
    """

    literals: tuple[str, ...]
    fields: tuple[tuple[str, bool], ...]
    put: tuple[str, ...]
    words: frozenset[str]
    weight: int
    rank: int
    weak: bool

    def fit(self, text: str) -> dict[str, str] | None:
        """What stands in each field, where the text is this template filled; else None."""
        first, last = self.literals[0], self.literals[-1]
        if not text.startswith(first):
            return None
        at, found = len(first), {}
        for (name, number), literal in zip(self.fields[:-1], self.literals[1:-1], strict=True):
            end = text.find(literal, at)
            if end < 0 or not _may_be(text[at:end], number):
                return None
            found[name] = text[at:end]
            at = end + len(literal)
        end = len(text) - len(last)
        name, number = self.fields[-1]
        if end < at or not text.endswith(last) or not _may_be(text[at:end], number):
            return None
        found[name] = text[at:end]
        return found


def _may_be(text: str, number: bool) -> bool:
    return not number or NUMBER.fullmatch(text) is not None


def template(msgid: str, msgstr: str) -> Template | None:
    """The template that a message with fields is; None where it has no field after all, or two that touch."""
    literals = [""]
    fields: list[tuple[str, bool]] = []
    for text, name, number in _pieces(msgid):
        if name:
            if fields and not literals[-1]:
                return None
            fields.append((name, number))
            literals.append("")
        else:
            literals[-1] += text
    if not fields:
        return None
    put = tuple("\0" + name if name else text for text, name, _number in _pieces(msgstr))
    words = frozenset(word for literal in _whole_words(literals) for word in literal)
    weight = sum(len(one.strip()) for one in literals)
    rank = weight * 100 + sum(number for _, number in fields)
    weak = all(word in _SMALL for literal in literals for word in WORD.findall(literal))
    return Template(tuple(literals), tuple(fields), put, words, weight, rank, weak)


def _whole_words(literals: list[str]) -> Iterator[list[str]]:
    """The words of each literal, without one that touches a field: there it may be a part of a longer one."""
    for at, literal in enumerate(literals):
        words = [(one.start(), one.end(), one.group()) for one in WORD.finditer(literal)]
        yield [
            word
            for start, end, word in words
            if (start > 0 or at == 0) and (end < len(literal) or at == len(literals) - 1)
        ]


def _pieces(message: str) -> Iterator[tuple[str, str, bool]]:
    """(literal, "", False) or ("", field's name, whether it is a number), in their order."""
    at = 0
    for one in _FIELD.finditer(message):
        if one.start() > at:
            yield message[at : one.start()], "", False
        if one.group(1):
            yield "", one.group(1), (one.group(2) or "").endswith(("n", "f", "d", ","))
        else:
            yield one.group()[0], "", False
        at = one.end()
    if at < len(message):
        yield message[at:], "", False
