"""Sentences of the engine put into another language: they come filled, so they are told by their templates.

A catalogue's msgid is a template with named fields, `{applied} applied, none pending`. A sentence is looked up as it
stands; else the templates whose words it has are laid on it, the most literal first; else it is taken for several,
joined by `; `, `. ` and the like, and each is put by itself. What fits nothing stays as it is.

No regular expression is built from a template: literals are sought from left to right, which is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct

LONGEST = 4000
"""Characters; what is longer is not a sentence, and stays as it is."""
_DEEPEST = 3
_MOST_FITS = 6
"""Templates that are tried in earnest on one text."""
_MOST_JOINTS = 12
_WEAK = 8
"""Characters of a template that say little by themselves."""
_WORD = re.compile(r"[A-Za-z_]{2,}")
_FIELD = re.compile(r"\{\{|\}\}|\{([a-z_][a-z_0-9]*)(:[^{}]*)?\}")
_NUMBER = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_JOINT = re.compile(r"\.? → |; |\. |: |, |\n| \((?=[^()]*\)$)| (?=\([^()]*\)$)")
_LEAD = re.compile(r"(\S*[A-Z_/.0-9'`:]\S*) (\S.* .*)", re.DOTALL)
"""A name or path, and what is said of it: `DATABASE_URL is not set`."""
_QUOTES = ("'", '"', "`", "«", "“")
RAW = re.compile(
    r"^(query|sql|text|statement|quote|quoted|command|commands|cmd|path|file|files|folder|directory|name|names|named|"
    r"database|table|tables|column|columns|relation|schema|url|host|user|operator|second|account|branch|commit|hash|"
    r"sha|sha256|head|run|id|pid|login|login_name|token|clean|shown|config|key|variable|code|sqlstate|version|secret|"
    r"repository|workflow|environment|group|journal|script)\d*$"
)
"""Names of fields that hold a name, a path or SQL: their text is never put into other words."""
WORDY = re.compile(
    r"^(state|states|word|how|kind|what|outcome|verdict|severity|phase|titles?|way|place|delivery|reason|why|evidence|"
    r"case|step|role|said|stands|told|seen|left|by|how_far|sentence|which|status|when|asked|option|wait|way_out)\d*$"
)
"""Names of fields in which one word alone may be one of ours: `passed`, `production`."""


class Template(Struct, frozen=True):
    """`literals` stand around `fields`: one more than there are fields. `put` is the other language's: a literal, or
    the name of a field with a leading NUL.
    """

    literals: tuple[str, ...]
    fields: tuple[tuple[str, bool], ...]
    put: tuple[str, ...]
    words: frozenset[str]
    weight: int

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
    return not number or _NUMBER.fullmatch(text) is not None


class Sentences:
    """A catalogue's messages, ready to be laid on sentences. `number` writes a number as the language does."""

    def __init__(self, messages: Mapping[str, str], number: Callable[[str], str]) -> None:
        self._number = number
        self._exact: dict[str, str] = {}
        self._by_word: dict[str, list[Template]] = {}
        templates = []
        for msgid, msgstr in messages.items():
            if not msgid or not msgstr:
                continue
            if "{" in msgid or "}" in msgid:
                if made := template(msgid, msgstr):
                    templates.append(made)
            else:
                self._exact[msgid] = msgstr
        self._index(templates)

    def _index(self, templates: list[Template]) -> None:
        """Each template goes under its rarest word, so that one word of a text leads to few."""
        often: dict[str, int] = {}
        for one in templates:
            for word in one.words:
                often[word] = often.get(word, 0) + 1
        for one in templates:
            rarest = min(one.words, key=lambda word: (often[word], word), default="")
            self._by_word.setdefault(rarest, []).append(one)

    def put(self, text: str) -> str:
        """The text in the other language, as far as it is known."""
        if len(text) > LONGEST or "\0" in text:
            return text
        return self._whole(text, 0, {})[0]

    def _whole(self, text: str, depth: int, seen: dict[str, tuple[str, int]]) -> tuple[str, int]:
        """The text put, and how many of its characters were known."""
        if (known := seen.get(text)) is not None:
            return known
        core = text.strip()
        if not core:
            return text, 0
        core = core.removeprefix("; ").removeprefix(", ")
        start = text.index(core)
        before, after = text[:start], text[start + len(core) :]
        put, score = self._core(core, depth, seen)
        seen[text] = (before + put + after, score)
        return seen[text]

    def _core(self, core: str, depth: int, seen: dict[str, tuple[str, int]]) -> tuple[str, int]:
        exact = self._looked_up(core)
        if exact is not None:
            return exact, len(core)
        best, score, clean = self._by_template(core, depth, seen)
        if depth < _DEEPEST and not clean:
            joined, known = self._by_parts(core, depth, seen)
            if known > score:
                return joined, known
            if led := _LEAD.fullmatch(core):
                joined, known = self._whole(led.group(2), depth + 1, seen)
                if known > max(score, _WEAK):
                    return f"{led.group(1)} {joined}", known
        return best, score

    def _looked_up(self, core: str) -> str | None:
        if (exact := self._exact.get(core)) is not None:
            return exact
        if core[-1] in ".:":
            exact = self._exact.get(core[:-1])
            return None if exact is None else exact + core[-1]
        exact = self._exact.get(core + ".")
        return None if exact is None else exact.removesuffix(".")

    def _by_template(self, core: str, depth: int, seen: dict[str, tuple[str, int]]) -> tuple[str, int, bool]:
        """The best of the templates that fit; the last value: nothing in it has joints, so it is meant so."""
        best, score, clean = core, 0, False
        for at, (one, found, tail) in enumerate(self._fits(core)):
            if at >= _MOST_FITS:
                break
            put, known, whole = self._filled(one, found, depth, seen)
            if known > score:
                best, score, clean = put + tail, known, whole
            if clean:
                break
        return best, score, clean

    def _fits(self, core: str) -> Iterator[tuple[Template, dict[str, str], str]]:
        words = set(_WORD.findall(core))
        near = [one for word in ("", *words) for one in self._by_word.get(word, ()) if one.words <= words]
        near.sort(key=lambda one: -one.weight)
        for one in near:
            if (found := one.fit(core)) is not None:
                yield one, found, ""
            elif core[-1] == "." and (found := one.fit(core[:-1])) is not None:
                yield one, found, "."
            elif (
                one.literals[-1] == "" and one.literals[-2].endswith(" ") and (found := one.fit(core + " ")) is not None
            ):
                yield one, found, ""  # its last field is empty, and the blank before it was cut off

    def _filled(
        self, one: Template, found: dict[str, str], depth: int, seen: dict[str, tuple[str, int]]
    ) -> tuple[str, int, bool]:
        put: dict[str, str] = {}
        weak = one.weight < _WEAK
        score, clean = one.weight, not weak
        for at, (name, number) in enumerate(one.fields):
            value = found[name]
            if number:
                put[name] = self._number(value)
                score += len(value)
                continue
            put[name], known = self._field(name, value, one.literals[at], depth, seen)
            score += known
            if weak and " " in value.strip() and not known:
                return "", 0, False  # `{one} to {other}` fits nearly everything: what it has must be names, or known
            clean = clean and (known >= len(value.strip()) or not _JOINT.search(value))
        parts = [put[part[1:]] if part.startswith("\0") else part for part in one.put]
        return "".join(parts).rstrip(" "), score, clean

    def _field(
        self, name: str, value: str, before: str, depth: int, seen: dict[str, tuple[str, int]]
    ) -> tuple[str, int]:
        """What stands in a field, itself put into words where it is ours; a name or a quotation never is."""
        core = value.strip()
        if not core or depth >= _DEEPEST or RAW.match(name) or before.endswith(_QUOTES):
            return value, 0
        if " " not in core:
            exact = self._exact.get(core) if WORDY.match(name) else None
            return (value, 0) if exact is None else (value.replace(core, exact), len(core))
        for lead in ("; ", ", "):
            if value.startswith(lead):
                put, known = self._whole(value[len(lead) :], depth + 1, seen)
                return lead + put, known
        return self._whole(value, depth + 1, seen)

    def _by_parts(self, core: str, depth: int, seen: dict[str, tuple[str, int]]) -> tuple[str, int]:
        """The text as two, at the joint where most of both is known."""
        best, score = core, 0
        for at, joint in enumerate(_joints(core)):
            if at >= _MOST_JOINTS:
                break
            left, right = core[: joint.start()], core[joint.end() :]
            if not left or not right:
                continue
            put_left, known_left = self._part(left, depth + 1, seen)
            put_right, known_right = self._part(right, depth, seen)
            if known_left + known_right > score:
                best, score = put_left + joint.group() + put_right, known_left + known_right
                if score >= len(core) - len(joint.group()):
                    break
        return best, score

    def _part(self, text: str, depth: int, seen: dict[str, tuple[str, int]]) -> tuple[str, int]:
        """One part; a single word alone is hardly a sentence of ours, it may be a name."""
        if " " not in text.strip(" ().") and text.strip(" ().") not in self._exact:
            return text, 0
        if text.startswith("(") and text.endswith(")"):
            put, known = self._whole(text[1:-1], depth, seen)
            return f"({put})", known
        return self._whole(text, depth, seen)


def _joints(core: str) -> Iterator[re.Match[str]]:
    """The joints of a text outside of quotations, the strong ones first."""
    found = [
        one
        for one in _JOINT.finditer(core)
        if core.count('"', 0, one.start()) % 2 == 0 and core.count("`", 0, one.start()) % 2 == 0
    ]
    found.sort(key=lambda one: (_STRENGTH.get(one.group(), 1), one.start()))
    return iter(found)


_STRENGTH = {"\n": 0, " → ": 0, ". → ": 0, ". ": 1, "; ": 2, ": ": 3, " (": 4, " ": 4, ", ": 5}


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
    return Template(tuple(literals), tuple(fields), put, words, sum(len(one.strip()) for one in literals))


def _whole_words(literals: list[str]) -> Iterator[list[str]]:
    """The words of each literal, without one that touches a field: there it may be a part of a longer one."""
    for at, literal in enumerate(literals):
        words = [(one.start(), one.end(), one.group()) for one in _WORD.finditer(literal)]
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


def greek_number(text: str) -> str:
    """`1,234.5` as a Greek writes it: `1.234,5`."""
    return text.translate(_SWAPPED)


_SWAPPED = str.maketrans(",.", ".,")
