"""A thread that looks at the radar while something of ours is at work, and tells what has changed.

It knows nothing of a run: whoever starts it says what to do with a picture, with victims and with a problem.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from dixis_tui.errors import DixisError
from dixis_tui.locks import Radar
from dixis_tui.postgres.radar import RadarSession
from dixis_tui.run.picture import same_picture
from dixis_tui.run.victims import Episodes, VictimRule

LOOK_SECONDS = 0.5
LISTED = 20
"""Names at most so many locks, blockers and victims; the others are counted."""
_LONGEST_PAUSE = 5.0
_LAST_LOOK_SECONDS = 5.0


class RadarWatch:
    """Looks at most every half second; a context manager that starts and stops it. All callbacks come from its thread.

    `on_radar` gets the first picture and each that differs. `on_victims` gets the radar once an episode of the rule,
    with every victim in it; it may use `radar.cancel_statement`. Where either raises a DixisError or an OSError, it is
    called again at the next look. `on_problem` gets one sentence each time that something begins to fail.
    """

    def __init__(
        self,
        radar: RadarSession,
        *,
        on_radar: Callable[[Radar], None],
        on_problem: Callable[[str], None],
        on_victims: Callable[[Radar], None] | None = None,
        rule: VictimRule | None = None,
    ) -> None:
        self._radar = radar
        self._on_radar = on_radar
        self._on_problem = on_problem
        self._on_victims = on_victims
        self._episodes = Episodes(rule or VictimRule())
        self._shown: Radar | None = None
        self._blind = 0
        self._complained = False
        self._stop = threading.Event()
        self._gone = False
        self._thread = threading.Thread(target=self._watch, name="lock radar", daemon=True)

    def __enter__(self) -> RadarWatch:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self, seconds: float = _LAST_LOOK_SECONDS) -> None:
        """Take a last look and end; returns after at most so many seconds. No callback begins afterwards."""
        self._stop.set()
        self._thread.join(seconds)
        self._gone = True

    def _watch(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause):
            began = time.monotonic()
            self._step()
            took = time.monotonic() - began
            # A server that answers slowly is not asked for more than half of the time.
            pause = max(LOOK_SECONDS - took, took)
            if self._blind:
                pause = min(LOOK_SECONDS * 2**self._blind, _LONGEST_PAUSE)
        if not self._blind:
            self._step(last=True)
        self._radar.close()

    def _step(self, *, last: bool = False) -> None:
        """One look and what follows from it. Only a look that fails puts off the next one."""
        try:
            radar = self._radar.look()
        except DixisError as error:
            self._blind += 1
            self._complain("The lock radar sees nothing", error)
            return
        self._blind = 0
        # What can't be told, on a full disk, has to be acted on all the same.
        told = self._did(self._tell, radar)
        judged = last or self._did(self._judge, radar)
        if told and judged:
            self._complained = False

    def _did(self, act: Callable[[Radar], None], radar: Radar) -> bool:
        try:
            act(radar)
        except (DixisError, OSError) as error:
            self._complain("What the lock radar sees could not be acted on", error)
            return False
        return True

    def _tell(self, radar: Radar) -> None:
        listed = radar.listed(LISTED)
        if self._gone or (self._shown is not None and same_picture(self._shown, listed)):
            return
        self._on_radar(listed)
        self._shown = listed

    def _judge(self, radar: Radar) -> None:
        if self._gone or self._on_victims is None or not self._episodes.begins(radar):
            return
        self._on_victims(radar)
        self._episodes.told(radar)

    def _complain(self, what: str, error: DixisError | OSError) -> None:
        """Once, until all goes well again."""
        if self._complained or self._gone:
            return
        self._complained = True
        remedy = error.remedy if isinstance(error, DixisError) else ""
        with suppress(DixisError, OSError):
            self._on_problem(f"{what}: {error}. {remedy}".strip())
