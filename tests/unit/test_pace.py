"""How often GitHub is asked while many runs are followed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil

import pytest

from dixis_tui.github import Rate
from dixis_tui.plan.pace import PAGE, Pace, pace

NOW = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)


@pytest.mark.parametrize("parallel", [1, 8, 64, 200, 256])
@pytest.mark.parametrize("poll", [0.05, 3.0, 30.0])
def test_two_hundred_targets_fit_into_an_hours_requests(parallel: int, poll: float) -> None:
    """An hour of following, played: every run takes ten minutes, and every target two requests besides."""
    remaining, at, ended, begun = 5000, 0.0, 0, 0
    running: list[float] = []
    while at < 3600 and ended < 200:
        over = [since for since in running if at - since > 600]
        running = [since for since in running if at - since <= 600]
        ended += len(over)
        while len(running) < parallel and begun < 200 and not over:
            running.append(at)
            begun += 1
            remaining -= 1
        rate = Rate(limit=5000, remaining=remaining, resets=NOW + timedelta(seconds=3600))
        speed = pace(len(running), poll, rate, NOW + timedelta(seconds=at))
        remaining -= max(ceil(len(running) / PAGE), 1) + speed.jobs + len(over)
        assert remaining >= 0, f"all requests are gone after {at:.0f} s"
        assert speed.seconds >= poll
        at += speed.seconds
    assert at >= 3600 or ended == 200


def test_a_few_runs_are_all_looked_at_at_the_usual_pace() -> None:
    assert pace(3, 3.0, None, NOW) == Pace(3.0, 2)
    assert pace(2, 10.0, Rate(limit=5000, remaining=5000), NOW) == Pace(10.0, 2)


def test_where_little_is_left_the_pause_grows_until_the_hour_is_over() -> None:
    rate = Rate(limit=5000, remaining=10, resets=NOW + timedelta(minutes=10))
    speed = pace(4, 3.0, rate, NOW)
    assert 140 < speed.seconds < 160
    assert speed.jobs == 1
    empty = pace(4, 3.0, Rate(limit=5000, remaining=0, resets=NOW + timedelta(minutes=10)), NOW)
    assert empty == Pace(600.0, 0)


def test_an_hour_that_is_over_is_a_new_one() -> None:
    old = Rate(limit=5000, remaining=5000, resets=NOW - timedelta(minutes=1))
    assert pace(1, 3.0, old, NOW) == Pace(3.0, 1)
