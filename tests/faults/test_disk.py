"""No space left in the state directory: from any write of journal or log on, or for one write alone."""

from __future__ import annotations

import pytest

from dixis_tui.model import Phase
from dixis_tui.run.folders import LOG
from tests.faults.conftest import Evenings
from tests.faults.steps import BEFORE_GO, struck
from tests.faults.table import Tally
from tests.thorough import pairs, steps

KINDS = {"disk: full from there on": "+", "disk: full for one write": ""}
PARTS = 2


@pytest.mark.parametrize(("phase", "kind"), pairs(BEFORE_GO, KINDS))
def test_at_every_step_before_the_phrase(evening: Evenings, tally: Tally, kind: str, phase: Phase) -> None:
    """What can't be journaled is not done: the runner ends, or the phase does; with room again it goes on."""
    night = evening()
    night.begin()
    for step in steps(12):
        with tally.case(kind, f"{phase} {step}") as case:
            error = f"write:error=ENOSPC:when={step}{KINDS[kind]}"
            if not struck(night, phase, error, None, night.hand.folder / LOG):
                case.void()
                break
            night.recovered()
    assert tally.count > 1
    night.finish()


@pytest.mark.parametrize(("part", "kind"), pairs(range(PARTS), KINDS))
def test_at_every_step_after_the_phrase(evening: Evenings, tally: Tally, kind: str, part: int) -> None:
    """A deed whose entry could not be written is found in the database afterwards."""
    for step in steps(7, 1 + 3 * part, whole=(1 + part, PARTS)):
        with tally.case(kind, f"after the phrase, {step}") as case:
            night = evening(short=True)
            night.begin()
            error = f"write:error=ENOSPC:when={step}{KINDS[kind]}"
            if not struck(night, Phase.MIGRATE, error, None, night.hand.folder / LOG):
                case.void()
                break
            night.recovered()
            night.finish()
    assert tally.count > 1
