"""What others suffer from a run on production: real blockers, readers that queue behind our DDL, and the clock.

Everywhere the migration needs ACCESS EXCLUSIVE on a table that is read all the time. A reader that comes while our
statement waits for the lock, or holds it, waits behind it: its wait is what the bounds are about.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypeVar

import msgspec
import pytest

from dixis_tui import events as ev
from dixis_tui.model import CheckState, MigrationState, Phase, PhaseState, Place
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import OnDisk, read_migrations
from dixis_tui.prisma.history import HistoryRow, read_rows
from dixis_tui.prisma.look import read_truth
from dixis_tui.run import commands as cmd
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.journal import read
from dixis_tui.run.state import RunState
from dixis_tui.standing import Reconciled
from tests.crowd import Crowd
from tests.majors import both_majors
from tests.readers import Readers
from tests.run.conftest import MIGRATIONS, Begin, Hand, add_migration, settings_for, write_project
from tests.waiting import until

E = TypeVar("E")
FIRST = "20260101000000_farms"
NAME = "20260105000000_zone"
ALTER = 'ALTER TABLE "Farm" ADD COLUMN zone text;'
HELD = 4711
"""An advisory lock: with it a test keeps a statement of the migration at work for as long as it likes."""
WORKS = f"DO $$ BEGIN IF current_database() <> 'rehearsal' THEN PERFORM pg_advisory_xact_lock({HELD}); END IF; END $$;"
MARGIN = 0.5
"""The aim: no reader waits longer than what bounds our statement, and so much more."""
LOOK = 0.5
"""Between two looks of the radar: the victim rule can't be quicker."""

_ZONE = "SELECT count(*) FROM pg_attribute WHERE attrelid = '\"Farm\"'::regclass AND attname = 'zone'"
_OURS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND starts_with(application_name, %s)"


class Scene:
    """A run whose plan is sealed, the table's readers, and what happened on production."""

    def __init__(self, hand: Hand, crowd: Crowd, readers: Readers) -> None:
        self.hand = hand
        self.crowd = crowd
        self.readers = readers

    def blocker(self, sql: str = 'SELECT FROM "Farm"', *, application: str = "report") -> Session:
        """An application's session that has begun a transaction and gone idle in it."""
        return self.crowd.session("BEGIN", sql, application=application)

    def go(self) -> None:
        """Type the phrase."""
        assert self.hand.confirm() == ""

    def events(self, kind: type[E]) -> list[E]:
        """Those of production, in their order."""
        found = [entry.event for entry in read(self.hand.folder / JOURNAL) if isinstance(entry.event, kind)]
        return [event for event in found if getattr(event, "place", Place.PRODUCTION) is Place.PRODUCTION]

    @property
    def zone(self) -> bool:
        """Whether the migration's column is there."""
        return bool(self.crowd.admin.value(_ZONE))

    @property
    def row(self) -> HistoryRow | None:
        """The migration's row in the history; there is never more than one."""
        rows = [row for row in read_rows(self.crowd.admin) or () if row.migration_name == NAME]
        assert len(rows) <= 1
        return rows[0] if rows else None

    def went_through(self) -> RunState:
        """The run to its verification: applied, with one finished row."""
        state = self.hand.ended(Phase.VERIFY)
        assert state.migrations[NAME].state is MigrationState.APPLIED
        assert self.zone
        assert self.row is not None
        assert self.row.applied
        assert [event.error for event in self.events(ev.MigrationEnded)] == [""]
        assert self.readers.errors == []
        return state


@pytest.fixture
def scene(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> Iterator[Scene]:
    """Replaced by :func:`staged` where a test has wishes."""
    with staged(begin, tmp_path, database) as found:
        yield found


@contextmanager
def staged(
    begin: Begin, folder: Path, database: DatabaseUrl, sql: str = ALTER, *, readers: int = 5, **migrate: float
) -> Iterator[Scene]:
    """An evening up to the phrase: the first migration is on production, `sql` is pending, the readers read."""
    project = write_project(folder / "shop", {FIRST: MIGRATIONS[FIRST]})
    with connect(database, purpose="set-up") as session:
        list(apply(session, read_migrations(project / "prisma" / "migrations")))
    add_migration(project, NAME, sql)
    settings = settings_for(project)
    wishes = {"lock_timeout_seconds": 1.0, "quiet_seconds": 0.0} | migrate
    manners = msgspec.structs.replace(settings.migrate, **wishes)
    hand = begin(msgspec.structs.replace(settings, migrate=manners))
    hand.to_go(rehearsed=False)
    with Crowd(database) as crowd, Readers(database, readers, '"Farm"') as found:
        yield Scene(hand, crowd, found)


@both_majors
def test_readers_wait_no_longer_than_the_time_out(scene: Scene, database: DatabaseUrl) -> None:
    """An idle transaction holds the table: ours gives way and comes back until it is gone. Nobody hears its words."""
    assert database.password is not None
    secret = database.password.reveal()
    blocker = scene.blocker(
        f"SELECT '\x1b]0;owned\x07 \u202e {secret}' FROM \"Farm\" LIMIT 0", application="evil\x1b[31m \u202e"
    )
    scene.go()
    scene.hand.wait(lambda state: state.retry and state.retry.attempt >= 2, "two retries")
    assert not scene.zone
    blocker.rollback()
    state = scene.went_through()
    assert 0.5 < scene.readers.longest <= 1.0 + MARGIN
    retries = scene.events(ev.Retried)
    assert len(retries) >= 2
    assert {(event.sqlstate, event.whole) for event in retries} == {("55P03", True)}
    seen = [event.radar for event in scene.events(ev.RadarSeen)]
    blocked = [radar for radar in seen if radar.blockers]
    assert {peer.pid for radar in blocked for peer in radar.blockers} == {blocker.pid}
    assert "'…'" in blocked[0].blockers[0].query  # what others ask for is shown, not with what
    assert max(radar.victim_count for radar in seen) == 5
    assert state.most_victims == 5
    for file in (JOURNAL, LOG):
        text = (scene.hand.folder / file).read_text()
        for foul in ("\x1b", "\\u001b", "owned", "\u202e", "\\u202e", secret):
            assert foul not in text


@pytest.mark.parametrize("how", ["cancel", "terminate"])
def test_the_operator_ends_what_blocks(
    begin: Begin, tmp_path: Path, database: DatabaseUrl, how: Literal["cancel", "terminate"]
) -> None:
    """By its process id, typed; before and after it stands in the journal, and the migration goes on at once."""
    with staged(begin, tmp_path, database, lock_timeout_seconds=20.0) as scene:
        blocker = scene.blocker()
        if how == "cancel":  # what is idle has nothing to cancel
            scene.crowd.runs(blocker, "SELECT pg_sleep(60)")
        scene.go()
        scene.hand.wait(lambda state: state.radar and state.radar.blockers, "the blocker on the radar")

        def sends(pid: int, typed: object) -> str:
            return scene.hand.send(cmd.SignalBackend(pid=pid, how=how, typed=str(typed), operator="Ελένη"))

        assert "its process id" in sends(blocker.pid, blocker.pid + 1)
        assert "does not block us" in sends(scene.crowd.admin.pid, scene.crowd.admin.pid)
        assert scene.events(ev.BackendSignalled) == []
        assert sends(blocker.pid, blocker.pid) == ""
        scene.went_through()
        signals = scene.events(ev.BackendSignalled)
        told = [(one.pid, one.how, one.operator, one.ours, one.done) for one in signals]
        expected = (blocker.pid, how, "Ελένη", False)
        assert told == [(*expected, None), (*expected, True)]
        assert "report" in signals[0].who
        assert scene.events(ev.Retried) == []
        assert scene.readers.longest < 10


def test_the_operator_has_time_to_type(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    """Between two tries nobody blocks us: who blocked the last one can be ended all the same, where it still sits."""
    with staged(begin, tmp_path, database, lock_timeout_seconds=0.7) as scene:
        blocker = scene.blocker()
        scene.go()

        def pauses(state: RunState) -> bool:
            return bool(state.retry and state.retry.seconds > 1.5 and state.radar and not state.radar.blockers)

        state = scene.hand.wait(pauses, "a long pause")
        assert [peer.pid for peer in state.blockers] == [blocker.pid]
        told = cmd.SignalBackend(pid=blocker.pid, how="terminate", typed=str(blocker.pid), operator="Ελένη")
        assert scene.hand.send(told) == ""
        state = scene.went_through()
        assert state.blockers == ()


def test_the_victim_rule(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    """Our transaction holds the table and works on: when too many wait too long it is cancelled, and comes back.

    A reader waits until more than two wait for over half a second, then for the radar's next look, then for our
    transaction to be undone.
    """
    rule = {"victim_sessions": 2, "victim_seconds": 0.5, "lock_timeout_seconds": 20.0}
    with staged(begin, tmp_path, database, f"{ALTER} {WORKS}", **rule) as scene:
        holder = scene.crowd.session(f"SELECT pg_advisory_lock({HELD})")
        scene.go()
        scene.hand.wait(lambda state: state.retry and state.retry.attempt >= 2, "two retries")
        holder.script(f"SELECT pg_advisory_unlock({HELD})".encode())
        scene.went_through()
        assert 0.5 < scene.readers.longest <= 0.5 + LOOK + MARGIN
        retries = scene.events(ev.Retried)
        assert {(event.sqlstate, event.whole) for event in retries} == {("57014", True)}
        signals = scene.events(ev.BackendSignalled)
        assert [(one.ours, one.done) for one in signals[:2]] == [(True, None), (True, True)]
        assert "5 sessions wait behind it" in signals[0].reason


@pytest.mark.parametrize("stop", [False, True])
def test_nobody_waits_while_we_wait_for_quiet(
    begin: Begin, tmp_path: Path, database: DatabaseUrl, *, stop: bool
) -> None:
    """Before it begins, a file waits for an older transaction without asking for a lock. A stop leaves no trace."""
    with staged(begin, tmp_path, database, quiet_seconds=60.0) as scene:
        blocker = scene.blocker()
        old = "SELECT clock_timestamp() - xact_start > interval '1.5 s' FROM pg_stat_activity WHERE pid = %s"
        until(lambda: scene.crowd.admin.value(old, (blocker.pid,)), what="an older transaction")
        scene.go()

        def waits(state: RunState) -> bool:
            return state.waited is not None and [peer.pid for peer in state.waited.peers] == [blocker.pid]

        scene.hand.wait(waits, "the wait for quiet")
        if stop:
            assert scene.hand.send(cmd.Stop()) == ""
            state = scene.hand.ended(Phase.MIGRATE)
            assert "Stopped by the operator" in state.phase(Phase.MIGRATE).reason
            assert state.migrations[NAME].state is MigrationState.PENDING
            assert scene.row is None
            assert not scene.zone
        else:
            blocker.rollback()
            scene.went_through()
        assert scene.events(ev.Retried) == []
        assert scene.readers.longest < MARGIN


def test_a_stop_between_two_tries(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    """Nothing is applied, and the history says why it was not."""
    with staged(begin, tmp_path, database, lock_timeout_seconds=0.2) as scene:
        scene.blocker()
        scene.go()
        # By then the pauses are of two seconds and more, ten times as long as a try.
        scene.hand.wait(lambda state: state.retry and state.retry.seconds > 1.5, "a long pause")
        assert scene.hand.send(cmd.Stop()) == ""
        state = scene.hand.ended(Phase.MIGRATE)
        tries = len(scene.events(ev.Retried))
        assert state.phase(Phase.MIGRATE).state is PhaseState.FAILED
        assert state.migrations[NAME].state is MigrationState.FAILED
        assert state.check("DX601").state is CheckState.FAILED
        assert not scene.zone
        assert scene.row is not None
        assert scene.row.unfinished
        assert "lock timeout" in (scene.row.logs or "")
        assert len(scene.events(ev.Retried)) == tries
        assert scene.readers.longest <= 0.2 + MARGIN


def test_a_killed_runner_leaves_nobody_waiting(begin: Begin, tmp_path: Path, database: DatabaseUrl) -> None:
    """The server looks twice a second whether its client is there: our statement goes, and so does whoever waited."""
    with staged(begin, tmp_path, database, lock_timeout_seconds=60.0) as scene:
        blocker = scene.blocker()
        scene.go()
        state = scene.hand.wait(lambda state: state.radar and state.radar.waits_for, "our statement to wait")
        assert state.run is not None
        os.kill(state.run.pid, signal.SIGKILL)
        admin = scene.crowd.admin
        until(lambda: admin.value(_OURS, ("dixis-tui migrate",)) == 0, 5, "the server to drop our session")
        before = len(scene.readers.waits())
        until(lambda: len(scene.readers.waits()) > before + 20, 5, "the readers to go on")
        blocker.rollback()
        assert not scene.zone
        assert scene.row is not None
        assert scene.row.unfinished
        files = read_migrations(tmp_path / "shop" / "prisma" / "migrations")
        standing = {one.name: one for one in read_truth(admin, OnDisk(files)).migrations}
        reconciled = standing[NAME].reconciliation
        assert reconciled is not None
        assert reconciled.outcome is Reconciled.NONE
