"""A call that may take no longer than its time, whatever the network does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

_Answer = TypeVar("_Answer")


def in_time(seconds: float, call: Callable[[], _Answer]) -> _Answer | None:
    """What `call` gives, or None where it took longer: it is left alone then. What it raises is raised here.

    Limits of a library are for each read, or not for looking a name up; a server that sends a letter at a time meets
    none of them.
    """
    answers: list[_Answer] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            errors.append(error)

    # As a daemon: what hangs holds no process back.
    asking = threading.Thread(target=work, name="in-time", daemon=True)
    asking.start()
    asking.join(seconds)
    if errors:
        raise errors[0]
    return answers[0] if answers else None
