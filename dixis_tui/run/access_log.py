"""Who is connected to production while a run goes on, looked at wherever a session is open, and journaled when it
changes.

A thread of its own looks through the session that holds the run's lock, which does nothing else; the radar and the
phases look through theirs. However many look, the server is asked at most once a second.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.access import Seen, SessionSeen, expected, merged, told_alike
from dixis_tui.run.context import Context

LOOK_SECONDS = 1.0
TELL_SECONDS = 4.0
_OFTEN_ENOUGH_SECONDS = 300.0
"""So often when each was last seen is journaled, where nothing else has changed."""
_SLOW_SECONDS, _SHARE = 0.1, 20
_SHORT, _ROWS_A_SECOND = 20, 5
"""What is longer is journaled less often: no crowd fills the disk."""

Ask = Callable[[], tuple[SessionSeen, ...]]


class AccessLog:
    """One a run; callable from any thread. `seconds` are between two looks, `tell_seconds` between two entries."""

    def __init__(self, context: Context, *, seconds: float = LOOK_SECONDS, tell_seconds: float = TELL_SECONDS) -> None:
        self._context = context
        self._known = tuple(context.settings.access.known)
        self._seconds, self._tell_seconds = seconds, tell_seconds
        state = context.state
        self._seen = self._told = Seen(state.access, state.access_more)
        self._next_at = self._told_at = float("-inf")
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._blind = False
        self._thread: threading.Thread | None = None

    def look(self, ask: Ask, *, now: bool = False) -> None:
        """One look, unless there was one a moment ago (`now`: even so). Never raises for what the world does."""
        if not self._lock.acquire(blocking=now):
            return  # somebody looks at this very moment
        try:
            at = time.monotonic()
            if self._stop.is_set() or (not now and at < self._next_at):
                return
            try:
                found = ask()
            except Exception as error:  # noqa: BLE001 - whatever a stranger calls his role, and however it is encoded
                self._complain(error)
                return
            finally:
                # A server that answers slowly is asked for a small part of the time.
                took = time.monotonic() - at
                self._next_at = at + max(self._seconds, took * _SHARE if took > _SLOW_SECONDS else 0.0)
            self._blind = False
            marked = [replace(one, known=not one.ours and expected(one, self._known)) for one in found]
            self._seen = merged(self._seen, marked)
            self._tell(at)
        finally:
            self._lock.release()

    def watch(self, look: Callable[[], None]) -> None:
        """Call `look` on the rhythm, in a thread, until :meth:`close`."""

        def go_on() -> None:
            while not self._stop.wait(self._seconds):
                look()

        self._thread = threading.Thread(target=go_on, name="access", daemon=True)
        self._thread.start()

    def tell(self) -> None:
        """Journal what was seen until now."""
        with self._lock:
            if self._seen != self._told:
                self._emit(time.monotonic())

    def close(self) -> None:
        """Journal the last of it; nobody looks from now on."""
        self._stop.set()
        self.tell()

    def _tell(self, at: float) -> None:
        pause = max(self._tell_seconds, (len(self._seen.sessions) - _SHORT) / _ROWS_A_SECOND)
        alike = told_alike(self._seen, self._told)
        if self._seen != self._told and at - self._told_at >= (_OFTEN_ENOUGH_SECONDS if alike else pause):
            self._emit(at)

    def _emit(self, at: float) -> None:
        # On a full disk it is tried again with the next look.
        with suppress(OSError):
            self._context.emit(ev.AccessSeen(sessions=self._seen.sessions, more=self._seen.more), flush=False)
            self._told, self._told_at = self._seen, at

    def _complain(self, error: Exception) -> None:
        """Once, until all goes well again; in the log alone."""
        if not self._blind:
            self._blind = True
            with suppress(OSError):
                self._context.log.line("access", f"Who is connected can't be seen: {error}", "warning")
