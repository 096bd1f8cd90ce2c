"""`dixis-tui approve` without a terminal: which plan is meant, and what became of it."""

from __future__ import annotations

import pytest

from dixis_tui import events as ev
from dixis_tui.cli.commands.approve import _decided, _plan_of, _refusal
from dixis_tui.errors import UsageError
from dixis_tui.model import Phase
from dixis_tui.run.state import RunState, fold
from tests.screens.test_second_person import BOTH, DIGEST, FIRST, waiting
from tests.unit.examples import STARTED


def state_after(*events: ev.Event) -> RunState:
    return fold(waiting().write(*events).entries)


@pytest.mark.parametrize("plan", ["7f3a·c2e1", "7f3ac2e1", "7F3A-C2E1", "7f3a c2e1"])
def test_the_hash_is_taken_as_it_can_be_typed(plan: str) -> None:
    assert _plan_of(state_after(), plan) == DIGEST


@pytest.mark.parametrize(
    ("plan", "said"),
    [(None, "has to be said"), ("7f3a·c2e2", "The sealed plan is 7f3a·c2e1"), ("", "not the one"), ("7f3a", "not the")],
)
def test_another_hash_approves_nothing(plan: str | None, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        _plan_of(state_after(), plan)


def test_no_plan_is_no_plan() -> None:
    with pytest.raises(UsageError, match="No plan is sealed"):
        _plan_of(RunState(run=STARTED), "7f3a·c2e1")


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((BOTH,), ""),
        ((BOTH, ev.PhaseStarted(phase=Phase.MIGRATE)), ""),
        ((ev.ConfirmationRefused(operator="x", reason="The plan changed."),), "The plan changed."),
        ((ev.FirstVoided(reason="Μαρία took the phrase back.", taken_back=True),), "Μαρία took the phrase back."),
        ((ev.PhaseStarted(phase=Phase.GO),), "went on without this approval"),
        ((ev.FirstVoided(reason="old"), FIRST, ev.ConfirmationRefused(operator="x", reason="no")), "no"),
    ],
)
def test_what_became_of_it(events: tuple[ev.Event, ...], said: str) -> None:
    before = state_after()
    assert not _decided(before, before)
    after = state_after(*events)
    assert _decided(before, after)
    found = _refusal(before, after)
    assert said in found if said else found == ""
