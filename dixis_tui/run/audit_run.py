"""A run's journal, its log and the heads that were kept of it, looked at together. Reads only; nothing is believed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

from msgspec import Struct

from dixis_tui import events as ev
from dixis_tui.errors import UsageError
from dixis_tui.run import folders
from dixis_tui.run.audit import Chain, at_byte, verify_chain
from dixis_tui.run.audit_log import LogSeen, checkpoints, verify_log
from dixis_tui.run.flaws import Flaw, Kind
from dixis_tui.run.heads import Head, kept
from dixis_tui.run.mend import mend

HEAD_DIGITS = 12
"""So many digits of a head have to be given at least."""


class Audit(Struct, frozen=True, kw_only=True):
    """What was found of one run. `kept` counts the heads of this machine, `fitting` those that are in the chain."""

    run: str
    journal: Path
    chain: Chain
    log: LogSeen | None
    """None: there is none beside a journal that was named by its file."""
    kept: int
    fitting: int
    given: str = ""
    """What the head is that was given; empty: none was given, or it is a flaw."""
    ended: bool
    flaws: tuple[Flaw, ...]
    """All of them: the journal's, the log's, the heads'."""
    notes: tuple[str, ...] = ()

    @property
    def verifies(self) -> bool:
        """Whether journal and log are what the run wrote, as far as can be told from here."""
        return not any(flaw.grave for flaw in self.flaws)


def verify_run(place: Path, given: str = "") -> Audit:
    """Look at a run's folder, or at a journal by itself.

    Args:
        place: the run's folder, or a journal's file with the log beside it, where there is one.
        given: a head to compare with, of at least `HEAD_DIGITS` hexadecimal digits; empty: none.

    Raises:
        UsageError: there is no journal, or it can't be read.
    """
    journal = place / folders.JOURNAL if place.is_dir() else place
    # The heads first: one that is kept while we read belongs to an entry that we have not seen.
    early, wrong = kept(journal, _names(journal))
    chain = verify_chain(_bytes(journal))
    events = chain.events
    ended = isinstance(events.get(chain.number), ev.RunEnded)
    log = _log(journal.with_name(folders.LOG), chain, ended=ended, needed=place.is_dir())
    flaws = [*chain.flaws, *(log.flaws if log else ())]
    fitting = _compare(((head.number, head.sha256) for head in early), chain, flaws, _words_of(early))
    if log:
        _compare(
            ((number, digest) for number, digest, _ in log.said),
            chain,
            flaws,
            lambda number: f"the log's head {number}",
        )
    meant = _given(given, chain, flaws) if given else ""
    return Audit(
        run=_run_of(events, journal),
        journal=journal,
        chain=chain,
        log=log,
        kept=len(early),
        fitting=fitting,
        given=meant,
        ended=ended,
        flaws=tuple(flaws),
        notes=(wrong,) if wrong else (),
    )


def _bytes(journal: Path, lines: int | None = None) -> bytes:
    try:
        with journal.open("rb") as file:
            return file.read() if lines is None else b"".join(islice(file, lines))
    except OSError as error:
        raise UsageError(
            f"{journal} can't be read: {error.strerror}", "Name a run, its folder or its journal."
        ) from None


def _names(journal: Path) -> set[str]:
    """What the run may be called: its folder's name, and what its first entry says."""
    first = verify_chain(_bytes(journal, lines=1), mends=0)
    return {journal.absolute().parent.name, _run_of(first.events, journal)}


def _run_of(events: dict[int, ev.Event], journal: Path) -> str:
    first = events.get(1)
    return first.run if isinstance(first, ev.RunStarted) else journal.absolute().parent.name


def _log(path: Path, chain: Chain, *, ended: bool, needed: bool) -> LogSeen | None:
    points = checkpoints(chain.events)
    try:
        with path.open("rb") as file:
            return verify_log(file, points, ended=ended)
    except OSError as error:
        if not points or not needed:
            return None
        flaw = Flaw(
            Kind.LOG,
            0,
            -1,
            f"{path.name}, of which the journal has {len(points)} digests, can't be read: {error.strerror}",
        )
        return LogSeen(checkpoints=len(points), flaws=(flaw,))


def _words_of(heads: Iterable[Head]) -> Callable[[int], str]:
    by_number = {
        head.number: f"the head {head.number} kept at {head.at:%Y-%m-%d %H:%M:%SZ} ({head.gate})" for head in heads
    }
    return by_number.__getitem__


def _compare(heads: Iterable[tuple[int, str]], chain: Chain, flaws: list[Flaw], words: Callable[[int], str]) -> int:
    """How many of them the chain has. The first that it has not is a flaw: the change lies after the last that fits."""
    found = fits = 0
    told = [flaw.line for flaw in chain.flaws if flaw.grave]
    last = chain.lines[chain.number].line if chain.number else 0
    for number, digest in heads:
        line = chain.lines.get(number)
        if line and line.digest == digest:
            fits, found = number, found + 1
            continue
        if number > chain.number and any(place > last for place in told):
            continue  # what stands there in its stead was found already
        if number > chain.number:
            what = f"entries {chain.number + 1} to {number} are missing"
            flaws.append(
                Flaw(
                    Kind.HEAD,
                    0,
                    chain.size,
                    f"The journal ends with entry {chain.number}, and has not {words(number)}: {what}",
                )
            )
            break
        if line is None:
            if told:
                continue  # the line that should have it was found to be none
            flaws.append(Flaw(Kind.HEAD, 0, -1, f"The journal has no entry {number}, of {words(number)}"))
            break
        where = f"in entries {fits + 1} to {number}" if fits + 1 < number else f"in entry {number}"
        flaw = Flaw(Kind.HEAD, line.line, line.offset, f"The chain has not {words(number)}: the change lies {where}")
        byte = mend(line.raw, digest)
        flaws.append(at_byte(flaw, line, byte) if byte else flaw)
        break
    return found


def _given(given: str, chain: Chain, flaws: list[Flaw]) -> str:
    wanted = given.lower()
    for number, line in sorted(chain.lines.items(), reverse=True):
        if line.digest.startswith(wanted):
            later = chain.number - number
            return f"is entry {number}'s" + (f"; {later} entries came after it" if later else ", the last one")
    flaws.append(Flaw(Kind.HEAD, 0, -1, f"No entry has the given head {wanted[:HEAD_DIGITS]}…"))
    return ""
