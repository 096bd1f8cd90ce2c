"""What a run over many databases may do, what it comes to, and what a script does with it. Pure."""

from __future__ import annotations

import pytest

from dixis_tui import events as ev
from dixis_tui.cli import fleet_script
from dixis_tui.cli.lines_fleet import plan_lines
from dixis_tui.cli.script import Script
from dixis_tui.fleet import TargetState
from dixis_tui.model import Phase, PhaseState, Recovery, Verdict, Way
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy, policy_fleet
from dixis_tui.run.phases import fleet_go, fleet_plan
from dixis_tui.run.state import RunState, fold
from tests.screens.fleet_story import FleetStory, names

TICKS = frozenset({"DX131", "DX132", "DX133", "DX152"})
SCRIPT = Script(operator="maria", confirm="DIXIS-PROD-OK", ticks=TICKS)


def state_of(story: FleetStory) -> RunState:
    return fold(story.entries)


def begun(count: int = 4) -> FleetStory:
    return FleetStory().begin(count).planned().answered().sealed().confirmed().dispatched("shop-001")


@pytest.mark.parametrize(
    "command",
    [
        cmd.StartPhase(phase=Phase.BACKUP),
        cmd.SignOff(operator="maria"),
        cmd.Rollback(phrase="", operator="maria", way=Way.SIDE),
        cmd.CancelWorkflow(operator="maria"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_a_fleet_only_plans_dispatches_watches_and_verifies(command: cmd.Command) -> None:
    state = state_of(FleetStory().begin().planned().answered())
    assert policy.refusal(state, command)
    assert not policy.refusal(state, cmd.Seal())


def test_the_clinic_is_started_from_a_fleet_too() -> None:
    state = state_of(FleetStory().begin().planned().answered())
    assert not policy.refusal(state, cmd.LookAtGithub())
    assert not policy_fleet.refusal(state, cmd.DispatchClinic(operator="maria")), "DX142 says: g, then d"


def test_it_may_be_stopped_once() -> None:
    story = begun()
    assert not policy.refusal(state_of(story), cmd.Stop())
    assert "stopped already" in policy.refusal(state_of(story.stopped("maria stopped it")), cmd.Stop())


@pytest.mark.parametrize(
    ("outcome", "verdict"),
    [
        (TargetState.FAILED, Verdict.FAILED),
        (TargetState.UNKNOWN, Verdict.UNKNOWN),
        (TargetState.DONE, Verdict.FAILED),  # the others were not touched
    ],
)
def test_how_it_would_end(outcome: TargetState, verdict: Verdict) -> None:
    state = state_of(begun().verified("shop-001", state=outcome).over())
    assert policy.verdict(state) is verdict
    assert "not touched: shop-002, shop-003, shop-004" in policy_fleet.summary(state)


def test_one_at_work_is_unknown_and_all_done_is_done() -> None:
    assert policy.verdict(state_of(begun())) is Verdict.UNKNOWN
    story = begun().dispatched(*names(2, 4)).verified(*names(1, 4)).over()
    assert policy.verdict(state_of(story)) is Verdict.DONE
    assert policy_fleet.summary(state_of(story)) == "4 of 4 targets migrated and verified."


def test_before_the_go_nothing_was_changed() -> None:
    story = FleetStory().begin().planned("it is a replica")
    assert policy.verdict(state_of(story)) is Verdict.CLOSED
    assert "no database was changed" in policy_fleet.summary(state_of(story))


def test_a_script_goes_all_the_way() -> None:
    story = FleetStory().begin(2)
    assert fleet_script.next_step(state_of(story), SCRIPT) is None
    story.planned()
    sent = fleet_script.next_step(state_of(story), SCRIPT)
    assert sent == cmd.Tick(code="DX131", operator="maria")
    assert fleet_script.next_step(state_of(story.answered()), SCRIPT) == cmd.Seal()
    confirm = fleet_script.next_step(state_of(story.sealed()), SCRIPT)
    assert confirm == cmd.Confirm(phrase="DIXIS-PROD-OK", operator="maria", digest="7f3a" * 16)
    assert fleet_script.next_step(state_of(story.confirmed()), SCRIPT) is None
    assert fleet_script.next_step(state_of(story.over()), SCRIPT) == cmd.End()


def test_a_script_ends_where_a_gate_stays_closed_and_names_it() -> None:
    story = FleetStory().begin(2).planned()
    ended = fleet_script.next_step(state_of(story), Script(operator="maria", confirm="x"))
    assert ended == cmd.End(closed_by=["DX131", "DX132", "DX133", "DX152"])
    waiver = Script(operator="maria", ticks=TICKS, waivers={"DX151": "next week"})
    story = FleetStory().begin(2).planned("it is a replica").answered()
    assert fleet_script.next_step(state_of(story), waiver) == cmd.Waive(
        code="DX151", operator="maria", reason="next week"
    )


def test_a_script_seals_the_rest_after_a_death_once() -> None:
    story = begun().verified("shop-001").over()
    story.write(ev.RunnerResumed(operator="maria", host="ops1", pid=1, version="0"))
    assert fleet_script.next_step(state_of(story), SCRIPT) is None, "before the look"
    story.write(fleet_go.recovered(state_of(story).fleet))  # type: ignore[arg-type]
    assert state_of(story).recovery.outcome is Recovery.REST  # type: ignore[union-attr]
    assert fleet_script.next_step(state_of(story), SCRIPT) == cmd.Seal()
    story.write(ev.PhaseStarted(phase=Phase.GO))
    story.write(ev.PhaseEnded(phase=Phase.GO, state=PhaseState.FAILED, seconds=1.0))
    assert fleet_script.next_step(state_of(story), SCRIPT) == cmd.End()
    assert fleet_script.next_step(state_of(story.sealed()), SCRIPT) == cmd.Confirm(
        phrase="DIXIS-PROD-OK", operator="maria", digest="7f3a" * 16
    )
    story.write(ev.Confirmed(operator="maria", digest="7f3a" * 16))
    assert fleet_script.next_step(state_of(story), SCRIPT) is None, "the waves have not begun yet"


def test_what_was_begun_is_not_planned_anew() -> None:
    story = begun().verified("shop-001")
    before = state_of(story).fleet
    story.plans = [story._plan(number + 100, name, False) for number, name in enumerate(story.names)]
    after = state_of(story.planned()).fleet
    assert before is not None
    assert after is not None
    assert after.targets["shop-001"] == before.targets["shop-001"]
    assert after.targets["shop-002"].plan == story.plans[1]


def test_a_dispatch_that_was_never_sent_is_taken_back() -> None:
    story = FleetStory().begin(2).planned().answered().sealed().confirmed()
    story.write(ev.TargetDispatching(name="shop-001", request="r-shop-001"))
    assert state_of(story).fleet.named(TargetState.AT_WORK) == ("shop-001",)  # type: ignore[union-attr]
    story.write(ev.TargetDispatching(name="shop-001", request=""))
    assert state_of(story).fleet.named(TargetState.WAITING) == ("shop-001", "shop-002")  # type: ignore[union-attr]


def test_the_seal_is_over_every_plan_and_rule() -> None:
    fleet = state_of(FleetStory().begin(5).planned()).fleet
    other = state_of(FleetStory().begin(5, parallel=2).planned()).fleet
    assert fleet is not None
    assert other is not None
    sealed = fleet_plan.seal(fleet)
    assert sealed.digest == fleet_plan.seal(fleet).digest
    assert sealed.digest != fleet_plan.seal(other).digest
    lines = dict(sealed.lines)
    assert lines["Targets"] == "5 to migrate, 0 with nothing to do or done before"
    assert lines["Waves"] == "2, of 1, 4 at a time"
    assert lines["Canaries"] == "shop-001"
    assert lines["Stops"] == "at the first failure"
    story = FleetStory().begin(5)
    story.plans[3] = story._plan(999, "shop-004", False)
    changed = state_of(story.planned()).fleet
    assert changed is not None
    assert sealed.digest != fleet_plan.seal(changed).digest


def test_the_plan_is_a_line_a_target() -> None:
    fleet = state_of(FleetStory().begin(3).planned("it is a replica")).fleet
    assert fleet is not None
    first, second, third = plan_lines(fleet)
    assert first.startswith(" ○ shop-001  canary  wave 1    2 pending (20251103_zone to 20251118_item)  plan 0000·c2e1")
    assert "wave 2" in second
    assert third == " ✖ shop-003  can't be planned: it is a replica → Mend it."


def test_failures_within_the_share_are_not_all_applied() -> None:
    story = FleetStory().begin(4, canaries=0)
    story.share = 0.5
    story.planned().answered().sealed().confirmed().dispatched(*names(1, 4)).verified(*names(1, 3))
    story.verified("shop-004", state=TargetState.FAILED).over()
    fleet = state_of(story).fleet
    assert fleet is not None
    assert not fleet.waves.stopped
    assert fleet_go.recovered(fleet).outcome is Recovery.UNFINISHED
