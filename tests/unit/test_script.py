"""What a run without a person does next, at every moment of an evening."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.after import Sample
from dixis_tui.cli.script import Script, closed, next_step
from dixis_tui.model import CheckState, Phase, PhaseState, Place
from dixis_tui.plan.checks import CATALOGUE
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.state import fold
from tests.screens.story import Story, stages

PEOPLE = frozenset(spec.code for spec in CATALOGUE if spec.person)
SCRIPT = Script(operator="maria", confirm="DIXIS-PROD-OK", ticks=PEOPLE)
CHECK = Script(operator="maria", until=Phase.PREFLIGHT)
DIGEST = "7f3ac2e1" + "0" * 56
CONFIRM = cmd.Confirm(phrase="DIXIS-PROD-OK", operator="maria", digest=DIGEST)


def step(story: Story, script: Script = SCRIPT) -> cmd.Command | None:
    return next_step(fold(story.entries), script)


def tick(code: str) -> cmd.Tick:
    return cmd.Tick(code=code, operator="maria")


def all_ticked(story: Story) -> Story:
    return story.tick(*sorted(PEOPLE))


def sealed(*, fits: bool = True) -> Story:
    return all_ticked(Story().begin().preflight().backup().rehearsal()).into_window().seal(fits=fits)


@pytest.mark.parametrize("name", ["empty", "begun", "preflight", "backup", "rehearsal", "migrate", "roll_back", "done"])
def test_it_waits_while_others_work(name: str) -> None:
    assert step(stages()[name]) is None


def test_preflight_alone_ends_after_it_with_what_was_asked_on_the_way() -> None:
    assert step(Story().begin().preflight(), CHECK) == cmd.End()
    assert step(Story().begin().preflight(DX114=CheckState.FAILED), CHECK) == cmd.End()
    asked = msgspec.structs.replace(CHECK, ticks=frozenset({"DX132", "DX400"}))
    story = Story().begin().preflight()
    assert step(story, asked) == tick("DX132")
    assert step(story.tick("DX132"), asked) == cmd.End()


def test_an_evening_from_the_first_answer_to_the_phrase() -> None:
    story = Story().begin().preflight()
    for code in ("DX131", "DX132", "DX133", "DX134"):
        assert step(story) == tick(code)
        story.tick(code)
    assert step(story) == cmd.StartPhase(phase=Phase.BACKUP)
    assert step(story.backup()) == tick("DX311")
    assert step(story.tick("DX311")) == cmd.StartPhase(phase=Phase.REHEARSAL)
    assert step(story.rehearsal()) == tick("DX400")
    assert step(story.tick("DX400")) == cmd.Seal()
    assert step(story.into_window().seal()) == CONFIRM
    story.confirm()
    assert step(story) is None, "the runner goes on to migrate by itself"
    story.start(Phase.MIGRATE).migrated()
    assert step(story) == tick("DX711")
    assert step(story.tick("DX711")) is None, "the runner goes on to verify by itself"
    story.verify()
    assert step(all_ticked(story)) == cmd.SignOff(operator="maria")
    story.start(Phase.SIGNOFF).over(Phase.SIGNOFF)
    assert step(story) is None


@pytest.mark.parametrize(
    ("story", "command"),
    [
        (Story().go().failed(), cmd.End()),
        (Story().go().lost(), cmd.End()),
        (Story().go().migrated().verify(healthy=False), cmd.End()),
        (Story().go().migrated().verify(), cmd.SignOff(operator="maria")),
    ],
    ids=["failed", "lost", "unhealthy", "well"],
)
def test_how_it_leaves_after_the_phrase(story: Story, command: cmd.Command) -> None:
    assert step(all_ticked(story)) == command


@pytest.mark.parametrize("code", ["DX131", "DX132", "DX133", "DX400"])
def test_an_answer_that_nobody_gives_ends_the_run_before_the_dump(code: str) -> None:
    script = msgspec.structs.replace(SCRIPT, ticks=PEOPLE - {code})
    story = Story().begin().preflight().tick(*sorted(PEOPLE - {code}))
    assert step(story, script) == cmd.End(closed_by=[code])


def test_what_the_program_found_closed_a_person_may_still_answer() -> None:
    """The notice of the day before went out in another way than by this program."""
    story = all_ticked(Story().begin().preflight())
    story.write(ev.Ticked(code="DX133", operator="maria", on=False)).found("DX133", CheckState.FAILED, "not sent")
    assert step(story) == tick("DX133")
    assert step(story.tick("DX133")) == cmd.StartPhase(phase=Phase.BACKUP)


def test_a_closed_gate_ends_the_run() -> None:
    story = all_ticked(Story().begin().preflight(DX114=CheckState.FAILED, DX106=CheckState.UNKNOWN))
    command = step(story)
    assert isinstance(command, cmd.End)
    assert command.closed_by[:2] == ["DX106", "DX114"]


def test_a_waiver_is_given_when_its_gate_is_closed_and_not_before() -> None:
    script = msgspec.structs.replace(SCRIPT, waivers={"DX114": "known", "DX300": "no staging"})
    good = all_ticked(Story().begin().preflight())
    assert step(good, script) == cmd.StartPhase(phase=Phase.BACKUP)
    bad = all_ticked(Story().begin().preflight(DX114=CheckState.FAILED))
    assert step(bad, script) == cmd.Waive(code="DX114", operator="maria", reason="known")
    bad.write(ev.Waived(code="DX114", operator="maria", reason="known"))
    assert step(bad, script) == cmd.StartPhase(phase=Phase.BACKUP)
    assert step(bad.backup(), script) == cmd.Waive(code="DX300", operator="maria", reason="no staging")


def test_a_rehearsal_that_fails_ends_the_run() -> None:
    story = all_ticked(Story().begin().preflight().backup()).restored().apply(Place.STAGING, 2, fails=True)
    story.found("DX304", CheckState.FAILED, "the third failed").found("DX300", CheckState.FAILED)
    assert step(story.over(Phase.REHEARSAL, PhaseState.FAILED)) == cmd.End(
        closed_by=["DX304", "DX305", "DX306", "DX307"]
    )


def test_too_early_or_too_late_ends_the_run() -> None:
    assert step(sealed(fits=False)) == cmd.End(closed_by=["DX501"])
    assert [gate.code for gate in closed(fold(sealed(fits=False).entries))] == ["DX501"]


def test_a_waived_window_is_sealed_into_the_plan_before_the_phrase() -> None:
    script = msgspec.structs.replace(SCRIPT, waivers={"DX501": "the shop is closed"})
    story = sealed(fits=False)
    assert step(story, script) == cmd.Waive(code="DX501", operator="maria", reason="the shop is closed")
    story.write(ev.Waived(code="DX501", operator="maria", reason="the shop is closed"))
    assert step(story, script) == cmd.Seal()
    assert step(story.seal(fits=False), script) == CONFIRM


def test_a_refused_phrase_is_not_typed_again() -> None:
    story = sealed().write(ev.ConfirmationRefused(operator="maria", reason="The plan changed."))
    assert step(story) == cmd.End(closed_by=[])


def test_a_plan_that_could_not_be_sealed_ends_the_run() -> None:
    story = all_ticked(Story().begin().preflight().backup().rehearsal())
    story.start(Phase.GO).over(Phase.GO, PhaseState.FAILED)
    assert isinstance(step(story), cmd.End)


@pytest.mark.parametrize("name", stages())
@pytest.mark.parametrize(
    "script",
    [
        SCRIPT,
        CHECK,
        Script(operator="maria", confirm="DIXIS-PROD-OK"),
        Script(operator="maria", confirm="DIXIS-PROD-OK", ticks=PEOPLE, waivers={"DX501": "x", "DX300": "y"}),
    ],
    ids=["people", "check", "nobody", "waivers"],
)
def test_it_never_asks_for_what_would_be_refused(name: str, script: Script) -> None:
    story = stages()[name]
    for length in range(len(story.entries) + 1):
        state = fold(story.entries[:length])
        command = next_step(state, script)
        if command is None:
            continue
        assert policy.refusal(state, command) == "", f"{command} after {length} entries"
        if isinstance(command, cmd.Confirm):
            assert policy.closed_gates(state) == []
            assert state.check("DX501").open
            assert state.plan is not None
            assert command.digest == state.plan.digest


FIRST = ev.FirstConfirmed(operator="maria", account="1000 maria", digest=DIGEST)


def test_it_waits_for_the_second_person_whatever_that_one_gets_wrong() -> None:
    story = sealed()
    assert step(story) == CONFIRM
    assert step(story.write(FIRST)) is None
    assert step(story.write(ev.ConfirmationRefused(operator="Νίκος", reason="Wrong phrase."))) is None
    # Nobody came: the phrase is given anew, and what is looked at then is new too.
    assert step(story.write(ev.FirstVoided(reason="No second person came within 15 minutes."))) == CONFIRM
    assert step(story.write(FIRST)) is None
    assert step(story.write(ev.ConfirmationRefused(operator="maria", reason="Too late."))) is None


def test_a_phrase_that_a_person_took_back_is_not_given_again() -> None:
    story = sealed().write(FIRST, ev.FirstVoided(reason="Μαρία took the phrase back.", taken_back=True))
    assert step(story) == cmd.End()


def test_it_waits_for_the_after_watch_as_long_as_it_was_asked_to() -> None:
    """Not at all by default; else from before its first word to its minutes' end, or to its own."""
    watching = Script(operator="maria", confirm="DIXIS-PROD-OK", ticks=PEOPLE, after_minutes=5)
    sign_off, look = cmd.SignOff(operator="maria"), ev.AfterSeen(sample=Sample())

    def begun() -> Story:
        story = all_ticked(Story().go().migrated().verify())
        assert step(story) == sign_off
        assert step(story, watching) is None
        return story.write(ev.AfterStarted(until=story.now + timedelta(minutes=10), every_seconds=5.0))

    assert step(begun(), watching) is None
    assert step(begun().wait(290).write(look), watching) is None
    assert step(begun().wait(301).write(look), watching) == sign_off
    assert step(begun().write(ev.AfterEnded(reason="its time is over")), watching) == sign_off
