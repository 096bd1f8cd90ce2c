"""Which mark a failed migration's row may get, by what was found of its file."""

from __future__ import annotations

import pytest

from dixis_tui.errors import ToolError
from dixis_tui.run.phases.resolve import agreed
from dixis_tui.standing import MigrationStanding, Reconciled, Reconciliation, Standing

NAME = "1_x"


def found(outcome: Reconciled, there: tuple[int, ...] = ()) -> Reconciliation:
    return Reconciliation(migration=NAME, outcome=outcome, statements=2, there=there, sentence=f"it is {outcome}")


NONE, ALL, CANT_TELL = found(Reconciled.NONE), found(Reconciled.ALL, (1, 2)), found(Reconciled.CANT_TELL)
PART = found(Reconciled.PART, (1,))


@pytest.mark.parametrize(
    ("then", "now", "marks"),
    [
        (NONE, NONE, {False}),
        (NONE, None, {False}),
        (NONE, CANT_TELL, {False}),
        (NONE, ALL, {True}),
        (NONE, PART, set()),
        (ALL, ALL, {True}),
        (ALL, found(Reconciled.CANT_TELL, (1,)), {True}),
        (PART, PART, set()),
        (CANT_TELL, CANT_TELL, set()),
        (None, None, set()),
    ],
)
def test_only_what_both_looks_allow(then: Reconciliation | None, now: Reconciliation | None, marks: set[bool]) -> None:
    """What the failure left behind, and what is there after somebody may have mended it."""
    standings = (MigrationStanding(name=NAME, standing=Standing.FAILED, reconciliation=then),)
    for applied in (True, False):
        if applied in marks:
            assert agreed(standings, NAME, now, applied=applied)
        else:
            with pytest.raises(ToolError, match="can't be marked"):
                agreed(standings, NAME, now, applied=applied)


def test_what_did_not_fail_is_not_resolved() -> None:
    standings = (MigrationStanding(name=NAME, standing=Standing.APPLIED),)
    for name in (NAME, "another"):
        with pytest.raises(ToolError, match="nothing to resolve"):
            agreed(standings, name, None, applied=True)
