"""What closes the gate, what only warns, and that all of it is said."""

from __future__ import annotations

import pytest

from dixis_tui.model import CheckState
from dixis_tui.run.phases import soundness
from dixis_tui.standing import (
    DatabaseStanding,
    MigrationStanding,
    Reconciled,
    Reconciliation,
    Standing,
    Truth,
)

MANAGED = DatabaseStanding.MANAGED


def truth(*standings: Standing, database: DatabaseStanding = MANAGED) -> Truth:
    migrations = tuple(
        MigrationStanding(name=f"{number}_x", standing=standing, detail=f"detail {number}", remedy=f"Do {number}.")
        for number, standing in enumerate(standings, 1)
    )
    return Truth(database=database, remedy="Mend the database.", migrations=migrations)


@pytest.mark.parametrize(
    ("standing", "state"),
    [
        (Standing.RUNNING, CheckState.FAILED),
        (Standing.FAILED, CheckState.FAILED),
        (Standing.NO_FILE, CheckState.FAILED),
        (Standing.MISSING, CheckState.FAILED),
        (Standing.EDITED, CheckState.FAILED),
        (Standing.DUPLICATE, CheckState.WARNED),
        (Standing.OUT_OF_ORDER, CheckState.WARNED),
        (Standing.WILL_RUN_AGAIN, CheckState.WARNED),
        (Standing.PENDING, CheckState.PASSED),
        (Standing.APPLIED, CheckState.PASSED),
    ],
)
def test_every_standing_has_its_weight(standing: Standing, state: CheckState) -> None:
    found = soundness.history(truth(standing))
    assert found.state is state
    assert soundness.plain(truth(standing)) is (state is CheckState.PASSED)
    assert soundness.closes(truth(standing)) is (state is CheckState.FAILED)


@pytest.mark.parametrize("database", list(DatabaseStanding))
def test_the_database_as_a_whole(database: DatabaseStanding) -> None:
    found = soundness.history(truth(Standing.PENDING, database=database))
    closed = database in (DatabaseStanding.UNMANAGED, DatabaseStanding.MISSING, DatabaseStanding.REPLICA)
    assert (found.state is CheckState.FAILED) is closed
    assert (found.remedy == "Mend the database.") is closed


def test_all_findings_are_told_and_the_worst_decides() -> None:
    found = soundness.history(truth(Standing.APPLIED, Standing.OUT_OF_ORDER, Standing.EDITED, Standing.FAILED))
    assert found.state is CheckState.FAILED
    assert found.evidence == (
        "recorded as failed: 4_x (detail 4); edited since applied: 3_x; older than an applied one: 2_x"
    )
    assert found.remedy == "Do 4. Do 3. Do 2."


def test_many_of_one_kind_are_counted() -> None:
    found = soundness.history(truth(*[Standing.EDITED] * 5))
    assert found.evidence == "edited since applied: 1_x, 2_x, 3_x and 2 more"


def test_passed_says_how_many() -> None:
    found = soundness.history(truth(Standing.APPLIED, Standing.APPLIED, Standing.PENDING))
    assert found.evidence == "2 applied, files and rows agree"


def test_unfinished_alone() -> None:
    assert soundness.unfinished(truth(Standing.EDITED)) is None
    whole = Reconciliation(migration="1_x", outcome=Reconciled.ALL, statements=1, sentence="all of it is there")
    failed = MigrationStanding(name="1_x", standing=Standing.FAILED, detail="begun", reconciliation=whole)
    found = soundness.unfinished(Truth(database=MANAGED, migrations=(failed, *truth(Standing.EDITED).migrations)))
    assert found is not None
    assert found.evidence == "recorded as failed: 1_x (begun; all of it is there)"
