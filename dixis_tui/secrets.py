"""Secrets in memory, and the two things done to every outside byte: clean it, then redact it.

Nothing from outside (a program's output, a server's message, an HTTP body) reaches the journal, a log or a
screen before :meth:`Redactor.line` has had it.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import unquote

MASK = "•••"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# CSI, OSC/DCS/SOS/PM/APC strings (ended by BEL or ST, or cut off by the line's end), other two-byte escapes.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?"
)
# What may still do harm or lie to the eye: controls, bidirectional marks, invisible marks and tags, line separators,
# lone surrogates.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)
_WORD = re.compile(r"\S+")
_URL_USER = re.compile(r"://[^:/@]*:")
_URL_PARAMETER = re.compile(r"(?i)([?&](?:ssl)?password=)[^&\s]+")
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
    return unicodedata.normalize("NFC", _UNPRINTABLE.sub(REPLACEMENT, text))


class Redactor:
    """Masks known secrets in their plain, percent-encoded, JSON and base64 forms, and any password in a URL."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        plain = {form for secret in secrets for form in _plain_forms(secret)}
        written = plain | {form for secret in plain for form in (*_json_forms(secret), *_base64_forms(secret))}
        self._known = _any_of(map(re.escape, _longest_first(written)))
        self._encoded = _any_of(map(_percent_encoded, _longest_first(plain)))

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
        """One outside line: cleaned, then redacted."""
        return self.text(clean(text))


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
