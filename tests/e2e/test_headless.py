"""Without a terminal: one JSON object at the end, the right exit code, and nothing done that was not asked for."""

from __future__ import annotations

import json
import os
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.model import Phase
from dixis_tui.plan.checks import CATALOGUE, FLEET
from dixis_tui.run.folders import JOURNAL
from tests.e2e.database import NAMES, assert_migrated, orders_locked, picture_of, prisma_lock, waits_for_a_lock
from tests.e2e.hands import until_over
from tests.e2e.house import PHRASE, ROLLBACK_PHRASE, Done, House, ended, state_of
from tests.e2e.target import PEOPLE, run_words, ticks
from tests.waiting import until

PHASES = ["preflight", "backup", "rehearsal", "banner", "go", "migrate", "verify", "signoff"]
_STATES = {"waiting", "running", "passed", "warned", "failed", "waived", "unknown"}


def _assert_shape(result: dict[str, Any]) -> None:
    """The keys that scripts rely on."""
    assert [phase["name"] for phase in result["phases"]][: len(PHASES)] == PHASES
    assert all({"name", "state", "seconds"} <= set(phase) for phase in result["phases"])
    assert {check["state"] for check in result["checks"]} <= _STATES
    assert all(check["code"].startswith("DX") for check in result["checks"])
    assert [migration["name"] for migration in result["migrations"]] == list(NAMES)
    assert {"verdict", "plan", "backup", "health"} <= set(result)


def _assert_only_json(done: Done) -> None:
    assert len(done.out.splitlines()) == 1
    assert "Traceback" not in done.said


def test_the_whole_demo_twice_and_each_starts_from_the_first_state(house: House) -> None:
    for _ in range(2):
        done = house.call("demo", "--unattended", "--confirm", PHRASE, "--json")
        assert done.code == 0, done.said
        _assert_only_json(done)
        result = done.result
        _assert_shape(result)
        assert result["verdict"] == "done"
        assert {phase["state"] for phase in result["phases"]} == {"passed"}
        assert all(migration["seconds"] > 0 for migration in result["migrations"])
        assert [seen["ok"] for seen in result["health"]] == [True] * 5
        dump = Path(result["backup"]["path"])
        assert result["backup"]["bytes"] == dump.stat().st_size
        assert len(result["backup"]["sha256"]) == 64
        assert Path(result["journal"]).is_file()
        assert not house.demo.running
    house.demo.prepare()
    assert_migrated(house)
    _assert_both_are_history(house)


def _assert_both_are_history(house: House) -> None:
    found = house.call("history", "--json").result["runs"][-2:]
    assert [run["run"] for run in found] == [folder.name for folder in house.runs()[-2:]]
    assert {run["verdict"] for run in found} == {"done"}
    assert all(run["migrations"] == list(NAMES) and run["predicted_seconds"] and run["seconds"] for run in found)
    kept = (house.demo.folder / "history.jsonl").read_text().splitlines()[-2:]
    assert [json.loads(line)["run"] for line in kept] == [run["run"] for run in found]
    told = house.call("history", "--export", str(house.demo.folder / "HISTORY.md"))
    assert (told.code, "runs written" in told.out) == (0, True)
    assert all((house.demo.folder / "HISTORY.md").read_text().count(run["run"]) == 1 for run in found)


def test_runs_are_listed_oldest_first(house: House, ready: DemoReady) -> None:
    for _ in range(2):
        assert _call(house, ready, "check").code == 0
    done = house.call("runs", "--json")
    _assert_only_json(done)
    assert done.code == 0
    runs = done.result["runs"]
    assert len(runs) >= 2
    assert all(set(run) == {"id", "started", "target", "verdict"} for run in runs)
    started = [datetime.fromisoformat(run["started"]) for run in runs]
    assert started == sorted(started)
    assert [run["id"] for run in runs] == [folder.name for folder in house.runs()]
    assert runs[-1]["verdict"] == "checked"
    assert runs[-1]["target"].endswith("/dixis_prod")
    plain = house.call("runs")
    assert [line.split()[0] for line in plain.out.splitlines()] == [run["id"] for run in runs]


def test_an_empty_house_has_no_runs(state_home: House) -> None:
    assert state_home.call("runs", "--json").result == {"runs": []}
    done = state_home.call("status", "--json")
    assert (done.code, done.result["verdict"]) == (2, "usage")
    assert "There are no runs yet" in done.err
    assert done.result["error"] in done.err


def test_checks_are_listed(state_home: House) -> None:
    done = state_home.call("checks", "--json")
    assert [check["code"] for check in done.result["checks"]] == [spec.code for spec in (*CATALOGUE, *FLEET)]
    plain = state_home.call("checks")
    assert all(spec.code in plain.out and spec.title in plain.out for spec in CATALOGUE)


def test_check_reads_and_changes_nothing(house: House, ready: DemoReady) -> None:
    first = picture_of(house)
    done = _call(house, ready, "check")
    assert (done.code, done.result["verdict"]) == (0, "checked")
    _assert_only_json(done)
    _assert_shape(done.result)
    assert done.result["backup"] is None
    assert {phase["name"] for phase in done.result["phases"] if phase["seconds"] is not None} == {"preflight"}
    assert picture_of(house) == first
    status = house.call("status", "--json")
    assert status.code == 0
    assert status.result == done.result
    attached = house.call("attach", done.result["run"], "--json")
    assert (attached.code, attached.result) == (0, done.result)


def test_a_run_is_followed_by_attach_and_status_while_it_works(house: House, ready: DemoReady) -> None:
    before = house.runs()
    process = house.start(*run_words(ready), "--json", extra=ready.environment)
    run = house.new_run(before)
    with prisma_lock(house):
        until(lambda: state_of(run).phase(Phase.MIGRATE).attempts, 60, "the migration to begin")
        follower = house.start("attach", run.name)
        status = house.call("status", "--json")
        assert (status.code, status.result["verdict"], status.result["live"]) == (0, "open", True)
        second = _call(house, ready, "check")
    assert second.code == 3
    assert f"Run {run.name} by " in second.err
    assert " is under way on 127.0.0.1:" in second.err
    done, followed = ended(process), ended(follower)
    assert (done.code, followed.code) == (0, 0), done.said + followed.said
    assert done.result["verdict"] == "done"
    assert f"{NAMES[3]} on production: applied" in followed.out
    assert f"Verdict done. Journal: {run / JOURNAL}" in followed.out
    assert_migrated(house)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("run", *ticks()), 2, "The phrase is missing"),
        (("run", "--confirm", "dixis-prod-ok", *ticks()), 2, "Wrong phrase. Nothing was done."),
        (("run", "--confirm", ROLLBACK_PHRASE, *ticks()), 2, "Wrong phrase. Nothing was done."),
        (("demo", "--unattended"), 2, "The phrase is missing"),
        (("demo", "--unattended", "--confirm", "yes"), 2, "Wrong phrase. Nothing was done."),
        (("demo",), 2, "needs a terminal"),
        ((), 2, "needs a terminal"),
        (("check", "--waive", "DX121"), 2, "--waive DX121 has no reason"),
        (("check", "--waive", "DX121= "), 2, "--waive DX121 has no reason"),
        (("check", "--waive", "DX999=why not"), 2, "DX999: there is no such check"),
        (("check", "--waive", "DX103=why not"), 2, "can't be waived"),
        (("check", "--tick", "DX999"), 2, "DX999: there is no such check"),
        (("check", "--tick", "DX103"), 2, "is looked up, not ticked"),
        (("status", "no-such-run"), 2, "fits no run"),
        (("rollback", "no-such-run"), 2, "fits no run"),
        (("attach", "no-such-run"), 2, "fits no run"),
        (("frobnicate",), 2, "No such command 'frobnicate'"),
        (("run", "--executor", "magic"), 2, "No such option"),
    ],
)
def test_a_wrong_call_starts_nothing(house: House, words: tuple[str, ...], code: int, sentence: str) -> None:
    before = house.runs()
    done = house.call(*words, extra={"DATABASE_URL": "postgresql://nobody:n0thing@127.0.0.1:1/none"})
    assert done.code == code, done.said
    assert sentence in done.err
    assert "Traceback" not in done.said
    assert house.runs() == before
    if words[:1] in (("run",), ("check",), ("status",)):
        told = house.call(*words, "--json", extra={"DATABASE_URL": "postgresql://nobody:n0thing@127.0.0.1:1/none"})
        assert told.code == code
        assert told.result["verdict"] == "usage"


@pytest.mark.parametrize("missing", [code for code in PEOPLE if code != "DX400"])
def test_a_missing_answer_closes_before_the_dump(house: House, ready: DemoReady, missing: str) -> None:
    first = picture_of(house)
    given = ticks(*(code for code in PEOPLE if code != missing))
    done = _call(house, ready, "run", "--confirm", PHRASE, *given)
    assert (done.code, done.result["verdict"]) == (3, "closed"), done.said
    assert done.result["backup"] is None
    run = house.runs()[-1]
    assert not list(run.glob("backup/*"))
    assert f"closed: {missing}" in done.err
    assert done.result["summary"] == f"Closed by {missing}; production was not changed."
    assert picture_of(house) == first
    assert house.call("status", "--json").code == 3


def test_a_waiver_with_its_reason_opens_the_gate_and_is_kept(house: House, ready: DemoReady) -> None:
    given = ticks(*(code for code in PEOPLE if code != "DX133"))
    words = ["run", "--confirm", PHRASE, *given, "--waive", "DX133=nobody uses it at night", "--operator", "Μαρία"]
    done = _call(house, ready, *words)
    assert (done.code, done.result["verdict"]) == (0, "done"), done.said
    check = next(check for check in done.result["checks"] if check["code"] == "DX133")
    assert check["state"] == "waived"
    assert check["evidence"] == "waived by Μαρία: nobody uses it at night"
    state = state_of(house.runs()[-1])
    assert state.plan is not None
    assert ("Waived", "DX133") in state.plan.lines


def test_interrupted_in_the_rehearsal_it_stops_and_production_is_as_it_was(house: House, ready: DemoReady) -> None:
    first = picture_of(house)
    before = house.runs()
    process = house.start(*run_words(ready), "--json", extra=ready.environment)
    run = house.new_run(before)
    with prisma_lock(house, "dixis_staging", "staging"):
        until(lambda: "Waiting for" in " ".join(note.text for note in state_of(run).notes), 60, "the rehearsal to wait")
        process.send_signal(signal.SIGINT)
        until(lambda: "Stop asked" in " ".join(note.text for note in state_of(run).notes), 30, "the stop to arrive")
    done = ended(process)
    assert done.code == 130, done.said
    assert "the run stops at its next safe point" in done.err
    _assert_only_json(done)
    phases = {phase["name"]: phase["state"] for phase in done.result["phases"]}
    assert (phases["rehearsal"], phases["migrate"]) == ("failed", "waiting")
    assert "Stopped by the operator" in state_of(run).phase(Phase.REHEARSAL).reason
    assert all(migration["state"] == "pending" for migration in done.result["migrations"])
    assert picture_of(house) == first


def test_the_end_of_its_connection_leaves_what_is_unknown_unknown(house: House, ready: DemoReady) -> None:
    before = house.runs()
    # The file has to be under way: it must not wait for older transactions before it begins.
    ready.config.write_text(ready.config.read_text().replace("[migrate]\n", "[migrate]\nquiet_seconds = 0\n"))
    process = house.start(*run_words(ready), "--json", extra=ready.environment)
    run = house.new_run(before)
    until_over(run, Phase.PREFLIGHT)
    with orders_locked(house):
        until(lambda: state_of(run).migrations[NAMES[0]].state == "running", 60, "the first file to begin")
        until(lambda: waits_for_a_lock(house), what="the server to wait with it")
        house.demo._servers.production.stop()
    done = ended(process)
    assert (done.code, done.result["verdict"]) == (5, "unknown"), done.said
    assert done.result["migrations"][0]["state"] == "unknown"
    assert house.call("status", run.name).code == 5


def test_a_runner_that_was_killed_is_told_from_one_that_ended(house: House, ready: DemoReady) -> None:
    before = house.runs()
    process = house.start(*run_words(ready), "--json", extra=ready.environment)
    run = house.new_run(before)
    with prisma_lock(house, "dixis_staging", "staging"):
        until(lambda: "Waiting for" in " ".join(note.text for note in state_of(run).notes), 60, "the rehearsal to wait")
        started = state_of(run).run
        assert started is not None
        os.kill(started.pid, signal.SIGKILL)
        done = ended(process)
    assert (done.code, done.result["verdict"]) == (130, "interrupted"), done.said
    assert house.call("status", run.name, "--json").result["live"] is False
    assert json.loads(house.call("runs", "--json").out)["runs"][-1]["verdict"] == "interrupted"


def _call(house: House, ready: DemoReady, *words: str) -> Done:
    return house.call("--config", str(ready.config), *words, "--json", extra=ready.environment)
