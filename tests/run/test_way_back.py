"""From a failed migration back to the backup: within the run, and from a later run that adopts its backup."""

from __future__ import annotations

from pathlib import Path

import pytest

from dixis_tui.model import MigrationState, Phase, Verdict
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run.spawn import start
from tests.conftest import fresh_database
from tests.majors import both_majors
from tests.run.conftest import MIGRATIONS, Begin, Hand, settings_for, write_project

FAILS = "DO $$ BEGIN IF current_database() <> 'rehearsal' THEN RAISE 'όχι εδώ'; END IF; END $$; SELECT 1;"
NAMES = ["20260105000000_one", "20260106000000_two", "20260107000000_fails", "20260108000000_never"]


@pytest.fixture
def broken(server: EmbeddedServer, begin: Begin, tmp_path: Path, database: DatabaseUrl) -> Hand:
    """A run whose third of four migrations failed on production; the first four files were applied before."""
    project = write_project(tmp_path / "shop")
    first = begin(settings_for(project))
    first.to_go(rehearsed=False)
    assert first.confirm() == ""
    first.ended(Phase.VERIFY)
    assert first.send(cmd.SignOff(operator="Ελένη")) == ""
    first.wait(lambda state: state.ended, "the first evening's end")
    sql = ['ALTER TABLE "Farm" ADD COLUMN one int', 'CREATE TABLE "Two" (id int)', FAILS, 'DROP TABLE "Farm"']
    for name, text in zip(NAMES, sql, strict=True):
        file = project / "prisma" / "migrations" / name / "migration.sql"
        file.parent.mkdir()
        file.write_text(text)
    hand = begin(settings_for(project))
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    hand.ended(Phase.MIGRATE)
    return hand


@both_majors
def test_a_failure_is_told_as_it_is_and_undone(server: EmbeddedServer, broken: Hand, database: DatabaseUrl) -> None:
    """First two applied, third failed with its error, fourth untouched; then back, counted, and signed off."""
    state = broken.look()
    states = [state.migrations[name].state for name in NAMES]
    assert states == [MigrationState.APPLIED, MigrationState.APPLIED, MigrationState.FAILED, MigrationState.PENDING]
    assert "όχι εδώ" in state.migrations[NAMES[2]].error
    assert "2 of 4 applied" in state.check("DX600").evidence
    assert f"not touched: {NAMES[3]}" in state.check("DX600").evidence
    with connect(database, purpose="test") as session:
        assert "όχι εδώ" in session.value(
            "SELECT logs FROM _prisma_migrations WHERE finished_at IS NULL AND migration_name = %s", (NAMES[2],)
        )
    assert broken.send(cmd.Rollback(phrase="DIXIS-PROD-OK", operator="Ελένη")) == "Wrong phrase. Nothing was done."
    assert broken.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")) == ""
    broken.ended(Phase.ROLLBACK)
    assert broken.send(cmd.SignOff(operator="Ελένη")) == ""
    assert broken.wait(lambda state: state.ended, "the end").verdict is Verdict.ROLLED_BACK
    _as_before(database)


def test_a_later_run_goes_back_to_an_earlier_runs_backup(broken: Hand, database: DatabaseUrl, tmp_path: Path) -> None:
    """The runner that made the backup is gone: another one takes its backup over."""
    assert broken.send(cmd.End()) == ""
    assert broken.wait(lambda state: state.ended, "the end").verdict is Verdict.FAILED
    settings = settings_for(tmp_path / "shop")
    secrets = {"DATABASE_URL": database.raw.reveal()}
    later = Hand(start(settings, secrets, "Νίκος", adopts=broken.folder).wait())
    assert later.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Νίκος")) == ""
    later.ended(Phase.ROLLBACK)
    assert later.send(cmd.SignOff(operator="Νίκος")) == ""
    assert later.wait(lambda state: state.ended, "the end").verdict is Verdict.ROLLED_BACK
    _as_before(database)


def test_a_backup_of_another_database_is_refused(broken: Hand, server: EmbeddedServer, tmp_path: Path) -> None:
    """A backup goes back to the database that it was made from, and to no other."""
    assert broken.send(cmd.End()) == ""
    broken.wait(lambda state: state.ended, "the end")
    with fresh_database(server) as other:
        secrets = {"DATABASE_URL": other.raw.reveal()}
        later = Hand(start(settings_for(tmp_path / "shop"), secrets, "Νίκος", adopts=broken.folder).wait())
        assert later.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Νίκος")) == ""
        state = later.ended(Phase.ROLLBACK)
        assert "which is not the database that the backup was made from" in state.phase(Phase.ROLLBACK).reason
        assert later.send(cmd.End()) == ""
        assert later.wait(lambda state: state.ended, "the end").verdict is Verdict.FAILED


def test_a_damaged_backup_is_not_restored(broken: Hand, database: DatabaseUrl) -> None:
    """One flipped byte: nothing is touched, and the run says why."""
    backup = broken.look().backup
    assert backup is not None
    path = Path(backup.path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x40
    path.write_bytes(content)
    assert broken.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")) == ""
    state = broken.ended(Phase.ROLLBACK)
    assert not state.check("DX900").open
    with connect(database, purpose="test") as session:
        assert session.value("SELECT to_regclass('\"Two\"') IS NOT NULL"), "what was migrated is still there"


def _as_before(database: DatabaseUrl) -> None:
    names = list(MIGRATIONS)
    with connect(database, purpose="test") as session:
        rows = session.value("SELECT array_agg(migration_name ORDER BY migration_name) FROM _prisma_migrations")
        assert list(rows) == names
        assert session.value('SELECT count(*) FROM "Farm"') == 100
        assert session.value("SELECT to_regclass('\"Two\"') IS NULL")
