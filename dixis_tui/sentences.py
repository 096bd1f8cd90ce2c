"""Sentences of the engine put into another language: they come filled, so they are told by their templates.

A catalogue's msgid is a template with named fields, `{applied} applied, none pending`. A sentence is looked up as it
stands; else the templates whose words it has are laid on it, the most literal first; else it is taken for several,
joined by `; `, `. ` and the like, and each is put by itself. What fits nothing stays as it is.

All or nothing: where English prose would be left between what is known, the whole text stays English, since half a
sentence in each language may say another thing. Names, quotations, SQL and a server's own words may stay between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from dixis_tui.sentence_templates import NUMBER, RAW, VERBATIM, WORD, WORDY, Template, template

LONGEST = 4000
"""Characters; what is longer is not a sentence, and stays as it is."""
_DEEPEST, _INTO, _ALONG = 12, 4, 1
"""How far a text is taken apart; what a field or the left part of a joint adds to that, and what the right part."""
_MOST_FITS = 6
"""Templates that are tried in earnest on one text."""
_MOST_JOINTS = 10
_ENOUGH = 0.7
"""The share of both parts that has to be known for a joint to be the right one: names and numbers are never known."""
_MOST_PARTS = 400
"""Parts of one text that are looked at."""
_SQL = re.compile(r"\s*(SELECT|CREATE|ALTER|DO|UPDATE|INSERT|DELETE|DROP|BEGIN|WITH|TRUNCATE|LOCK TABLE|SET) [^a-z]")
"""A statement is shown as it was sent."""
_WEAK = 8
"""What is known of a text that begins with a name: no less says anything."""
_OPEN, _NAMED, _SHUT = "\x01", "\x02", "\x03"
"""Around what nobody knows (`_OPEN`), and what stands in a name's field (`_NAMED`), until the whole text is judged."""
_CONTROLS, _MARKS = re.compile(r"[\0-\x03]"), re.compile(r"[\x01-\x03]")
_LEFT = re.compile("([\x01\x02])([^\x01-\x03]*)\x03")
_SAYS = re.compile(
    r"\b(a(?= [a-z]{2})|an|any|all|and|are|be|been|but|can|did|do|does|each|first|from|had|has|have|he|if|in|into|is|"
    r"it|its|no|none|nor|not|of|off|on|once|only|or|so|still|that|the|them|then|there|they|this|those|to|was|were|what|"
    r"when|where|which|while|who|will|with|without|again|by|for|at|as)\b",
    re.IGNORECASE,
)
"""Words that only prose has."""
_SENTENCE = re.compile(r"(?<![\w./\"'`-])[A-Za-z]?[a-z]+[,:;.]? [a-z]{2,}(?![\w/\"'`=-])")
"""Two plain words in a row."""
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|«[^»]*»|(?<!\w)'[^']*'(?!\w)")
_SERVERS = re.compile(
    r"(ERROR|FATAL|PANIC|WARNING|NOTICE|DETAIL|HINT|CONTEXT): |Process \d+ (waits for|:)|"
    r"(relation|table|column|type|role|user|database|function|constraint|schema|index|sequence|view|trigger|operator|"
    r"extension|policy|language|cursor|prepared statement|null value in column|permission denied for \w+|"
    r"duplicate key value violates \w+ constraint) \""
)
"""How a server's own words begin: a quotation, on which no sentence is laid that begins with just a name."""
_LISTED = re.compile(r"((?:\"[^\"]+\"|[^\s,\"]+)(?:, (?:\"[^\"]+\"|[^\s,\"]+))*) and (\"[^\"]+\"|[^\s,\"]+)")
"""Names with `and` before the last."""
_TALKS = re.compile(r"\b[a-z]{2,}\b")
_JOINT = re.compile(r"\.? → |; |\. |: |, | (?=and [\d,]+ more\b)| and |\n| (?=\()")
_STRENGTH = {"\n": 0, " → ": 0, ". → ": 0, ". ": 1, "; ": 2, ": ": 3, " ": 4, ", ": 5, " and ": 6}
_SAID = {"; ": "· ", " and ": " και "}
"""Joints that the language has of its own."""
_LEAD = re.compile(r"(\S*[A-Z_/.0-9'`:]\S*) (\S.* .*)", re.DOTALL)
"""A name or path, and what is said of it: `DATABASE_URL is not set`."""
_NAME = re.compile(r"[^ ]*[^A-Za-z ][^ ]*|[A-Z]{2,}|[\d.,]+ ?\w{0,2}")
"""What may stand in a weak template's field though nobody knows it: a name that is no plain word, `20 k`, `340 MB`."""
_PLAIN = re.compile(
    r"an?|any|all|be|each|he|its?|no|none|not|one|so|that|the|them|then|there|they|this|those", re.IGNORECASE
)
"""Words that are nobody's name."""
_UNIT = re.compile(r" ?%| (s|ms|[kMG]?B|min|h)\b")
"""What stands after a number that is written as the language writes numbers: a version has no unit."""
_DAYS = dict(
    zip(
        ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
        ["Δευ", "Τρί", "Τετ", "Πέμ", "Παρ", "Σάβ", "Κυρ"],
        strict=True,
    )
)
_MONTHS = dict(
    zip(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        ["Ιαν", "Φεβ", "Μαρ", "Απρ", "Μαΐ", "Ιουν", "Ιουλ", "Αυγ", "Σεπ", "Οκτ", "Νοε", "Δεκ"],
        strict=True,
    )
)
_DATE = re.compile(rf"\b({'|'.join(_DAYS)}) (\d{{1,2}}) ({'|'.join(_MONTHS)})\b")
_QUOTES = ("'", '"', "`", "«", "“")
_Seen = dict[str, tuple[str, int]]
"""What one call has put already: text, and how many of its characters were known."""


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
            elif msgid != msgstr or " " not in msgid or msgid[0].isupper():  # else it is a server's own words
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
        if len(text) > LONGEST or _CONTROLS.search(text):
            return text
        put, known = self._of_sql(text) if _SQL.match(text) else self._whole(text, 0, {})
        if not known or _prose(put):
            return text
        put = _MARKS.sub("", put)
        return _DATE.sub(lambda one: f"{_DAYS[one[1]]} {one[2]} {_MONTHS[one[3]]}", put) if known else text

    def _of_sql(self, text: str) -> tuple[str, int]:
        """A sentence of ours that begins as a statement does, `SET NOT NULL on …`; else it is one, and stays."""
        core = text.strip()
        if (exact := self._looked_up(core)) is not None:
            return text.replace(core, exact), len(core)
        put, known, _clean = self._by_template(core, 0, {}, named=True)
        return text.replace(core, put), known

    def _whole(self, text: str, depth: int, seen: _Seen) -> tuple[str, int]:
        """The text put, and how many of its characters were known."""
        if (known := seen.get(text)) is not None:
            return known
        core = text.strip().removeprefix("; ").removeprefix(", ")
        # Half a quotation would be changed inside; and a text of very many parts is nobody's sentence.
        if not core:
            return text, 0
        if core.count("`") % 2 or len(seen) > _MOST_PARTS:
            return _OPEN + text + _SHUT, 0
        seen[text] = _OPEN + text + _SHUT, 0
        start = text.index(core)
        put, score = self._core(core, depth, seen)
        if not score:
            put = _OPEN + core + _SHUT
        seen[text] = (text[:start] + put + text[start + len(core) :], score)
        return seen[text]

    def _core(self, core: str, depth: int, seen: _Seen) -> tuple[str, int]:
        best, score, clean = self._told(core, depth, seen)
        servers = _SERVERS.match(core) is not None
        if not clean and core[0].isupper() and not servers:  # a sentence may begin with what is elsewhere a part of one
            small, known, clean = self._told(core[0].lower() + core[1:], depth, seen)
            if _better(small, known, best, score):
                best, score = _capital(small), known
        if depth < _DEEPEST and not clean:
            joined, known = self._by_parts(core, depth, seen)
            if _better(joined, known, best, score):
                best, score = joined, known
            if not servers and (led := _LEAD.fullmatch(core)):
                joined, known = self._whole(led.group(2), depth + _INTO, seen)
                if known > _WEAK and _better(joined, known, best, score):
                    return f"{led.group(1)} {joined}", known
        return best, score

    def _told(self, core: str, depth: int, seen: _Seen) -> tuple[str, int, bool]:
        exact = self._looked_up(core)
        return self._by_template(core, depth, seen) if exact is None else (exact, len(core), True)

    def _looked_up(self, core: str) -> str | None:
        if (exact := self._exact.get(core)) is not None:
            return exact
        if core[-1] in ".:":
            exact = self._exact.get(core[:-1])
            return None if exact is None else exact + core[-1]
        exact = self._exact.get(core + ".")
        return None if exact is None else exact.removesuffix(".")

    def _by_template(self, core: str, depth: int, seen: _Seen, *, named: bool = False) -> tuple[str, int, bool]:
        """The best of the templates that fit; the last value: nothing in it has joints, so it is meant so.

        `named`: only those that have the first word themselves.
        """
        named = named or _SERVERS.match(core) is not None
        best, score, clean = core, 0, False
        for at, (one, found, tail) in enumerate(self._fits(core)):
            if at >= _MOST_FITS:
                break
            if named and not one.literals[0].strip():
                continue
            put, known, whole = self._filled(one, found, depth, seen)
            if _better(put, known, best, score):
                put = put.removesuffix(".") if tail == "-" else put + tail
                best, score, clean = put, known, whole
            if clean:
                break
        return best, score, clean

    def _fits(self, core: str) -> Iterator[tuple[Template, dict[str, str], str]]:
        """Templates that fit, what fills them, and a full stop that the template lacks (`-`: that the text lacks)."""
        words = set(WORD.findall(core))
        near = [one for word in ("", *words) for one in self._by_word.get(word, ()) if one.words <= words]
        near.sort(key=lambda one: -one.rank)
        for one in near:
            if (found := one.fit(core)) is not None:
                yield one, found, ""
            elif core[-1] == "." and (found := one.fit(core[:-1])) is not None:
                yield one, found, "."
            elif one.literals[-1] == "." and (found := one.fit(core + ".")) is not None:
                yield one, found, "-"
            elif not one.literals[-1] and one.literals[-2][-1:] == " " and (found := one.fit(core + " ")) is not None:
                yield one, found, ""  # its last field is empty, and the blank before it was cut off

    def _filled(self, one: Template, found: dict[str, str], depth: int, seen: _Seen) -> tuple[str, int, bool]:
        put: dict[str, str] = {}
        score, sure = one.weight, not one.weak
        clean = sure and " " not in one.literals[1:-1]
        for at, (name, number) in enumerate(one.fields):
            value = found[name]
            if number or (NUMBER.fullmatch(value) and _UNIT.match(one.literals[at + 1])):
                put[name] = self._number(value)
                score += len(value)
                sure = True
                continue
            put[name], known = self._field(name, value, one.literals[at], depth, seen)
            score += known
            sure = sure or bool(known) or _NAME.fullmatch(value) is not None
            told = known and (not one.weak or known * 2 >= len(value.strip()))
            if not told and not _may_stand(one, name, value.strip()):
                return "", 0, False
            clean = clean and (known >= len(value.strip()) or not _JOINT.search(value))
        if not sure:
            return "", 0, False
        parts = [put[part[1:]] if part.startswith("\0") else part for part in one.put]
        return "".join(parts).rstrip(" "), score, clean

    def _field(self, name: str, value: str, before: str, depth: int, seen: _Seen) -> tuple[str, int]:
        """What stands in a field, itself put into words where it is ours; a name or a quotation never is."""
        core = value.strip()
        if not core or depth >= _DEEPEST or before.endswith(_QUOTES):
            return value, 0
        if VERBATIM.match(name):
            return value, 0
        if _LISTED.fullmatch(core) and self._exact.get(core) is None:
            return _LISTED.sub(lambda one: f"{one[1]} και {one[2]}", value), 0
        if RAW.match(name):
            exact = self._exact.get(core) if core.count(" ") > 1 else None
            return (_NAMED + value + _SHUT, 0) if exact is None else (value.replace(core, exact), len(core))
        if " " not in core:
            exact = self._exact.get(core) if WORDY.match(name) else None
            return (value, 0) if exact is None else (value.replace(core, exact), len(core))
        for lead in ("; ", ", "):
            if value.startswith(lead):
                put, known = self._whole(value[len(lead) :], depth + _INTO, seen)
                return lead + put, known
        return self._whole(value, depth + _INTO, seen)

    def _by_parts(self, core: str, depth: int, seen: _Seen) -> tuple[str, int]:
        """The text as two, at the joint where most of both is known; a list of codes or names is not looked at."""
        if not _TALKS.search(core):
            return core, 0
        best, score = core, 0
        for at, joint in enumerate(_joints(core)):
            if at >= _MOST_JOINTS:
                break
            left, right = core[: joint.start()], core[joint.end() :]
            if not left or not right:
                continue
            put_left, known_left = self._part(left, depth + _INTO, seen)
            put_right, known_right = self._part(right, depth + _ALONG, seen)
            known, between = known_left + known_right, joint.group()
            if between == " and " or (known_left and known_right):
                between = _SAID.get(between, between)
            if _better(joined := put_left + between + put_right, known, best, score):
                best, score = joined, known
                if known_left > _ENOUGH * len(left) and known_right > _ENOUGH * len(right):
                    break
        return best, score

    def _part(self, text: str, depth: int, seen: _Seen) -> tuple[str, int]:
        """One part; a single word alone is hardly a sentence of ours, it may be a name."""
        if text.startswith("(") and (end := _closes(text)):
            put, known = self._whole(text[1:end], depth, seen)
            after, more = self._whole(text[end + 1 :], depth, seen)
            whole, score = self._core(text, depth, seen) if end + 1 == len(text.rstrip(".")) else ("", 0)
            return (whole, score) if score > known + more else (f"({put}){after}", known + more)
        return self._whole(text, depth, seen) if " " in text.strip() else (_OPEN + text + _SHUT, 0)


def _prose(put: str) -> bool:
    """Whether English is left in a text that was put: words that are no name, no quotation and not a server's."""
    return any(_talks(left[2], named=left[1] == _NAMED) for left in _LEFT.finditer(put))


def _talks(left: str, *, named: bool) -> bool:
    if _SERVERS.match(left.lstrip()):
        return False
    left = _QUOTED.sub("", left)
    if _SQL.match(left):
        return False
    if named:
        return " " in left.strip() and _SAYS.search(left) is not None
    return _SAYS.search(left) is not None or _SENTENCE.search(left) is not None


def _better(put: str, known: int, best: str, score: int) -> bool:
    """Whether this says more than the best until now: before all, that no English is left in it."""
    if not known:
        return False
    if not score:
        return True
    return known > score if (left := _prose(put)) == _prose(best) else not left


def _capital(put: str) -> str:
    at = 1 if put[:1] in (_OPEN, _NAMED) else 0
    return put[:at] + put[at : at + 1].upper() + put[at + 1 :]


def _may_stand(one: Template, name: str, value: str) -> bool:
    """Whether this may be what filled the field, though nobody knows it: where that says little, a name only."""
    if not value or _NAME.fullmatch(value):
        return True
    if _PLAIN.fullmatch(value) or re.match(r"\d+; ", value):  # a number, and the next of a list of sentences
        return False
    short = one.weight < _WEAK and RAW.match(name) is not None
    return " " not in value and RAW.match(name) is not None if one.weak else not (short and " " in value)


def _joints(core: str) -> Iterator[re.Match[str]]:
    """The joints of a text outside of quotations and parentheses, the strong ones first."""
    found = []
    at = double = ticks = deep = 0
    for one in _JOINT.finditer(core):
        between = core[at : one.start()]
        at = one.start()
        double += between.count('"')
        ticks += between.count("`")
        deep += between.count("(") - between.count(")")
        if not (double % 2 or ticks % 2 or deep > 0):
            found.append(one)
    found.sort(key=lambda one: (_STRENGTH.get(one.group(), 1), one.start()))
    return iter(found)


def _closes(text: str) -> int:
    """Where the parenthesis closes that the text begins with; 0: nowhere."""
    open_ones = 0
    for at, character in enumerate(text):
        open_ones += (character == "(") - (character == ")")
        if not open_ones:
            return at
    return 0


def greek_number(text: str) -> str:
    """`1,234.5` as a Greek writes it: `1.234,5`."""
    return text.translate(_SWAPPED)


_SWAPPED = str.maketrans(",.", ".,")
