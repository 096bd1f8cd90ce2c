"""A run as JSON, at every moment of an evening."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dixis_tui.cli.result import of_run, to_json
from dixis_tui.model import CheckState, PhaseState, Verdict
from dixis_tui.plan.phases import ORDER
from dixis_tui.run import policy
from dixis_tui.run.runs import Run
from dixis_tui.run.state import RunState, fold
from tests.screens.story import ERROR, MIGRATIONS, SHA, stages

JOURNAL = "/srv/state/runs/x/journal.jsonl"


def result(name: str, *, live: bool = False) -> dict:  # type: ignore[type-arg]
    state = fold(stages()[name].entries)
    target = state.run.target if state.run else ""
    verdict = policy.seen_verdict(state, live=live)
    run = Run("20261125-223000", Path("/srv/state/runs/x"), state.started, target, verdict, live, state)
    line = to_json(of_run(run, JOURNAL))
    assert "\n" not in line
    found: dict = json.loads(line)  # type: ignore[type-arg]
    return found


@pytest.mark.parametrize("name", stages())
def test_every_moment_has_the_same_shape(name: str) -> None:
    said = result(name)
    assert list(said) == [
        "run",
        "verdict",
        "summary",
        "target",
        "plan",
        "phases",
        "checks",
        "migrations",
        "prediction",
        "hazards",
        "waits",
        "backup",
        "health",
        "targets",
        "journal",
        "live",
    ]
    assert said["verdict"] in set(Verdict)
    assert [phase["name"] for phase in said["phases"]][:8] == [str(phase) for phase in ORDER]
    assert all(phase["state"] in set(PhaseState) for phase in said["phases"])
    assert all(check["state"] in set(CheckState) and check["title"] for check in said["checks"])
    assert [check["code"] for check in said["checks"]] == sorted(check["code"] for check in said["checks"])
    assert said["journal"] == JOURNAL


def test_a_whole_evening() -> None:
    said = result("done")
    assert (said["verdict"], said["plan"]) == ("done", "7f3a·c2e1")
    assert said["summary"] == "4 migrations applied in 9.3 s and verified."
    assert [(one["name"], one["state"], one["seconds"]) for one in said["migrations"]] == [
        (name, "applied", seconds) for name, seconds in zip(MIGRATIONS, (1.9, 0.4, 5.8, 1.2), strict=True)
    ]
    assert [one["rehearsed"] for one in said["migrations"]] == [1.9, 0.4, 5.8, 1.2]
    assert [one["predicted"] for one in said["migrations"]] == [1.9, 0.4, 5.8, 1.2]
    assert said["prediction"] == {
        "rehearsed": True,
        "seconds": pytest.approx(9.3),
        "low": 5.6,
        "high": 16.0,
        "wal_bytes": 180_000_000,
        "disk_bytes": 96_000_000,
    }
    assert [(one["severity"], bool(one["suppressed"])) for one in said["hazards"]] == [
        ("danger", False),
        ("danger", False),
        ("warning", True),
    ]
    assert said["waits"] == {"sessions": 0, "longest": 0.0}
    assert said["backup"] == {"path": "/srv/backup/dixis_prod.dump", "bytes": 14_300_000, "sha256": SHA}
    assert [(one["name"], one["ok"], one["status"]) for one in said["health"]] == [
        ("API", True, 200),
        ("Home", True, 200),
        ("Checkout", True, 200),
    ]
    assert said["target"] == "postgresql://dixis@db.dixis.example:5432/dixis_prod"
    seconds = {phase["name"]: phase["seconds"] for phase in said["phases"]}
    assert seconds["migrate"] == 9.6
    assert seconds["banner"] is None


def test_a_failed_migration() -> None:
    said = result("failed", live=True)
    assert (said["verdict"], said["live"]) == ("open", True)
    assert result("failed")["verdict"] == "unknown"
    assert [one["state"] for one in said["migrations"]] == ["applied", "applied", "failed", "pending"]
    assert [one["error"] for one in said["migrations"]] == ["", "", ERROR, ""]
    assert said["migrations"][3]["seconds"] is None


def test_what_others_suffered_is_told() -> None:
    assert result("queue", live=True)["waits"] == {"sessions": 14, "longest": 1.9}
    assert result("retry", live=True)["migrations"][2]["retries"] == 1


def test_a_rollback_is_a_phase_once_it_was_asked() -> None:
    assert [phase["name"] for phase in result("rolled_back")["phases"]][-1] == "rollback"
    assert "rollback" not in [phase["name"] for phase in result("failed")["phases"]]


def test_nothing_is_known_of_a_run_that_cannot_be_read() -> None:
    run = Run("x", Path("/x"), None, "", Verdict.UNKNOWN, False, RunState())
    said = json.loads(to_json(of_run(run, JOURNAL)))
    assert (said["plan"], said["backup"], said["checks"], said["migrations"], said["health"]) == (
        None,
        None,
        [],
        [],
        [],
    )
