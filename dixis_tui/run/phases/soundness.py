"""Whether the migrations can go on from where the history stands. Pure, over the truth."""

from __future__ import annotations

from collections.abc import Iterable

from dixis_tui.model import CheckState, Finding, passed
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Standing, Truth

_CLOSES = (Standing.RUNNING, Standing.FAILED, Standing.NO_FILE, Standing.MISSING, Standing.EDITED)
_WARNS = (Standing.DUPLICATE, Standing.OUT_OF_ORDER, Standing.WILL_RUN_AGAIN)
_DATABASE_CLOSES = (DatabaseStanding.UNMANAGED, DatabaseStanding.MISSING, DatabaseStanding.REPLICA)
_NAMED = 3
"""How many migrations of one standing are named."""
_WORDS = {
    Standing.FAILED: "recorded as failed",
    Standing.RUNNING: "running now",
    Standing.MISSING: "applied but not on disk",
}


def closes(truth: Truth) -> bool:
    """Whether something stands in the way of a deploy."""
    return truth.database in _DATABASE_CLOSES or any(one.standing in _CLOSES for one in truth.migrations)


def plain(truth: Truth) -> bool:
    """Whether all is applied or pending, and nothing else is to be said."""
    standings = {one.standing for one in truth.migrations}
    return truth.database not in _DATABASE_CLOSES and standings <= {Standing.APPLIED, Standing.PENDING}


def history(truth: Truth) -> Finding:
    """All that is wrong, worst first: the worst decides whether the gate closes, and its remedies come first."""
    told: list[tuple[str, Iterable[str]]] = []
    if truth.database in _DATABASE_CLOSES:
        told.append((f"the database is {truth.database}", [truth.remedy]))
    for standing in (*_CLOSES, *_WARNS):
        if those := [one for one in truth.migrations if one.standing is standing]:
            told.append((_sentence(standing, those), [one.remedy for one in those]))
    if not told:
        applied = sum(one.standing is Standing.APPLIED for one in truth.migrations)
        return passed(f"{applied} applied, files and rows agree")
    state = CheckState.FAILED if closes(truth) else CheckState.WARNED
    remedies = [remedy for _, found in told for remedy in found if remedy]
    return Finding(state, "; ".join(words for words, _ in told), " ".join(dict.fromkeys(remedies[:_NAMED])))


def unfinished(truth: Truth) -> Finding | None:
    """What was begun and is not finished, in full; None where there is no such thing."""
    those = tuple(one for one in truth.migrations if one.standing in (Standing.RUNNING, Standing.FAILED))
    return history(Truth(database=DatabaseStanding.MANAGED, migrations=those)) if those else None


def _sentence(standing: Standing, those: list[MigrationStanding]) -> str:
    detailed = standing in (Standing.FAILED, Standing.RUNNING)
    named = [f"{one.name} ({_detail(one)})" if detailed else one.name for one in those[:_NAMED]]
    more = f" and {len(those) - _NAMED} more" if len(those) > _NAMED else ""
    return f"{_WORDS.get(standing, standing)}: {', '.join(named)}{more}"


def _detail(one: MigrationStanding) -> str:
    return f"{one.detail}; {one.reconciliation.sentence}" if one.reconciliation else one.detail
