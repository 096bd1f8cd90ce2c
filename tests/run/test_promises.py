"""The promises that a runner keeps whatever the screens do."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from dixis_tui import events as ev
from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Place, Verdict
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.folders import JOURNAL
from dixis_tui.run.journal import read
from dixis_tui.run.state import Entry, RunState
from tests.conftest import fresh_database
from tests.majors import both_majors
from tests.run.conftest import MIGRATIONS, Begin, Hand, add_migration, settings_for, write_project

TRANSACTIONS = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"


@pytest.fixture
def quiet_server(tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A server of this test's own on which nobody else writes, autovacuum included."""
    server = EmbeddedServer(tmp_path / "quiet", fsync=False)
    server.create()
    server.start()
    server.create_database("quiet")
    with connect(parse(server.url("postgres"), "quiet"), purpose="set-up") as session:
        session.execute("ALTER SYSTEM SET autovacuum = off")
        session.value("SELECT pg_reload_conf()")
    yield server
    server.remove()


def test_nothing_is_written_before_the_phrase(begin: Begin, tmp_path: Path, quiet_server: EmbeddedServer) -> None:
    """Whoever writes needs a transaction number: after preflight, backup, rehearsal and sealing none was taken."""
    url = parse(quiet_server.url("quiet"), "DATABASE_URL")
    with connect(url, purpose="set-up") as session:
        session.script(MIGRATIONS["20260101000000_farms"].replace('"Farm"', '"Stock"').encode())
        session.script(
            b"CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, "
            b"finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz, "
            b"started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)"
        )
        before = session.value(TRANSACTIONS)
        hand = begin(settings_for(write_project(tmp_path / "shop")), DATABASE_URL=quiet_server.url("quiet"))
        state = hand.to_go()
        assert state.plan is not None
        assert hand.confirm("DIXIS-PROD-ok") == "Wrong phrase. Nothing was done."
        assert session.value(TRANSACTIONS) == before
        assert hand.confirm() == ""
        hand.ended(Phase.VERIFY)
        assert session.value(TRANSACTIONS) != before, "the measure itself must be able to fail"


@pytest.mark.parametrize("change", ["edited file", "new file", "history", "backup waived"])
def test_a_plan_that_changed_after_sealing_is_refused(
    begin: Begin, tmp_path: Path, database: DatabaseUrl, change: str
) -> None:
    """The phrase confirms the sealed plan and no other; the refusal says what changed."""
    project = write_project(tmp_path / "shop")
    hand = begin(settings_for(project))
    hand.to_go(rehearsed=change == "backup waived")
    match change:
        case "edited file":
            file = project / "prisma/migrations/20260104000000_not_null/migration.sql"
            file.write_text(file.read_text() + " ")
            said = "Migrations was"
        case "new file":
            add_migration(project, "20260105000000_late", "SELECT 1")
            said = "Migrations was 4 pending"
        case "history":
            with connect(database, purpose="somebody else") as session:
                session.script(MIGRATIONS["20260101000000_farms"].encode())
            said = "without a history: a baseline is needed"
        case _:
            assert hand.send(cmd.Waive(code="DX121", operator="Νίκος", reason="agreed by phone")) == ""
            said = "Waived was nothing, is DX121"
    refusals = hand.look().refusals
    assert hand.confirm() == ""  # the phrase was right; what follows is the runner's second look
    state = hand.wait(lambda state: state.refusals > refusals, "a refusal")
    assert state.refused is not None
    assert said in state.refused.reason
    assert state.confirmed is None
    assert not any(isinstance(entry.event, ev.MigrationStarted) and _on_production(entry.event) for entry in _all(hand))


@both_majors
def test_success_is_what_was_verified(
    server: EmbeddedServer, begin: Begin, tmp_path: Path, database: DatabaseUrl
) -> None:
    """A whole evening: the journal's chain, its order, the database, and the sealed log."""
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.to_go()
    assert hand.confirm() == ""
    state = hand.ended(Phase.VERIFY)
    assert state.phase(Phase.MIGRATE).state is PhaseState.PASSED
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    state = hand.wait(lambda state: state.ended, "the end")
    assert state.verdict is Verdict.DONE
    entries = _all(hand)
    kinds = [type(entry.event).__name__ for entry in entries]
    first_deed = next(i for i, entry in enumerate(entries) if _on_production(entry.event))
    assert kinds.index("PlanSealed") < kinds.index("Confirmed") < first_deed
    assert state.ended is not None
    log = (hand.folder / "run.log").read_bytes()[: state.ended.log_bytes]
    assert hashlib.sha256(log).hexdigest() == state.ended.log_sha256
    with connect(database, purpose="test") as session:
        assert session.value('SELECT count(*) FROM "Farm" WHERE region = %s', ("Κρήτη",)) == 100
        assert session.value("SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL") == 4


def test_a_window_that_is_not_open_closes_the_gate(begin: Begin, tmp_path: Path) -> None:
    """Everything before the go may be done early, the go itself may not; a waiver opens it by name."""
    hand = begin(settings_for(write_project(tmp_path / "shop"), opens_in=timedelta(minutes=30)))
    state = hand.to_go(rehearsed=False)
    assert state.check("DX121").state is CheckState.WARNED
    assert state.check("DX501").state is CheckState.FAILED
    assert "DX501" in hand.confirm()
    assert hand.send(cmd.Waive(code="DX501", operator="Ελένη", reason="the shop is closed today")) == ""
    hand.seal()
    assert hand.confirm() == ""
    assert hand.ended(Phase.VERIFY).check("DX701").open


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_production_is_never_emptied_for_a_rehearsal(
    begin: Begin, tmp_path: Path, database: DatabaseUrl, host: str
) -> None:
    """STAGING_DATABASE_URL that names production, by another name and even with a waiver, is refused."""
    with connect(database, purpose="set-up") as session:
        session.script(b"CREATE TABLE kept AS SELECT generate_series(1, 10) AS n; DROP TABLE kept")
    staging = database.raw.reveal().replace("127.0.0.1", host)
    hand = begin(settings_for(write_project(tmp_path / "shop")), STAGING_DATABASE_URL=staging)
    hand.ended(Phase.PREFLIGHT)
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    with connect(database, purpose="set-up") as session:
        session.script(b"CREATE TABLE kept AS SELECT generate_series(1, 10) AS n")
        assert hand.send(cmd.Waive(code="DX301", operator="Νίκος", reason="it is fine")) == ""
        state = hand.do(Phase.REHEARSAL)
        assert state.phase(Phase.REHEARSAL).state is PhaseState.FAILED
        assert session.value("SELECT count(*) FROM kept") == 10


def test_staging_beside_production_is_said(
    begin: Begin, tmp_path: Path, server: EmbeddedServer, database: DatabaseUrl
) -> None:
    """Another database of production's own server will do, and its load is production's: that is said."""
    with fresh_database(server, "STAGING_DATABASE_URL") as staging:
        project = write_project(tmp_path / "shop")
        state = begin(settings_for(project), STAGING_DATABASE_URL=staging.raw.reveal()).to_go()
        assert state.check("DX301").state is CheckState.WARNED
        assert state.check("DX300").state is CheckState.PASSED


@pytest.mark.parametrize("change", ["edited file", "new file", "failed row"])
def test_what_was_not_rehearsed_is_not_sealed(begin: Begin, tmp_path: Path, database: DatabaseUrl, change: str) -> None:
    """Files or a history that changed after the rehearsal: the gate is closed again, and there is no plan."""
    project = write_project(tmp_path / "shop")
    hand = begin(settings_for(project))
    hand.to_go()
    match change:
        case "edited file":
            file = project / "prisma/migrations/20260104000000_not_null/migration.sql"
            file.write_text(file.read_text() + " ")
        case "new file":
            add_migration(project, "20260105000000_late", "SELECT 1")
        case _:
            with connect(database, purpose="somebody else") as session:
                session.script(
                    b"CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, "
                    b"finished_at timestamptz, migration_name varchar(255) NOT NULL, logs text, "
                    b"rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), "
                    b"applied_steps_count integer NOT NULL DEFAULT 0); INSERT INTO _prisma_migrations "
                    b"(id, checksum, migration_name, logs) VALUES ('x', 'x', '20260101000000_farms', 'no')"
                )
    state = hand.seal()
    assert state.phase(Phase.GO).state is PhaseState.FAILED
    assert state.plan is None
    assert "The gate is closed by" in state.phase(Phase.GO).reason
    assert hand.confirm() != ""
    assert hand.look().confirmed is None


def test_a_new_backup_is_not_rehearsed(begin: Begin, tmp_path: Path) -> None:
    """The rehearsal proves one backup: another one closes the gate again."""
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.to_go()
    hand.do(Phase.BACKUP)
    refused = hand.send(cmd.Seal())
    assert refused.startswith("The gate is closed by DX301")


SLOW = "DO $$ BEGIN IF current_database() = 'quiet' THEN PERFORM pg_sleep(120); END IF; END $$;"


@pytest.mark.parametrize(
    ("rest", "outcome", "verdict"),
    [
        ("", MigrationState.UNKNOWN, Verdict.UNKNOWN),
        # Between BEGIN and a COMMIT that was never sent there is nothing to be unsure about.
        (" SELECT 1;", MigrationState.FAILED, Verdict.FAILED),
    ],
)
def test_the_server_dies_in_the_middle_of_a_migration(
    begin: Begin,
    tmp_path: Path,
    quiet_server: EmbeddedServer,
    *,
    rest: str,
    outcome: MigrationState,
    verdict: Verdict,
) -> None:
    """No answer is no evidence: what cannot be read from the database is called unknown, and so is the run."""
    project = write_project(tmp_path / "shop", MIGRATIONS | {"20260105000000_slow": SLOW + rest})
    hand = begin(settings_for(project), DATABASE_URL=quiet_server.url("quiet"))
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""

    def sent(state: RunState) -> bool:
        view = state.migrations["20260105000000_slow"]
        return view.state is MigrationState.RUNNING and view.statement is not None

    hand.wait(sent, "the slow statement")
    postmaster = int((tmp_path / "quiet" / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(postmaster, signal.SIGQUIT)  # an immediate shutdown, as in a crash
    state = hand.ended(Phase.MIGRATE)
    assert _state(state, "20260105000000_slow") is outcome
    assert _state(state, "20260104000000_not_null") is MigrationState.APPLIED
    assert policy.verdict(state) is verdict
    assert hand.send(cmd.End()) == ""
    assert hand.wait(lambda state: state.ended, "the end").verdict is verdict


@pytest.mark.parametrize("stop_in", [Phase.REHEARSAL, Phase.MIGRATE])
def test_a_stop_ends_at_a_safe_point(begin: Begin, tmp_path: Path, database: DatabaseUrl, stop_in: Phase) -> None:
    """A migration is stopped between two files, never inside one; what was applied stays true."""
    where = "current_database() = 'rehearsal'" if stop_in is Phase.REHEARSAL else "current_database() <> 'rehearsal'"
    slow = f"DO $$ BEGIN IF {where} THEN PERFORM pg_sleep(2); END IF; END $$; SELECT 1;"
    migrations = MIGRATIONS | {"20260105000000_slow": slow, "20260106000000_last": "SELECT 1"}
    hand = begin(settings_for(write_project(tmp_path / "shop", migrations)))
    hand.ended(Phase.PREFLIGHT)
    if stop_in is Phase.REHEARSAL:
        hand.answer_everything()
        hand.do(Phase.BACKUP)
        assert hand.send(cmd.StartPhase(phase=Phase.REHEARSAL)) == ""
    else:
        hand.to_go(rehearsed=False)
        assert hand.confirm() == ""
    hand.wait(lambda state: _at_work(state, "20260105000000_slow", stop_in), "the slow migration")
    for _ in range(3):  # an impatient hand, or a driver that asks at every event
        assert hand.send(cmd.Stop()) == ""
    state = hand.ended(stop_in)
    assert sum("Stop asked" in note.text for note in state.notes) == 1
    assert state.phase(stop_in).state is PhaseState.FAILED
    assert "Stopped by the operator" in state.phase(stop_in).reason
    last = state.migrations["20260106000000_last"]
    assert MigrationState.PENDING is (last.rehearsal_state if stop_in is Phase.REHEARSAL else last.state)
    if stop_in is Phase.MIGRATE:
        assert _state(state, "20260105000000_slow") is MigrationState.APPLIED
        assert state.check("DX601").open
        with connect(database, purpose="test") as session:
            assert session.value("SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL") == 5
        assert policy.verdict(state) is Verdict.FAILED


def test_a_stop_that_comes_too_late_stops_nothing(begin: Begin, tmp_path: Path) -> None:
    """Asked while the last file runs, there is nothing left to stop: the run is verified and can be signed off."""
    slow = "DO $$ BEGIN IF current_database() <> 'rehearsal' THEN PERFORM pg_sleep(1.5); END IF; END $$; SELECT 1;"
    hand = begin(settings_for(write_project(tmp_path / "shop", MIGRATIONS | {"20260105000000_slow": slow})))
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    hand.wait(lambda state: _at_work(state, "20260105000000_slow", Phase.MIGRATE), "the last migration")
    assert hand.send(cmd.Stop()) == ""
    state = hand.ended(Phase.VERIFY)
    assert state.phase(Phase.MIGRATE).state is PhaseState.PASSED
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    assert hand.wait(lambda state: state.ended, "the end").verdict is Verdict.DONE


def _state(state: RunState, name: str) -> MigrationState:
    return state.migrations[name].state


def _at_work(state: RunState, name: str, phase: Phase) -> bool:
    view = state.migrations[name]
    return MigrationState.RUNNING is (view.rehearsal_state if phase is Phase.REHEARSAL else view.state)


def _all(hand: Hand) -> list[Entry]:
    return read(hand.folder / JOURNAL)


def _on_production(event: object) -> bool:
    return isinstance(event, ev.MigrationStarted) and event.place is Place.PRODUCTION


def test_what_is_sealed_was_judged(begin: Begin, tmp_path: Path) -> None:
    """A file that came after preflight is judged when the plan is sealed, also where nobody rehearsed it."""
    project = write_project(tmp_path / "shop")
    hand = begin(settings_for(project))
    hand.ended(Phase.PREFLIGHT)
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    assert hand.send(cmd.Waive(code="DX300", operator="Ελένη", reason="agreed")) == ""
    (project / "prisma" / "migrations" / "20260105000000_lose").mkdir()
    add = project / "prisma" / "migrations" / "20260105000000_lose" / "migration.sql"
    add.write_text("ALTER TABLE nowhere RENAME TO elsewhere;")
    state = hand.seal()
    assert state.check("DX116").state is CheckState.FAILED
    assert "20260105000000_lose" in state.check("DX116").evidence
    assert state.plan is None
