"""One step of a phase, struck: by a signal, by a failing call, or by whatever is done while the runner stands still."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from dixis_tui.model import Phase, PhaseState
from dixis_tui.run.state import RunState
from tests.faults.evening import Evening
from tests.faults.strike import Trap, gone, trap
from tests.waiting import until

BEFORE_GO = (Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL, Phase.GO)
HELD = "write:signal=STOP"
"""Stand still when the line is written and not flushed."""
HELD_FLUSHED = "fsync:signal=STOP"

Blow = Callable[[Trap], None]


def at(what: str, step: int) -> str:
    """The n-th call, as strace says it."""
    return f"{what}:when={step}"


def struck(evening: Evening, phase: Phase, what: str, blow: Blow | None = None, *also: Path, wait: bool = True) -> bool:
    """Begin a phase and strike the runner at that call; false where the phase has no such step.

    Where the runner stands still, `blow` is done then, and it goes on. Returns when it is dead, or, with `wait`, the
    phase is over.
    """
    if evening.over(phase) and phase not in BEFORE_GO:
        return False
    command = evening.ready_for(phase)
    pid, before = evening.pid, evening.hand.look()
    hit = False
    with trap(pid, evening.journal, what, *also) as caught:
        evening.start_phase(command)
        still = _Still(evening)

        def came_to_nothing() -> bool:
            # A call that failed may keep the phase from beginning at all.
            return caught.injected and still()

        def settled() -> bool:
            if caught.held or gone(pid) or came_to_nothing():
                return True
            return _over(evening.hand.look(), before, phase) and still()  # its last entry has others behind it

        until(settled, 60, f"{phase} to be struck or over")
        if caught.held and blow:
            blow(caught)
        hit = caught.held or caught.injected or gone(pid)
        if caught.injected:
            return True
    if hit and wait and not gone(pid):
        until(lambda: gone(pid) or _over(evening.hand.look(), before, phase), 60, f"{phase} to be over")
    return hit


class _Still:
    """Whether nothing runs, and nothing has been written for half a second."""

    def __init__(self, evening: Evening) -> None:
        self._evening = evening
        self._entries = -1
        self._since = time.monotonic()

    def __call__(self) -> bool:
        state = self._evening.hand.look()
        if state.running or state.entries != self._entries:
            self._entries, self._since = state.entries, time.monotonic()
        return time.monotonic() - self._since > 0.5


def _over(state: RunState, before: RunState, phase: Phase) -> bool:
    if state.running or state.phase(phase).attempts == before.phase(phase).attempts:
        return False
    if phase is Phase.MIGRATE and state.phase(phase).state is PhaseState.PASSED and state.check("DX601").open:
        return state.phase(Phase.VERIFY).attempts > before.phase(Phase.VERIFY).attempts
    return bool(state.ended) or phase is not Phase.SIGNOFF
