"""Whether the prediction and the way back fit into what is left of the window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui import events as ev
from dixis_tui.measures import Prediction
from dixis_tui.model import CheckState, Place
from dixis_tui.plan.phases import PLANNED_SECONDS, Phase
from dixis_tui.plan.way_back import SWAP_SECONDS
from dixis_tui.run.phases.go import _minutes, fits
from dixis_tui.run.state import RunState, fold
from tests.unit.examples import FILE, STARTED, entries

OPENS = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)
CLOSES = OPENS + timedelta(minutes=20)
PLANNED = PLANNED_SECONDS[Phase.MIGRATE] + PLANNED_SECONDS[Phase.ROLLBACK]


def state(
    *, window: bool = True, migration: float | None = None, way_back: float | None = None, waived: str = ""
) -> RunState:
    began = msgspec.structs.replace(
        STARTED, window_opens=OPENS if window else None, window_closes=CLOSES if window else None
    )
    events: list[ev.Event] = [began, ev.PendingSeen(applied=8, pending=[FILE])]
    if migration is not None:
        # What counts is how long it may take at worst.
        found = Prediction(rehearsed=True, seconds=migration / 2, low=migration / 4, high=migration)
        events.append(ev.Predicted(prediction=found))
    if way_back is not None:
        events.append(ev.BackupRestored(place=Place.STAGING, where="staging", seconds=way_back, tables=1, rows=1))
    if waived:
        events.append(ev.Waived(code=waived, operator="maria", reason="agreed"))
    return fold(entries(*events))


@pytest.mark.parametrize(
    ("before_the_end", "migration", "way_back", "expected"),
    [
        (1200, 60.0, 60.0, CheckState.PASSED),
        (120 + SWAP_SECONDS, 60.0, 60.0, CheckState.PASSED),
        (119 + SWAP_SECONDS, 60.0, 60.0, CheckState.FAILED),
        (1200, 600.0, 601.0, CheckState.FAILED),
        (1200, None, None, CheckState.PASSED),
        (PLANNED, None, None, CheckState.PASSED),
        (PLANNED - 1, None, None, CheckState.FAILED),
        (301, 1.0, None, CheckState.PASSED),
        (300, 1.0, None, CheckState.FAILED),
        (0, 1.0, 1.0, CheckState.FAILED),
        (-3600, 1.0, 1.0, CheckState.FAILED),
        (1201, 1.0, 1.0, CheckState.FAILED),
    ],
)
def test_the_time_that_is_left(
    before_the_end: float, migration: float | None, way_back: float | None, expected: CheckState
) -> None:
    finding = fits(state(migration=migration, way_back=way_back), CLOSES - timedelta(seconds=before_the_end))
    assert finding.state is expected
    assert bool(finding.remedy) is (expected is CheckState.FAILED)


def test_the_sentences() -> None:
    known = state(migration=9.3, way_back=11.3)
    assert fits(known, OPENS).evidence == (
        "migration of at most 9.3 s and way back 16.3 s fit into the 20 min 0 s left"
    )
    assert fits(known, CLOSES).evidence == (
        "migration of at most 9.3 s and way back 16.3 s do not fit into the 0.0 s left"
    )
    assert fits(known, OPENS - timedelta(minutes=24)).evidence == "the window opens in 24 min 0 s"
    assert "(the runbook, not rehearsed)" in fits(state(), OPENS).evidence


def test_too_early_is_for_a_person_to_open() -> None:
    early = OPENS - timedelta(hours=1)
    assert fits(state(migration=1.0, way_back=1.0), early).state is CheckState.FAILED
    assert fits(state(migration=1.0, way_back=1.0, waived="DX121"), early).state is CheckState.PASSED


def test_a_waived_window_still_ends() -> None:
    late = CLOSES + timedelta(seconds=1)
    assert fits(state(migration=1.0, way_back=1.0, waived="DX121"), late).state is CheckState.FAILED


def test_without_a_window_there_is_nothing_to_fit_into() -> None:
    assert fits(state(window=False), OPENS).state is CheckState.WARNED
    assert fits(RunState(), OPENS).state is CheckState.WARNED


@given(st.floats(0, 1e6))
def test_no_sixty_seconds(seconds: float) -> None:
    words = _minutes(seconds)
    assert "60" not in words.rsplit(" ", 2)[-2].split(".")[0]
    minutes, _, rest = words.rpartition(" min ")
    whole = int(minutes or 0) * 60 + float(rest.removesuffix(" s"))
    assert abs(whole - seconds) <= 0.5001
