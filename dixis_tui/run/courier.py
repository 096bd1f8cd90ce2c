"""Takes heads to the webhook in a thread of its own, so that no webhook can stop or delay a run."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

import msgspec

from dixis_tui.run.heads import Head
from dixis_tui.secrets import masked

Report = Callable[[Head, str, str], None]
"""Of a head, whom it went to, and the problem or nothing. Called in the courier's thread; must not raise."""


class Courier:
    """One a run. With no address everything is nothing."""

    def __init__(self, url: str, report: Report) -> None:
        self._url = url
        self._report = report
        self._heads: queue.SimpleQueue[Head | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def send(self, head: Head) -> None:
        """Take it; returns at once."""
        if not self._url:
            return
        self._heads.put(head)
        if self._thread is None:
            # As a daemon: a webhook that hangs holds no process back.
            self._thread = threading.Thread(target=self._work, name="courier", daemon=True)
            self._thread.start()

    def finish(self, seconds: float) -> bool:
        """No more will come: wait for those on their way, at most so long. Whether all were taken there."""
        if self._thread is None:
            return True
        self._heads.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        from dixis_tui.web.webhook import post  # httpx is slow to import, and needed only where there is a webhook

        to = masked(self._url)
        while (head := self._heads.get()) is not None:
            self._report(head, to, post(self._url, msgspec.json.encode(head), f"{head.run}-{head.number}"))
