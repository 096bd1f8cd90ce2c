"""Which single byte of a line was changed, added or lost, where the digest of the line as it was is known.

It is simply tried: a line of 1 kB has half a million neighbours, and their digests take some half a second in all.
"""

from __future__ import annotations

import hashlib

from msgspec import Struct

_BYTES_AT_MOST = 2048
_ALL = [bytes([value]) for value in range(256)]


class Mend(Struct, frozen=True):
    """The byte at `at` (from 0) of the line: `was` is what stood there, `found` what does; empty: nothing."""

    at: int
    was: bytes
    found: bytes

    def __str__(self) -> str:
        if not self.found:
            return f"{_shown(self.was)} is missing there"
        if not self.was:
            return f"{_shown(self.found)} was put in there"
        return f"{_shown(self.found)} stands where {_shown(self.was)} was written"


def mend(line: bytes, digest: str) -> Mend | None:
    """The one byte whose change gives `line` the SHA-256 `digest` again; None: there is none, or the line is long."""
    if len(line) > _BYTES_AT_MOST or len(digest) != 64:
        return None
    try:
        wanted = bytes.fromhex(digest)
    except ValueError:
        return None
    return _added(line, wanted) or _changed_or_lost(line, wanted)


def _added(line: bytes, wanted: bytes) -> Mend | None:
    for at in range(len(line)):
        if hashlib.sha256(line[:at] + line[at + 1 :]).digest() == wanted:
            return Mend(at, b"", line[at : at + 1])
    return None


def _changed_or_lost(line: bytes, wanted: bytes) -> Mend | None:
    before = hashlib.sha256()
    for at in range(len(line) + 1):
        here, rest = line[at : at + 1], line[at + 1 :]
        for one in _ALL:
            changed = before.copy()
            changed.update(one)
            lost = changed.copy()
            changed.update(rest)
            if changed.digest() == wanted and here:
                return Mend(at, one, here)
            lost.update(here + rest)
            if lost.digest() == wanted:
                return Mend(at, one, b"")
        before.update(here)
    return None


def _shown(byte: bytes) -> str:
    text = byte.decode("ascii", "replace")
    return f"'{text}' (0x{byte.hex()})" if text.isascii() and text.isprintable() else f"0x{byte.hex()}"
