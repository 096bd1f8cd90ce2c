"""The decision clock, and what a way back is expected to take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from dixis_tui.events import BackupRestored
from dixis_tui.model import Phase, Place, Way
from dixis_tui.plan import way_back
from dixis_tui.plan.decision import VERIFY_SECONDS, decide
from dixis_tui.plan.phases import PLANNED_SECONDS

CLOSES = datetime(2026, 11, 25, 21, 20, tzinfo=UTC)
DURATIONS = some.integers(0, 86_400).map(float)


def test_the_latest_moment_leaves_room_for_the_way_back_and_the_look_after_it() -> None:
    found = decide(CLOSES - timedelta(seconds=702), CLOSES, 125.0, measured=True, verify=120.0)
    assert found.left == 702
    assert f"{found.latest:%H:%M:%S}" == "21:15:55"
    assert found.spare == 457
    assert found.fits


@given(before=some.integers(-86_400, 86_400), back=DURATIONS, verify=DURATIONS)
def test_a_rollback_begun_at_the_latest_moment_ends_with_the_window(before: int, back: float, verify: float) -> None:
    now = CLOSES - timedelta(seconds=before)
    found = decide(now, CLOSES, back, measured=False, verify=verify)
    assert found.latest + timedelta(seconds=back + verify) == CLOSES
    assert found.fits == (now + timedelta(seconds=back + verify) <= CLOSES)
    assert found.spare == found.left - back - verify


@given(before=some.integers(-86_400, 86_400), passes=some.integers(1, 86_400), back=DURATIONS)
def test_time_only_takes_away(before: int, passes: int, back: float) -> None:
    now = CLOSES - timedelta(seconds=before)
    first, later = (decide(at, CLOSES, back, measured=True) for at in (now, now + timedelta(seconds=passes)))
    assert later.latest == first.latest
    assert later.spare == first.spare - passes
    assert first.fits or not later.fits


@given(back=DURATIONS, more=some.integers(1, 3_600))
def test_a_longer_way_back_has_to_begin_earlier(back: float, more: int) -> None:
    first, longer = (decide(CLOSES, CLOSES, took, measured=True) for took in (back, back + more))
    assert longer.latest == first.latest - timedelta(seconds=more)
    assert first.verify == VERIFY_SECONDS


@pytest.mark.parametrize(("way", "seconds"), [(Way.SIDE, 100.0 + 20.0 + 5.0), (Way.IN_PLACE, 400.0)])
def test_what_was_measured_predicts_each_way(way: Way, seconds: float) -> None:
    restored = BackupRestored(
        place=Place.STAGING, where="", seconds=100.0, tables=1, rows=1, compare_seconds=20.0, jobs=4
    )
    assert way_back.seconds(restored, way) == (seconds, True)
    assert way_back.seconds(restored, Way.SNAPSHOT) == (PLANNED_SECONDS[Phase.ROLLBACK], False)
    assert way_back.seconds(None, way) == (PLANNED_SECONDS[Phase.ROLLBACK], False)
