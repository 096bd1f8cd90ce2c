"""Whether the terminal that we draw on is still there."""

from __future__ import annotations

import os
import select
import sys

GONE = 129
"""The exit code of who was hung up: 128 and SIGHUP's number."""


def hung_up() -> bool:
    """Whether our input was a terminal that has been taken away."""
    stream = sys.__stdin__
    if stream is None or stream.closed:
        return False
    poller = select.poll()
    poller.register(stream.fileno(), 0)
    return any(event & select.POLLHUP for _, event in poller.poll(0))


def leave_if_hung_up() -> None:
    """End at once: nobody reads what would still be said, and a read that always ends at once costs a whole processor.

    A hang-up signal does this for who has a controlling terminal and does not ignore it; `nohup` and `setsid` leave one
    without. A screen owns nothing: the run is a process of its own.
    """
    if hung_up():
        os._exit(GONE)
