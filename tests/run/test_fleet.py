"""A fleet of real databases, each migrated by a run of its own on a GitHub of the tests."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from dixis_tui import events as ev
from dixis_tui.cli import main
from dixis_tui.model import Phase, Recovery, Verdict
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.runs import live
from tests.github.fake.repo import Secret
from tests.github.fake.script import Context, StepFailedError
from tests.run.fleet import DONE, FAILED, UNKNOWN, WAITING, Fleet, Make, fleet_of
from tests.waiting import until


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: EmbeddedServer) -> Iterator[Make]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with ExitStack() as stack:
        yield lambda *names, **more: stack.enter_context(fleet_of(tmp_path, server, names, **more))


def breaks(_: Context) -> None:
    raise StepFailedError("Process completed with exit code 1.")


def end(fleet: Fleet) -> Verdict:
    assert fleet.hand.send(cmd.End()) == ""
    return fleet.hand.wait(lambda state: state.ended, "the end of the run").verdict


def test_canaries_go_first_and_alone_then_so_many_at_a_time(make: Make) -> None:
    fleet = make("gr1", "gr2", "gr3", "it1", "it2", "it3", canaries=["it2"])
    hand = fleet.begin()
    fleet.go()
    state = fleet.end()
    assert fleet.states() == dict.fromkeys(fleet.urls, DONE)
    assert all(fleet.applied(name) == 2 for name in fleet.urls)
    assert fleet.dispatched() == ["it2", "gr1", "gr2", "gr3", "it1", "it3"]
    assert fleet.most <= 2
    told = [
        (type(entry.event), entry.event.name)
        for entry in read(hand.folder / JOURNAL)
        if isinstance(entry.event, ev.TargetDispatching | ev.TargetVerified)
    ]
    begun, verified = ev.TargetDispatching, ev.TargetVerified
    assert told[:2] == [(begun, "it2"), (verified, "it2")]
    for first, second in (("gr1", "gr3"), ("gr2", "gr3"), ("gr3", "it3"), ("it1", "it3")):
        assert told.index((verified, first)) < told.index((begun, second))
    assert state.check("DX600").evidence == "6 of 6 targets migrated and verified"
    assert end(fleet) is Verdict.DONE
    text = (hand.folder / JOURNAL).read_text() + (hand.folder / "run.log").read_text()
    assert fleet.secrets()["GITHUB_TOKEN"] not in text
    assert not fleet.github.wrong


def test_where_the_canary_fails_nothing_else_is_touched(make: Make) -> None:
    fleet = make("a", "b", "c", canaries=["b"], deeds={"b": breaks}, stop_share=0.9)
    fleet.begin()
    fleet.go()
    state = fleet.end()
    assert fleet.states() == {"a": WAITING, "b": FAILED, "c": WAITING}
    assert fleet.dispatched() == ["b"]
    assert [fleet.applied(name) for name in fleet.urls] == [0, 0, 0]
    assert state.fleet.stopped == ev.FleetStopped(reason="canary b failed")
    assert "step 2 (prisma migrate deploy)" in state.fleet.targets["b"].verified.evidence
    assert "still pending: 20260101000000_farms" in state.fleet.targets["b"].verified.evidence
    assert end(fleet) is Verdict.FAILED


def test_a_share_may_fail_and_the_answers_may_say_no_number(make: Make) -> None:
    fleet = make("a", "b", "c", "d", deeds={"a": breaks}, stop_share=0.3)
    fleet.github.without_details = True
    fleet.begin()
    fleet.go()
    state = fleet.end()
    assert fleet.states() == {"a": FAILED, "b": DONE, "c": DONE, "d": DONE}
    assert sorted(fleet.dispatched()) == ["a", "b", "c", "d"]
    assert state.fleet.stopped is None
    assert end(fleet) is Verdict.FAILED


def test_a_green_run_is_no_evidence(make: Make) -> None:
    fleet = make("a", "b", "c", "d")

    def hides(context: Context) -> None:
        fleet.migrated("b")(context)
        with connect(fleet.urls["a"], purpose="test") as session:
            session.execute(f'ALTER DATABASE "{fleet.urls["b"].database}" ALLOW_CONNECTIONS false')

    fleet.deeds |= {"a": lambda _: None, "b": hides}
    fleet.begin()
    fleet.go()
    state = fleet.end()
    assert fleet.states() == {"a": FAILED, "b": UNKNOWN, "c": WAITING, "d": WAITING}
    assert "ended as success; in its database still pending" in state.fleet.targets["a"].verified.evidence
    assert "could not be read" in state.fleet.targets["b"].verified.evidence
    assert sorted(fleet.dispatched()) == ["a", "b"]
    # Somebody lets us in again: another look tells, and nothing is dispatched for it.
    with connect(fleet.urls["a"], purpose="test") as session:
        session.execute(f'ALTER DATABASE "{fleet.urls["b"].database}" ALLOW_CONNECTIONS true')
    assert fleet.hand.send(cmd.StartPhase(phase="verify")) == ""
    fleet.hand.wait(lambda state: state.phase("migrate").attempts == 2 and not state.running, "another look")
    assert fleet.states() == {"a": FAILED, "b": DONE, "c": WAITING, "d": WAITING}
    assert sorted(fleet.dispatched()) == ["a", "b"]
    assert end(fleet) is Verdict.FAILED


def test_a_runner_that_dies_is_followed_by_another_and_no_target_has_two_runs(make: Make) -> None:
    fleet = make("a", "b", "c", "d")
    goes_on = threading.Event()

    def waits(context: Context) -> None:
        goes_on.wait(60)
        fleet.migrated(context.inputs["target"])(context)

    fleet.deeds |= {"a": waits, "b": waits}
    hand = fleet.begin()
    fleet.go()
    until(lambda: len(fleet.github.dispatches) == 2 and hand.look().workflows, what="two runs")
    os.kill(hand.look().run.pid, signal.SIGKILL)
    until(lambda: not live(hand.folder), what="the death of the runner")
    fleet.take_up()
    goes_on.set()
    state = fleet.hand.wait(lambda state: state.recovery, "what the look found")
    assert fleet.states() == {"a": DONE, "b": DONE, "c": WAITING, "d": WAITING}
    assert state.recovery.outcome is Recovery.REST
    assert sorted(fleet.dispatched()) == ["a", "b"], "a later runner begins nothing by itself"
    fleet.go()
    fleet.end()
    assert fleet.states() == dict.fromkeys(fleet.urls, DONE)
    assert sorted(fleet.dispatched()) == ["a", "b", "c", "d"]
    assert all(fleet.applied(name) == 2 for name in fleet.urls)
    assert end(fleet) is Verdict.DONE


def test_a_stop_lets_those_at_work_come_to_their_end(make: Make) -> None:
    fleet = make("a", "b", "c", parallel=1)
    goes_on = threading.Event()

    def waits(context: Context) -> None:
        goes_on.wait(60)
        fleet.migrated("a")(context)

    fleet.deeds["a"] = waits
    hand = fleet.begin()
    fleet.go()
    until(lambda: fleet.github.dispatches, what="the first run")
    assert hand.send(cmd.Stop(operator="Ελένη")) == ""
    assert "stopped already" in hand.send(cmd.Stop(operator="Ελένη"))
    goes_on.set()
    state = fleet.end()
    assert fleet.states() == {"a": DONE, "b": WAITING, "c": WAITING}
    assert state.fleet.stopped.operator == "Ελένη"
    assert end(fleet) is Verdict.FAILED
    assert "not touched: b, c" in hand.look().ended.summary


def test_what_changed_since_the_seal_is_not_dispatched(make: Make) -> None:
    fleet = make("a", "b")
    hand = fleet.begin()
    hand.seal()
    with connect(fleet.urls["b"], purpose="test") as session:
        session.execute("CREATE TABLE somebody_else (id int)")
    assert hand.confirm() == ""
    refused = hand.wait(lambda state: state.refused, "the refusal").refused
    assert "changed since it was sealed: b" in refused.reason
    assert not fleet.github.dispatches


def test_targets_that_are_one_database_or_none_close_the_gate(make: Make) -> None:
    fleet = make("a", "b", "c")
    fleet.urls["b"] = fleet.urls["a"]
    secrets = fleet.secrets()
    fleet.secrets = lambda: {name: text for name, text in secrets.items() if name != "URL_c"}  # type: ignore[method-assign]
    hand = fleet.begin()
    problems = {name: view.plan.problem for name, view in hand.look().fleet.targets.items()}
    assert problems == {"a": "", "b": "it is the same database as a", "c": "URL_c is not set"}
    assert hand.send(cmd.Seal()).startswith("The gate is closed by DX151")
    assert hand.send(cmd.Waive(code="DX151", operator="Ελένη", reason="those two next week")) == ""
    fleet.go()
    fleet.end()
    assert fleet.dispatched() == ["a"]
    assert end(fleet) is Verdict.DONE


def test_every_environment_has_a_secret_of_its_own_and_none_stands_in(make: Make) -> None:
    fleet = make("a", "b")
    fleet.github.repo.environments[1].secrets.clear()
    hand = fleet.begin()
    assert hand.look().check("DX146").evidence == "DATABASE_URL_PROD is not in the environments b"
    seen_at = hand.look().github_at
    assert hand.send(cmd.LookAtGithub()) == ""
    hand.wait(lambda state: state.github_at != seen_at, "another look at GitHub")
    assert hand.look().check("DX146").evidence == "DATABASE_URL_PROD is not in the environments b"
    fleet.github.repo.secrets.append(Secret("DATABASE_URL_PROD"))
    hand.do(Phase.PREFLIGHT)
    assert "b would get it" in hand.look().check("DX146").evidence
    assert hand.send(cmd.Seal()).startswith("The gate is closed by DX146")
    assert hand.send(cmd.Waive(code="DX146", operator="Ελένη", reason="b's is the repository's")) == ""
    assert hand.seal().plan, "a waiver of DX146 ends with the look at the seal"
    assert hand.send(cmd.DispatchClinic(operator="Ελένη")) == ""
    hand.wait(lambda state: state.clinic and state.clinic.run and state.clinic.run.over, "the clinic's end")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """A command's exit code, and the JSON of its last line."""
    code = main.run([*words, "--json"])
    return code, json.loads(capsys.readouterr().out.splitlines()[-1])


def test_the_command_plans_and_runs_without_a_person(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet = make("a", "b", canaries=["a"])
    monkeypatch.chdir(fleet.settings.root)
    for name, text in fleet.secrets().items():
        monkeypatch.setenv(name, text)
    code, plan = told(capsys, "fleet", "--plan")
    assert (code, plan["verdict"]) == (0, "checked")
    assert [(one["name"], one["state"], one["pending"], one["canary"]) for one in plan["targets"]] == [
        ("a", "waiting", 2, True),
        ("b", "waiting", 2, False),
    ]
    assert not fleet.github.dispatches
    go = ("fleet", "run", "--confirm", "DIXIS-PROD-OK", "--operator", "Ελένη")
    code, closed = told(capsys, *go)
    assert (code, closed["verdict"]) == (3, "closed")
    ticks = [word for code in ("DX132", "DX133", "DX152") for word in ("--tick", code)]
    fleet.deeds["b"] = breaks
    code, failed = told(capsys, *go, *ticks)
    assert (code, failed["verdict"]) == (4, "failed")
    assert [(one["name"], one["state"]) for one in failed["targets"]] == [("a", "done"), ("b", "failed")]
    del fleet.deeds["b"]
    code, done = told(capsys, *go, *ticks)
    assert (code, done["verdict"]) == (0, "done")
    assert [(one["name"], one["state"]) for one in done["targets"]] == [("a", "nothing to do"), ("b", "done")]
    assert fleet.dispatched() == ["a", "b", "b"]
    assert main.run(["fleet", "run"]) == 2
    assert main.run(["fleet", "--json"]) == 2
