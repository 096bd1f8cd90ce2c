"""How far a file got, by what the catalog answers: every prefix that it could have stopped at is played through. Pure.

A prefix is possible where nothing that the catalog answers speaks against it. What is claimed is what all possible
prefixes have in common; none possible is a contradiction.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from dixis_tui.postgres.traces import Catalog
from dixis_tui.sql.catalog_facts import ABSENT, INVALID, PRESENT, Deed, Effect, Fact, Forget, Kind, Move
from dixis_tui.sql.claims import block_after, control
from dixis_tui.sql.script import Statement
from dixis_tui.sql.traces import Trace
from dixis_tui.sql.values import constant_of

Allowed = tuple[str, ...]


class Possible(Struct, frozen=True):
    """The numbers of statements after which the file may have stopped, ascending. `firm`: by facts that the file itself
    proves to have been otherwise before; else also by such as would be there already only if a statement did nothing.
    """

    firm: tuple[int, ...]
    likely: tuple[int, ...]


class _State:
    """What is known after some statements."""

    def __init__(self, before: dict[Fact, Allowed]) -> None:
        self.known = dict(before)
        self.before: dict[Fact, Allowed] = {}
        self._tables: dict[Fact, str] = {}
        self._forgotten: list[Forget] = []
        self._moved: set[tuple[str, str]] = set()
        self._fresh: set[tuple[str, str]] = set()
        self._freed = False

    def copy(self) -> _State:
        """As it is now."""
        other = _State(self.known)
        other._tables = dict(self._tables)
        return other

    def do(self, deed: Deed) -> None:
        """One deed."""
        if isinstance(deed, Forget):
            self._forgotten.append(deed)
            self._freed = self._freed or deed.frees
            for fact, allowed in list(self.known.items()):
                # What a table has not got when it is made it had not got before either.
                stays = ABSENT in allowed and not (deed.frees or deed.everything or deed.text)
                if deed.hits(fact, self._tables.get(fact, "")) and not stays:
                    del self.known[fact]
        elif isinstance(deed, Move):
            self._move(deed)
        else:
            self._effect(deed)

    def _effect(self, effect: Effect) -> None:
        fact = effect.fact
        if effect.before and fact not in self.known and not self._tainted(effect):
            self.before.setdefault(fact, effect.before)
        if effect.table:
            self._tables[fact] = effect.table
        if effect.after:
            self.known[fact] = effect.after
        else:
            self.known.pop(fact, None)

    def _tainted(self, effect: Effect) -> bool:
        """Whether what was before this statement need not have been so before the file."""
        fact, was_absent = effect.fact, ABSENT in effect.before
        owner = (fact.schema, fact.owner)
        if {owner, (fact.schema, fact.name)} & self._moved and not (was_absent and owner in self._fresh):
            return True
        for forget in self._forgotten:
            if forget.hits(fact, effect.table) and (forget.frees or not was_absent):
                return True
        # A name that something dropped in this file may have had is free only since then.
        return self._freed and was_absent and fact.kind is not Kind.COLUMN

    def _move(self, move: Move) -> None:
        old, new = move.old, move.new
        if (new.schema, new.name) not in self._moved and ABSENT in self.before.get(new, ()):
            self._fresh.add((new.schema, new.name))
        self._moved |= {(old.schema, old.name), (new.schema, new.name)}
        if old.kind is Kind.TYPE:
            for fact in [one for one in self.known if one.kind is Kind.COLUMN_TYPE]:
                del self.known[fact]  # the column's type has another name now
        for fact, allowed in list(self.known.items()):
            moved = _moved(fact, old, new)
            if moved != fact:
                del self.known[fact]
                self.known[moved] = allowed
            if self._tables.get(fact) == old.name:
                self._tables[fact] = new.name


def _moved(fact: Fact, old: Fact, new: Fact) -> Fact:
    if old.kind in (Kind.RELATION, Kind.TYPE):
        hangs = fact.schema == old.schema and fact.owner == old.name
        return Fact(fact.kind, new.schema, new.name, fact.name) if hangs else fact
    about = (
        (Kind.COLUMN_TYPE, Kind.NOT_NULL, Kind.DEFAULT, Kind.COMMENT) if old.kind is Kind.COLUMN else (Kind.VALIDATED,)
    )
    hangs = fact.kind in about and (fact.schema, fact.owner, fact.name) == (old.schema, old.owner, old.name)
    return Fact(fact.kind, new.schema, new.owner, new.name) if hangs else fact


def facts_of(traces: Sequence[Trace]) -> tuple[set[Fact], set[str]]:
    """All that has to be asked: every fact that is known at some point, and the types that statements name."""
    facts: set[Fact] = set()
    types: set[str] = set()
    state = _State({})
    for trace in traces:
        for deed in trace.deeds:
            state.do(deed)
            facts |= set(state.known)
            if isinstance(deed, Effect) and deed.fact.kind is Kind.COLUMN_TYPE and deed.after:
                types.add(deed.after[0].rpartition(":")[0])
    return facts | set(state.before), types


def possible(
    statements: Sequence[Statement],
    traces: Sequence[Trace],
    catalog: Catalog,
    *,
    one_by_one: bool,
    refused: bool = False,
) -> Possible:
    """After which statements the file may have stopped.

    `one_by_one`: each is committed by itself, unless the file begins a transaction. `refused`: the server said of the
    next step that something is there already, or is not, so nothing is known of what that step is about.
    """
    first = _State({})
    for trace in traces:
        for deed in trace.deeds:
            first.do(deed)
    states = _ends(statements, traces, _State(first.before), one_by_one=one_by_one)
    firm, likely = [], []
    for number, known in states.items():
        next_end = min((end for end in states if end > number), default=number) if refused else number
        loose = {deed.fact for one in traces[number:next_end] for deed in one.deeds if isinstance(deed, Effect)}
        if all(_agrees(fact, allowed, catalog) for fact, allowed in known.items() if fact not in loose):
            firm.append(number)
            if not _idle(number, states, catalog):
                likely.append(number)
    return Possible(tuple(firm), tuple(likely))


def _ends(
    statements: Sequence[Statement], traces: Sequence[Trace], state: _State, *, one_by_one: bool
) -> dict[int, dict[Fact, Allowed]]:
    """What is known after each statement that the file may have stopped at: where something was committed."""
    ends = {0: dict(state.known)}
    committed, block = state.copy(), False
    for trace, statement in zip(traces, statements, strict=True):
        for deed in trace.deeds:
            state.do(deed)
        inside, block = block or not one_by_one, block_after(statement, block)
        word = control(statement)
        if word == "ROLLBACK" and inside:
            state = committed.copy()
        elif word in ("ROLLBACK_TO", "PREPARE"):
            state.do(Forget(everything=True))  # what came before a savepoint, or was put aside, is not told apart
        last = trace.number == len(traces)
        if word == "COMMIT" or (not block and (one_by_one or last)):
            ends[trace.number] = dict(state.known)
            committed = state.copy()
    return ends


def _idle(number: int, states: dict[int, dict[Fact, Allowed]], catalog: Catalog) -> bool:
    """Whether a later step, of which nothing says how it was before, would have had nothing at all to do."""
    looked_at, before = set(states[number]), states[number]
    for later in sorted(end for end in states if end > number):
        step = {fact: allowed for fact, allowed in states[later].items() if before.get(fact) != allowed}
        news = [fact for fact in step if fact.kind in _CHANGED and fact not in looked_at and PRESENT not in step[fact]]
        if news and all(_agrees(fact, allowed, catalog) for fact, allowed in step.items()):
            return True
        looked_at |= set(step)
        before = states[later]
    return False


_CHANGED = (Kind.COLUMN_TYPE, Kind.NOT_NULL, Kind.DEFAULT, Kind.VALIDATED, Kind.LABELS, Kind.COMMENT)
"""What nobody sets to what it is already."""


def _agrees(fact: Fact, allowed: Allowed, catalog: Catalog) -> bool:
    found = catalog.answers.get(fact, ABSENT)
    if fact.kind is Kind.COLUMN_TYPE:
        return any(_same_type(found, wanted, catalog) for wanted in allowed)
    if fact.kind is Kind.DEFAULT and found:
        found = constant_of(found)
    return found in allowed or (PRESENT in allowed and found != ABSENT)


def _same_type(found: str, wanted: str, catalog: Catalog) -> bool:
    name, _, modifier = wanted.rpartition(":")
    kind, _, found_modifier = found.rpartition(":")
    return catalog.types.get(name) == kind and modifier in ("*", found_modifier)


def leftovers(traces: Sequence[Trace], catalog: Catalog) -> tuple[Fact, ...]:
    """Indexes of this file that are there and not valid, though nothing of it leaves them so."""
    effects = [deed for trace in traces for deed in trace.deeds if isinstance(deed, Effect)]
    found = {one.fact for one in effects if catalog.answers.get(one.fact) == INVALID}
    return tuple(found - {one.fact for one in effects if INVALID in one.after})
