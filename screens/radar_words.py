"""What the lock radar says in words: one sentence for the NOW card, rows for its screen. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from dixis_tui.i18n import _, ngettext
from dixis_tui.locks import Lag, Peer, Radar, TableLock
from dixis_tui.model import Phase, Place
from screens import words
from screens.view import Link, View
from screens.widgets.painted import Part, line

AT_WORK = {Phase.REHEARSAL: Place.STAGING, Phase.MIGRATE: Place.PRODUCTION}
"""The phases in which something of ours takes locks, and where."""
LONG_WAIT = 1.0
"""Seconds from which a wait is an alarm."""
_NAME, _USER, _TABLE = 26, 16, 44
"""Cells of an application's, a user's and a table's name in a sentence or a row: either may be a line long."""
_DEEPEST = 6
"""From there on a tree goes no further to the right."""


def live(view: View) -> Radar | None:
    """The radar's last look while something of ours is at work; None where it would tell of the past.

    The rehearsal's last look says nothing of a migration that has just begun.
    """
    state, phase = view.state, view.state.running
    if phase not in AT_WORK or view.link is Link.GONE or state.radar_at is None:
        return None
    began = state.phase(phase).started
    fresh = state.radar_place is AT_WORK[phase] and (began is None or state.radar_at >= began)
    if fresh and state.radar and not state.radar.blockers and state.blockers:
        # Before a file begins, and between two tries, nothing of ours waits: they are in the way all the same.
        return msgspec.structs.replace(state.radar, blockers=state.blockers)
    return state.radar if fresh else None


def age(view: View, since: datetime | None) -> float:
    """Seconds since a moment of the server's clock: up to the look by that clock, from then on by ours."""
    radar = view.state.radar
    if radar is None or since is None:
        return 0.0
    return max((radar.at - since).total_seconds(), 0.0) + view.elapsed(view.state.radar_at)


def summary(view: View, radar: Radar) -> tuple[str, str]:
    """One sentence and its tone: who blocks us, else who waits behind us, else what we hold. What matters comes first:
    its end may be cut."""
    if radar.waits_for is not None or radar.blockers:
        behind = words.joined("", crowd(view, radar)) if radar.victim_count else ""
        wants = (
            _("; we wait for {lock_words}").format(lock_words=lock_words(radar.waits_for)) if radar.waits_for else ""
        )
        return _("Blocked by {holder}{behind}{wants}").format(
            holder=holder(view, radar), behind=behind, wants=wants
        ), "bad" if radar.victim_count else "warn"
    if radar.victim_count:
        tone = "bad" if longest(view, radar) >= LONG_WAIT else "warn"
        holds = _("; we hold {lock_words}").format(lock_words=lock_words(radar.holds[0])) if radar.holds else ""
        return f"{crowd(view, radar)}{holds}", tone
    if radar.holds:
        held = words.duration(age(view, radar.holds[0].since))
        return _("Nobody waits; we hold {lock_words} for {held}").format(
            lock_words=lock_words(radar.holds[0]), held=held
        ), "text"
    return _("Nobody waits for us, and we wait for nobody"), "quiet"


def longest(view: View, radar: Radar) -> float:
    """Seconds of the longest wait behind us, until now."""
    return radar.longest_wait_seconds + view.elapsed(view.state.radar_at) if radar.victim_count else 0.0


def crowd(view: View, radar: Radar) -> str:
    """`14 sessions wait behind us, the longest for 1.9 s`."""
    count = radar.victim_count
    seconds = words.duration(longest(view, radar))
    told = ngettext(
        "{number} session waits behind us, for {seconds}",
        "{number} sessions wait behind us, the longest for {seconds}",
        count,
    )
    return told.format(number=words.number(count), seconds=seconds)


def lock_words(lock: TableLock | None) -> str:
    """`ACCESS EXCLUSIVE on public."Order"`; a name longer than a line is cut."""
    return _("{mode} on {table}").format(mode=lock.mode, table=words.cut(lock.table, _TABLE)) if lock else _("a lock")


def holder(view: View, radar: Radar) -> str:
    """The nearest blocker in a few words, and how many more."""
    if not radar.blockers:
        return _("somebody our role may not see")
    first = radar.blockers[0]
    more = (
        _(" and {number} more").format(number=words.number(radar.blocker_count - 1)) if radar.blocker_count > 1 else ""
    )
    if not first.pid:
        return _("a prepared transaction{more}").format(more=more)
    since = _(" for {age}").format(age=words.duration(age(view, first.since))) if first.since else ""
    return f"{name(first)}{more}, {first.state or _('at work')}{since}"


def name(peer: Peer) -> str:
    """`Metabase (process 4650)`."""
    if not peer.pid:
        return _("a prepared transaction")
    return _("{application} (process {pid})").format(
        application=words.cut(peer.application or peer.user or _("a session"), _NAME), pid=peer.pid
    )


def idle(peer: Peer) -> bool:
    """Whether it is known to run nothing: there is no statement to cancel."""
    return peer.state.startswith("idle")


def peer_parts(view: View, peer: Peer, width: int, *, victim: bool) -> tuple[list[Part], list[Part]]:
    """A peer as a row: its place in the tree, who it is, what it does and holds, or waits for; at the right, for how
    long. Where the row is short it gives up first the user, then the table, then its name's end."""
    tone = "bad" if victim and peer.waiting_seconds >= LONG_WAIT else "warn"
    seconds = _peer_seconds(view, peer, victim=victim)
    right: list[Part] = [(f"{words.duration(seconds)} ", tone)]
    room = width - sum(len(text) for text, _ in right) - 1
    tries = [
        _peer(peer, tone, victim=victim, cells=cells, user=user, table=table)
        for cells, user, table in ((_NAME, True, True), (_NAME, False, True), (_NAME, False, False), (12, False, False))
    ]
    return next((parts for parts in tries if line(*parts).cell_length <= room), tries[-1]), right


def _peer(peer: Peer, tone: str, *, victim: bool, cells: int, user: bool, table: bool) -> list[Part]:
    twig = "  " * min(peer.depth - 1, _DEEPEST) + ("└ " if peer.depth > 1 else "")
    lock = (lock_words(peer.lock) if table else str(peer.lock.mode)) if peer.lock else _("a lock")
    who: list[Part] = [(f"  {twig}", "faint")]
    if not peer.pid:  # its name is all that it is known by
        return [*who, (_("prepared transaction "), tone), (peer.query, "text")]
    who += [(f"{peer.pid} ", "quiet"), (f"{words.cut(peer.application or _('no name'), cells)} ", "text")]
    who += [(f"{words.cut(peer.user, _USER)} ", "quiet")] if user and peer.user else []
    if victim:
        return [*who, (_("waits for {lock}").format(lock=lock), "text")]
    holds: list[Part] = [(_(" holds {lock}").format(lock=lock), "text")] if peer.lock else []
    return [*who, (peer.state or _("at work"), tone), *holds]


def _peer_seconds(view: View, peer: Peer, *, victim: bool) -> float:
    if victim:
        return peer.waiting_seconds + view.elapsed(view.state.radar_at)
    return age(view, peer.lock.since if peer.lock and peer.lock.since else peer.since)


def lag_words(lag: Sequence[Lag]) -> str:
    """The slowest replica."""
    if not lag:
        return _("no replica")
    worst = max(lag, key=lambda one: one.seconds)
    return _("{replica} {seconds}, {bytes} behind").format(
        replica=words.cut(worst.replica, _NAME), seconds=words.duration(worst.seconds), bytes=words.size(worst.bytes)
    )


def suffered(view: View) -> str:
    """What others went through behind us on production this evening; empty where nobody had to wait."""
    state = view.state
    if not state.most_victims:
        return ""
    seconds = words.duration(state.longest_wait_seconds)
    told = ngettext(
        "{number} session had to wait behind us, for up to {seconds}",
        "Up to {number} sessions had to wait behind us, the longest for {seconds}",
        state.most_victims,
    )
    return told.format(number=words.number(state.most_victims), seconds=seconds)
