"""What `dixis-tui rollback` does next, at every moment of a run."""

from __future__ import annotations

import pytest

from dixis_tui import events as ev
from dixis_tui.cli.rollback_script import RollbackScript
from dixis_tui.errors import RunnerError
from dixis_tui.model import Phase, PhaseState
from dixis_tui.run import commands as cmd
from dixis_tui.run.state import fold
from tests.screens.story import Story, stages
from tests.unit.examples import BACKUP, IDENTITY

SCRIPT = RollbackScript(phrase="DIXIS-ROLLBACK-OK", operator="maria")
ROLLBACK = cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="maria")
SIGN_OFF = cmd.SignOff(operator="maria")
REFUSED = ev.ConfirmationRefused(operator="maria", reason="There is no backup in this run to go back to.")


def adopted() -> Story:
    return Story().begin().write(ev.BackupAdopted(run="earlier", identity=IDENTITY, backup=BACKUP))


def next_step(story: Story, script: RollbackScript = SCRIPT) -> cmd.Command | None:
    return script.next_step(fold(story.entries))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("empty", None),
        ("failed", ROLLBACK),
        ("sign_off", ROLLBACK),
        ("migrate", None),
        ("roll_back", None),
        ("rolled_back", SIGN_OFF),
        ("roll_back_failed", cmd.End()),
        ("done", None),
    ],
)
def test_a_run_under_way(name: str, command: cmd.Command | None) -> None:
    assert next_step(stages()[name]) == command


def test_a_run_of_its_own_goes_back_and_ends() -> None:
    assert next_step(adopted()) == ROLLBACK
    assert next_step(adopted().write(ev.RollbackConfirmed(operator="maria", sha256="a"))) is None
    assert next_step(adopted().roll_back()) == SIGN_OFF
    assert next_step(adopted().roll_back(whole=False)) == cmd.End()
    assert next_step(adopted().roll_back().start(Phase.SIGNOFF).over(Phase.SIGNOFF)) is None


def test_refused_a_run_of_its_own_ends() -> None:
    assert next_step(adopted().write(REFUSED)) == cmd.End()


def test_refused_in_a_run_of_others_it_says_so_once_and_leaves_the_run_alone() -> None:
    story = stages()["go"].write(REFUSED)
    with pytest.raises(RunnerError, match="There is no backup") as caught:
        next_step(story)
    assert caught.value.remedy
    seen_before = RollbackScript(phrase="DIXIS-ROLLBACK-OK", operator="maria", refusals=1)
    assert next_step(story, seen_before) == ROLLBACK


def test_a_rollback_that_failed_before_is_tried_again() -> None:
    failed = stages()["roll_back_failed"]
    again = RollbackScript(phrase="DIXIS-ROLLBACK-OK", operator="maria", attempts=1)
    assert next_step(failed, again) == ROLLBACK
    assert next_step(failed.roll_back(), again) == SIGN_OFF


def test_it_waits_while_another_phase_runs() -> None:
    story = stages()["verify_failed"].start(Phase.VERIFY)
    assert next_step(story) is None
    assert next_step(story.over(Phase.VERIFY, PhaseState.FAILED)) == ROLLBACK
