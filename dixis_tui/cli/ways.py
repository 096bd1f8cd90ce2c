"""The ways back as plain lines, and which of them is taken."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.events import WaysSeen
from dixis_tui.model import TableLoss, Way, WayView

_TABLES = 5
_NO_RETURN = {
    Way.SIDE: "No return after the swap; before it nothing of production is touched.",
    Way.IN_PLACE: "One transaction in production itself: undone as a whole if anything fails before its commit.",
    Way.SNAPSHOT: "Done by hand at the provider; this program can neither begin it nor take it back.",
}


class WaysResult(Struct, frozen=True):
    """The last line of `dixis-tui rollback --look --json`."""

    run: str
    target: str
    ways: list[WayView]
    losses: list[TableLoss]
    loss_unknown: str


def option(way: Way) -> str:
    """As it is written on the command line."""
    return way.replace("_", "-")


def choose(seen: WaysSeen, wanted: Way | None, *, typed_before: bool = False) -> tuple[Way | None, str]:
    """The way that is taken, or None and why: the one asked for, else beside it, else in place.

    `typed_before`: the phrase was typed before anybody saw this look. Then in place, which keeps nothing of what
    failed, is taken only by name.
    """
    views = {view.way: view for view in seen.ways}
    if wanted is not None:
        view = views.get(wanted)
        reason = view.refused if view else "it was not looked at"
        return (None, f"The way {option(wanted)} is not open: {reason}") if reason else (wanted, "")
    for way in (Way.SIDE, Way.IN_PLACE):
        if way in views and not views[way].refused:
            if typed_before and way is Way.IN_PLACE:
                return None, f"The way side is not open: {views[Way.SIDE].refused}; in place only by --way in-place"
            return way, ""
    reasons = "; ".join(f"{option(way)}: {views[way].refused}" for way in (Way.SIDE, Way.IN_PLACE) if way in views)
    return None, f"No way back is open ({reasons})"


def lines(seen: WaysSeen) -> list[str]:
    """Each way with its time or why it is not open, and what would be lost."""
    return [*(_way(view) for view in seen.ways), *_lost(seen)]


def _way(view: WayView) -> str:
    name = f"  {option(view.way):<9}"
    if view.refused:
        return f"{name} not open: {view.refused}"
    origin = "measured on this backup" if view.measured else "the runbook's number, nothing was measured"
    return f"{name} about {view.seconds:,.0f} s ({origin}). {_NO_RETURN[view.way]}"


def _lost(seen: WaysSeen) -> list[str]:
    if seen.loss_unknown:
        return [f"Rows written since the backup: not known: {seen.loss_unknown}."]
    total = sum(_rows(one) for one in seen.losses)
    told = [f"Rows written since the backup: {total:,}, lost by going back."]
    told += [f"  {one.table}: {_writes(one)}" for one in seen.losses[:_TABLES]]
    left = len(seen.losses) - _TABLES
    return [*told, f"  and {left} more tables"] if left > 0 else told


def _rows(one: TableLoss) -> int:
    return one.inserted + one.updated + one.deleted


def _writes(one: TableLoss) -> str:
    then = "was not there" if one.rows_then < 0 else f"{one.rows_then:,} rows"
    now = "not there or not counted" if one.rows_now < 0 else f"{one.rows_now:,} rows"
    return f"{one.inserted:,} inserted, {one.updated:,} updated, {one.deleted:,} deleted (then: {then}; now: {now})"
