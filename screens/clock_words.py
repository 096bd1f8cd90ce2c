"""The decision clock in words: how long a rollback can still be begun, and what changes when that has passed."""

from __future__ import annotations

from dixis_tui.i18n import _
from dixis_tui.model import Phase, PhaseState, Way
from dixis_tui.plan import way_back
from dixis_tui.plan.decision import Decision, decide
from dixis_tui.run import policy
from dixis_tui.run.state import RunState
from screens import words
from screens.cards import Line
from screens.view import View


def likely_way(state: RunState) -> Way:
    """The way that was begun, else the first that is open, else the one that a backup makes possible."""
    if state.rollback:
        return state.rollback.way
    if state.adopted and state.adopted.unfinished:
        return state.adopted.unfinished.way
    seen = state.ways.ways if state.ways else []
    first = next((one.way for one in seen if not one.refused), None)
    return first or (Way.SNAPSHOT if state.snapshot and not state.backup else Way.SIDE)


def way_seconds(state: RunState, way: Way) -> tuple[float, bool]:
    """Seconds that this way is expected to take, and whether they were measured."""
    seen = state.ways.ways if state.ways else []
    known = next((one for one in seen if one.way is way and one.seconds > 0), None)
    return (known.seconds, known.measured) if known else way_back.seconds(state.restored, way)


def decision(view: View, way: Way | None = None) -> Decision | None:
    """How the time stands for this way; None without a window, or without anything to go back to."""
    state = view.state
    closes = state.run.window_closes if state.run else None
    if closes is None or not (state.backup or state.snapshot):
        return None
    seconds, measured = way_seconds(state, way or likely_way(state))
    return decide(view.now, closes, seconds, measured=measured)


def deciding(view: View) -> Decision | None:
    """The decision that is open now: production was changed, and neither signed off nor on its way back."""
    state = view.state
    begun = state.rollback is not None and policy.phase_state(state, Phase.ROLLBACK) is not PhaseState.FAILED
    if state.ended or begun or not state.confirmed:
        return None
    return decision(view)


def by_words(view: View, found: Decision) -> tuple[str, str]:
    """`decide by 23:15:55, in 07:37`, and its tone."""
    at = view.at(found.latest, seconds=True)
    if not found.fits:
        return _("decide by {at}: passed").format(at=at), "bad"
    return _("decide by {at}, in {spare}").format(
        at=at, spare=words.clock(found.spare)
    ), "warn" if found.spare < found.way_back else "good"


def clock_lines(view: View, found: Decision | None) -> tuple[Line, ...]:
    """The clock, and what it means, for cards and dialogs."""
    if found is None:
        return ()
    left = _("window {left} left").format(left=words.clock(found.left)) if found.left > 0 else _("window over")
    how = "" if found.measured else _(" planned")
    by, tone = by_words(view, found)
    meaning = _("Begun later, it ends after the window: extend it, or mend forward.")
    if not found.fits:
        meaning = _("A rollback begun now ends after the window: extend it, or mend forward.")
    glyph = {"good": "·", "warn": "▲"}.get(tone, "✖")
    clock = _("{left} · way back {way_back}{how} · {by}").format(
        left=left, way_back=words.minutes(found.way_back), how=how, by=by
    )
    return Line(clock, "strong", glyph, tone), Line(f"  {meaning}", "quiet" if found.fits else "warn")
