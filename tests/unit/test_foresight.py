"""What hazards and forecasts come to in preflight: which of them close the gate, and what is said."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui.hazard import Execution, FileForecast, Hazard, Severity
from dixis_tui.model import CheckState
from dixis_tui.run.phases.foresight import of_forecasts, of_hazards
from tests.unit.examples import FORECAST, HAZARD


def hazard(severity: Severity, *, blocks: bool = False, suppressed: str = "", line: int = 3) -> Hazard:
    return msgspec.structs.replace(HAZARD, severity=severity, blocks=blocks, suppressed=suppressed, line=line)


DANGER, WARNING, NOTICE = hazard(Severity.DANGER), hazard(Severity.WARNING), hazard(Severity.NOTICE)
WAITS = hazard(Severity.DANGER, blocks=True, line=9)
ACCEPTED = hazard(Severity.DANGER, suppressed="all rows are meant")


@pytest.mark.parametrize(
    ("hazards", "state", "said"),
    [
        ([], CheckState.PASSED, "none found that would harm this database"),
        ([NOTICE], CheckState.PASSED, "none found that would harm this database (1 notice)"),
        ([NOTICE, NOTICE], CheckState.PASSED, "none found that would harm this database (2 notices)"),
        ([WARNING, NOTICE], CheckState.WARNED, "1 warning: 20251110_zone:3 DH101 UPDATE without WHERE"),
        # Who only makes others wait does not close the gate: that is what the window is for.
        ([WAITS], CheckState.WARNED, "1 danger: 20251110_zone:9 DH101 UPDATE without WHERE"),
        ([WAITS, DANGER], CheckState.FAILED, "2 dangers: 20251110_zone:3 DH101 UPDATE without WHERE"),
        (
            [DANGER, WARNING],
            CheckState.FAILED,
            "1 danger and 1 warning: 20251110_zone:3 DH101 UPDATE without",
        ),
        ([ACCEPTED], CheckState.PASSED, "none found that would harm this database, 1 accepted by a comment"),
        ([ACCEPTED, WARNING], CheckState.WARNED, "1 warning: 20251110_zone:3 DH101 UPDATE without WHERE, 1 accepted"),
    ],
)
def test_what_hazards_come_to(hazards: list[Hazard], state: CheckState, said: str) -> None:
    found = of_hazards(hazards)
    assert found.state is state
    assert found.evidence.startswith(said)
    assert bool(found.remedy) is (state is not CheckState.PASSED)


@given(st.lists(st.sampled_from([DANGER, WARNING, NOTICE, WAITS, ACCEPTED]), max_size=6))
def test_only_harm_that_nobody_accepted_closes_the_gate(hazards: list[Hazard]) -> None:
    assert (of_hazards(hazards).state is CheckState.FAILED) is (DANGER in hazards)


def test_code_that_no_rule_sees_into_is_said() -> None:
    assert of_hazards([], 2).evidence.endswith("; 2 blocks of code (DO, CALL) not judged")
    assert "1 block of code" in of_hazards([WARNING], 1).evidence


def forecast(execution: Execution, surprise: str = "") -> FileForecast:
    return msgspec.structs.replace(FORECAST, execution=execution, surprise=surprise)


@pytest.mark.parametrize(
    ("executions", "state"),
    [
        ([], CheckState.PASSED),
        ([Execution.ONE_TRANSACTION], CheckState.PASSED),
        ([Execution.ONE_TRANSACTION, Execution.OWN_TRANSACTIONS], CheckState.WARNED),
        ([Execution.UNKNOWN, Execution.OWN_TRANSACTIONS], CheckState.WARNED),
        ([Execution.UNKNOWN, Execution.FAILS], CheckState.FAILED),
    ],
)
def test_what_forecasts_come_to(executions: list[Execution], state: CheckState) -> None:
    surprising = (Execution.OWN_TRANSACTIONS, Execution.FAILS)
    found = of_forecasts([forecast(one, "It stays." if one in surprising else "") for one in executions])
    assert found.state is state
    assert bool(found.remedy) is (state is not CheckState.PASSED)
