"""Preflight says where every migration stands, whatever Prisma makes of it; what closes the gate is DX114."""

from __future__ import annotations

from pathlib import Path

import msgspec

from dixis_tui.model import CheckState, Phase
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.project import discover
from dixis_tui.run.phases import verify
from dixis_tui.run.state import RunState
from dixis_tui.standing import DatabaseStanding, Reconciled, Standing
from tests.run.conftest import Begin, settings_for, write_project

MIGRATIONS = {
    "1_a": "CREATE TABLE a ();",
    "2_b": "CREATE TABLE b ();",
    "3_c": "BEGIN; CREATE TABLE c (); COMMIT; SELECT 1/0;",
}


def standings(state: RunState) -> dict[str, Standing]:
    assert state.truth is not None
    return {one.name: one.standing for one in state.truth.migrations}


def test_the_truth_of_a_bent_history(begin: Begin, database: DatabaseUrl, tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", MIGRATIONS)
    folder = project / "prisma" / "migrations"
    with connect(database, purpose="migrate") as session:
        list(apply(session, read_migrations(folder)))
    (folder / "1_a" / "migration.sql").write_text("-- edited")
    (folder / "4_empty").mkdir()
    state = begin(settings_for(project)).ended(Phase.PREFLIGHT)
    assert standings(state) == {
        "1_a": Standing.EDITED,
        "2_b": Standing.APPLIED,
        "3_c": Standing.FAILED,
        "4_empty": Standing.NO_FILE,
    }
    check = state.check("DX114")
    assert check.state is CheckState.FAILED
    for words in (
        "recorded as failed: 3_c",
        "division by zero",
        "statements 1 to 3 of 4 are there",
        "edited since applied: 1_a",
    ):
        assert words in check.evidence
    assert "Restore the file as it was applied" in check.remedy
    assert state.check("DX111").state is CheckState.FAILED
    assert "4_empty holds no migration.sql" in state.check("DX111").evidence
    assert state.truth is not None
    found = state.truth.migrations[2].reconciliation
    assert found is not None
    assert (found.outcome, found.there) == (Reconciled.CANT_TELL, (1, 2, 3))


def test_a_database_that_is_not_there(begin: Begin, database: DatabaseUrl, tmp_path: Path) -> None:
    project = write_project(tmp_path / "project", MIGRATIONS)
    gone = database.raw.reveal().replace(f"/{database.database}", "/not_there")
    state = begin(settings_for(project), DATABASE_URL=gone).ended(Phase.PREFLIGHT)
    assert state.truth is not None
    assert state.truth.database is DatabaseStanding.MISSING
    assert set(standings(state).values()) == {Standing.PENDING}
    assert state.check("DX103").state is CheckState.FAILED


def test_a_migration_that_fails_on_production_is_reconciled(
    begin: Begin, database: DatabaseUrl, tmp_path: Path
) -> None:
    """The rehearsal had other rows: what the file had committed by itself before it failed is told, with the way on."""
    sql = "BEGIN; CREATE TABLE d (); COMMIT; ALTER TABLE a ADD CONSTRAINT one CHECK (n > 0); CREATE TABLE e ();"
    project = write_project(tmp_path / "project", {"1_a": "CREATE TABLE a (n int);", "2_d": sql})
    with connect(database, purpose="migrate") as session:
        list(apply(session, read_migrations(project / "prisma" / "migrations")[:1]))
    hand = begin(settings_for(project))
    hand.to_go(rehearsed=False)
    with connect(database, purpose="drift") as session:
        session.script(b"INSERT INTO a VALUES (0)")
    assert hand.confirm() == ""
    state = hand.ended(Phase.MIGRATE)
    check = state.check("DX601")
    assert check.state is CheckState.FAILED
    assert "statements 1 to 3 of 5 are there; statements 4 to 5 are still to be run" in check.evidence
    assert "prisma migrate resolve --applied 2_d" in check.remedy
    assert standings(state) == {"1_a": Standing.APPLIED, "2_d": Standing.FAILED}


def test_verify_says_what_is_still_pending(database: DatabaseUrl, tmp_path: Path) -> None:
    project = discover(write_project(tmp_path / "project", {"1_a": "CREATE TABLE a ();", "2_b": "SELECT 1;"}))
    with connect(database, purpose="migrate") as session:
        list(apply(session, read_migrations(project.migrations)[:1]))
        finding = verify._history(session, project, "public")
        assert (finding.state, finding.evidence) == (CheckState.FAILED, "still pending: 2_b")
        list(apply(session, read_migrations(project.migrations)[1:]))
        assert verify._history(session, project, "public").state is CheckState.PASSED
        # What was applied is whole; that a file was edited since is worth a word, and no failure of the evening.
        (project.migrations / "1_a" / "migration.sql").write_text("-- edited")
        finding = verify._history(session, project, "public")
        assert (finding.state, finding.evidence) == (CheckState.WARNED, "edited since applied: 1_a")


def test_no_word_of_the_truth_holds_a_password(begin: Begin, database: DatabaseUrl, tmp_path: Path) -> None:
    password = database.password.reveal()
    assert len(password) > 8
    project = write_project(tmp_path / "project", {f"1_{password}": "SELECT 1;"})
    hand = begin(settings_for(project))
    state = hand.ended(Phase.PREFLIGHT)
    assert state.truth is not None
    assert password.encode() not in msgspec.json.encode(state.truth)
    assert state.truth.migrations[0].name == "1_•••"
