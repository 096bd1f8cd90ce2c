"""A strict reader of what reaches a terminal: text that can be drawn, and the sequences that Textual itself sends.

The allowed kinds were recorded from a run with nothing hostile in it (`test_strict.py` records them again). Everything
else is refused: other control characters, other sequences, bytes that are no UTF-8, letters that lie to the eye.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

from msgspec import Struct

_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[(?P<private>[<=>?]?)(?P<parameters>[0-9;:]*)(?P<intermediate>[ -/]*)(?P<final>[@-~])"
    r"|(?P<string>[\]PX^_])(?P<body>[^\x07\x1b]*)(?P<end>\x07|\x1b\\)"
    r"|(?P<short>(?![\[\]PX^_])[ -/]*[0-~])"
    r")"
)
_PAINTING = {"m", "H", "C", "X"}
"""Attributes, the cursor's place, cells erased: any numbers."""
ONCE = frozenset(
    {
        "CSI ?1049h",  # the alternate screen, and back
        "CSI ?1049l",
        "CSI ?25l",  # the cursor
        "CSI ?25h",
        "CSI ?1004h",  # tell of the focus
        "CSI ?1004l",
        "CSI ?2004h",  # tell of what is pasted
        "CSI ?2004l",
        "CSI ?7l",  # no wrapping
        "CSI ?7h",
        "CSI >25u",  # keys by the kitty protocol
        "CSI <u",
        "CSI ?2026$p",  # the two questions of Textual's own: synchronized output, sizes in the stream
        "CSI ?2048$p",
    }
)
"""Sent as the program begins or ends, and never again."""
ALLOWED = ONCE | {"CSI m", "CSI H", "CSI C", "CSI X", "OSC 22;default"}
"""OSC 22 is the shape of the mouse's pointer."""
_STRINGS = {"]": "OSC", "P": "DCS", "X": "SOS", "^": "PM", "_": "APC"}
_TOWER = 4
"""So many marks on one letter are a tower."""


class Seen(Struct):
    """What was read: how often each kind came, the text without sequences, and what is refused."""

    kinds: Counter[str]
    text: str
    refused: list[str]


def read(data: bytes, allowed: frozenset[str] = ALLOWED) -> Seen:
    """Read all that a program sent to its terminal. The last sequence or letter may be unfinished."""
    seen = Seen(Counter(), "", [])
    text = _decoded(data, seen)
    at, plain = 0, []
    while at < len(text):
        start = text.find("\x1b", at)
        plain.append(text[at : len(text) if start < 0 else start])
        if start < 0:
            break
        match = _SEQUENCE.match(text, start)
        if match is None:
            if len(text) - start > 32:
                seen.refused.append(f"no sequence: {text[start : start + 40]!r}")
                at = start + 1
                continue
            break  # the program was in the middle of it
        kind = kind_of(match)
        seen.kinds[kind] += 1
        if kind not in allowed:
            seen.refused.append(f"{kind}: {match[0][:60]!r}")
        at = match.end()
    seen.text = "".join(plain)
    seen.refused += refused_letters(seen.text)
    return seen


def kind_of(match: re.Match[str]) -> str:
    """A sequence's name; with its numbers, unless it paints."""
    if match["string"]:
        return f"{_STRINGS[match['string']]} {match['body']}"
    if match["final"]:
        if match["final"] in _PAINTING and not match["private"] and not match["intermediate"]:
            return f"CSI {match['final']}"
        return f"CSI {match['private']}{match['parameters']}{match['intermediate']}{match['final']}"
    return f"ESC {match['short']}"


def refused_letters(text: str) -> list[str]:
    """Control characters but line breaks, and what can't be seen, turns the line round or climbs out of it."""
    found = []
    marks = 0
    for letter in text.replace("\r\n", "\n"):
        if letter.isascii():
            marks = 0
            if not letter.isprintable() and letter != "\n":
                found.append(f"control {letter!r}")
            continue
        category = unicodedata.category(letter)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks >= _TOWER:
            found.append(f"a tower of {unicodedata.name(letter, repr(letter))}")
        if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or _is_variation(letter):
            found.append(f"{unicodedata.name(letter, repr(letter))}")
    return found


def _is_variation(letter: str) -> bool:
    return "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"


def _decoded(data: bytes, seen: Seen) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:
            seen.refused.append(f"no UTF-8: {data[error.start - 10 : error.start + 10]!r}")
        return data.decode("utf-8", "replace" if error.start < len(data) - 3 else "ignore")
