"""A recording and its player: time on the tape, stepping, phases, the end, a run that is still alive."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui import events as ev
from dixis_tui.errors import JournalError
from dixis_tui.model import Phase
from dixis_tui.run.replay import Player, Tape
from dixis_tui.run.state import Entry

START = datetime(2026, 11, 25, 20, 30, tzinfo=UTC)
GAPS = st.lists(st.floats(-3700, 3700, allow_nan=False), min_size=0, max_size=30)


def tape(gaps: Sequence[float], *, phases: Sequence[int] = ()) -> Tape:
    """An entry at the start and one after each gap; those numbered in `phases` begin one."""
    entries, at = [], START
    for number, gap in enumerate([0.0, *gaps], 1):
        at += timedelta(seconds=gap)
        begins = ev.PhaseStarted(phase=Phase.BACKUP, checks=[])
        entries.append(Entry(number, at, begins if number in phases else ev.Noted(text=str(number))))
    return Tape().longer(entries)


@given(GAPS)
def test_time_on_the_tape_never_falls_and_each_entry_tells_its_own(gaps: list[float]) -> None:
    made = tape(gaps)
    assert list(made.offsets) == sorted(made.offsets)
    player = Player(tape=made)
    for number, entry in enumerate(made.entries, 1):
        assert player.to_entry(number).moment == entry.at


@given(GAPS, st.lists(st.floats(0, 900, allow_nan=False), max_size=20), st.sampled_from([1, 10]))
def test_it_shows_what_was_written_by_then_in_however_many_slices(
    gaps: list[float], slices: list[float], speed: int
) -> None:
    player = Player(tape=tape(gaps), speed=speed)
    passed = 0.0
    for seconds in slices:
        player = player.after(seconds)
        passed += seconds * speed
        assert player.at == pytest.approx(min(passed, player.length))
        assert player.shown == sum(1 for offset in player.tape.offsets if offset <= player.at) or player.shown == 1
        assert player.shown == len(player.tape.entries) or player.tape.offsets[player.shown] > player.at
    assert player.after(1e9).at_end


@given(GAPS, st.lists(st.sampled_from(["on", "back", "next", "previous", "home", "end", "play"]), max_size=30))
def test_keys_never_lead_off_the_tape(gaps: list[float], keys: list[str]) -> None:
    player = Player(tape=tape(gaps, phases=range(2, 30, 5)))
    for key in keys:
        before = player
        match key:
            case "on":
                player = player.forward()
                assert player.shown in (before.shown, before.shown + 1)
            case "back":
                player = player.back()
                assert player.shown == max(before.shown - 1, 1)
                assert not player.playing
            case "next":
                player = player.next_phase()
                assert player.shown > before.shown or player.at_end
            case "previous":
                player = player.previous_phase()
                assert player.shown <= before.shown
            case "home":
                player = player.to_entry(1)
            case "end":
                player = player.to_end()
                assert player.at_end
            case "play":
                player = player.toggled().after(7.0)
        assert 1 <= player.shown <= len(player.tape.entries)
        assert 0 <= player.at <= player.length
        assert player.moment >= player.tape.entries[player.shown - 1].at


def test_a_step_goes_over_a_wait_and_by_one_entry_where_several_are_of_one_moment() -> None:
    player = Player(tape=tape([0, 0, 600, 1]))
    seen = [player.shown]
    while not player.at_end:
        player = player.forward()
        seen.append(player.shown)
    assert seen == [1, 2, 3, 4, 5]
    assert player.at == 601


def test_at_its_own_pace_a_wait_is_as_long_as_it_was_and_it_is_told_how_long() -> None:
    player = Player(tape=tape([600])).after(100)
    assert (player.shown, player.moment, player.wait) == (1, START + timedelta(seconds=100), 500)
    fast = player.at_speed(10).after(49)
    assert (fast.shown, fast.wait) == (1, 10)
    assert fast.after(1).shown == 2
    assert fast.after(1).wait is None


def test_paused_no_time_passes() -> None:
    paused = Player(tape=tape([1, 1]), playing=False)
    assert paused.after(100) == paused
    assert paused.toggled().after(1).shown == 2


def test_a_clock_set_back_by_an_hour_is_told_and_takes_no_time() -> None:
    player = Player(tape=tape([10, -3600, 10]))
    assert player.length == 20
    at_jump = player.after(10)
    assert at_jump.shown == 3
    assert at_jump.moment == START + timedelta(seconds=10 - 3600)
    assert at_jump.after(5).moment == START + timedelta(seconds=15 - 3600)


def test_phases_forth_and_back() -> None:
    player = Player(tape=tape([10] * 9, phases=(3, 6)), playing=False)
    assert player.next_phase().shown == 3
    assert player.next_phase().next_phase().shown == 6
    assert player.next_phase().next_phase().next_phase().at_end
    assert player.to_entry(8).previous_phase().shown == 6
    assert player.to_entry(6).previous_phase().shown == 3
    assert player.to_entry(3).previous_phase().shown == 1


def test_while_it_plays_the_way_back_is_not_held_up_by_the_phase_that_has_just_begun() -> None:
    player = Player(tape=tape([1] * 9, phases=(3, 6))).to_entry(6)
    assert player.after(1.5).previous_phase().shown == 3
    assert player.after(3.0).previous_phase().shown == 6


def test_a_live_run_is_played_up_to_the_present() -> None:
    player = Player(tape=tape([1])).grown(tape([1]), 30.0, live=True).to_end()
    assert player.moment == START + timedelta(seconds=31)
    assert player.at_end
    longer = player.tape.longer([Entry(3, START + timedelta(seconds=33), ev.Noted(text="3"))])
    later = player.grown(longer, 2.0, live=True)
    assert (later.shown, later.at_end) == (2, False)
    later = later.after(2.0)
    assert (later.shown, later.moment) == (3, START + timedelta(seconds=33))


def test_what_was_shown_stays_where_the_present_lies_before_it() -> None:
    player = Player(tape=tape([1])).grown(tape([1]), 30.0, live=True).to_end()
    behind = player.grown(player.tape, 10.0, live=True)
    assert behind.after(5.0).at == player.at


@pytest.mark.parametrize(
    "at", [START.replace(tzinfo=None), datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)]
)
def test_a_time_that_no_runner_wrote_is_refused(at: datetime) -> None:
    with pytest.raises(JournalError, match="Entry 1 has a time"):
        Tape().longer([Entry(1, at, ev.Noted(text=""))])
