"""The way back from the command line: looked at, gone by a database beside production, and drilled on staging."""

from __future__ import annotations

import json

import pytest
from psycopg import sql

from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.model import Phase, Verdict, Way
from dixis_tui.run.folders import JOURNAL
from tests.e2e.database import picture, picture_of, prisma_lock, production
from tests.e2e.hands import until_over
from tests.e2e.house import ROLLBACK_PHRASE, Done, House, ended, seen, state_of
from tests.e2e.target import run_words
from tests.waiting import until

_NAMES = "SELECT datname FROM pg_database ORDER BY 1"


def _databases(house: House, server: str) -> set[str]:
    with production(house, "postgres", server) as session:
        return {name for (name,) in session.execute(_NAMES).fetchall()}


def _drop(house: House, server: str, name: str) -> None:
    with production(house, "postgres", server) as session:
        session.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def _call(house: House, ready: DemoReady, *words: str) -> Done:
    return house.call("--config", str(ready.config), *words, extra=ready.environment)


def test_a_failed_migration_is_looked_at_gone_back_from_and_drilled(house: House, ready: DemoReady) -> None:
    first, before, names = picture_of(house), house.runs(), _databases(house, "production")
    process = house.start(*run_words(ready), "--json", extra=ready.environment)
    run = house.new_run(before)
    until_over(run, Phase.BACKUP)
    with prisma_lock(house):
        until(lambda: state_of(run).phase(Phase.MIGRATE).attempts, 60, "the migration to wait for its lock")
        house.demo.break_production()
    assert ended(process).code == 4
    broken = picture_of(house)
    assert broken != first
    _look(house, ready, run.name)
    assert picture_of(house) == broken, "a look changes nothing"

    back = _call(house, ready, "rollback", run.name, "--confirm", ROLLBACK_PHRASE)
    assert back.code == 0, back.said
    assert "Verdict rolled_back." in back.out
    assert picture_of(house) == first
    rolled = state_of(house.runs()[-1])
    assert rolled.rollback is not None
    assert rolled.rollback.way is Way.SIDE
    kept = _databases(house, "production") - names
    assert kept == {rolled.rollback.kept}
    with production(house, rolled.rollback.kept) as session:
        assert picture(session) == broken, "what failed is kept as it was"
    _drop(house, "production", rolled.rollback.kept)
    _drill(house, ready)


def _look(house: House, ready: DemoReady, run: str) -> None:
    done = _call(house, ready, "rollback", run, "--look")
    assert done.code == 0, done.said
    assert "  side      about" in done.out
    assert "measured on this backup" in done.out
    assert "Rows written since the backup: " in done.out
    assert "not known" not in done.out
    assert "public.Order: " in done.out
    looked = house.runs()[-1]
    assert (looked.name != run, seen(looked).verdict, seen(looked).live) == (True, Verdict.ABANDONED, False)
    told = _call(house, ready, "rollback", run, "--look", "--json")
    assert (told.code, told.result["run"]) == (0, run)
    assert {view["way"]: bool(view["refused"]) for view in told.result["ways"]} == {
        "side": False,
        "in_place": False,
        "snapshot": True,
    }
    refused = _call(house, ready, "rollback", run, "--way", "snapshot", "--confirm", ROLLBACK_PHRASE)
    assert refused.code == 3
    assert "The way snapshot is not open: no provider's snapshot was named" in refused.err
    assert not any(seen(folder).live for folder in house.runs())


def _drill(house: House, ready: DemoReady) -> None:
    names = _databases(house, "staging")
    with production(house, "dixis_staging", "staging") as session:
        first = picture(session)
    done = _call(house, ready, "drill", "--yes", "--operator", "Μαρία")
    assert done.code == 0, done.said
    state = state_of(house.runs()[-1])
    assert state.swapped is not None
    assert f'DROP DATABASE "{state.swapped.kept}"' in done.err
    with production(house, "dixis_staging", "staging") as session:
        assert picture(session) == first
    assert _databases(house, "staging") - names == {state.swapped.kept}
    _drop(house, "staging", state.swapped.kept)
    listed = house.call("drill", "--list", "--json")
    assert listed.code == 0
    record = listed.result["drills"][-1]
    assert (record["run"], record["passed"], record["operator"]) == (house.runs()[-1].name, True, "Μαρία")
    assert record["database"] == "dixis_staging"
    assert min(record[f"{step}_seconds"] for step in ("backup", "restore", "compare", "swap")) > 0
    assert "passed" in house.call("drill", "--list").out.splitlines()[-1]
    assert "p@ss" not in (house.state / "drills.jsonl").read_text()


def test_a_drill_on_production_is_refused_however_it_is_spelled(house: House, ready: DemoReady) -> None:
    before, names = house.runs(), _databases(house, "production")
    url = ready.environment["DATABASE_URL"]
    for spelled in (url, url.replace("127.0.0.1", "localhost")):
        done = house.call("drill", "--yes", "--json", extra={"DATABASE_URL": url, "STAGING_DATABASE_URL": spelled})
        assert done.code == 2, done.said
        assert "lead to the same database" in done.err
        assert json.loads(done.out)["verdict"] == "usage"
    assert house.runs() == before
    assert _databases(house, "production") == names


def test_a_drill_that_can_not_be_done_ends_and_is_recorded(house: House, ready: DemoReady) -> None:
    names = _databases(house, "staging")
    with production(house, "postgres", "staging") as session:
        session.execute("ALTER ROLE dixis_app NOCREATEDB")
        try:
            done = _call(house, ready, "drill", "--yes")
        finally:
            session.execute("ALTER ROLE dixis_app CREATEDB")
    assert done.code == 4, done.said
    assert "CREATEDB" in done.out
    assert not house.call("drill", "--list", "--json").result["drills"][-1]["passed"]
    assert (house.runs()[-1] / JOURNAL).is_file()
    assert _databases(house, "staging") == names


@pytest.mark.parametrize("words", [("--yes",), ()])
def test_a_staging_that_nobody_listens_on_ends_the_drill(state_home: House, words: tuple[str, ...]) -> None:
    done = state_home.call("drill", *words, extra={"STAGING_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/none"})
    assert done.code == (4 if words else 2), done.said
    assert "Traceback" not in done.said
