"""What the lock radar says in words: one sentence for the NOW card, rows for its screen. Pure."""

from __future__ import annotations

from datetime import datetime

from dixis_tui.locks import Lag, Peer, Radar, TableLock
from dixis_tui.model import Phase
from screens import words
from screens.view import View
from screens.widgets.painted import Part

AT_WORK = (Phase.REHEARSAL, Phase.MIGRATE)
"""The phases in which something of ours takes locks."""
_LONG_WAIT = 1.0


def live(view: View) -> Radar | None:
    """The radar's last look while something of ours is at work; None where it would tell of the past."""
    return view.state.radar if view.state.running in AT_WORK else None


def age(view: View, since: datetime | None) -> float:
    """Seconds since a moment of the server's clock: up to the look by that clock, from then on by ours."""
    radar = view.state.radar
    if radar is None or since is None:
        return 0.0
    return max((radar.at - since).total_seconds(), 0.0) + view.elapsed(view.state.radar_at)


def summary(view: View, radar: Radar) -> tuple[str, str]:
    """One sentence and its tone: who blocks us, else who waits behind us, else what we hold."""
    if radar.waits_for is not None or radar.blockers:
        wants = f"Waits for {lock_words(radar.waits_for)}" if radar.waits_for else "Waits"
        behind = f"; {crowd(radar)}" if radar.victim_count else ""
        return f"{wants}, held by {holder(radar)}{behind}", "bad" if radar.victim_count else "warn"
    if radar.victim_count:
        tone = "bad" if radar.longest_wait_seconds >= _LONG_WAIT else "warn"
        return f"{crowd(radar)}{_holding(radar)}", tone
    if radar.holds:
        held = words.duration(age(view, radar.holds[0].since))
        return f"Holds {lock_words(radar.holds[0])} for {held}; nobody waits", "text"
    return "Nobody waits for us, and we wait for nobody", "quiet"


def crowd(radar: Radar) -> str:
    """`14 sessions wait behind us, the longest for 1.9 s`."""
    count = radar.victim_count
    who = "1 session waits" if count == 1 else f"{count:,} sessions wait"
    return f"{who} behind us, the longest for {words.duration(radar.longest_wait_seconds)}"


def _holding(radar: Radar) -> str:
    return f", for {lock_words(radar.holds[0])}" if radar.holds else ""


def lock_words(lock: TableLock | None) -> str:
    """`ACCESS EXCLUSIVE on public."Order"`."""
    return f"{lock.mode} on {lock.table}" if lock else "a lock"


def holder(radar: Radar) -> str:
    """The nearest blocker in a few words, and how many more."""
    if not radar.blockers:
        return "somebody"
    first = radar.blockers[0]
    more = f" and {radar.blocker_count - 1} more" if radar.blocker_count > 1 else ""
    return f"{name(first)}, {first.state or 'at work'}{more}"


def name(peer: Peer) -> str:
    """`Metabase (process 4650)`."""
    if not peer.pid:
        return "a prepared transaction"
    return f"{peer.application or peer.user or 'a session'} (process {peer.pid})"


def peer_parts(view: View, peer: Peer, *, victim: bool) -> tuple[list[Part], list[Part]]:
    """A peer as a row: its place in the tree, who it is, what it holds or waits for; at the right, for how long."""
    twig = "  " * (peer.depth - 1) + ("└ " if peer.depth > 1 else "")
    tone = "bad" if victim and peer.waiting_seconds >= _LONG_WAIT else "warn"
    left: list[Part] = [
        (f"  {twig}", "faint"),
        (f"{peer.pid or 'prepared'} ", "quiet"),
        (f"{peer.application or 'no name'} ", "text"),
        (f"{peer.user} ", "quiet"),
    ]
    if victim:
        left.append((f"waits for {lock_words(peer.lock)}", "text"))
        seconds = peer.waiting_seconds + view.elapsed(view.state.radar_at)
    else:
        left += [(f"{peer.state or 'at work'} ", tone), (f"holds {lock_words(peer.lock)}" if peer.lock else "", "text")]
        seconds = age(view, peer.lock.since if peer.lock and peer.lock.since else peer.since)
    return left, [(f"{words.duration(seconds)} ", tone)]


def lag_words(lag: tuple[Lag, ...]) -> str:
    """The slowest replica."""
    if not lag:
        return "no replica"
    worst = max(lag, key=lambda one: one.seconds)
    return f"{worst.replica} {words.duration(worst.seconds)}, {words.size(worst.bytes)} behind"
