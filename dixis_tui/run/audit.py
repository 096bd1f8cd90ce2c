"""Whether a journal is what its run wrote, told from its bytes: unlike the reader, this goes on after the first flaw.

Each line holds the digest of the line before it. Where one link alone is broken, the line before it was changed: had
the digest in the later line been, that line's own link would be broken too. Two broken links in a row mean the line
between them. The last line's digest stands nowhere in the file: only a head that was kept elsewhere shows its change.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import pairwise

from msgspec import Struct

from dixis_tui import __version__
from dixis_tui import events as ev
from dixis_tui.run.audit_lines import Line, lines_of
from dixis_tui.run.audit_tail import tail_of
from dixis_tui.run.flaws import Flaw, Kind
from dixis_tui.run.mend import Mend, mend

_FORMS = 32
"""Of the 64 digits of a digest, so many in their places mean that it is the same one, damaged."""
_MENDS = 3
"""So many lines at most are searched for the one byte: each takes up to a second."""


class Chain(Struct, frozen=True):
    """What a journal's bytes are. `lines` by their entry's number, as far as they can be told."""

    lines: dict[int, Line]
    flaws: tuple[Flaw, ...]
    head: str
    number: int
    """Of the last whole entry; 0: there is none."""
    size: int

    @property
    def events(self) -> dict[int, ev.Event]:
        """Those that this version knows, by their entry's number, in order."""
        return {number: line.event for number, line in sorted(self.lines.items()) if line.event is not None}


def verify_chain(data: bytes, mends: int = _MENDS) -> Chain:
    """All that can be told from the bytes of a journal.

    Args:
        data: the file, whole or cut.
        mends: how many changed lines are searched for the single byte that was changed.
    """
    whole, newline, rest = data.rpartition(b"\n")
    lines, flaws = lines_of(whole + newline)
    chain = _in_order(_numbered(lines, flaws), flaws)
    entries = {line.number: line for line in chain}
    _no_entries(lines, flaws)
    _links(chain, lines, flaws)
    last = chain[-1] if chain else Line(0, 0, b"", "")
    if rest:
        flaws.append(tail_of(rest, last, len(whole + newline), data.count(b"\n") + 1))
    mended = [*_mended(flaws, lines, entries, mends)]
    # By their place, and one a line: a line that is no entry has no second flaw worth telling.
    flaws = sorted(
        {(flaw.line, flaw.kind): flaw for flaw in mended}.values(), key=lambda flaw: (flaw.line, flaw.offset)
    )
    return Chain(entries, tuple(flaws), last.digest, last.number, len(data))


def _numbered(lines: list[Line], flaws: list[Flaw]) -> list[Line]:
    """The entries, each once, a wrong number put right where the line's digest says what it follows."""
    seen: dict[str, Line] = {}
    found: list[Line] = []
    before: Line | None = Line(0, 0, b"", "")
    for line in lines:
        if not line.entry:
            before = None
            continue
        if twin := seen.get(line.digest):
            sentence = f"Entry {line.number} stands here once more, after line {twin.line}"
            flaws.append(Flaw(Kind.ADDED, line.line, line.offset, sentence))
            continue
        if before and line.prev == before.digest and line.number != before.number + 1:
            right = before.number + 1
            sentence = f"Entry {right} says that its number is {line.number}"
            flaws.append(Flaw(Kind.CHANGED, line.line, line.offset + len(b'{"number":'), sentence))
            line.number = right
        seen[line.digest] = before = line
        found.append(line)
    return found


def _in_order(entries: list[Line], flaws: list[Flaw]) -> list[Line]:
    """The entries by number, one of each; those that stand elsewhere, or are a second one, are flaws."""
    highest, followers = 0, {line.number - 1: line.prev for line in entries}
    made: dict[int, Line] = {}
    for line in entries:
        other = made.get(line.number)
        if other:
            # The one that the next entry names is the run's own.
            false = other if followers.get(line.number) == line.digest else line
            sentence = f"A second entry {line.number}, which no other line names"
            flaws.append(Flaw(Kind.ADDED, false.line, false.offset, sentence))
            if false is line:
                continue
        elif line.number < highest:
            sentence = f"Entry {line.number} stands after entry {highest}"
            flaws.append(Flaw(Kind.MOVED, line.line, line.offset, sentence))
        highest = max(highest, line.number)
        made[line.number] = line
    return [made[number] for number in sorted(made)]


def _no_entries(lines: list[Line], flaws: list[Flaw]) -> None:
    foreign = any(isinstance(line.event, ev.RunStarted) and line.event.version != __version__ for line in lines)
    for index, line in enumerate(lines):
        if not line.wrong:
            continue
        named = lines[index + 1].prev if index + 1 < len(lines) else ""
        if line.entry and (named == line.digest or (foreign and not named)):
            sentence = f"Entry {line.number} is none that this version ({__version__}) knows: {line.wrong}"
            flaws.append(Flaw(Kind.VERSION, line.line, line.offset, sentence))
        elif not line.entry or not named:
            at = line.offset + line.wrong_at
            flaws.append(Flaw(Kind.NO_ENTRY, line.line, at, f"The line is no entry: {line.wrong}"))


def _links(chain: list[Line], lines: list[Line], flaws: list[Flaw]) -> None:
    """Where the chain breaks: a run of broken links names the lines between them, one alone the line before it."""
    broken: list[tuple[Line, Line]] = []
    told = {flaw.line for flaw in flaws if flaw.grave}
    damaged = [line.line for line in lines if not line.entry]
    before = Line(0, 0, b"", "")
    for line in chain:
        if line.number != before.number + 1:
            _gap(before, line, damaged, flaws)
        elif line.prev != before.digest and not line.known:
            if broken and broken[-1][1] is not before:
                _broken(broken, chain, flaws, told)
                broken = []
            broken.append((before, line))
        before = line
    if broken:
        _broken(broken, chain, flaws, told)


def _gap(before: Line, line: Line, no_entries: list[int], flaws: list[Flaw]) -> None:
    gone = line.number - before.number - 1
    damaged = bisect_left(no_entries, line.line) - bisect_right(no_entries, before.line)
    if gone > damaged:
        names = f"Entry {line.number - 1} is" if gone == 1 else f"Entries {before.number + 1} to {line.number - 1} are"
        besides = f", of which {damaged} may be the damaged lines before it" if damaged else ""
        flaws.append(Flaw(Kind.MISSING, line.line, line.offset, f"{names} missing before this line{besides}"))


def _broken(links: list[tuple[Line, Line]], chain: list[Line], flaws: list[Flaw], told: set[int]) -> None:
    (first, second), last = links[0], links[-1][1]
    if len(links) == 1 and (first.number == 0 or (second is chain[-1] and _alike(second.prev, first.digest))):
        changed, why = [second], "its digest of the line before it is wrong"
    elif len(links) == 1:
        changed, why = [first], f"its digest is not the one that entry {second.number} names"
    else:
        changed, why = [line for line, _ in links[1:]], "neither the line before nor the one after it fits"
        if len(links) == 2 and last is chain[-1] and not _alike(last.prev, second.digest):
            why += ", and the last line may be another one too"
    for line in changed:
        if line.line not in told:
            flaws.append(Flaw(Kind.CHANGED, line.line, line.offset, f"Entry {line.number} was changed: {why}"))


def _alike(one: str, other: str) -> bool:
    """Whether a digest is another one with a character changed, added or lost."""
    fits = sum(a == b for a, b in zip(one, other, strict=False))
    backwards = sum(a == b for a, b in zip(one[::-1], other[::-1], strict=False))
    return max(fits, backwards) >= _FORMS


def _mended(flaws: list[Flaw], lines: list[Line], entries: dict[int, Line], left: int) -> list[Flaw]:
    """The flaws, those of a changed line with the very byte where one byte is all that was changed."""
    made = []
    by_line = {line.line: line for line in reversed(lines)}
    following = {line.offset: after for line, after in pairwise(lines)}
    for flaw in flaws:
        line = by_line.get(flaw.line)
        if left and line and flaw.kind in (Kind.CHANGED, Kind.NO_ENTRY):
            after = entries.get(line.number + 1) if line.entry else following.get(line.offset)
            # The digest that the line had, by the one after it.
            if after and after.prev and after.prev != line.digest:
                left -= 1
                if found := mend(line.raw, after.prev):
                    made.append(at_byte(flaw, line, found))
                    continue
        made.append(flaw)
    return made


def at_byte(flaw: Flaw, line: Line, found: Mend) -> Flaw:
    """The same flaw at the byte that was found."""
    sentence = f"{flaw.sentence.partition(': ')[0]}: {found}"
    return Flaw(flaw.kind, flaw.line, line.offset + found.at, sentence)
