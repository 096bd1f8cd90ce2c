"""Secrets in memory, and the two things done to every outside byte: clean it, then redact it.

Nothing from outside (a program's output, a server's message, an HTTP body) reaches the journal, a log or a
screen before :meth:`Redactor.line` has had it.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from os.path import commonprefix
from typing import NoReturn
from urllib.parse import unquote, urlsplit

MASK = "•••"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# CSI, OSC/DCS/SOS/PM/APC strings (ended by BEL or ST, cut off by another escape or by the line's end), other two-byte
# escapes. Whatever begins as one is taken: if its end were a condition, each beginning would look to the line's end.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
# What may still do harm or lie to the eye: controls, bidirectional marks, invisible letters, marks and tags, line
# separators, private letters, lone surrogates.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    r"\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ue000-\uf8ff\ufe00-\ufe0d\ufeff\uffa0"
    r"\ufff0-\ufffb\U000110bd\U000110cd\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff\ud800-\udfff]"
)
_JOINERS = re.compile("[\u200c\u200d\ufe0e\ufe0f]")
"""They make one emoji of several, on whose width terminals disagree; inside a word they hide it from every search."""
_ODD = re.compile(r"[^\x00-\x7f\w\s]{3,}")
_MARKS = 2
"""Marks that stay on one letter: a tower of them climbs over the rows above."""
_WORD = re.compile(r"\S+")
_URL_USER = re.compile(r"://[^:/@]*:")
_URL_PARAMETER = re.compile(r"(?i)([?&](?:ssl)?password=)[^&\s]+")
LINE_LIMIT = 4000
"""Characters of one outside line that are kept."""
_LOOKED_AT = 16 * 1024
"""Characters of one outside line that are looked at: only a line of escapes needs that many to show something."""
_BLOCK_LIMIT = 64 * 1024
_URL_LIMIT = 1024
"""Characters of an unknown password that a URL may hold."""
_EXAMPLE = "PASSWORD"
"""Stands for a password in our own remedies; as a real one it is a known secret, and masked as such."""
_SHORTEST = 3
"""Shorter values are not redacted by themselves: masking every `a` would hide the log, not the secret."""
_SHORTEST_INNER = 6
"""Digits of base64 that are told from ordinary words."""
_URL_SAFE = str.maketrans("+/", "-_")


class Secret:
    """A value that never prints itself: `repr`, `str` and formatting give a mask; pickling is refused."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The value itself, for the one call that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never pickled")


def clean(text: str) -> str:
    """`text` without terminal escapes, other unprintables shown as `�`, NFC-normalised, tabs as blanks."""
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPES.sub("", text).replace("\t", "    ").replace("\n", " ").rstrip("\r")
    text = unicodedata.normalize("NFC", _UNPRINTABLE.sub(REPLACEMENT, _JOINERS.sub("", text)))
    return _ODD.sub(_without_towers, text)


def _without_towers(odd: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for letter in odd[0]:
        marks = marks + 1 if unicodedata.category(letter) in ("Mn", "Me") else 0
        if marks <= _MARKS:
            kept.append(letter)
        elif marks == _MARKS + 1:
            kept.append(REPLACEMENT)
    return "".join(kept)


def masked(url: str) -> str:
    """An address without what makes it secret: its path, its query, its user."""
    try:
        parts = urlsplit(url)
        place = f"{parts.hostname or ''}:{parts.port}" if parts.port else parts.hostname or ""
    except ValueError:
        return MASK
    return clean(f"{parts.scheme}://{place}/{MASK}")


class Redactor:
    """Masks known secrets in their plain, percent-encoded, JSON and base64 forms, and any password in a URL."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        plain = {form for secret in secrets for form in _plain_forms(secret)}
        written = plain | {form for secret in plain for form in (*_json_forms(secret), *_base64_forms(secret))}
        self._known = _any_of(map(re.escape, _longest_first(written)))
        self._encoded = _any_of(map(_percent_encoded, _longest_first(plain)))
        # A letter is up to four bytes, each of them three characters where it is percent-encoded.
        self._margin = max(_URL_LIMIT, *(12 * len(form) for form in written), 0)

    def text(self, text: str) -> str:
        """`text` with every secret masked; line breaks are kept."""
        if self._encoded is not None and ("%" in text or "+" in text):
            text = self._encoded.sub(MASK, text)
        if self._known is not None:
            text = self._known.sub(MASK, text)
        if "://" not in text:
            return text
        text = _WORD.sub(_without_password, text) if "@" in text else text
        return _URL_PARAMETER.sub(rf"\1{MASK}", text)

    def line(self, text: str) -> str:
        """One outside line: cleaned, then redacted, then cut to `LINE_LIMIT` characters."""
        whole = len(text) <= _LOOKED_AT
        words = self._beginning(text, _LOOKED_AT, lambda part: self.text(clean(part)))
        return words if whole and len(words) <= LINE_LIMIT else f"{words[:LINE_LIMIT]}…"

    def block(self, text: str) -> str:
        """An outside text of several lines, redacted but not cleaned; of a very long one the beginning."""
        words = self._beginning(text, _BLOCK_LIMIT, self.text)
        return words if len(text) <= _BLOCK_LIMIT else f"{words}…"

    def _beginning(self, text: str, limit: int, words: Callable[[str], str]) -> str:
        """What two beginnings of a long text have in common: where one cuts a secret in two, the other does not."""
        if len(text) <= limit:
            return words(text)
        shorter = text[: max(limit - self._margin, 0)]
        return commonprefix([words(text[:limit]), words(shorter)])  # noqa: RUF071 - letters are meant, not paths


def _without_password(word: re.Match[str]) -> str:
    # Up to the last @: a password that nobody encoded may hold some itself. No regular expression does it in
    # linear time, and outside lines may be long.
    text = word[0]
    user, last = _URL_USER.search(text), text.rfind("@")
    if not user or user.end() >= last or text[user.end() : last] == _EXAMPLE:
        return text
    return f"{text[: user.end()]}{MASK}{text[last:]}"


def _longest_first(forms: Iterable[str]) -> list[str]:
    return sorted((form for form in forms if len(form) >= _SHORTEST), key=lambda form: (-len(form), form))


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    joined = "|".join(patterns)
    return re.compile(joined) if joined else None


def _plain_forms(secret: str) -> set[str]:
    """As it is and decoded, and as :func:`clean` leaves either, which is how it stands in outside text."""
    found = {form for form in (secret, unquote(secret)) if len(form) >= _SHORTEST}
    return found | {clean(form) for form in found}


def _json_forms(secret: str) -> list[str]:
    return [json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)]


def _base64_forms(secret: str) -> set[str]:
    """By itself, and the part that stays the same wherever it stands in something longer that was encoded."""
    data = secret.encode("utf-8", "surrogatepass")
    found = {base64.b64encode(data).decode().rstrip("=")}
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data).decode()
        # Six bits a digit: whole digits of ours begin after the neighbours' bits and end before them.
        inner = encoded[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
        if len(inner) >= _SHORTEST_INNER:
            found.add(inner)
    return found | {form.translate(_URL_SAFE) for form in found}


def _percent_encoded(secret: str) -> str:
    """A pattern for the secret with any of its characters percent-encoded, in either case, or a blank as `+`."""
    parts = []
    for character in secret:
        encoded = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
        blank = r"|\+" if character == " " else ""
        parts.append(f"(?:(?i:{encoded})|{re.escape(character)}{blank})")
    return "".join(parts)
