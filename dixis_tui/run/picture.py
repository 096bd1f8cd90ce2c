"""Whether two looks of the radar show the same: what has changed is journaled, what only wavers is not. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from dixis_tui.locks import Lag, Peer, Progress, Radar, TableLock

_SECONDS = 1.0
_WAL_RATE = 1_000_000.0
"""Bytes a second; below that it is all the same."""
_LAG_BYTES = 16 * 1024 * 1024
_TIMES = 2.0


def same_picture(before: Radar, after: Radar) -> bool:
    """Whether `after` tells an operator nothing new.

    New is who is there and what they do, run, hold and wait for; a longest wait or a lag that moved by a second; a
    percent of progress; a rate that doubled or halved. Not new is the time itself, nor what our backend waits for other
    than locks, which is something else at every look.
    """
    return (
        _ours(before) == _ours(after)
        and _peers(before.blockers) == _peers(after.blockers)
        and _peers(before.victims) == _peers(after.victims)
        and abs(before.longest_wait_seconds - after.longest_wait_seconds) < _SECONDS
        and _progress(before.progress) == _progress(after.progress)
        and _near(before.wal_rate, after.wal_rate, _WAL_RATE)
        and _same_lag(before.lag, after.lag)
    )


def _ours(radar: Radar) -> tuple[object, ...]:
    return (
        radar.pid,
        radar.query,
        radar.query_since,
        radar.transaction_since,
        radar.wait_event if radar.wait_event.startswith("Lock:") else "",
        [_lock(lock) for lock in radar.holds],
        _lock(radar.waits_for),
        radar.unlisted_holds,
        radar.unlisted_blockers,
        radar.unlisted_victims,
    )


def _peers(peers: Sequence[Peer]) -> list[tuple[object, ...]]:
    return sorted(
        (peer.depth, peer.pid, peer.started, peer.state, peer.query, peer.since, peer.waits_on, _lock(peer.lock))
        for peer in peers
    )


def _lock(lock: TableLock | None) -> tuple[str, str]:
    return (lock.table, lock.mode) if lock else ("", "")


def _progress(progress: Progress | None) -> tuple[object, ...]:
    if progress is None:
        return ()
    fraction = progress.fraction
    return (progress.command, progress.phase, None if fraction is None else int(fraction * 100))


def _same_lag(before: Sequence[Lag], after: Sequence[Lag]) -> bool:
    return [lag.replica for lag in before] == [lag.replica for lag in after] and all(
        abs(one.seconds - other.seconds) < _SECONDS and _near(one.bytes, other.bytes, _LAG_BYTES)
        for one, other in zip(before, after, strict=True)
    )


def _near(one: float, other: float, floor: float) -> bool:
    return max(one, other) < max(floor, _TIMES * min(one, other))
