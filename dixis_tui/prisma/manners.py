"""Lock manners: how long to wait, when to give way, and when to try again. Pure but for the dice."""

from __future__ import annotations

import random

from msgspec import Struct

LOCK_TIMEOUT = "55P03"
DEADLOCK = "40P01"
CANCELLED = "57014"
"""Also what `statement_timeout` gives: only whoever cancelled knows that it was no time-out."""

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 15.0


class Manners(Struct, frozen=True, kw_only=True):
    """What `[migrate]` of dixis.toml says; seconds, 0 for none. `retries`: tries after the first one.

    `patience_seconds` bounds the wait of a statement whose lock keeps nobody from reading or writing.
    """

    retries: int = 0
    deadline_seconds: float = 300.0
    quiet_seconds: float = 0.0
    patience_seconds: float = 300.0

    def pause(self, attempt: int, elapsed: float) -> float | None:
        """Seconds until try number `attempt` + 1, `elapsed` after the first; None: it is not tried again.

        Doubles from half a second to 15 s, and is jittered downwards by up to half, so that two that gave way to each
        other do not meet again.
        """
        if attempt > self.retries:
            return None
        longest = min(_FIRST_PAUSE * 2.0 ** (attempt - 1), _LONGEST_PAUSE)
        pause = random.uniform(longest / 2, longest)  # noqa: S311  nothing is guessed from it
        return pause if elapsed + pause <= self.deadline_seconds else None


def gives_way(sqlstate: str, *, cancelled: bool) -> bool:
    """Whether a failure is one of waiting, and not the statement's own. `cancelled`: we cancelled it ourselves."""
    return sqlstate in (LOCK_TIMEOUT, DEADLOCK) or (sqlstate == CANCELLED and cancelled)
