"""What went wrong and the ways out: decided over the state alone, and never a mark that would not be true."""

from __future__ import annotations

import pytest

from dixis_tui import events as ev
from dixis_tui.model import CheckState, HealthResult, Phase, PhaseState, Place, Recovery
from dixis_tui.run.state import RunState, fold
from dixis_tui.run.trouble import Case, Trouble, WayOut, case_of, trouble
from dixis_tui.standing import Reconciled
from tests.screens.back_story import back_stages, truth_seen
from tests.screens.story import MIGRATIONS, Story, stages

STAGES = {**stages(), **{f"back_{name}": story for name, story in back_stages().items()}}
_MARKS = (WayOut.MARK_APPLIED, WayOut.MARK_UNDONE)


def state_of(story: Story) -> RunState:
    return fold(story.entries)


def told(story: Story, case: Case = Case.MIGRATION) -> Trouble:
    return trouble(state_of(story), case)


def advised(story: Story, case: Case = Case.MIGRATION) -> WayOut:
    (found,) = [one.way for one in told(story, case).exits if one.advised]
    return found


def failing(
    sqlstate: str, at: int = 2, *, seen_before: Reconciled | None = None, looked: CheckState = CheckState.FAILED
) -> Story:
    """One of four fails with that state."""
    story = Story().go()
    if seen_before:
        truth_seen(story, seen_before, name=MIGRATIONS[at])
    story.apply(Place.PRODUCTION, at)
    name = MIGRATIONS[at]
    story.write(ev.MigrationStarted(name=name, place=Place.PRODUCTION))
    story.write(ev.MigrationEnded(name=name, place=Place.PRODUCTION, seconds=1, error="ERROR: no", sqlstate=sqlstate))
    story.found("DX601", looked, "recorded as failed", "Look.")
    story.found("DX600", CheckState.FAILED, "not all applied", "Look.")
    return story.over(Phase.MIGRATE, PhaseState.FAILED)


@pytest.mark.parametrize(
    ("stage", "case"),
    [
        ("go", None),
        ("migrate", None),
        ("failed", Case.MIGRATION),
        ("lost", Case.MIGRATION),
        ("verify_failed", Case.APPLICATION),
        ("sign_off", None),
        ("roll_back", None),
        ("roll_back_failed", Case.MIGRATION),
        ("rolled_back", None),
        ("back_swapped", None),
        ("done", None),
        ("unknown", Case.MIGRATION),
    ],
)
def test_the_state_chooses_the_case(stage: str, case: Case | None) -> None:
    assert case_of(state_of(STAGES[stage])) is case


def test_a_schema_that_does_not_fit_is_told_before_the_application() -> None:
    story = STAGES["verify_failed"]
    story = Story().go().migrated().verify(healthy=False).found("DX703", CheckState.FAILED, "not valid", "Mend it.")
    assert case_of(state_of(story)) is Case.SCHEMA
    assert advised(story, Case.SCHEMA) is WayOut.REPAIR
    assert "DX703" in {check.code for check in told(story, Case.SCHEMA).checks}
    unseen = Story().go().migrated().verify().found("DX703", CheckState.UNKNOWN, "no CLI", "Install it.")
    assert advised(unseen, Case.SCHEMA) is WayOut.LOOK_AGAIN


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("case", Case)
def test_one_way_is_advised_where_something_is_wrong_and_none_where_not(stage: str, case: Case) -> None:
    state = state_of(STAGES[stage])
    found = trouble(state, case)
    assert found.wrong == (case_of(state) is case)
    assert sum(one.advised for one in found.exits) == int(found.wrong)
    assert bool(found.facts) == found.wrong


def test_a_failed_migration_is_told_from_its_statement_to_what_was_not_touched() -> None:
    said = "\n".join(fact.text for fact in told(STAGES["failed"]).facts)
    for known in (
        f"{MIGRATIONS[2]} failed on production",
        "statement 1 of 1, line 2: DO $$",
        'ERROR: insert or update on table "OrderItem"',
        "SQLSTATE 23503 foreign_key_violation: a row points to one that is not there",
        f"2 of 4 applied, the last {MIGRATIONS[1]}",
        f"not touched: {MIGRATIONS[3]}",
        "whether anything of it stayed can't be told",
    ):
        assert known in said, known


@pytest.mark.parametrize(
    ("outcome", "sqlstate", "at", "way"),
    [
        (Reconciled.NONE, "55P03", 2, WayOut.MARK_UNDONE),
        (Reconciled.NONE, "40P01", 0, WayOut.MARK_UNDONE),
        (Reconciled.NONE, "23503", 2, WayOut.ROLL_BACK),
        (Reconciled.NONE, "23503", 0, WayOut.MARK_UNDONE),
        (Reconciled.ALL, "08006", 2, WayOut.MARK_APPLIED),
        (Reconciled.PART, "23503", 2, WayOut.ROLL_BACK),
        (Reconciled.PART, "55P03", 0, WayOut.ROLL_BACK),
        (Reconciled.CANT_TELL, "55P03", 0, WayOut.ROLL_BACK),
    ],
)
def test_what_stayed_of_it_and_why_it_failed_decide(outcome: Reconciled, sqlstate: str, at: int, way: WayOut) -> None:
    story = truth_seen(failing(sqlstate, at), outcome, "statements 1 to 2 of 3 are there", MIGRATIONS[at])
    assert advised(story) is way
    offered = {one.way: one.migration for one in told(story).exits}
    true_marks = {Reconciled.NONE: {WayOut.MARK_UNDONE}, Reconciled.ALL: {WayOut.MARK_APPLIED}}.get(outcome, set())
    assert {*_MARKS} & offered.keys() == true_marks
    assert all(offered[mark] == MIGRATIONS[at] for mark in true_marks)
    assert WayOut.ROLL_BACK in offered


def test_what_preflight_saw_says_nothing_of_what_stayed() -> None:
    assert not {*_MARKS} & {one.way for one in told(failing("55P03")).exits}
    for seen in (Reconciled.NONE, Reconciled.ALL):
        story = failing("55P03", seen_before=seen, looked=CheckState.UNKNOWN)
        assert not {*_MARKS} & {one.way for one in told(story).exits}
        assert "can't be told" in "\n".join(fact.text for fact in told(story).facts)


def test_many_endpoints_are_counted_and_those_that_fail_are_named_first() -> None:
    story = Story().go().migrated().verify(healthy=False)
    for number in range(30):
        bad = "answered 500" if number >= 20 else ""
        story.write(ev.HealthSeen(result=HealthResult(f"E{number}", "https://dixis.example", 500, 1.0, bad)))
    said = [fact.text for fact in told(story, Case.APPLICATION).facts]
    assert said[0].startswith("Checkout")
    assert said[4:6] == ["and 7 more endpoints", "22 of 33 endpoints answer as they should"]


def test_a_lost_answer_is_looked_at_first_and_nothing_is_marked() -> None:
    assert advised(STAGES["lost"]) is WayOut.LOOK_FIRST
    assert not {*_MARKS} & {one.way for one in told(STAGES["lost"]).exits}


def test_after_the_mark_a_new_run_is_safe() -> None:
    story = truth_seen(failing("55P03"), Reconciled.NONE)
    story.write(ev.MigrationResolved(name=MIGRATIONS[2], applied=False, operator="maria", evidence="nothing of it"))
    assert advised(story) is WayOut.RUN_AGAIN
    assert "marked as rolled back by maria" in "\n".join(fact.text for fact in told(story).facts)


def test_what_only_stopped_is_safe_to_run_again() -> None:
    story = Story().go().apply(Place.PRODUCTION, 2).over(Phase.MIGRATE, PhaseState.FAILED, 3, "stopped by maria")
    assert advised(story) is WayOut.RUN_AGAIN
    assert "stopped by maria" in told(story).facts[0].text


def test_an_ended_run_names_the_command_that_still_goes_back() -> None:
    assert told(STAGES["unknown"]).facts[-1].text.startswith("this run has ended: dixis-tui rollback 20261125-")


def test_a_rollback_that_was_begun_is_the_only_way() -> None:
    assert [one.way for one in told(STAGES["roll_back_failed"]).exits] == [WayOut.ROLL_BACK]


def test_after_a_look_that_found_nothing_half_done_the_rest_goes_on() -> None:
    story = stages()["migrate"].write(
        ev.RunnerResumed(operator="niki", host="niki@bastion", pid=4712, version="0.1.0"),
        ev.RecoverySeen(outcome=Recovery.REST, evidence="2 of 4 are in", remedy="Go on."),
    )
    assert advised(story) is WayOut.GO_ON
