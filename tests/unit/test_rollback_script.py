"""What `dixis-tui rollback` does next at every moment of a run, which run it means, and what it says of the ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.cli import ways
from dixis_tui.cli.rollback_script import LookScript, RollbackScript, TickScript, checklist
from dixis_tui.cli.rollback_target import unfinished
from dixis_tui.errors import RunnerError
from dixis_tui.model import Phase, PhaseState, TableLoss, Verdict, Way, WayView
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.runs import Run
from dixis_tui.run.state import RunState, fold
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


# -- looking first


VIEWS = [
    WayView(Way.SIDE, seconds=1_234.4, measured=True),
    WayView(Way.IN_PLACE, seconds=300.0),
    WayView(Way.SNAPSHOT, "no provider's snapshot was named"),
]
LOSSES = [TableLoss(f"public.t{number}", 10 - number, 1, 0, 5, -1) for number in range(7)]
SEEN = ev.WaysSeen(ways=VIEWS, losses=LOSSES)


def test_the_ways_are_looked_at_once_and_only_when_nothing_runs() -> None:
    look, story = LookScript(RunState()), adopted()
    assert look.next_step(RunState()) is None
    assert look.next_step(fold(story.entries)) == cmd.LookBack()
    story.write(SEEN)
    assert look.next_step(fold(story.entries)) is None
    assert look.answered(fold(story.entries))
    assert look.problem(fold(story.entries)) == ""
    assert LookScript(RunState()).next_step(fold(stages()["migrate"].entries)) is None


def test_an_earlier_look_is_not_this_one() -> None:
    story = adopted().write(SEEN, ev.Noted(text="a fault of before", level="error"))
    look = LookScript(fold(story.entries))
    assert look.next_step(fold(story.entries)) == cmd.LookBack()
    story.write(SEEN)
    assert look.seen(fold(story.entries))


def test_a_look_that_failed_says_why() -> None:
    story = adopted().write(ev.Noted(text="no such host.", level="error"))
    look = LookScript(RunState())
    assert look.problem(fold(story.entries)) == "no such host."
    assert look.answered(fold(story.entries))
    assert not look.seen(fold(story.entries))


def test_a_run_that_only_looked_has_changed_nothing() -> None:
    assert policy.verdict(fold(adopted().write(SEEN).entries)) is Verdict.ABANDONED


def test_the_ways_as_lines() -> None:
    said = ways.lines(SEEN)
    assert said[0].startswith("  side      about 1,234 s (measured on this backup). No return after the swap")
    assert said[1].startswith("  in-place  about 300 s (the runbook's number, nothing was measured). One transaction")
    assert said[2] == "  snapshot  not open: no provider's snapshot was named"
    assert (
        said[3] == f"Rows written since the backup: {sum(10 - number + 1 for number in range(7))}, lost by going back."
    )
    assert said[4] == "  public.t0: 10 inserted, 1 updated, 0 deleted (then: 5 rows; now: not there or not counted)"
    assert said[-1] == "  and 2 more tables"
    assert len(said) == 3 + 1 + 5 + 1


def test_what_is_not_known_to_be_lost_is_said_so() -> None:
    said = ways.lines(ev.WaysSeen(ways=[], losses=[], loss_unknown="the statistics were reset"))
    assert said == ["Rows written since the backup: not known: the statistics were reset."]


@pytest.mark.parametrize(
    ("closed", "wanted", "taken", "said"),
    [
        ((), None, Way.SIDE, ""),
        ((Way.SIDE,), None, Way.IN_PLACE, ""),
        ((Way.SIDE, Way.IN_PLACE), None, None, "No way back is open (side: closed; in-place: closed)"),
        ((), Way.SNAPSHOT, Way.SNAPSHOT, ""),
        ((), Way.IN_PLACE, Way.IN_PLACE, ""),
        ((Way.SIDE,), Way.SIDE, None, "The way side is not open: closed"),
        ((Way.SNAPSHOT,), Way.SNAPSHOT, None, "The way snapshot is not open: closed"),
    ],
)
def test_which_way_is_taken(closed: tuple[Way, ...], wanted: Way | None, taken: Way | None, said: str) -> None:
    views = [WayView(way, "closed" if way in closed else "") for way in Way]
    assert ways.choose(ev.WaysSeen(ways=views, losses=[]), wanted) == (taken, said)


# -- the provider's snapshot


def test_the_providers_checklist_is_a_persons_turn_and_then_looked_at_once() -> None:
    script = RollbackScript(phrase="x", operator="maria", way=Way.SNAPSHOT)
    story = adopted()
    assert next_step(story, script) == cmd.Rollback(phrase="x", operator="maria", way=Way.SNAPSHOT)
    story.write(ev.RollbackConfirmed(operator="maria", sha256="", way=Way.SNAPSHOT))
    people = [(code, "") for code in checklist()]
    codes = [*people, ("DX906", "")]
    story.write(ev.PhaseStarted(phase=Phase.ROLLBACK, checks=codes))
    assert not script.asks(fold(story.entries)), "its first look is still running"
    story.over(Phase.ROLLBACK)
    assert script.asks(fold(story.entries))
    rest = RollbackScript(phrase="x", operator="maria", way=Way.SNAPSHOT, attempts=1, answered=True)
    for code in ("DX911", "DX912", "DX913"):
        tick = TickScript(code=code, operator="maria")
        assert tick.next_step(fold(story.entries)) == cmd.Tick(code=code, operator="maria")
        assert tick.next_step(fold(story.tick(code).entries)) is None
    assert next_step(story, rest) == cmd.StartPhase(phase=Phase.ROLLBACK)
    assert policy.refusal(fold(story.entries), cmd.StartPhase(phase=Phase.ROLLBACK)) == ""
    story.write(ev.PhaseStarted(phase=Phase.ROLLBACK, checks=codes)).found("DX906").over(Phase.ROLLBACK)
    assert not rest.asks(fold(story.entries))
    assert next_step(story, rest) == SIGN_OFF


# -- which run


def as_run(name: str, story: Story) -> Run:
    state = fold(story.entries)
    return Run(name, Path(name), state.started, "", state.verdict, False, state)


def test_a_rollback_that_was_begun_is_gone_on_with() -> None:
    first = as_run("1", stages()["begun"].write(ev.BackupMade(backup=BACKUP)))
    looked = as_run("2", adopted().write(SEEN))
    begun = as_run("3", adopted().write(ev.RollbackConfirmed(operator="maria", sha256="a")).start(Phase.ROLLBACK))
    done = as_run("4", adopted().roll_back())
    foreign = as_run("5", stages()["roll_back"])
    assert unfinished(first, []) is first
    assert unfinished(first, [looked, foreign]) is first
    assert unfinished(first, [looked, begun, foreign]) is begun
    assert unfinished(first, [begun, done]) is first
    assert unfinished(first, [done, begun]) is begun
