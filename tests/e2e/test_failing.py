"""The third of four migrations fails on production, which the rehearsal could not know; and both ways back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dixis_tui import events as ev
from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.model import MigrationState, Phase, Place, Verdict
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from tests.e2e.database import APPLIED_BEFORE, NAMES, history, picture_of, prisma_lock, production
from tests.e2e.hands import Hands, bring_to_go, until_over, wait_for_prose
from tests.e2e.house import PHRASE, ROLLBACK_PHRASE, House, ended, state_of
from tests.e2e.target import run_words
from tests.needs import needs
from tests.waiting import until

ERROR = 'check constraint "Order_postalCode_check" of relation "Order" is violated by some row'


@pytest.mark.tmux
def test_the_cockpit_says_exactly_that_and_goes_back(house: House) -> None:
    needs("tmux")
    before = house.runs()
    with house.terminal("demo") as terminal:
        run = house.new_run(before)
        hands = Hands(terminal, run)
        bring_to_go(run)
        assert house.call("demo", "--drift").code == 0
        drifted = picture_of(house)
        hands.open_board()
        hands.type_phrase(PHRASE)
        terminal.keys("enter")
        until_over(run, Phase.MIGRATE)
        _assert_two_one_and_none(house, run)
        mend = "t says what is known of it, and marks its row where that is true."
        terminal.wait_for("Migration failed on production: 2 of 4 applied")
        screen = wait_for_prose(terminal, ERROR, mend, "x roll back (")
        for name, word in zip(NAMES, ("applied in", "applied in", "failed", "not touched"), strict=True):
            line = next(line for line in screen.splitlines() if name in line)
            assert word in line, screen
        _roll_back_by_keys(hands, house)
        after = picture_of(house)
        terminal.wait_for("Production is back at the backup")
        terminal.keys("enter")  # lets visitors in
        terminal.wait_for("The maintenance page is down since")
        terminal.keys("enter")
        terminal.wait_for("ROLLED BACK")
        terminal.keys("q")
        assert terminal.wait_exit() == 0
    assert after.columns == drifted.columns
    assert after.indexes == drifted.indexes
    assert after.constraints == drifted.constraints
    # The drifted row came after the backup: it is what the rollback loses, and all that it loses.
    assert {name for name in after.content if after.content[name] != drifted.content[name]} == {"Order"}
    assert after.content["Order"][0] == drifted.content["Order"][0] - 1
    assert state_of(run).verdict is Verdict.ROLLED_BACK


def _roll_back_by_keys(hands: Hands, house: House) -> None:
    hands.terminal.keys("x")
    hands.terminal.wait_for(f"Type {ROLLBACK_PHRASE}")
    hands.type_phrase(PHRASE)
    hands.terminal.keys("enter")
    hands.terminal.wait_for("Wrong phrase. Nothing was done.")
    with production(house) as session:
        assert len(history(session)) == APPLIED_BEFORE + 3
    hands.type_phrase(ROLLBACK_PHRASE)
    hands.terminal.keys("enter")
    hands.until_passed(Phase.ROLLBACK)


def test_headless_it_ends_with_4_and_rollback_puts_it_back(house: House, ready: DemoReady) -> None:
    first = picture_of(house)
    before = house.runs()
    process = house.start(*run_words(ready), "--json", extra=ready.environment)
    run = house.new_run(before)
    until_over(run, Phase.BACKUP)
    with prisma_lock(house):
        until(lambda: state_of(run).phase(Phase.MIGRATE).attempts, 60, "the migration to wait for its lock")
        house.demo.break_production()
    done = ended(process)
    assert done.code == 4, done.said
    assert done.result["verdict"] == "failed"
    _assert_two_one_and_none(house, run)
    _assert_result(done.result)
    status = house.call("status", run.name, "--json")
    assert status.code == 4
    _assert_result(status.result)
    settings = ("--config", str(ready.config))
    back = house.call(*settings, "rollback", "--confirm", ROLLBACK_PHRASE, "--json", extra=ready.environment)
    assert back.code == 0, back.said
    assert back.result["verdict"] == "rolled_back"
    assert back.result["phases"][-1]["name"] == "rollback"
    assert picture_of(house) == first
    assert house.call("status", run.name, "--json").code == 4  # what happened is not made to have not happened
    again = house.call(*settings, "check", "--json", "--waive", "DX121=a test", extra=ready.environment)
    assert (again.code, again.result["verdict"]) == (0, "checked"), again.said


def _assert_two_one_and_none(house: House, run: Path) -> None:
    with production(house) as session:
        rows = history(session)[APPLIED_BEFORE:]
        columns = session.execute(
            """SELECT count(*) FROM information_schema.columns
            WHERE table_name = 'Order' AND column_name IN ('shippingZone', 'trackingToken')"""
        ).fetchone()
        zones = session.execute('SELECT DISTINCT "shippingZone"::text FROM "Order"').fetchall()
    assert [(row.name, row.finished) for row in rows] == [(NAMES[0], True), (NAMES[1], True), (NAMES[2], False)]
    assert ERROR in rows[2].logs
    assert columns == (2,)
    assert zones == [("MAINLAND",)]  # the third file's update was undone with it
    states = [view.state for view in state_of(run).migrations.values()]
    applied, failed, pending = MigrationState.APPLIED, MigrationState.FAILED, MigrationState.PENDING
    assert states == [applied, applied, failed, pending]
    on_production = [
        entry.event
        for entry in read(run / JOURNAL)
        if isinstance(entry.event, ev.MigrationStarted | ev.MigrationEnded) and entry.event.place is Place.PRODUCTION
    ]
    assert [event.name for event in on_production if isinstance(event, ev.MigrationStarted)] == list(NAMES[:3])
    last = on_production[-1]
    assert isinstance(last, ev.MigrationEnded)
    assert ERROR in last.error
    assert (last.sqlstate, last.unknown) == ("23514", False)


def _assert_result(result: dict[str, Any]) -> None:
    told = [(found["name"], found["state"], bool(found["error"])) for found in result["migrations"]]
    states = ("applied", "applied", "failed", "pending")
    assert told == [(name, state, state == "failed") for name, state in zip(NAMES, states, strict=True)]
    assert ERROR in result["migrations"][2]["error"]
    phases = {phase["name"]: phase["state"] for phase in result["phases"]}
    assert phases["rehearsal"] == "passed"
    assert phases["migrate"] == "failed"
    assert phases["verify"] == "waiting"
    checks = {check["code"]: check for check in result["checks"]}
    assert "2 of 4 applied" in checks["DX600"]["evidence"]
    assert NAMES[3] in checks["DX600"]["evidence"]
