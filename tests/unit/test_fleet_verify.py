"""What a run's end and a database's history add up to, and what the environments' secrets do. Pure."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from dixis_tui import events as ev
from dixis_tui.errors import GithubError
from dixis_tui.fleet import TargetPlan, TargetState
from dixis_tui.github import Purpose, SecretSeen, WorkflowRun
from dixis_tui.model import CheckState, Identity, MigrationFile
from dixis_tui.run.phases import fleet_go, fleet_plan, fleet_secrets
from dixis_tui.run.phases.fleet_verify import judge, verify
from dixis_tui.run.views import WorkflowView
from dixis_tui.settings import Settings
from dixis_tui.settings_github import TargetSettings
from dixis_tui.standing import DatabaseStanding, MigrationStanding, Standing, Truth
from tests.unit.examples import START

PLAN = TargetPlan(name="shop-gr", pending=("1_a", "2_b"))
URL = "https://github.com/dixis/shop/actions/runs/901"


@dataclass
class Row:
    migration_name: str


def run_of(status: str = "completed", conclusion: str = "success") -> WorkflowView:
    started = ev.DispatchStarted(request="r1", purpose=Purpose.MIGRATE, workflow="m.yml", ref="main", sha="4f2a")
    run = WorkflowRun(id=901, url=URL, status=status, conclusion=conclusion)
    return WorkflowView(started=started, at=START, run_id=901, url=URL, run=run)


def history(*applied: str, failed: str = "") -> Any:
    class History:
        pass

    class Seen:
        pass

    found, seen = History(), Seen()
    names = ("1_a", "2_b")
    found.applied = [Row(name) for name in applied]  # type: ignore[attr-defined]
    pending = [name for name in names if name not in applied and name != failed]
    found.pending = [MigrationFile(name, name, "c" * 64, 1) for name in pending]  # type: ignore[attr-defined]
    bad = (MigrationStanding(name=failed, standing=Standing.FAILED),) if failed else ()
    seen.history, seen.truth = found, Truth(database=DatabaseStanding.MANAGED, migrations=bad)  # type: ignore[attr-defined]
    return seen


@pytest.mark.parametrize(
    ("view", "seen", "state", "words"),
    [
        (run_of(), history("1_a", "2_b"), TargetState.DONE, "2 of 2 applied, none pending, none failed"),
        (run_of(), history("1_a"), TargetState.FAILED, "ended as success; in its database still pending: 2_b"),
        (run_of(), history("1_a", failed="2_b"), TargetState.FAILED, "recorded as failed: 2_b"),
        (run_of(conclusion="failure"), history("1_a", "2_b"), TargetState.FAILED, "all 2 are applied"),
        (run_of(conclusion="cancelled"), history(), TargetState.FAILED, "still pending: 1_a, 2_b"),
        (run_of("in_progress", ""), history("1_a", "2_b"), TargetState.UNKNOWN, "2 of 2 applied so far"),
        (None, history("1_a", "2_b"), TargetState.UNKNOWN, "no run of it is known"),
    ],
)
def test_a_target_is_done_where_run_and_database_agree(
    view: WorkflowView | None, seen: Any, state: TargetState, words: str
) -> None:
    said = judge(PLAN, view, seen)
    assert said.state is state
    assert words in said.evidence
    assert state is TargetState.DONE or said.remedy


def test_a_run_of_another_commit_is_no_evidence() -> None:
    view = run_of()
    other = WorkflowRun(id=901, url=URL, status="completed", conclusion="success", sha="beef" * 10)
    said = judge(PLAN, WorkflowView(started=view.started, at=START, run_id=901, run=other), history("1_a", "2_b"))
    assert said.state is TargetState.FAILED
    assert "of commit beefbeefbeef, and the plan is of 4f2a" in said.evidence


@pytest.mark.parametrize(
    ("shared", "found", "state", "words"),
    [
        ((), [("gr", {"URL"}), ("it", {"url"})], CheckState.PASSED, "URL in each of 2 environments"),
        ((), [("gr", {"URL"}), ("it", set())], CheckState.FAILED, "not in the environments it"),
        (("repository",), [("gr", {"URL"}), ("it", set())], CheckState.FAILED, "it would get it"),
        (("repository",), [("gr", {"URL"})], CheckState.FAILED, "a secret of the repository too"),
        (("organization",), [("gr", {"URL"})], CheckState.FAILED, "a secret of the organization too"),
    ],
)
def test_no_environment_gets_the_secret_of_another(
    shared: tuple[str, ...], found: list[tuple[str, set[str]]], state: CheckState, words: str
) -> None:
    finding = fleet_secrets.judge("URL", [SecretSeen(name="Url", where=where) for where in shared], found)
    assert finding.state is state
    assert words in finding.evidence


def test_environments_that_differ_in_capitals_are_one() -> None:
    plans = [TargetPlan(name="a", environment="Prod"), TargetPlan(name="b", environment="prod")]
    assert [plan.problem for plan in fleet_plan._apart(plans)] == ["", "it has the environment prod, as a has"]


def test_secrets_that_may_not_be_seen_close_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind() -> None:
        raise GithubError("rights", "the token may not read secrets", "Give it secrets: read.")

    seen = SimpleNamespace(secrets=blind, environment_secrets=lambda _: ())
    monkeypatch.setattr(fleet_secrets, "opened", lambda _: nullcontext((seen, None)))
    settings = Settings(root="/srv/dixis", targets=[TargetSettings(name="a", url_variable="URL_a")])
    finding = fleet_secrets.look(SimpleNamespace(settings=settings))  # type: ignore[arg-type]
    assert finding.state is CheckState.UNKNOWN


def test_another_database_than_the_planned_one_is_no_evidence(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Identity("7423", "shop", "db.dixis.example", 5432, "app", 170002, False, False)
    context: Any = SimpleNamespace(log=SimpleNamespace(line=lambda *_: None, redactor=SimpleNamespace(line=str)))
    target = TargetSettings(name="shop-gr", url_variable="URL")
    plan = replace(PLAN, identity=here)
    monkeypatch.setattr(fleet_plan, "history", lambda *_: (here, history("1_a", "2_b")))
    assert verify(context, target, plan, run_of(), None).state is TargetState.DONE  # type: ignore[arg-type]
    moved = Identity("9999", "shop", "db.dixis.example", 5432, "app", 170002, False, False)
    monkeypatch.setattr(fleet_plan, "history", lambda *_: (moved, history("1_a", "2_b")))
    said = verify(context, target, plan, run_of(), None)  # type: ignore[arg-type]
    assert said.state is TargetState.UNKNOWN
    assert "is not the one that was planned" in said.evidence


def test_a_target_without_an_environment_is_not_planned_where_the_workflow_takes_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plans = (TargetPlan(name="a", environment="a"), TargetPlan(name="b"))
    settings = Settings(targets=[TargetSettings(name=plan.name, url_variable="URL") for plan in plans])
    context: Any = SimpleNamespace(settings=settings, state=SimpleNamespace(fleet=None))
    monkeypatch.setattr(fleet_plan, "everything", lambda *_: plans)
    for inputs, problem in ((("request", "target"), ""), (("request", "environment"), "it has no environment")):
        workflow = SimpleNamespace(inputs=inputs)
        repository = SimpleNamespace(workflow=lambda *_, found=workflow: found)
        monkeypatch.setattr(fleet_go, "opened", lambda _, seen=repository: nullcontext((seen, None)))
        found = fleet_go._read(context, None)  # type: ignore[arg-type]
        assert found[0].problem == ""
        assert found[1].problem.startswith(problem)
        assert bool(found[1].problem) == bool(problem)
