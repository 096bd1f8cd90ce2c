"""The lock radar of a run: what it sees becomes events, and where the victim rule is broken our statement gives way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager

import msgspec

from dixis_tui import events as ev
from dixis_tui.locks import Radar
from dixis_tui.model import Place
from dixis_tui.postgres.radar import RadarSession
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.context import Context
from dixis_tui.run.phases import access
from dixis_tui.run.radar_watch import RadarWatch
from dixis_tui.run.victims import VictimRule

VICTIM_RULE = "the victim rule"
"""Who cancelled, where it was no person."""


class Watched:
    """What an executor has to know of its radar: whether its statement was cancelled for those who waited."""

    def __init__(self) -> None:
        self._cancelled = threading.Event()

    def cancel(self, deed: Callable[[], bool]) -> bool:
        """Do it; known as cancelled from before the deed, so that the executor can't see the error first."""
        self._cancelled.set()
        done = False
        try:
            done = deed()
        finally:
            if not done:
                self._cancelled.clear()
        return done

    def cancelled(self) -> bool:
        """Whether that was so since the last call."""
        was = self._cancelled.is_set()
        self._cancelled.clear()
        return was


@contextmanager
def radar(
    context: Context,
    url: DatabaseUrl,
    place: Place,
    *,
    pids: Callable[[], Collection[int]] | None = None,
    application: str | None = None,
) -> Iterator[Watched]:
    """Watch the sessions of ours on `url` while the block runs; they are named as for :class:`RadarSession`."""
    migrate = context.settings.migrate
    beside = (lambda seen: access.look(context, seen, url)) if place is Place.PRODUCTION else None
    session = RadarSession(url, pids=pids, application=application, beside=beside)
    watched = Watched()

    def give_way(seen: Radar) -> None:
        waiting = f"{seen.victim_count} sessions wait behind it, the longest for {seen.longest_wait_seconds:.1f} s"
        event = ev.BackendSignalled(
            pid=seen.pid, how="cancel", operator=VICTIM_RULE, who="our own statement", ours=True, reason=waiting
        )
        context.log.line("radar", f"Our own statement is cancelled: {waiting}.", "warning")
        context.emit(event)
        done = watched.cancel(lambda: session.cancel_statement(seen))
        context.emit(msgspec.structs.replace(event, done=done))

    watch = RadarWatch(
        session,
        on_radar=lambda seen: context.emit(ev.RadarSeen(place=place, radar=seen), flush=False),
        on_problem=lambda sentence: context.log.line("radar", sentence, "warning"),
        on_victims=give_way,
        rule=VictimRule(migrate.victim_sessions, migrate.victim_seconds),
    )

    def cancel(operator: str) -> bool:
        """For a person, in another thread: not known as giving way, so that nothing begins anew."""
        with RadarSession(url, pids=pids, application=application) as own:
            seen = own.look()
            event = ev.BackendSignalled(
                pid=seen.pid, how="cancel", operator=operator, who="our own statement", ours=True, reason="asked for"
            )
            context.emit(event)
            done = own.cancel_statement(seen)
            context.emit(msgspec.structs.replace(event, done=done))
            return done

    context.watched_url, context.cancel = url, cancel
    try:
        with watch:
            yield watched
    finally:
        context.watched_url = context.cancel = None
