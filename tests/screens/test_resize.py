"""The terminal's size changes under the cockpit."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.screens.stage import Stage, play
from tests.screens.story import stages
from tests.thorough import some


@pytest.mark.parametrize("stage", some(sorted(stages()), sorted(stages())[::2]))
def test_panes_that_a_smaller_terminal_hides_are_told_and_come_back(stage: str, tmp_path: Path) -> None:
    async def scenario(at: Stage) -> None:
        before = at.rows()
        await at.pilot.resize_terminal(80, 24)
        at.client.go_on()
        await at.until(lambda: " RUNBOOK " not in at.text())
        at.client.go_on()
        await at.pilot.resize_terminal(120, 40)
        await at.until_shown(" RUNBOOK ")
        at.client.go_on()
        await at.pilot.pause()
        # The runbook on the left is as it was; on the right the log may have moved.
        assert [row[:38] for row in at.rows()[1:]] == [row[:38] for row in before[1:]]

    play(stages()[stage], tmp_path, scenario, (120, 40))
