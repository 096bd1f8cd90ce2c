"""The executor `prisma` through the runner: the real CLI deploys, and the history table says what came of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Place, Verdict
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.history import read_rows
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.journal import read
from tests.prisma.conftest import MakeProject, make_project, node_modules
from tests.run.conftest import MIGRATIONS, Begin, add_migration, settings_for, with_executor

__all__ = ["make_project", "node_modules"]  # fixtures

FAILS = "DO $$ BEGIN IF current_database() <> 'rehearsal' THEN RAISE 'όχι εδώ'; END IF; END $$; SELECT 1;"


def _files(migrations: dict[str, str]) -> dict[str, bytes]:
    return {name: sql.encode() for name, sql in migrations.items()}


def test_the_real_cli_migrates(begin: Begin, make_project: MakeProject, tmp_path: Path, database: DatabaseUrl) -> None:
    """Rehearsed and applied by Prisma, verified by us and by `migrate status`; each file has its own duration."""
    project = make_project(tmp_path / "shop", _files(MIGRATIONS))
    hand = begin(with_executor(settings_for(project), "prisma"))
    hand.to_go()
    assert hand.confirm() == ""
    state = hand.ended(Phase.VERIFY)
    assert state.phase(Phase.VERIFY).state is PhaseState.PASSED
    assert "up to date" in state.check("DX702").evidence
    assert "valid" in state.check("DX703").evidence
    assert [view.state for view in state.migrations.values()] == [MigrationState.APPLIED] * 4
    assert all(view.seconds and view.rehearsed for view in state.migrations.values())
    # Prisma tells of files; what each statement takes was measured with our own executor, on a copy that is gone.
    assert [len(view.measured) for view in state.migrations.values()] == [2, 1, 1, 1]
    assert any(one.locks for view in state.migrations.values() for one in view.measured)
    assert state.prediction is not None
    assert [one.migration for one in state.prediction.statements] == [*[min(MIGRATIONS)] * 2, *sorted(MIGRATIONS)[1:]]
    assert "have been successfully applied" in (hand.folder / LOG).read_text()
    assert hand.send(cmd.SignOff(operator="Ελένη")) == ""
    assert hand.wait(lambda state: state.ended, "the end").verdict is Verdict.DONE


def test_a_failure_is_read_from_the_history(
    begin: Begin, make_project: MakeProject, tmp_path: Path, database: DatabaseUrl
) -> None:
    """Prisma has one exit code for all failures: which file, and why, stands in `_prisma_migrations`."""
    migrations = {**MIGRATIONS, "20260105000000_fails": FAILS, "20260106000000_never": "SELECT 1"}
    project = make_project(tmp_path / "shop", _files(migrations))
    hand = begin(with_executor(settings_for(project), "prisma"))
    hand.to_go(rehearsed=False)
    assert hand.confirm() == ""
    state = hand.ended(Phase.MIGRATE)
    states = [view.state for view in state.migrations.values()]
    assert states == [MigrationState.APPLIED] * 4 + [MigrationState.FAILED, MigrationState.PENDING]
    assert "όχι εδώ" in state.migrations["20260105000000_fails"].error
    assert state.phase(Phase.MIGRATE).state is PhaseState.FAILED
    production = [
        entry.event
        for entry in read(hand.folder / JOURNAL)
        if isinstance(entry.event, ev.MigrationStarted) and entry.event.place is Place.PRODUCTION
    ]
    assert [event.name for event in production] == list(migrations)[:5]
    assert hand.send(cmd.Rollback(phrase="DIXIS-ROLLBACK-OK", operator="Ελένη")) == ""
    hand.ended(Phase.ROLLBACK)
    with connect(database, purpose="test") as session:
        assert session.value("SELECT to_regclass('_prisma_migrations') IS NULL"), "as it was: never migrated"


def test_a_file_that_was_not_sealed_is_found_out(
    begin: Begin, make_project: MakeProject, tmp_path: Path, database: DatabaseUrl
) -> None:
    """Prisma reads its folder when it runs: what came in after the last look is applied, and must not look well."""
    waits = "DO $$ BEGIN IF current_database() <> 'rehearsal' THEN PERFORM pg_sleep(1); END IF; END $$; SELECT 1;"
    project = make_project(tmp_path / "shop", _files({**MIGRATIONS, "20260105000000_waits": waits}))
    hand = begin(with_executor(settings_for(project), "prisma"))
    hand.to_go(rehearsed=False)
    # The CLI's start takes longer than the runner's last look: this arrives between the two.
    assert hand.confirm() == ""
    hand.wait(lambda state: state.confirmed, "the confirmation")
    add_migration(project, "20260106000000_unsealed", "CREATE TABLE unsealed (id int)")
    state = hand.ended(Phase.MIGRATE)
    with connect(database, purpose="test") as session:
        arrived = session.value("SELECT to_regclass('unsealed') IS NOT NULL")
    assert state.check("DX601").open is not arrived
    assert ("20260106000000_unsealed" in state.check("DX601").evidence) is arrived


LAST = "20260105000000_last"


@pytest.mark.parametrize(
    ("sql", "again"),
    [
        ('ALTER TABLE "Farm" ADD COLUMN area int; SELECT 1;', True),
        # It leaves no trace in the catalog, but the server said no, and it was one transaction.
        ("UPDATE \"Farm\" SET region = 'Λέσβος';", True),
        # What it had committed itself stays: never again without a person.
        ('BEGIN; CREATE TABLE half (); COMMIT; ALTER TABLE "Farm" ADD COLUMN area int;', False),
    ],
)
def test_what_gave_way_whole_begins_anew(
    begin: Begin, make_project: MakeProject, tmp_path: Path, database: DatabaseUrl, *, sql: str, again: bool
) -> None:
    """A lock time-out leaves a failed row and nothing else: proven, resolved, and deployed again by Prisma itself."""
    project = make_project(tmp_path / "shop", _files({**MIGRATIONS, LAST: sql}))
    with connect(database, purpose="migrate") as session:
        list(apply(session, read_migrations(project / "prisma" / "migrations")[:-1]))
    settings = with_executor(settings_for(project), "prisma")
    polite = msgspec.structs.replace(settings.migrate, lock_timeout_seconds=0.3, quiet_seconds=0)
    hand = begin(msgspec.structs.replace(settings, migrate=polite))
    hand.to_go(rehearsed=False)
    with connect(database, purpose="shop") as other:
        other.script(b'BEGIN; LOCK TABLE "Farm" IN SHARE MODE')
        assert hand.confirm() == ""
        if again:
            hand.wait(lambda state: state.migrations[LAST].retries, "the first try to give way")
            # The pause is over when it is over: whichever try comes next finds the table free.
            other.rollback()
        state = hand.ended(Phase.MIGRATE)
        other.rollback()
        rows = read_rows(other) or ()
        assert other.value("SELECT to_regclass('half') IS NOT NULL") is ("half" in sql)
    last = state.migrations[LAST]
    assert last.state is (MigrationState.APPLIED if again else MigrationState.FAILED)
    assert bool(last.retries) is again
    ours = [row for row in rows if row.migration_name == LAST]
    assert [row.applied for row in ours] == [False] * (len(ours) - 1) + [again]
    assert all(row.rolled_back_at for row in ours[:-1])
    told = [entry.event for entry in read(hand.folder / JOURNAL) if isinstance(entry.event, ev.Retried)]
    assert all(event.sqlstate == "55P03" and event.whole for event in told)
    assert all("lock timeout" in event.reason for event in told)


def test_a_stop_in_the_pause_is_a_failure_and_nothing_follows_it(
    begin: Begin, make_project: MakeProject, tmp_path: Path, database: DatabaseUrl
) -> None:
    """The row is marked as rolled back already: what was to begin anew is told as failed, and nothing is verified."""
    sql = 'ALTER TABLE "Farm" ADD COLUMN area int; SELECT 1;'
    project = make_project(tmp_path / "shop", _files({**MIGRATIONS, LAST: sql}))
    with connect(database, purpose="migrate") as session:
        list(apply(session, read_migrations(project / "prisma" / "migrations")[:-1]))
    settings = with_executor(settings_for(project), "prisma")
    polite = msgspec.structs.replace(settings.migrate, lock_timeout_seconds=0.3, quiet_seconds=0)
    hand = begin(msgspec.structs.replace(settings, migrate=polite))
    hand.to_go(rehearsed=False)
    with connect(database, purpose="shop") as other:
        other.script(b'BEGIN; LOCK TABLE "Farm" IN SHARE MODE')
        assert hand.confirm() == ""
        # Pauses grow: in one of the later ones there is time to stop.
        hand.wait(lambda state: state.migrations[LAST].retries >= 3, "a long pause")
        assert hand.send(cmd.Stop()) == ""
        state = hand.ended(Phase.MIGRATE)
        other.rollback()
    assert state.migrations[LAST].state is MigrationState.FAILED
    assert state.check("DX600").state is CheckState.FAILED
    assert state.phase(Phase.VERIFY).attempts == 0
    assert policy.verdict(state) is Verdict.FAILED
