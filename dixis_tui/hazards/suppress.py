"""Comments in a file that let a hazard stand, with a reason.

::

    -- dixis-ignore DH101: every price is meant (ticket 123)      the next statement
    -- dixis-ignore-file DH101, renaming-table: why               the whole file

Without a reason, or for a rule that there is not, it does not count, and is a notice itself. squawk's own comments
(`-- squawk-ignore RULE`) work as squawk has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.hazard import Hazard, Severity
from dixis_tui.hazards.context import Context
from dixis_tui.hazards.rule import make
from dixis_tui.secrets import clean
from dixis_tui.sql.script import Statement

CODE = "DH199"
TITLE = "Ignored without a reason, or for no rule"
WHY = "A hazard is let through by name and with a reason, so that the next reader knows; until then it stands."
_COMMENT = re.compile(r"--[ \t]*dixis-ignore(?P<file>-file)?\b(?P<rest>[^\r\n]*)")


class Ignore(Struct, frozen=True):
    """One comment. `statement` is the number of the one it is for, 0 for the file; `start` and `end` are bytes."""

    codes: tuple[str, ...]
    reason: str
    statement: int
    start: int
    end: int


_BEHIND = -1
"""The number of no statement: a comment behind the last one is about nothing, unless it is about the file."""


def ignores(context: Context) -> Iterator[Ignore]:
    """The comments of a file that ask for something to be ignored."""
    content = context.read.script.content
    if b"dixis-ignore" not in content:
        return
    gaps = [(one.piece_start, one.start, one.number) for one in context.statements]
    if context.statements:
        gaps.append((context.statements[-1].end, len(content), _BEHIND))
    for begin, end, number in gaps:
        for match in _COMMENT.finditer(content[begin:end].decode("utf-8", "replace")):
            gap = content[begin:end].decode("utf-8", "replace")
            codes, _, reason = match["rest"].partition(":")
            yield Ignore(
                tuple(codes.replace(",", " ").split()),
                clean(reason).strip(),
                0 if match["file"] else number,
                begin + len(gap[: match.start()].encode()),
                begin + len(gap[: match.end()].encode()),
            )


def suppress(context: Context, hazards: list[Hazard], known: frozenset[str]) -> list[Hazard]:
    """One file's hazards with the reasons that its comments give, and a notice for each comment that gives none."""
    found = list(ignores(context))
    told: dict[tuple[str, int], str] = {}
    notices = []
    for ignore in found:
        for code in ignore.codes:
            if ignore.reason and code in known:
                told.setdefault((code, ignore.statement), ignore.reason)
        wrong = _wrong(ignore, known)
        if wrong:
            notices.append(_notice(context, ignore, wrong))
    return [_marked(hazard, told) for hazard in hazards] + notices


def _marked(hazard: Hazard, told: dict[tuple[str, int], str]) -> Hazard:
    reason = told.get((hazard.code, hazard.statement)) or told.get((hazard.code, 0))
    return replace(hazard, suppressed=reason) if reason else hazard


def _wrong(ignore: Ignore, known: frozenset[str]) -> str:
    if not ignore.codes:
        return "It names no rule."
    if unknown := [code for code in ignore.codes if code not in known]:
        return f"There is no rule {clean(', '.join(unknown))}."
    return "" if ignore.reason else f"{', '.join(ignore.codes)} has no reason after a colon."


def _notice(context: Context, ignore: Ignore, wrong: str) -> Hazard:
    statement: Statement | None = next((one for one in context.statements if one.number == ignore.statement), None)
    codes = ", ".join(clean(code) for code in ignore.codes) or "CODE"
    return make(
        context,
        statement,
        code=CODE,
        title=TITLE,
        severity=Severity.NOTICE,
        what=wrong,
        why=WHY,
        safer=f"-- dixis-ignore {codes}: the reason, and whose decision it was",
        span=(ignore.start, ignore.end),
    )
