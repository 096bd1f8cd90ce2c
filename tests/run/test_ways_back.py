"""The other ways back, and what stands in the way of one: a snapshot, a resolved row, a drill, others' sessions."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace
from psycopg import sql

from dixis_tui import events as ev
from dixis_tui.errors import ConnectError
from dixis_tui.model import CheckState, Phase, PhaseState, Verdict, Way
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.proof import compare_contents
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.swap import hold, maintenance
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.phases import rollback, rollback_side
from dixis_tui.run.spawn import start
from dixis_tui.run.state import RunState, fold
from dixis_tui.run.views import Entry
from dixis_tui.settings import HealthSettings
from tests.run.conftest import Begin, Hand, add_migration, settings_for, write_project
from tests.waiting import until

NAME = "20260107000000_fails"
BACK = cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")
OURS = "SELECT array_agg(datname::text ORDER BY datname) FROM pg_database WHERE datname LIKE %s"


@pytest.fixture
def clean(database: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """The database; what a rollback leaves beside it goes at the end."""
    yield database
    with maintenance(database) as session:
        for name in session.value(OURS, (f"{database.database}_%",)) or []:
            session.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


@pytest.fixture
def backed_up(begin: Begin, tmp_path: Path, clean: DatabaseUrl) -> Hand:
    """A run with a backup of an empty database's first table."""
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.ended(Phase.PREFLIGHT)
    hand.answer_everything()
    hand.do(Phase.BACKUP)
    return hand


@pytest.fixture
def failed(begin: Begin, tmp_path: Path, clean: DatabaseUrl) -> Hand:
    """A run whose last migration failed on production, and left nothing there."""
    project = write_project(tmp_path / "shop")
    sql = (
        "CREATE TABLE late (id int); DO $$ BEGIN IF current_database() <> 'rehearsal' THEN RAISE 'no'; END IF; END $$;"
    )
    add_migration(project, NAME, sql)
    hand = begin(settings_for(project))
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    hand.ended(Phase.MIGRATE)
    return hand


@pytest.fixture
def dirty(begin: Begin, tmp_path: Path, clean: DatabaseUrl) -> Hand:
    """A run whose migration failed on a row that came to production after the plan was sealed."""
    project = write_project(tmp_path / "shop")
    first = begin(settings_for(project))
    first.to_go(rehearsed=False)
    assert first.confirm() == ""
    first.ended(Phase.VERIFY)
    assert first.send(cmd.SignOff(operator="Ελένη")) == ""
    first.wait(lambda state: state.ended, "the first evening's end")
    add_migration(project, NAME, 'ALTER TABLE "Farm" ADD CONSTRAINT "Farm_id" CHECK (id > 0);')
    hand = begin(settings_for(project))
    hand.to_go(rehearsed=False)
    with connect(clean, purpose="test") as session:
        session.execute("INSERT INTO \"Farm\" (id, name, region) VALUES (-1, 'x', 'y')")
    assert hand.confirm() == ""
    hand.ended(Phase.MIGRATE)
    return hand


def test_before_anything_was_changed_and_with_nothing_to_lose(backed_up: Hand, clean: DatabaseUrl) -> None:
    """From any point after the backup: what would be lost is told by table, and the ways with their time."""
    with connect(clean, purpose="test") as session:
        session.execute("CREATE TABLE since (id int)")
        session.execute("INSERT INTO since SELECT generate_series(1, 30)")

    def told() -> bool:
        before = backed_up.look().ways_at
        assert backed_up.send(cmd.LookBack()) == ""
        state = backed_up.wait(lambda state: state.ways_at != before, "the look")
        return bool(state.ways and [one for one in state.ways.losses if one.inserted == 30])

    until(told, 20, "the statistics to have come")
    ways = backed_up.look().ways
    assert ways is not None
    assert {one.way: one.refused for one in ways.ways} == {
        Way.SIDE: "",
        Way.IN_PLACE: "",
        Way.SNAPSHOT: "no provider's snapshot was named",
    }
    loss = ways.losses[0]
    assert (loss.table, loss.inserted, loss.rows_then, loss.rows_now) == ("public.since", 30, -1, 30)
    assert backed_up.send(BACK) == ""
    state = backed_up.ended(Phase.ROLLBACK)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED
    assert "goes back" in backed_up.send(cmd.StartPhase(phase=Phase.REHEARSAL))


def test_a_second_rollback_beside_the_first_is_refused(backed_up: Hand, clean: DatabaseUrl) -> None:
    with maintenance(clean) as session:
        hold(session, clean.database)
        assert backed_up.send(BACK) == ""
        state = backed_up.ended(Phase.ROLLBACK)
    assert "somebody else rolls" in state.phase(Phase.ROLLBACK).reason
    assert backed_up.send(BACK) == ""
    state = backed_up.ended(Phase.ROLLBACK, 2)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED, "the first is over"


def test_a_prepared_transaction_is_named_before_anything_is_swapped(backed_up: Hand, clean: DatabaseUrl) -> None:
    with connect(clean, purpose="test") as session:
        session.script(b"BEGIN; CREATE TABLE held (id int); PREPARE TRANSACTION 'held'")
        try:
            assert backed_up.send(BACK) == ""
            state = backed_up.ended(Phase.ROLLBACK)
            made = session.value(OURS, (f"{clean.database}_%",))
        finally:
            session.execute("ROLLBACK PREPARED 'held'")
    assert "prepared transactions" in state.phase(Phase.ROLLBACK).reason
    assert made is None, "nothing was made before it was said"
    assert policy.verdict(state) is Verdict.FAILED, "nothing was swapped"
    assert backed_up.send(BACK) == ""
    state = backed_up.ended(Phase.ROLLBACK, 2)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED, "it is gone now"


def test_a_role_without_createdb_goes_back_in_place(
    server: EmbeddedServer, clean: DatabaseUrl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a managed service: the way beside is refused with its reason, and the other one is open."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    role = f"plain_{uuid.uuid4().hex[:8]}"
    plain = parse(clean.raw.reveal().replace(f"//{clean.user}:{clean.password.reveal()}@", f"//{role}:x@"), "URL")
    owner = sql.SQL("ALTER DATABASE {} OWNER TO {}")
    with maintenance(clean) as session:
        session.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")  # type: ignore[arg-type]
        session.execute(owner.format(sql.Identifier(clean.database), sql.Identifier(role)))
    with connect(clean, purpose="test") as session:
        session.execute(f"GRANT ALL ON SCHEMA public TO {role}")  # type: ignore[arg-type]
    with connect(plain, purpose="test") as session:
        session.execute("CREATE TABLE farm AS SELECT i FROM generate_series(1, 1000) i")
    try:
        secrets = {"DATABASE_URL": plain.raw.reveal()}
        hand = Hand(start(settings_for(write_project(tmp_path / "shop")), secrets, "Ελένη").wait())
        hand.ended(Phase.PREFLIGHT)
        hand.answer_everything()
        assert hand.send(cmd.Waive(code="DX114", operator="Ελένη", reason="not Prisma's yet")) == ""
        backup = hand.do(Phase.BACKUP).backup
        assert backup is not None
        with connect(plain, purpose="test") as session:
            session.execute("DELETE FROM farm WHERE i % 2 = 0")
        assert hand.send(cmd.LookBack()) == ""
        ways = hand.wait(lambda state: state.ways, "the look").ways
        assert ways is not None
        refused = {one.way: one.refused for one in ways.ways}
        assert "CREATEDB" in refused[Way.SIDE]
        assert refused[Way.IN_PLACE] == ""
        assert hand.send(BACK) == ""
        state = hand.ended(Phase.ROLLBACK)
        assert "CREATEDB" in state.phase(Phase.ROLLBACK).reason
        assert hand.send(replace(BACK, way=Way.IN_PLACE)) == ""
        state = hand.ended(Phase.ROLLBACK, 2)
        assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED, state.phase(Phase.ROLLBACK).reason
        assert compare_contents(clean, backup) == []
        assert hand.send(cmd.End()) == ""
        hand.wait(lambda state: state.ended, "the end")
    finally:
        with maintenance(clean) as session:
            session.execute(owner.format(sql.Identifier(clean.database), sql.SQL("CURRENT_USER")))
        with connect(clean, purpose="test") as session:
            session.execute(f"DROP OWNED BY {role}")  # type: ignore[arg-type]
            session.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]


def test_a_connection_lost_meanwhile_is_no_missing_maintenance_database(clean: DatabaseUrl) -> None:
    context: Any = SimpleNamespace(state=RunState(), run_lock=None)
    with pytest.raises(ConnectError, match="lost"), rollback.alone(context, clean):
        raise ConnectError("other", "lost in the middle", "")


def folded(*events: ev.Event) -> RunState:
    """The state after these."""
    return fold([Entry(number, datetime.now(UTC), event) for number, event in enumerate(events, 1)])


def test_another_way_that_was_tried_between_does_not_lose_the_names(backed_up: Hand, clean: DatabaseUrl) -> None:
    """What an earlier run had begun beside production is found by the names that it had given."""
    state = backed_up.look()
    backup, identity = state.backup, state.identity
    assert backup is not None
    assert identity is not None
    began = ev.RollbackConfirmed(operator="Ελένη", sha256=backup.sha256, way=Way.SIDE, side="a_back", kept="a_failed")
    adopted = ev.BackupAdopted(run="1", identity=identity, backup=backup, unfinished=began)
    tried = replace(began, way=Way.IN_PLACE, side="", kept="")
    context: Any = SimpleNamespace(state=folded(adopted, tried))
    found = rollback_side.names_for(context, clean, backup)
    assert (found.side, found.kept, found.resumed) == ("a_back", "a_failed", True)
    other = replace(backup, sha256="0" * 64)
    assert rollback_side.names_for(context, clean, other).side != "a_back", "another backup's is not this one's"


def test_a_failed_row_is_resolved_as_the_database_shows(failed: Hand, clean: DatabaseUrl) -> None:
    resolve = cmd.Resolve(migration=NAME, applied=True, phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")
    assert failed.send(replace(resolve, phrase="DIXIS-PROD-OK")) == "Wrong phrase. Nothing was done."
    assert failed.send(resolve) == ""
    state = failed.wait(lambda state: any("can't be marked" in note.text for note in state.notes), "the refusal")
    assert not state.resolved
    assert failed.send(replace(resolve, applied=False)) == ""
    state = failed.wait(lambda state: state.resolved, "the mark")
    assert not state.resolved[NAME].applied
    with connect(clean, purpose="test") as session:
        unfinished = "SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL"
        assert session.value(unfinished) == 0
    assert "resolved already" in failed.send(replace(resolve, applied=False))
    assert failed.send(cmd.End()) == ""
    ended = failed.wait(lambda state: state.ended, "the end").ended
    assert ended is not None
    assert ended.verdict is Verdict.FAILED
    assert "safe to run again" in ended.summary


def test_a_row_whose_work_is_all_there_is_resolved_as_applied(dirty: Hand, clean: DatabaseUrl) -> None:
    """Somebody mended it by hand: the file's work is there, and Prisma's row says so."""
    resolve = cmd.Resolve(migration=NAME, applied=True, phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")
    with connect(clean, purpose="test") as session:
        session.execute('DELETE FROM "Farm" WHERE id < 0')
        session.execute('ALTER TABLE "Farm" ADD CONSTRAINT "Farm_id" CHECK (id > 0)')
    assert dirty.send(replace(resolve, applied=False)) == ""
    dirty.wait(lambda state: any("can't be marked" in note.text for note in state.notes), "the refusal")
    assert dirty.send(resolve) == ""
    state = dirty.wait(lambda state: state.resolved, "the mark")
    assert state.resolved[NAME].applied
    with connect(clean, purpose="test") as session:
        done = "SELECT count(*) FROM _prisma_migrations WHERE migration_name = %s AND finished_at IS NOT NULL"
        assert session.value(done, (NAME,)) == 1


def test_by_the_providers_snapshot(begin: Begin, tmp_path: Path, clean: DatabaseUrl) -> None:
    """Named before the go, ticked step by step, and then looked at."""
    hand = begin(settings_for(write_project(tmp_path / "shop")))
    hand.ended(Phase.PREFLIGHT)
    named = cmd.NameSnapshot(id="snap-1", taken_at=datetime.now(UTC), where="eu-south-1", operator="Ελένη")
    assert hand.send(replace(named, id=" ")) == "A snapshot needs its id, and where it is."
    assert hand.send(named) == ""
    state = hand.wait(lambda state: state.check("DX200").evidence, "the snapshot")
    assert state.check("DX200").state is CheckState.WARNED
    assert "not proven here" in state.check("DX200").evidence
    assert "belongs to going back" in hand.send(cmd.Tick(code="DX911", operator="Ελένη"))
    assert hand.send(replace(BACK, way=Way.SNAPSHOT)) == ""
    state = hand.ended(Phase.ROLLBACK)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.WAITING
    for code in ("DX911", "DX912", "DX913"):
        assert hand.send(cmd.Tick(code=code, operator="Ελένη")) == ""
    assert hand.send(cmd.StartPhase(phase=Phase.ROLLBACK)) == ""
    state = hand.ended(Phase.ROLLBACK, 2)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    ended = hand.wait(lambda state: state.ended, "the end").ended
    assert ended is not None
    assert ended.verdict is Verdict.ROLLED_BACK
    assert "by hand from snap-1" in ended.summary, "nothing says that a backup was restored"


def test_a_role_of_the_backup_that_was_dropped_is_named_first(backed_up: Hand, clean: DatabaseUrl) -> None:
    """A migration may drop a role: then nothing that belonged to it can be restored, by neither way."""
    backup = backed_up.look().backup
    assert backup is not None
    with connect(clean, purpose="test") as session:
        assert rollback.no_roles(session, backup) == ""
        reason = rollback.no_roles(session, replace(backup, roles=(*backup.roles, "gone_since")))
    assert "gone_since" in reason


def test_a_drill_does_it_all_on_staging(
    server: EmbeddedServer, tmp_path: Path, clean: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with connect(clean, purpose="test") as session:
        session.execute("CREATE TABLE farm AS SELECT i FROM generate_series(1, 1000) i")
    secrets = {"DATABASE_URL": clean.raw.reveal()}
    settings = settings_for(write_project(tmp_path / "shop"))
    settings = replace(settings, health=[HealthSettings(name="shop", url="http://127.0.0.1:1/")])
    hand = Hand(start(settings, secrets, "Ελένη", drill=True).wait())
    state = hand.wait(lambda state: state.ended, "its end")
    assert state.verdict is Verdict.ROLLED_BACK, state.phase(Phase.ROLLBACK).reason
    assert state.drill
    assert "not asked" in state.check("DX903").evidence
    assert not state.health
    assert state.swapped is not None
    assert state.backup is not None
    assert compare_contents(clean, state.backup) == []


def test_what_is_no_drill_does_not_drill(backed_up: Hand) -> None:
    assert "on production" in backed_up.send(cmd.Drill(operator="Ελένη"))


def test_after_a_swap_nothing_goes_back_in_place(backed_up: Hand, clean: DatabaseUrl, tmp_path: Path) -> None:
    """What the application wrote since the swap is not for a second rollback to lose."""
    assert backed_up.send(BACK) == ""
    state = backed_up.ended(Phase.ROLLBACK)
    assert state.swapped
    journal = backed_up.folder / "journal.jsonl"
    assert journal.exists()
    with connect(clean, purpose="test") as session:
        session.execute("CREATE TABLE since (id int)")
    # As if the runner had died right after the swap: its journal ends there.
    lines = journal.read_bytes().splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if b'"type":"swapped"' in line)
    earlier = tmp_path / "state" / "dixis-tui" / "runs" / "20261124-000000-dead"
    shutil.copytree(backed_up.folder, earlier, ignore=shutil.ignore_patterns("*.sock", "socket"))
    (earlier / "journal.jsonl").write_bytes(b"".join(lines[:at]))
    assert backed_up.send(cmd.End()) == ""
    backed_up.wait(lambda state: state.ended, "the end")
    secrets = {"DATABASE_URL": clean.raw.reveal()}
    later = Hand(start(settings_for(tmp_path / "shop"), secrets, "Νίκος", adopts=earlier).wait())
    assert later.send(cmd.LookBack()) == ""
    ways = later.wait(lambda state: state.ways, "the look").ways
    refused = {one.way: one.refused for one in ways.ways} if ways else {}
    assert refused[Way.SIDE] == ""
    assert "swapped the names already" in refused[Way.IN_PLACE]
    assert later.send(replace(BACK, way=Way.IN_PLACE)) == ""
    state = later.ended(Phase.ROLLBACK)
    assert "swapped the names already" in state.phase(Phase.ROLLBACK).reason
    assert later.send(BACK) == ""
    state = later.ended(Phase.ROLLBACK, 2)
    assert policy.phase_state(state, Phase.ROLLBACK) is PhaseState.PASSED, state.phase(Phase.ROLLBACK).reason
    with connect(clean, purpose="test") as session:
        assert session.value("SELECT to_regclass('since') IS NOT NULL"), "what was written since is there"
    assert later.send(cmd.End()) == ""
    later.wait(lambda state: state.ended, "the end")
