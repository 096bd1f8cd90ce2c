"""How old a password is, by whatever is known of it; and what the lines of rotations add up to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dixis_tui.github import SecretSeen
from dixis_tui.model import CheckState
from dixis_tui.plan.credential import Known, age, considered, secret_in_use
from dixis_tui.run import rotations
from dixis_tui.run.rotations import RotationRecord, Step, fold, of_role

NOW = datetime(2026, 11, 24, 21, 0, tzinfo=UTC)
SECRET = SecretSeen(name="DATABASE_URL_PROD", where="environment production", updated=NOW - timedelta(days=30))


@pytest.mark.parametrize(
    ("known", "outcome", "says"),
    [
        (Known(role="app"), CheckState.WARNED, "nothing here says when the password of app was last changed"),
        (
            Known(role="app", rotated=NOW - timedelta(days=12), secret=SECRET),
            CheckState.PASSED,
            "password of app changed 12 days ago (rotation of 2026-11-12)",
        ),
        (
            Known(role="app", rotated=NOW - timedelta(days=91)),
            CheckState.WARNED,
            "password of app changed 91 days ago (rotation of 2026-08-25), more than 90 days ago",
        ),
        (
            Known(role="app", secret=SECRET),
            CheckState.PASSED,
            "secret DATABASE_URL_PROD of the environment production changed 30 days ago; no rotation is recorded here",
        ),
        (
            Known(role="app", rotated=NOW, valid_until=NOW + timedelta(days=3)),
            CheckState.WARNED,
            "password of app changed today (rotation of 2026-11-24); valid until 2026-11-27 21:00 UTC",
        ),
        (
            Known(role="app", rotated=NOW - timedelta(days=1), valid_until=NOW + timedelta(days=300)),
            CheckState.PASSED,
            "password of app changed yesterday (rotation of 2026-11-23); valid until 2027-09-20 21:00 UTC",
        ),
    ],
)
def test_the_age_is_that_of_the_last_change_that_is_known(known: Known, outcome: CheckState, says: str) -> None:
    found = age(known, 90, NOW)
    assert (found.state, found.evidence) == (outcome, says)
    assert bool(found.remedy) is (outcome is CheckState.WARNED)


def test_a_rotation_of_this_evening_answers_for_the_person() -> None:
    began = NOW - timedelta(hours=1)
    answered = considered(NOW, "app", began)
    assert answered is not None
    assert answered.evidence == "password of app rotated at 21:00 UTC, since this run began"
    assert considered(began - timedelta(days=1), "app", began) is None
    assert considered(None, "app", began) is None


def test_the_environment_s_secret_is_the_one_that_counts() -> None:
    own = SecretSeen(name="database_url_prod", where="repository")
    assert secret_in_use([own, SECRET], "DATABASE_URL_PROD", "production") == SECRET
    assert secret_in_use([own, SECRET], "DATABASE_URL_PROD", "staging") == own
    assert secret_in_use(None, "DATABASE_URL_PROD", "production") is None


def line(step: Step, done: bool | None, **more: str) -> RotationRecord:
    named = {"rotation": "1", "role": "app", "server": "db:5432", "target": "postgresql://app@db/shop"} | more
    return RotationRecord(at=NOW, step=step, done=done, **named)


def test_lines_add_up_to_what_is_known_of_a_rotation(tmp_path: Path) -> None:
    lines = [line(Step.STORE, None), line(Step.STORE, True), line(Step.ALTER, None)]
    (found,) = fold(lines)
    assert (found.over, found.changed, found.completed) == (False, None, None)
    assert (found.did(Step.STORE), found.did(Step.ALTER), found.begun(Step.ALTER)) == (True, False, True)
    (done,) = fold([*lines, line(Step.ALTER, True), line(Step.DONE, True)])
    assert (done.over, done.changed, done.completed) == (True, NOW, NOW)
    (given_up,) = fold([*lines, line(Step.GIVEN_UP, True)])
    assert (given_up.over, given_up.changed) == (True, None)

    path = tmp_path / rotations.FILE
    for one in lines:
        assert rotations.append(path, one) == ""
    assert rotations.read(path) == (fold(lines), "")
    path.write_bytes(path.read_bytes() + b'{"half')
    assert "1 damaged lines" in rotations.read(path)[1]


def test_a_role_is_known_by_its_server() -> None:
    here, there = line(Step.DONE, True), line(Step.DONE, True, rotation="2", server="other:5432")
    named = line(Step.DONE, True, rotation="3", server="moved:5432", system_identifier="77")
    found = fold([here, there, named])
    assert [one.id for one in of_role(found, "app", "db:5432")] == ["1"]
    assert [one.id for one in of_role(found, "app", "db:5432", "77")] == ["1", "3"]
    assert of_role(found, "eve", "db:5432") == ()
