"""The lock radar on a server of its own: a crowd of victims, a prepared transaction, a replica."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.radar import RadarSession
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.run.victims import VictimRule
from tests.crowd import Crowd
from tests.waiting import until

CROWD = 60


@pytest.fixture(scope="module")
def roomy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server with room for many sessions, and for prepared transactions."""
    server = EmbeddedServer(tmp_path_factory.mktemp("roomy") / "server", fsync=False)
    server.create()
    with (server.folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write("max_connections = 120\nmax_prepared_transactions = 2\n")
    server.start()
    yield server
    server.remove()


@pytest.fixture
def crowd(roomy: EmbeddedServer) -> Iterator[Crowd]:
    """A crowd in that server's first database, with a table."""
    with Crowd(url_of(roomy)) as crowd:
        crowd.admin.script(b"CREATE TABLE farm (id int)")
        yield crowd
    with connect(url_of(roomy), purpose="test") as session:
        session.script(b"DROP TABLE farm")


def url_of(server: EmbeddedServer) -> DatabaseUrl:
    return parse(server.url("postgres"), "DATABASE_URL")


def test_a_crowd_of_victims_is_counted_and_a_few_are_named(crowd: Crowd) -> None:
    ours = crowd.session("BEGIN", "LOCK farm")
    readers = [crowd.session() for _ in range(CROWD)]
    for reader in readers:
        crowd.runs(reader, "SELECT * FROM farm")
    crowd.waiting(readers)
    with RadarSession(crowd.url, pids=lambda: [ours.pid]) as radar:
        seen = radar.look()
        assert {peer.pid for peer in seen.victims} == {reader.pid for reader in readers}
        assert len(seen.victims) == CROWD
        assert VictimRule(CROWD - 1, 0).broken(seen)
        assert not VictimRule(CROWD, 0).broken(seen)
        listed = seen.listed(20)
        assert (len(listed.victims), listed.unlisted_victims, listed.victim_count) == (20, CROWD - 20, CROWD)
        assert listed.longest_wait_seconds == listed.victims[0].waiting_seconds
        ours.script(b"COMMIT")
        assert until(lambda: radar.look().victim_count == 0)


def test_a_prepared_transaction_blocks_without_a_session(crowd: Crowd) -> None:
    crowd.session("BEGIN", "LOCK farm", "PREPARE TRANSACTION 'order 7'").close()
    ours = crowd.session()
    deed = crowd.waits(ours, "TRUNCATE farm")
    with RadarSession(crowd.url, pids=lambda: [ours.pid]) as radar:
        [blocker] = radar.look().blockers
    assert (blocker.pid, blocker.state, blocker.query) == (0, "prepared transaction", "order 7")
    assert blocker.user == crowd.url.user
    assert blocker.since is not None
    crowd.admin.execute("ROLLBACK PREPARED 'order 7'")
    assert deed.result() is None


@pytest.fixture
def replica(roomy: EmbeddedServer, tmp_path: Path) -> Iterator[EmbeddedServer]:
    """A standby of that server, made of its stopped files."""
    roomy.stop()
    folder = tmp_path / "server"
    subprocess.run(["cp", "-a", roomy.folder, folder], check=True)
    roomy.start()
    url = url_of(roomy)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        (folder / "port").write_text(str(free.getsockname()[1]))
    words = f"host={url.host} port={url.port} user={url.user} password={url.password.reveal()} application_name=near"
    with (folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write(f"primary_conninfo = '{words}'\n")
    (folder / "data" / "standby.signal").touch()
    standby = EmbeddedServer(folder, fsync=False)
    standby.start()
    yield standby
    standby.remove()
    shutil.rmtree(folder, ignore_errors=True)


def test_how_far_a_replica_is_behind(replica: EmbeddedServer, crowd: Crowd) -> None:
    with RadarSession(crowd.url) as radar, connect(url_of(replica), purpose="test") as standby:
        until(lambda: radar.look().lag, what="the replica")
        assert [lag.replica for lag in radar.look().lag] == ["near"]
        standby.execute("SELECT pg_wal_replay_pause()")
        until(lambda: standby.value("SELECT pg_get_wal_replay_pause_state()") == "paused", what="the pause")
        crowd.admin.script(b"INSERT INTO farm SELECT generate_series(1, 50000)")
        until(lambda: radar.look().lag[0].bytes > 1_000_000, what="the replica to stay behind")
        until(lambda: radar.look().lag[0].seconds > 0, what="the replica to be late")
        standby.execute("SELECT pg_wal_replay_resume()")
        until(lambda: radar.look().lag[0].bytes == 0, what="the replica to catch up")
    with RadarSession(url_of(replica), application="nobody") as radar:
        seen = radar.look()
        assert (seen.pid, seen.lag) == (0, ())
        assert radar.look().wal_rate >= 0.0
