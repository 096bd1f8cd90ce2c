"""`fold`: what a journal adds up to, event by event, without ever changing an earlier state."""

from __future__ import annotations

import copy
from typing import get_args

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import (
    CheckState,
    MigrationFile,
    MigrationState,
    Phase,
    PhaseState,
    Place,
    Verdict,
)
from dixis_tui.plan.checks import CATALOGUE, FLEET, SPECS
from dixis_tui.run import state as st
from dixis_tui.run.state import RunState, apply, fold
from tests.screens.story import stages
from tests.unit.examples import BACKUP, EVENTS, FILE, IDENTITY, START, STARTED, entries


def after(*events: ev.Event) -> RunState:
    """The state of a run that began and then saw `events`."""
    return fold(entries(STARTED, *events))


def test_every_kind_of_event_is_folded() -> None:
    assert set(st._CHANGES) == set(get_args(ev.Event))
    state = fold(entries(*EVENTS))
    assert (state.entries, state.started) == (len(EVENTS), entries(STARTED)[0].at)
    assert state.last_at == entries(*EVENTS)[-1].at


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("name", ["empty", "begun", "backup", "rehearsal", "go", "migrate", "failed", "done"])
def test_an_earlier_state_never_changes(name: str, event: ev.Event) -> None:
    state = fold(stages()[name].entries)
    before = copy.deepcopy(state)
    apply(state, st.Entry(state.entries + 1, START, event))
    assert state == before


@pytest.mark.parametrize("name", stages())
def test_folding_on_is_folding_anew(name: str) -> None:
    told = stages()[name].entries
    for middle in range(0, len(told), 7):
        assert fold(told[middle:], fold(told[:middle])) == fold(told)


def test_a_state_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        RunState().entries = 1  # type: ignore[misc]
    assert RunState().checks is not RunState().checks


def test_nothing_is_known_before_the_first_entry() -> None:
    state = RunState()
    assert (state.verdict, state.running, state.predicted_seconds) == (Verdict.OPEN, None, None)
    assert state.phase(Phase.BACKUP).state is PhaseState.WAITING
    assert state.check("DX200").state is CheckState.WAITING


def test_what_people_answer_waits_from_the_beginning() -> None:
    assert {code for code, _ in after().checks} == {
        spec.code for spec in CATALOGUE if (spec.person or spec.key) and spec.phase is not Phase.ROLLBACK
    }


def test_every_check_belongs_to_a_phase_and_says_what_it_is() -> None:
    assert len(SPECS) == len(CATALOGUE) + len(FLEET), "a code stands for two checks"
    digits = {Phase.PREFLIGHT: 1, Phase.BACKUP: 2, Phase.REHEARSAL: 3, Phase.BANNER: 4, Phase.GO: 5, Phase.MIGRATE: 6}
    digits |= {Phase.VERIFY: 7, Phase.SIGNOFF: 8, Phase.ROLLBACK: 9}
    for spec in (*CATALOGUE, *FLEET):
        assert spec.code.startswith(f"DX{digits[spec.phase]}")
        assert len(spec.code) == 5
        assert spec.title
        assert spec.looks
        assert spec.waivable or not spec.person
    assert [spec.code for spec in CATALOGUE] == sorted(spec.code for spec in CATALOGUE)
    assert {spec.code for spec in CATALOGUE if spec.key} == {"DX200", "DX300", "DX400", "DX600"}


def test_a_phase_begins_ends_and_begins_again() -> None:
    begin = ev.PhaseStarted(phase=Phase.PREFLIGHT, checks=[("DX101", ""), ("DX121", "")])
    state = after(begin)
    assert (state.running, state.phase(Phase.PREFLIGHT).attempts) == (Phase.PREFLIGHT, 1)
    state = after(begin, ev.PhaseEnded(phase=Phase.PREFLIGHT, state=PhaseState.FAILED, seconds=3.5, reason="why"))
    view = state.phase(Phase.PREFLIGHT)
    assert (state.running, view.state, view.seconds, view.reason) == (None, PhaseState.FAILED, 3.5, "why")
    seen = ev.CheckChanged(code="DX101", state=CheckState.FAILED, evidence="not set", remedy="Set it.")
    again = after(begin, seen, ev.Ticked(code="DX131", operator="Μαρία"), begin)
    assert again.phase(Phase.PREFLIGHT).attempts == 2
    assert again.check("DX101").state is CheckState.WAITING
    assert again.check("DX131").state is CheckState.PASSED, "a person's answer outlives a second look"


def test_a_check_is_answered() -> None:
    state = after(ev.CheckChanged(code="DX706", subject="API", state=CheckState.FAILED, evidence="500", remedy="Look."))
    view = state.check("DX706", "API")
    assert (view.state, view.evidence, view.remedy, view.who) == (CheckState.FAILED, "500", "Look.", "")
    assert state.check("DX706").state is CheckState.WAITING
    assert [found.code for found in state.checks_of(Phase.VERIFY)] == ["DX706", "DX711"]


@pytest.mark.parametrize(
    ("kind", "is_open"),
    [
        (CheckState.PASSED, True),
        (CheckState.WARNED, True),
        (CheckState.WAIVED, True),
        (CheckState.FAILED, False),
        (CheckState.UNKNOWN, False),
        (CheckState.WAITING, False),
        (CheckState.RUNNING, False),
    ],
)
def test_which_states_let_the_way_open(kind: CheckState, is_open: bool) -> None:
    assert st.CheckView("DX101", "", kind).open is is_open


def test_a_tick_and_its_taking_back() -> None:
    ticked = after(ev.Ticked(code="DX131", operator="Μαρία")).check("DX131")
    assert (ticked.state, ticked.who, ticked.evidence) == (CheckState.PASSED, "Μαρία", "ticked by Μαρία")
    back = after(ev.Ticked(code="DX131", operator="Μαρία"), ev.Ticked(code="DX131", operator="Νίκος", on=False)).check(
        "DX131"
    )
    assert (back.state, back.who, back.evidence) == (CheckState.WAITING, "", "")


def test_a_waiver_opens_every_subject_and_outlives_another_failure() -> None:
    bad = ev.CheckChanged(code="DX706", subject="API", state=CheckState.FAILED, evidence="500")
    good = ev.CheckChanged(code="DX706", subject="Home", state=CheckState.PASSED, evidence="200")
    waiver = ev.Waived(code="DX706", operator="Μαρία", reason="known")
    state = after(bad, good, waiver)
    assert {view.state for view in state.checks_of(Phase.VERIFY) if view.code == "DX706"} == {CheckState.WAIVED}
    assert state.check("DX706", "API").evidence == "waived by Μαρία: known"
    again = after(bad, waiver, ev.PhaseStarted(phase=Phase.VERIFY, checks=[("DX706", "API")]), bad)
    assert (again.check("DX706", "API").state, again.check("DX706", "API").who) == (CheckState.WAIVED, "Μαρία")
    mended = after(bad, waiver, msgspec.structs.replace(bad, state=CheckState.PASSED))
    assert mended.check("DX706", "API").state is CheckState.PASSED


def test_a_waiver_of_what_was_not_looked_at() -> None:
    assert after(ev.Waived(code="DX501", operator="Μαρία", reason="x")).check("DX501").open


def migration(*events: ev.Event) -> st.MigrationView:
    return after(ev.PendingSeen(applied=8, pending=[FILE]), *events).migrations[FILE.name]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, MigrationState.APPLIED),
        ({"error": "duplicate key"}, MigrationState.FAILED),
        ({"error": "connection lost", "unknown": True}, MigrationState.UNKNOWN),
        ({"unknown": True}, MigrationState.UNKNOWN),
    ],
)
@pytest.mark.parametrize("place", list(Place))
def test_a_migration_in_both_places(place: Place, change: dict[str, object], outcome: MigrationState) -> None:
    began = ev.MigrationStarted(name=FILE.name, place=place)
    ended = ev.MigrationEnded(name=FILE.name, place=place, seconds=0.5, **change)  # type: ignore[arg-type]
    for events, expected in (((began,), MigrationState.RUNNING), ((began, ended), outcome)):
        view = migration(*events)
        here, there = view.state, view.rehearsal_state
        if place is Place.STAGING:
            here, there = there, here
        assert (here, there) == (expected, MigrationState.PENDING)
    view = migration(began, ended)
    assert (view.error, view.rehearsal_error)[place is Place.STAGING] == change.get("error", "")
    if place is Place.STAGING:
        assert (view.seconds, view.rehearsed) == (None, 0.5 if outcome is MigrationState.APPLIED else None)
    else:
        assert (view.seconds, view.rehearsed) == (0.5, None)


def test_a_prediction_needs_every_migration_measured() -> None:
    other = MigrationFile("20251111_more", "prisma/migrations/20251111_more", "d" * 64, 5)
    seen = ev.PendingSeen(applied=8, pending=[FILE, other])
    first = ev.MigrationEnded(name=FILE.name, place=Place.STAGING, seconds=0.5)
    second = ev.MigrationEnded(name=other.name, place=Place.STAGING, seconds=0.25)
    assert after(seen).predicted_seconds is None
    assert after(seen, first).predicted_seconds is None
    assert after(seen, first, second).predicted_seconds == 0.75


def rehearsed_state(*events: ev.Event) -> RunState:
    return after(
        ev.PendingSeen(applied=8, pending=[FILE]),
        ev.BackupMade(backup=BACKUP),
        ev.PhaseStarted(phase=Phase.REHEARSAL, checks=[("DX302", ""), ("DX304", "")]),
        ev.BackupRestored(place=Place.STAGING, where="staging", seconds=2.0, tables=1, rows=5),
        ev.MigrationEnded(name=FILE.name, place=Place.STAGING, seconds=0.5),
        ev.CheckChanged(code="DX302", state=CheckState.PASSED),
        ev.CheckChanged(code="DX304", state=CheckState.PASSED),
        ev.CheckChanged(code="DX300", state=CheckState.PASSED),
        ev.PhaseEnded(phase=Phase.REHEARSAL, state=PhaseState.PASSED, seconds=3.0),
        *events,
    )


def test_a_new_backup_or_other_files_undo_the_rehearsal() -> None:
    assert rehearsed_state().phase(Phase.REHEARSAL).state is PhaseState.PASSED
    other = msgspec.structs.replace(FILE, checksum="d" * 64)
    same = ev.PendingSeen(applied=8, pending=[FILE])
    assert rehearsed_state(same).phase(Phase.REHEARSAL).state is PhaseState.PASSED
    assert rehearsed_state(same).migrations[FILE.name].rehearsed == 0.5
    for event in (ev.BackupMade(backup=BACKUP), ev.PendingSeen(applied=8, pending=[other])):
        state = rehearsed_state(event)
        assert state.phase(Phase.REHEARSAL).state is PhaseState.WAITING
        assert not [view for view in state.checks_of(Phase.REHEARSAL) if view.open]
        assert state.plan is None
    assert rehearsed_state(ev.BackupMade(backup=BACKUP)).restored is None
    assert rehearsed_state(ev.PendingSeen(applied=8, pending=[other])).migrations[FILE.name].rehearsed is None


def test_a_file_that_is_no_longer_pending_is_forgotten_unless_it_ran() -> None:
    ran = ev.MigrationEnded(name=FILE.name, place=Place.PRODUCTION, seconds=0.5)
    nothing = ev.PendingSeen(applied=9, pending=[])
    assert after(ev.PendingSeen(applied=8, pending=[FILE]), nothing).migrations == {}
    kept = after(ev.PendingSeen(applied=8, pending=[FILE]), ran, nothing)
    assert kept.migrations[FILE.name].state is MigrationState.APPLIED
    assert kept.applied_before == 9


def test_what_was_found_and_waived_for_other_files_is_forgotten() -> None:
    found = ev.CheckChanged(code="DX116", state=CheckState.FAILED, evidence="1 danger")
    waived = ev.Waived(code="DX116", operator="maria", reason="agreed")
    same = ev.PendingSeen(applied=8, pending=[FILE])
    another = ev.PendingSeen(applied=8, pending=[FILE, msgspec.structs.replace(FILE, name="20251111_more")])
    assert after(same, found, waived, same).check("DX116").state is CheckState.WAIVED
    assert after(same, found, waived, another).check("DX116").state is CheckState.WAITING


def test_facts_are_kept() -> None:
    state = fold(entries(*EVENTS))
    assert state.identity == IDENTITY
    assert state.project is not None
    assert state.project.commit == "4f2a"
    assert state.backup == BACKUP
    assert state.adopted is not None
    assert state.restored is not None
    assert state.plan is not None
    assert state.confirmed is not None
    assert state.rollback is not None
    assert state.refusals == 1
    assert isinstance(state.refused, ev.ConfirmationRefused)
    assert state.health["API"].status == 200
    assert (state.verdict, state.ended_at) == (Verdict.DONE, state.last_at)


def test_progress_belongs_to_the_phase_that_runs() -> None:
    half = ev.Progress(phase=Phase.BACKUP, what="dump", done=1, total=2)
    begin = ev.PhaseStarted(phase=Phase.BACKUP)
    assert after(begin, half).progress == half
    assert after(begin, half, ev.PhaseEnded(phase=Phase.BACKUP, state=PhaseState.PASSED, seconds=1.0)).progress is None
    assert after(begin, half, ev.PhaseStarted(phase=Phase.REHEARSAL)).progress is None


def test_only_the_last_notes_are_kept() -> None:
    state = after(*(ev.Noted(text=str(number)) for number in range(80)))
    assert [note.text for note in state.notes] == [str(number) for number in range(30, 80)]
