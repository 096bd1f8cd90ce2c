"""What a run has come to that lost its runner: judged from the truth of its database. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from dixis_tui.locks import Peer
from dixis_tui.model import MigrationState, Recovery
from dixis_tui.standing import MigrationStanding, Reconciled, Standing, Truth

_MARK = "Mark it as what is there (t, or `dixis-tui resolve`), then the rest may go on; or roll back (x)."
_IN = (Standing.APPLIED, Standing.DUPLICATE)
_TO_COME = (Standing.PENDING, Standing.OUT_OF_ORDER, Standing.WILL_RUN_AGAIN)


class Settled(Struct, frozen=True):
    """Where one migration of the run stands by the database."""

    name: str
    state: MigrationState
    evidence: str = ""
    remedy: str = ""


class Found(Struct, frozen=True):
    """What the look adds up to."""

    outcome: Recovery
    evidence: str
    remedy: str


def settle(names: Iterable[str], truth: Truth) -> list[Settled]:
    """Each migration of the run, as history and catalog have it."""
    standings = {one.name: one for one in truth.migrations}
    return [_settled(name, standings.get(name)) for name in names]


def _settled(name: str, one: MigrationStanding | None) -> Settled:
    if one is None:
        return Settled(name, MigrationState.UNKNOWN, "neither its file nor a row of it is there")
    if one.standing in _IN:
        return Settled(name, MigrationState.APPLIED, "its row is finished")
    if one.standing in _TO_COME:
        return Settled(name, MigrationState.PENDING, "nothing of it was begun, or it was marked as rolled back")
    if one.standing is Standing.FAILED:
        found = one.reconciliation
        detail = f"; {found.sentence or found.outcome}" if found else ""
        known = found is not None and found.outcome in (Reconciled.ALL, Reconciled.NONE)
        # What is known of it can be marked from here; nobody has to type Prisma's own command for that.
        remedy = _MARK if known else f"{one.remedy} x rolls back.".lstrip()
        return Settled(name, MigrationState.FAILED, f"begun and not finished: {one.detail}{detail}", remedy)
    return Settled(name, MigrationState.UNKNOWN, f"{one.standing}: {one.detail}".rstrip(": "), one.remedy)


def judge(settled: Sequence[Settled], sessions: Sequence[Peer], holder: str) -> Found:
    """What the run has come to. `holder`: who holds Prisma's advisory lock; empty: nobody."""
    if sessions or holder:
        return _at_work(sessions, holder)
    states = [one.state for one in settled]
    done = states.count(MigrationState.APPLIED)
    tally = f"{done} of {len(settled)} migrations are in"
    for one in settled:
        if one.state is MigrationState.UNKNOWN:
            how = one.remedy or "Look at the history table and at what the file makes, before anything else."
            return Found(Recovery.UNKNOWN, f"{tally}; {one.name}: {one.evidence}", how)
    for one in settled:
        if one.state is MigrationState.FAILED:
            return Found(Recovery.UNFINISHED, f"{tally}; {one.name} was {one.evidence}", one.remedy)
    if done == len(settled):
        return Found(Recovery.APPLIED, f"{tally}, none unfinished", "Verify, then sign off; or roll back.")
    first = next(one.name for one in settled if one.state is MigrationState.PENDING)
    return Found(
        Recovery.REST,
        f"{tally}; nothing of {first}, nor of what follows it, is there",
        "Go on with the rest (m: sealed anew, and the phrase again), or roll back (x).",
    )


def _at_work(sessions: Sequence[Peer], holder: str) -> Found:
    if not sessions:
        return Found(
            Recovery.AT_WORK,
            f"{holder} holds Prisma's advisory lock",
            "Wait until it is gone, then look again (r); find out whose it is before you end it.",
        )
    first = sessions[0]
    lock = ", with Prisma's advisory lock" if holder else ""
    return Found(
        Recovery.AT_WORK,
        f"{len(sessions)} of the dead runner's sessions still on the server: {first}{lock}; it may commit or fail",
        f"Wait, then look again (r). To end it by hand: SELECT pg_terminate_backend({first.pid}).",
    )
