"""Secrets in memory, and the two things done to every outside byte: clean it, then redact it.

Nothing from outside (a program's output, a server's message, an HTTP body) reaches the journal, a log or a
screen before :meth:`Redactor.line` has had it.
"""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Iterable
from typing import NoReturn
from urllib.parse import quote, quote_plus, unquote

MASK = "•••"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

# CSI, OSC/DCS/SOS/PM/APC strings (ended by BEL or ST, or cut off by the line's end), other two-byte escapes.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*(?:[@-~]|$)"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"
    r"|\x1b[ -/]*[0-~]?"
)
# What may still do harm or lie to the eye: controls, bidirectional marks, line separators, lone surrogates.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_URL_PASSWORD = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@]+@")
_SHORTEST = 3
"""Shorter values are not redacted by themselves: masking every `a` would hide the log, not the secret."""


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
    """Masks known secrets in their plain, percent-encoded and base64 forms, and any password in a URL."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            if len(secret) >= _SHORTEST:
                forms |= _forms(secret)
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """`text` with every secret masked; line breaks are kept."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _URL_PASSWORD.sub(rf"\1:{MASK}@", text) if "://" in text else text

    def line(self, text: str) -> str:
        """One outside line: cleaned, then redacted."""
        return self.text(clean(text))


def _forms(secret: str) -> set[str]:
    plain = {secret, unquote(secret)}
    encoded = {quote(form, safe="") for form in plain} | {quote_plus(form) for form in plain}
    encoded |= {quote(form, safe="!$&'()*+,;=") for form in plain} | {form.lower() for form in encoded}
    based = {base64.b64encode(form.encode()).decode().rstrip("=") for form in plain}
    return {form for form in plain | encoded | based if len(form) >= _SHORTEST}
