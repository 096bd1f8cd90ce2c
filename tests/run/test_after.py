"""After the migration: a real runner on a real server under load, and what its watch says of what became worse."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import psycopg
import pytest

from dixis_tui.after import AfterFinding, AfterKind
from dixis_tui.model import CheckState, Phase
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.run import commands as cmd
from dixis_tui.run.runs import live
from dixis_tui.run.spawn import resume
from dixis_tui.run.state import RunState
from dixis_tui.settings import Settings
from dixis_tui.settings_records import AfterSettings, LogSettings
from tests.crowd import Crowd
from tests.run.conftest import Begin, Hand, add_migration, settings_for, write_project
from tests.waiting import until

watched = pytest.mark.parametrize("server", ["watched"], indirect=True)

ORDERS = """
CREATE TABLE "Customer" (id int PRIMARY KEY);
INSERT INTO "Customer" SELECT generate_series(1, 500);
CREATE TABLE "Order" (id serial PRIMARY KEY, "customerId" int NOT NULL REFERENCES "Customer", note text NOT NULL);
INSERT INTO "Order" ("customerId", note) SELECT 1 + i % 500, repeat('x', 40) FROM generate_series(1, 60000) i;
CREATE INDEX "Order_customerId_idx" ON "Order" ("customerId");
"""
FIRST, DROP = "20260101000000_orders", "20260105000000_drop"
QUERY = 'SELECT count(*), max("Order".note) FROM "Order" WHERE "Order"."customerId" = %s'
RULES = AfterSettings(minutes=5, every_seconds=0.2, slower_milliseconds=1.0, big_table_rows=20_000)


@contextmanager
def load(url: DatabaseUrl, query: str = QUERY) -> Iterator[None]:
    """A small shop: it asks for a customer's orders, some thirty times a second."""
    over = threading.Event()

    def shop() -> None:
        with suppress(psycopg.Error), psycopg.connect(url.raw.reveal().partition("?")[0], autocommit=True) as asking:
            number = 0
            while not over.wait(0.03):
                number += 1
                asking.execute(query, (number % 500,)).fetchall()

    thread = threading.Thread(target=shop)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def prepare(folder: Path, database: DatabaseUrl, migration: str) -> Settings:
    """Orders on production, analyzed; one migration is pending."""
    project = write_project(folder / "shop", {FIRST: ORDERS})
    with connect(database, purpose="set-up") as session:
        list(apply(session, read_migrations(project / "prisma" / "migrations")))
        session.execute("VACUUM ANALYZE")
    add_migration(project, DROP, migration)
    return msgspec.structs.replace(settings_for(project), after=RULES)


def migrate(hand: Hand) -> RunState:
    """The whole evening, up to its verification."""
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    return hand.ended(Phase.VERIFY)


def found(state: RunState, kind: AfterKind, words: str, *, over: bool = False) -> AfterFinding | None:
    """The finding of that kind whose subject or evidence has these words."""
    findings = state.after.findings.values() if state.after else ()
    return next(
        (one for one in findings if one.kind is kind and words in one.subject + one.evidence and one.over is over), None
    )


@watched
def test_a_dropped_index(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    """Which statement became slow, that the index is gone since which migration, what to do; and that it is over."""
    settings = prepare(tmp_path, database, 'DROP INDEX "Order_customerId_idx";')
    with load(database):
        hand = begin(settings)
        migrate(hand)
        state = hand.wait(lambda state: found(state, AfterKind.STATEMENT, '"customerId" ='), "the slow statement")
        slow = found(state, AfterKind.STATEMENT, '"customerId" =')
        assert slow is not None
        assert slow.cause == f"Order_customerId_idx on Order (customerId) is gone since {DROP}"
        create = 'CREATE INDEX CONCURRENTLY "Order_customerId_idx" ON public."Order" USING btree ("customerId");'
        assert slow.remedy == create
        state = hand.wait(lambda state: found(state, AfterKind.SCAN, "Order"), "the scans")
        scan = found(state, AfterKind.SCAN, "Order")
        assert scan is not None
        assert (scan.cause, scan.remedy) == (slow.cause, slow.remedy)
        hand.wait(lambda state: state.check("DX721").state is CheckState.WARNED, "the check to say so")
        with connect(database, purpose="mend") as session:
            session.script(create.encode())
        state = hand.wait(lambda state: state.after and not state.after.worse, "all as before")
        assert found(state, AfterKind.STATEMENT, '"customerId" =', over=True)
        assert hand.send(cmd.EndAfter(operator="Ελένη")) == ""
        state = hand.wait(lambda state: state.after and state.after.ended, "its end")
    assert state.check("DX721").state is CheckState.PASSED
    assert "Ελένη" in state.after.ended
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    hand.wait(lambda state: state.ended, "the end")


VIOLATES = 'INSERT INTO "Order" ("customerId", note) VALUES (%s, \'secret words\')'


def violate(database: DatabaseUrl, number: int) -> None:
    """An application that writes an order of nobody."""
    refused = pytest.raises(psycopg.errors.ForeignKeyViolation)
    with psycopg.connect(database.raw.reveal().partition("?")[0], autocommit=True) as asking, refused:
        asking.execute(VIOLATES, (number,))


def deadlock(database: DatabaseUrl) -> None:
    """Two sessions that wait for each other: one of them is undone by the server."""
    with Crowd(database) as crowd:
        quick = "SET deadlock_timeout = '50ms'"
        first, second = (crowd.session(quick, "BEGIN", f"SELECT pg_advisory_xact_lock({key})") for key in (1, 2))
        deeds = [crowd.waits(first, "SELECT pg_advisory_xact_lock(2)")]
        deeds.append(crowd.runs(second, "SELECT pg_advisory_xact_lock(1)"))
        until(lambda: any(deed.over for deed in deeds), 20, "the deadlock")


@watched
def test_violations_and_a_deadlock(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    """From the server's own log and the application's, each kind once with its name; no row's values are told."""
    settings = prepare(tmp_path, database, 'COMMENT ON TABLE "Order" IS NULL;')
    log = tmp_path / "shop" / "app.log"
    log.write_text("Error: an old one\n")
    sources = [
        LogSettings(name="app", file="app.log"),
        LogSettings(name="pod", command=["sh", "-c", "echo up; exit 3"]),
    ]
    settings = msgspec.structs.replace(settings, after=msgspec.structs.replace(RULES, logs=sources))
    hand = begin(settings)
    migrate(hand)
    assert hand.send(cmd.Tick(code="DX711", operator="Ελένη", on=False)) == ""
    hand.wait(lambda state: state.after and state.after.looks, "the first look")
    with log.open("a") as writing:
        for number in (900, 901, 902):
            violate(database, number)
            writing.write(
                f'{{"level":50,"msg":"Invalid `prisma.order.create()` invocation","code":"P2003","n":{number}}}\n'
            )
    deadlock(database)
    fk = hand.wait(lambda state: found(state, AfterKind.LOG, "server: 23503 foreign_key_violation"), "the server's log")
    one = found(fk, AfterKind.LOG, "server: 23503")
    assert one is not None
    assert one.level == "error"
    assert "SQLSTATE 23503 foreign_key_violation" in one.cause
    state = hand.wait(lambda state: found(state, AfterKind.LOG, "app: P2003"), "the application's log")
    hand.wait(lambda state: found(state, AfterKind.LOG, "pod"), "the word that a log ended")
    assert "ended (3)" in (found(hand.state, AfterKind.LOG, "pod") or one).evidence
    hand.wait(lambda state: found(state, AfterKind.DATABASE, "deadlocks"), "the deadlock, counted")
    hand.wait(lambda state: found(state, AfterKind.LOG, "40P01 deadlock_detected"), "the deadlock, in the log")
    assert len([key for key in hand.state.after.findings if "23503" in key[1]]) == 1
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    state = hand.wait(lambda state: state.ended, "the end")
    assert state.check("DX711").state is CheckState.WARNED
    assert "lines of app, server read along" in state.check("DX711").evidence
    assert state.check("DX721").state is CheckState.FAILED
    assert "signed off" in state.after.ended
    assert "secret words" not in (hand.folder / "journal.jsonl").read_text()


def test_a_killed_runner_s_watch_goes_on(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    """Whoever takes the run up watches what is left of its time; a command that was read along died with its runner."""
    settings = prepare(tmp_path, database, 'COMMENT ON TABLE "Order" IS NULL;')
    here = tmp_path / "pid"
    sources = [LogSettings(name="pod", command=["sh", "-c", f"echo $$ > {here}; exec sleep 600"])]
    settings = msgspec.structs.replace(settings, after=msgspec.structs.replace(RULES, logs=sources))
    hand = begin(settings)
    migrate(hand)
    before = hand.wait(lambda state: state.after and state.after.looks >= 2, "two looks")
    pid = int(until(lambda: here.exists() and here.read_text()))
    assert before.run is not None
    os.kill(before.run.pid, signal.SIGKILL)
    until(lambda: not live(hand.folder), 10, "the runner's end")
    until(lambda: not Path(f"/proc/{pid}").exists(), 10, "the command's end")
    resume(hand.folder, settings, {"DATABASE_URL": database.raw.reveal()}, "Ελένη").wait()
    looks = before.after.looks if before.after else 0
    state = hand.wait(lambda state: state.after and state.after.looks >= looks + 2 and state.resumed, "looks again")
    assert state.after is not None
    assert before.after is not None
    assert (state.after.until, state.after.started) == (before.after.until, before.after.started)
    assert not state.after.worse
    assert hand.send(cmd.Leave(reason="asked to")) == ""
    state = hand.wait(lambda state: state.left, "the runner to leave")
    assert state.after is not None
    assert "goes on where the run is taken up" in state.after.ended
    assert state.check("DX721").state is CheckState.RUNNING  # it has come to nothing yet
