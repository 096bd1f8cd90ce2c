"""kill -9 of the runner at every step of its journal: before the line, before its flush, after its flush."""

from __future__ import annotations

from itertools import count

import pytest

from dixis_tui.model import Phase, PhaseState
from tests.faults.conftest import Evenings
from tests.faults.evening import Evening
from tests.faults.strike import Trap, gone, trap
from tests.faults.table import Tally
from tests.waiting import until

BEFORE_LINE, BEFORE_FLUSH, AFTER_FLUSH = "write:signal=KILL", "fsync:signal=KILL", "fsync:signal=STOP"
MOMENTS = {
    "killed before the line": BEFORE_LINE,
    "killed at the flush, before": BEFORE_FLUSH,
    "killed at the flush, after": AFTER_FLUSH,
}


def killed(evening: Evening, phase: Phase, what: str, step: int) -> bool:
    """Begin a phase and kill the runner at its n-th step; false where the phase has no such step."""
    if evening.over(phase):
        return False
    command = evening.ready_for(phase)
    pid = evening.pid
    before = evening.hand.look().phase(phase).attempts

    def over() -> bool:
        state = evening.hand.look()
        return state.phase(phase).attempts > before and not state.running

    def struck(caught: Trap) -> bool:
        return gone(pid) or caught.held

    with trap(pid, evening.journal, f"{what}:when={step}") as caught:
        evening.start_phase(command)
        until(lambda: struck(caught) or over(), 60, f"{phase} to be struck or over")
        if struck(caught):
            caught.kill()
            return True
    return False


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("phase", [Phase.PREFLIGHT, Phase.BACKUP, Phase.REHEARSAL, Phase.GO])
def test_at_every_step_before_the_phrase(evening: Evenings, tally: Tally, moment: str, phase: Phase) -> None:
    """One evening that dies at each step in turn: it is taken up again each time, and comes to its right end."""
    night = evening()
    night.begin()
    for step in count(1):
        with tally.case(moment, f"{phase} {step}") as case:
            if not killed(night, phase, MOMENTS[moment], step):
                case.void()
                break
            night.hold_dead()
            night.recover()
    assert tally.count > 5
    assert night.hand.look().phase(phase).state is PhaseState.PASSED
    night.finish()
