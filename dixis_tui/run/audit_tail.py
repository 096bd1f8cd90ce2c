"""A journal's last line where it has no line break: begun by the run and cut by a crash, or put there by somebody."""

from __future__ import annotations

import re

import msgspec

from dixis_tui.run import journal
from dixis_tui.run.audit_lines import Line, place_of
from dixis_tui.run.flaws import Flaw, Kind

_BEGUN = re.compile(rb'\{"number":(\d+),"at":"[0-9T:.Z+-]*"?')


def tail_of(rest: bytes, last: Line, offset: int, line: int) -> Flaw:
    """What `rest`, at byte `offset` and after the entry `last`, is."""
    begun = rest.rstrip(b"\0")  # a file system may give back a block that was never written
    zeros = f", of them {len(rest) - len(begun)} NUL" if len(begun) != len(rest) else ""
    if not may_be_begun(begun, last):
        return Flaw(Kind.ADDED, line, offset, f"{len(rest)} bytes stand after the last line, and begin no entry")
    sentence = f"The last line is cut after {len(rest)} bytes{zeros}: read up to entry {last.number}"
    return Flaw(Kind.CUT, line, offset, sentence)


def may_be_begun(rest: bytes, last: Line) -> bool:
    """Whether `rest` is the beginning, or all, of an entry that follows `last`."""
    try:
        journal.decode(rest)
        if rest[-1:].isspace():
            return False  # whole, and what follows is no line break
    except (UnicodeDecodeError, RecursionError):
        return False
    except msgspec.DecodeError as error:
        # A number may be cut behind its point: wrong where the bytes end is cut as well.
        at_end = "truncated" in str(error) or place_of(rest, error) >= len(rest)
        if not at_end and not isinstance(error, msgspec.ValidationError):
            return False
    start = f'{{"number":{last.number + 1},"at":"'.encode()
    if len(rest) <= len(start):
        return start.startswith(rest)
    opened = _BEGUN.match(rest)
    if not rest.startswith(start) or not opened:
        return False
    after, wanted = rest[opened.end() :], f',"prev":"{last.digest}","event":{{"type":"'.encode()
    return wanted.startswith(after) or after.startswith(wanted)
