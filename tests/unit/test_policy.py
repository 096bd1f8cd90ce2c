"""What may be done when, and why not: the same sentence for the runner and for the screens."""

from __future__ import annotations

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import CheckState, Phase, PhaseState, Place, Snapshot, Verdict
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import RunState, fold
from tests.screens.story import MIGRATIONS, Story, stages
from tests.unit.examples import BACKUP, IDENTITY

DIGEST = "7f3ac2e1" + "0" * 56
CONFIRM = cmd.Confirm(phrase="DIXIS-PROD-OK", operator="maria", digest=DIGEST)
ROLLBACK = cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="maria")
SIGN_OFF = cmd.SignOff(operator="maria")
STAGES = stages()


def at(name: str) -> RunState:
    return fold(STAGES[name].entries)


def told(story: Story) -> RunState:
    return fold(story.entries)


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        ("empty", Phase.PREFLIGHT),
        ("begun", Phase.PREFLIGHT),
        ("preflight", Phase.PREFLIGHT),
        ("preflight_failed", Phase.PREFLIGHT),
        ("answers", Phase.PREFLIGHT),
        ("backup_next", Phase.BACKUP),
        ("backup", Phase.BACKUP),
        ("rehearsal_next", Phase.REHEARSAL),
        ("rehearsal", Phase.REHEARSAL),
        ("banner", Phase.BANNER),
        ("go", Phase.GO),
        ("too_early", Phase.GO),
        ("migrate", Phase.MIGRATE),
        ("failed", Phase.MIGRATE),
        ("lost", Phase.MIGRATE),
        ("verify_failed", Phase.VERIFY),
        ("sign_off", Phase.SIGNOFF),
        ("roll_back", Phase.ROLLBACK),
        ("roll_back_failed", Phase.ROLLBACK),
        ("rolled_back", Phase.SIGNOFF),
        ("done", Phase.SIGNOFF),
    ],
)
def test_where_a_run_stands(name: str, phase: Phase) -> None:
    assert policy.current_phase(at(name)) is phase


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("begun", Verdict.CLOSED),
        ("preflight_failed", Verdict.CLOSED),
        ("answers", Verdict.CHECKED),
        ("backup_next", Verdict.CHECKED),
        ("rehearsal_next", Verdict.ABANDONED),
        ("go", Verdict.ABANDONED),
        ("too_early", Verdict.ABANDONED),
        ("migrate", Verdict.UNKNOWN),
        ("failed", Verdict.FAILED),
        ("lost", Verdict.UNKNOWN),
        ("verify_failed", Verdict.FAILED),
        ("sign_off", Verdict.DONE),
        ("roll_back", Verdict.UNKNOWN),
        ("roll_back_failed", Verdict.FAILED),
        ("rolled_back", Verdict.ROLLED_BACK),
    ],
)
def test_how_a_run_would_end(name: str, verdict: Verdict) -> None:
    assert policy.verdict(at(name)) is verdict


def test_a_run_whose_history_nobody_read_is_unknown() -> None:
    story = Story().go().apply(Place.PRODUCTION)
    story.found("DX600").over(Phase.MIGRATE)
    assert policy.verdict(told(story)) is Verdict.UNKNOWN


def test_a_migration_without_a_verification_is_not_done() -> None:
    assert policy.verdict(told(Story().go().migrated())) is Verdict.FAILED


def test_confirmed_and_stopped_before_the_first_file_is_not_done() -> None:
    story = Story().go().found("DX601").found("DX600", CheckState.FAILED, "0 of 4 applied")
    assert policy.verdict(told(story.over(Phase.MIGRATE, PhaseState.FAILED))) is Verdict.FAILED


@pytest.mark.parametrize(
    ("name", "live", "verdict"),
    [
        ("empty", False, Verdict.INTERRUPTED),
        ("preflight", True, Verdict.OPEN),
        ("preflight", False, Verdict.INTERRUPTED),
        ("rehearsal", False, Verdict.INTERRUPTED),
        ("too_early", False, Verdict.INTERRUPTED),
        ("migrate", True, Verdict.OPEN),
        ("migrate", False, Verdict.UNKNOWN),
        ("failed", False, Verdict.UNKNOWN),
        ("roll_back", False, Verdict.UNKNOWN),
        ("done", True, Verdict.DONE),
        ("done", False, Verdict.DONE),
        ("unknown", False, Verdict.UNKNOWN),
    ],
)
def test_how_a_run_stands_from_outside(name: str, live: bool, verdict: Verdict) -> None:
    assert policy.seen_verdict(at(name), live=live) is verdict


@pytest.mark.parametrize(
    ("name", "begun"),
    [
        ("empty", False),
        ("preflight", False),
        ("answers", False),
        ("backup", True),
        ("go", True),
        ("migrate", True),
        ("sign_off", True),
        ("done", False),
    ],
)
def test_what_leaving_would_leave_behind(name: str, begun: bool) -> None:
    assert policy.in_progress(at(name)) is begun


@pytest.mark.parametrize("name", ["migrate", "failed", "lost", "sign_off", "rolled_back"])
def test_from_the_phrase_on_production_counts_as_changed(name: str) -> None:
    assert policy.production_changed(at(name))
    assert not policy.production_changed(at("go"))


def gates(state: RunState) -> list[str]:
    return [gate.code or str(gate.phase) for gate in policy.closed_gates(state)]


def test_gates_stand_in_the_runbooks_order_and_name_what_opens_them() -> None:
    assert gates(at("begun"))[-4:] == ["DX133", "DX200", "DX300", "DX400"]
    assert gates(at("answers")) == ["DX132", "DX133", "DX200", "DX300", "DX400"]
    assert gates(at("preflight_failed"))[:2] == ["DX106", "DX114"]
    assert gates(at("go")) == []
    first = policy.closed_gates(at("preflight_failed"))[1]
    assert first.title == "History is sound"
    assert first.remedy


def test_advice_never_closes_a_gate() -> None:
    story = Story().begin().preflight(DX105=CheckState.FAILED, DX123=CheckState.UNKNOWN).over(Phase.PREFLIGHT)
    assert gates(told(story.answers().backup().rehearsal().banner())) == []


def test_a_phase_that_ended_badly_without_a_bad_check_stays_closed() -> None:
    story = Story().begin().start(Phase.PREFLIGHT).over(Phase.PREFLIGHT, PhaseState.FAILED, reason="a fault")
    assert policy.phase_state(told(story), Phase.PREFLIGHT) is PhaseState.FAILED
    assert "DX101" in gates(told(story))


@pytest.mark.parametrize(
    ("phase", "key"), [(Phase.BACKUP, "DX200"), (Phase.REHEARSAL, "DX300"), (Phase.BANNER, "DX400")]
)
def test_the_key_check_waived_the_phase_may_be_left_out(phase: Phase, key: str) -> None:
    def waived(story: Story) -> Story:
        return story.write(ev.Waived(code=key, operator="maria", reason="agreed"))

    bare = told(waived(Story().begin()))
    assert policy.phase_state(bare, phase) is PhaseState.PASSED
    others = {Phase.BACKUP: Story.backup, Phase.REHEARSAL: Story.rehearsal, Phase.BANNER: Story.banner}
    story = Story().begin().preflight().answers()
    for other, chapter in others.items():
        waived(story) if other is phase else chapter(story)
    assert gates(told(story)) == []
    assert policy.refusal(told(story), cmd.Seal()) == ""


def test_a_waived_check_of_a_phase_opens_that_check_alone() -> None:
    story = Story().begin().preflight(DX121=CheckState.FAILED, DX122=CheckState.FAILED).answers()
    story.write(ev.Waived(code="DX121", operator="maria", reason="agreed"))
    assert gates(told(story))[0] == "DX122"
    story.write(ev.Waived(code="DX122", operator="maria", reason="agreed"))
    assert policy.phase_state(told(story), Phase.PREFLIGHT) is PhaseState.PASSED


@pytest.mark.parametrize("command", [CONFIRM, cmd.Seal(), cmd.End(), cmd.Stop(), SIGN_OFF, ROLLBACK])
def test_nothing_is_done_in_a_run_that_has_ended(command: cmd.Command) -> None:
    assert "has ended" in policy.refusal(at("done"), command)


@pytest.mark.parametrize("name", ["preflight", "backup", "rehearsal", "migrate", "roll_back"])
@pytest.mark.parametrize(
    "command", [CONFIRM, cmd.Seal(), cmd.End(), SIGN_OFF, ROLLBACK, cmd.StartPhase(phase=Phase.PREFLIGHT)]
)
def test_one_thing_at_a_time(name: str, command: cmd.Command) -> None:
    state = at(name)
    assert "is running" in policy.refusal(state, command)
    assert policy.refusal(state, cmd.Stop()) == ""
    assert policy.refusal(state, cmd.Tick(code="DX131", operator="maria")) == ""


@pytest.mark.parametrize(
    ("name", "command", "said"),
    [
        ("go", cmd.Stop(), "Nothing is running"),
        ("go", cmd.Tick(code="DX999", operator="maria"), "There is no check DX999"),
        ("go", cmd.Tick(code="DX101", operator="maria"), "is looked up by the program"),
        ("go", cmd.Tick(code="DX131", operator="maria"), ""),
        ("go", cmd.Waive(code="DX999", operator="maria", reason="x"), "There is no check DX999"),
        ("go", cmd.Waive(code="DX103", operator="maria", reason="x"), "can't be waived"),
        ("go", cmd.Waive(code="DX121", operator="maria", reason="  "), "needs a reason"),
        ("go", cmd.Waive(code="DX121", operator="maria", reason="agreed"), ""),
        ("begun", cmd.StartPhase(phase=Phase.PREFLIGHT), ""),
        ("begun", cmd.StartPhase(phase=Phase.BACKUP), "Preflight is not clear"),
        ("preflight_failed", cmd.StartPhase(phase=Phase.BACKUP), "Preflight is not clear"),
        ("answers", cmd.StartPhase(phase=Phase.BACKUP), ""),
        ("answers", cmd.StartPhase(phase=Phase.REHEARSAL), "There is no backup"),
        ("rehearsal_next", cmd.StartPhase(phase=Phase.REHEARSAL), ""),
        ("go", cmd.StartPhase(phase=Phase.VERIFY), "nothing to verify"),
        ("verify_failed", cmd.StartPhase(phase=Phase.VERIFY), ""),
        ("rolled_back", cmd.StartPhase(phase=Phase.VERIFY), "goes back"),
        ("failed", cmd.StartPhase(phase=Phase.PREFLIGHT), "Production was changed"),
        ("failed", cmd.StartPhase(phase=Phase.BACKUP), "Production was changed"),
        ("go", cmd.StartPhase(phase=Phase.MIGRATE), "not started by a command"),
        ("go", cmd.StartPhase(phase=Phase.GO), "not started by a command"),
        ("go", cmd.StartPhase(phase=Phase.ROLLBACK), "not started by a command"),
        ("banner", cmd.Seal(), "The gate is closed by DX400 Maintenance banner is up."),
        ("answers", cmd.Seal(), "The gate is closed by DX132 Code freeze agreed (and 4 more)."),
        ("go", cmd.Seal(), ""),
        ("go", CONFIRM, "No plan is sealed"),
        ("too_early", CONFIRM, "The gate is closed by DX501"),
        ("failed", CONFIRM, "already taken"),
        ("failed", cmd.Seal(), "already taken"),
        ("answers", ROLLBACK, "There is no backup"),
        ("go", ROLLBACK, ""),
        ("failed", ROLLBACK, ""),
        ("sign_off", ROLLBACK, ""),
        ("roll_back_failed", ROLLBACK, ""),
        ("rolled_back", ROLLBACK, "already rolled back"),
        ("go", SIGN_OFF, "nothing to sign off"),
        ("failed", SIGN_OFF, "nothing to sign off"),
        ("verify_failed", SIGN_OFF, "Verify is not clear"),
        ("sign_off", SIGN_OFF, ""),
        ("roll_back_failed", SIGN_OFF, "not complete"),
        ("rolled_back", SIGN_OFF, ""),
        ("begun", cmd.End(), ""),
        ("failed", cmd.End(), ""),
    ],
)
def test_what_is_refused_and_why(name: str, command: cmd.Command, said: str) -> None:
    refused = policy.refusal(at(name), command)
    assert (said in refused) if said else refused == ""
    assert not refused or refused.endswith((".", ";"))


def test_a_sealed_plan_in_its_window_may_be_confirmed() -> None:
    state = told(Story().ready().into_window().seal())
    assert policy.refusal(state, CONFIRM) == ""
    taken_back = told(Story().ready().into_window().seal().write(ev.Ticked(code="DX132", operator="x", on=False)))
    assert "DX132" in policy.refusal(taken_back, CONFIRM)


def test_a_plan_sealed_for_another_backup_may_not_be_confirmed() -> None:
    story = Story().ready().into_window().seal().backup()
    assert policy.refusal(told(story), CONFIRM).startswith("The gate is closed by DX30")
    assert "No plan is sealed" in policy.refusal(told(story.rehearsal()), CONFIRM)


def test_a_run_that_goes_back_to_another_ones_backup_does_nothing_else() -> None:
    story = Story().begin().write(ev.BackupAdopted(run="earlier", identity=IDENTITY, backup=BACKUP))
    for phase in Phase:
        assert policy.refusal(told(story), cmd.StartPhase(phase=phase))
    assert "only goes back" in policy.refusal(told(story), cmd.Seal())
    assert "only goes back" in policy.refusal(told(story), CONFIRM)
    assert policy.refusal(told(story), ROLLBACK) == ""
    assert policy.refusal(told(story.roll_back()), SIGN_OFF) == ""


def test_a_failed_migration_is_named() -> None:
    assert policy.failed_migration(at("failed")) == MIGRATIONS[2]
    assert policy.failed_migration(at("lost")) == ""


def test_rehearsed_means_restored_as_well() -> None:
    assert policy.rehearsed(at("go"))
    assert not policy.rehearsed(at("rehearsal_next"))
    waived = told(Story().begin().preflight().write(ev.Waived(code="DX300", operator="maria", reason="x")))
    assert not policy.rehearsed(waived)


@pytest.mark.parametrize("name", STAGES)
def test_every_question_has_an_answer_at_every_moment(name: str) -> None:
    state = at(name)
    commands = [CONFIRM, ROLLBACK, SIGN_OFF, cmd.Seal(), cmd.Stop(), cmd.End()]
    commands += [cmd.StartPhase(phase=phase) for phase in Phase]
    for command in commands:
        assert isinstance(policy.refusal(state, command), str)
    assert isinstance(policy.verdict(state), Verdict)
    assert isinstance(policy.current_phase(state), Phase)
    assert msgspec.json.encode(policy.closed_gates(state))


def test_a_providers_snapshot_stands_for_the_backup_and_only_a_person_for_its_rehearsal() -> None:
    """Named, it opens the backup's gate; that nothing was restored has to be waived by name."""
    story = Story().begin().preflight().answers().banner()
    assert gates(told(story)) == ["DX200", "DX300"]
    story.write(ev.SnapshotNamed(snapshot=Snapshot("snap-7", story.now, "provider"), operator="maria"))
    assert gates(told(story)) == ["DX200", "DX300"], "a name alone opens nothing"
    story.write(ev.CheckChanged(code="DX200", state=CheckState.WARNED, evidence="snap-7", remedy=""))
    state = told(story)
    assert not state.phase(Phase.BACKUP).attempts
    assert policy.phase_state(state, Phase.BACKUP) is PhaseState.PASSED
    assert gates(state) == ["DX300"]
    assert "DX300" in policy.refusal(state, cmd.Seal())
    story.write(ev.Waived(code="DX300", operator="maria", reason="no staging"))
    assert gates(told(story)) == []
    assert policy.refusal(told(story.into_window().seal()), CONFIRM) == ""


def test_a_dump_that_failed_is_not_covered_by_a_snapshot() -> None:
    story = Story().begin().preflight().answers()
    story.start(Phase.BACKUP).found("DX200", CheckState.FAILED).over(Phase.BACKUP, PhaseState.FAILED)
    story.write(ev.SnapshotNamed(snapshot=Snapshot("snap-7", story.now, "provider"), operator="maria"))
    assert policy.phase_state(told(story), Phase.BACKUP) is PhaseState.FAILED


def test_every_gate_of_the_go_phase_closes_the_phrase() -> None:
    story = Story().ready().into_window().seal()
    story.found("DX502", CheckState.FAILED, "taken 5 h ago")
    assert [gate.code for gate in policy.closed_go(told(story))] == ["DX502"]
    assert policy.refusal(told(story), CONFIRM) == "The gate is closed by DX502 Backup is fresh: taken 5 h ago."
    story.write(ev.Waived(code="DX502", operator="maria", reason="nothing was written since"))
    assert policy.refusal(told(story), CONFIRM) == ""


def test_an_answer_taken_back_does_not_allow_a_second_rollback() -> None:
    """What was written since the first one would be lost."""
    story = stages()["rolled_back"]
    story.write(ev.Ticked(code="DX911", operator="maria", on=False))
    assert "already rolled back" in policy.refusal(told(story), ROLLBACK)
