"""The lock radar, with real blockers and real victims on real servers."""

from __future__ import annotations

import pytest

from dixis_tui.errors import ConnectError, QueryError
from dixis_tui.locks import LockMode, Peer, Radar
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.radar import RadarSession
from dixis_tui.postgres.session import Session
from dixis_tui.postgres.url import DatabaseUrl
from tests.crowd import Crowd
from tests.majors import both_majors
from tests.waiting import until

ALTER = 'ALTER TABLE "Order" ADD COLUMN note text'


def looking_at(session: Session) -> RadarSession:
    """A radar for whom this session is ours."""
    return RadarSession(session.url, pids=lambda: [session.pid])


def look_at(session: Session) -> Radar:
    """One look of a new radar."""
    with looking_at(session) as radar:
        return radar.look()


def places(peers: tuple[Peer, ...]) -> list[tuple[int, int]]:
    return [(peer.depth, peer.pid) for peer in peers]


@both_majors
def test_an_idle_transaction_above_us_and_readers_behind(server: EmbeddedServer, crowd: Crowd) -> None:
    root = crowd.session("BEGIN", "LOCK farm")
    idle = crowd.session("BEGIN", 'SELECT FROM "Order"', application="worker")
    ours = crowd.session()
    crowd.waits(ours, ALTER)
    reader = crowd.session("BEGIN", "CREATE TABLE away (id int)", "COMMIT", "BEGIN", "LOCK away")
    crowd.waits(reader, 'SELECT * FROM "Order"')
    behind = crowd.session()
    crowd.waits(behind, "SELECT * FROM away")

    seen = look_at(ours)
    assert (seen.pid, seen.query, seen.wait_event) == (ours.pid, ALTER, "Lock: relation")
    assert seen.query_since is not None
    assert seen.query_since == seen.transaction_since
    assert seen.waits_for is not None
    assert (seen.waits_for.table, seen.waits_for.mode) == ('public."Order"', LockMode.ACCESS_EXCLUSIVE)
    assert seen.waits_for.since is not None
    assert seen.query_since <= seen.waits_for.since <= seen.at

    [blocker] = seen.blockers
    assert (blocker.pid, blocker.depth, blocker.state) == (idle.pid, 1, "idle in transaction")
    assert (blocker.user, blocker.application, blocker.address) == (idle.url.user, "worker", "127.0.0.1")
    assert blocker.query == 'SELECT FROM "Order"'
    assert blocker.lock is not None
    assert (blocker.lock.table, blocker.lock.mode) == ('public."Order"', LockMode.ACCESS_SHARE)
    assert (blocker.waits_on, blocker.waiting_seconds) == ((), 0.0)

    assert places(seen.victims) == [(1, reader.pid), (2, behind.pid)]
    near, far = seen.victims
    assert (near.waits_on, far.waits_on) == ((ours.pid,), (reader.pid,))
    assert near.lock is not None
    assert near.lock.mode is LockMode.ACCESS_SHARE
    assert far.lock is not None
    assert far.lock.table == "public.away"
    assert seen.longest_wait_seconds == near.waiting_seconds > far.waiting_seconds > 0

    # Whoever blocks our blocker is above us too.
    crowd.waits(idle, "SELECT * FROM farm")
    later = look_at(ours)
    assert places(later.blockers) == [(1, idle.pid), (2, root.pid)]
    assert later.blockers[1].lock is not None
    assert later.blockers[1].lock.table == "public.farm"
    assert later.longest_wait_seconds > seen.longest_wait_seconds


@both_majors
def test_what_we_hold_and_who_waits_for_it(server: EmbeddedServer, crowd: Crowd) -> None:
    ours = crowd.session("BEGIN", "SELECT FROM farm", ALTER)
    readers = [crowd.session() for _ in range(3)]
    for reader in readers:
        crowd.waits(reader, 'SELECT * FROM "Order"')
    with looking_at(ours) as radar:
        seen, later = radar.look(), radar.look()
    assert [(lock.table, lock.mode) for lock in seen.holds] == [
        ('public."Order"', LockMode.ACCESS_EXCLUSIVE),
        ("public.farm", LockMode.ACCESS_SHARE),
    ]
    assert {lock.since for lock in seen.holds} == {seen.at}
    assert later.at > seen.at
    assert later.holds == seen.holds, "since when it was first seen"
    assert (seen.query, seen.query_since, seen.wait_event, seen.waits_for) == ("", None, "", None)
    assert seen.transaction_since is not None
    assert [peer.pid for peer in seen.victims] == [reader.pid for reader in readers], "longest first"
    assert seen.blockers == ()
    # A lock taken anew is a new one.
    ours.script(b"ROLLBACK; BEGIN; LOCK farm")
    assert [lock.table for lock in look_at(ours).holds] == ["public.farm"]


def test_one_before_us_in_the_queue_blocks_us(crowd: Crowd) -> None:
    crowd.session("BEGIN", 'SELECT FROM "Order"')
    ahead, ours = crowd.session(), crowd.session()
    crowd.waits(ahead, 'TRUNCATE "Order"')
    crowd.waits(ours, 'INSERT INTO "Order" VALUES (1)')
    seen = look_at(ours)
    assert seen.blockers[0].pid == ahead.pid
    assert seen.blockers[0].lock is not None
    assert seen.blockers[0].lock.mode is LockMode.ACCESS_EXCLUSIVE
    assert seen.blockers[0].waiting_seconds > 0
    assert [peer.depth for peer in seen.blockers] == [1, 2]


def test_whoever_waits_for_a_row_of_ours_is_a_victim(crowd: Crowd) -> None:
    crowd.admin.script(b"INSERT INTO farm VALUES (1)")
    ours, writer, next_writer = crowd.session("BEGIN", "UPDATE farm SET id = 2"), crowd.session(), crowd.session()
    crowd.waits(writer, "UPDATE farm SET id = 3")
    crowd.waits(next_writer, "UPDATE farm SET id = 4")
    seen = look_at(ours)
    assert [peer.pid for peer in seen.victims] == [writer.pid, next_writer.pid]
    assert seen.victims[0].lock is None, "it waits for a transaction, not for a table"
    assert seen.victims[0].waiting_seconds > 0


def test_a_deadlock_is_no_endless_circle(crowd: Crowd) -> None:
    # Nobody but a superuser may put detection off.
    ours, other = (
        crowd.session("SET deadlock_timeout = '60s'", "BEGIN", f"LOCK {name}") for name in ('"Order"', "farm")
    )
    crowd.waits(ours, "SELECT * FROM farm")
    crowd.waits(other, 'SELECT * FROM "Order"')
    seen = look_at(ours)
    assert [peer.pid for peer in seen.blockers] == [other.pid]
    assert seen.blockers[0].waits_on == (ours.pid,)
    assert seen.victims == ()


@both_majors
def test_an_index_build_that_waits_for_writers(server: EmbeddedServer, crowd: Crowd) -> None:
    writer = crowd.session("BEGIN", "INSERT INTO farm VALUES (1)", application="slow job")
    ours = crowd.session()
    deed = crowd.waits(ours, "CREATE INDEX CONCURRENTLY farm_id ON farm (id)")
    seen = look_at(ours)
    assert seen.progress is not None
    assert (seen.progress.command, seen.progress.phase) == (
        "CREATE INDEX CONCURRENTLY",
        "waiting for writers before build",
    )
    assert (seen.progress.done, seen.progress.total, seen.progress.unit) == (0, 1, "sessions")
    assert seen.progress.fraction == 0.0
    assert seen.wait_event == "Lock: virtualxid"
    assert seen.waits_for is None
    assert [(lock.table, lock.mode) for lock in seen.holds] == [("public.farm", LockMode.SHARE_UPDATE_EXCLUSIVE)]
    assert [(peer.pid, peer.application) for peer in seen.blockers] == [(writer.pid, "slow job")]
    assert seen.blockers[0].lock is not None, "what explains the wait"
    assert (seen.blockers[0].lock.table, seen.blockers[0].lock.mode) == ("public.farm", LockMode.ROW_EXCLUSIVE)
    writer.script(b"COMMIT")
    assert deed.result() is None
    assert look_at(ours).progress is None


def test_progress_of_the_other_kinds(crowd: Crowd) -> None:
    # Each stands still in a function that waits for an advisory lock.
    crowd.admin.script(
        b"INSERT INTO farm SELECT generate_series(1, 10000);"
        b"CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS "
        b"'BEGIN PERFORM pg_advisory_lock_shared(7); RETURN $1; END'"
    )
    holder = crowd.session("SELECT pg_advisory_lock(7)")
    ours = crowd.session()
    for sql, command, phase in (
        ("CREATE INDEX slow_id ON farm (slow(id))", "CREATE INDEX", "building index"),
        ("COPY (SELECT slow(id) FROM farm) TO '/dev/null'", "COPY TO", "file"),
    ):
        deed = crowd.waits(ours, sql)
        seen = look_at(ours)
        assert seen.progress is not None
        assert seen.progress.command == command
        assert phase in seen.progress.phase
        assert [peer.pid for peer in seen.blockers] == [holder.pid]
        ours.cancel()
        deed.result()


@both_majors
def test_ours_by_name(server: EmbeddedServer, crowd: Crowd) -> None:
    with RadarSession(crowd.url, application="dixis-tui prisma") as radar:
        assert (radar.look().pid, radar.look().victims) == (0, ())
        idle = crowd.session(application="dixis-tui prisma")
        assert radar.look().pid == idle.pid
        busy = crowd.session("BEGIN", "LOCK farm", application="dixis-tui prisma")
        assert radar.look().pid == busy.pid, "the one that is at work"
        reader = crowd.session(application="dixis-tui other")
        crowd.waits(reader, "SELECT * FROM farm")
        assert places(radar.look().victims) == [(1, reader.pid)]
        crowd.waits(idle, "SELECT * FROM farm")
        seen = radar.look()
        assert (seen.pid, seen.blockers) == (busy.pid, ()), "ours are not in their own way"
        assert places(seen.victims) == [(1, reader.pid)]


@both_majors
def test_a_role_without_rights_sees_what_it_may(server: EmbeddedServer, plain_role: DatabaseUrl, crowd: Crowd) -> None:
    crowd.admin.script(f'ALTER TABLE farm OWNER TO "{plain_role.user}"'.encode())
    crowd.admin.script(b"REVOKE EXECUTE ON FUNCTION pg_current_wal_insert_lsn() FROM public")
    holder = crowd.session("BEGIN", "SELECT FROM farm", application="shop")
    ours = crowd.session(url=plain_role)
    crowd.waits(ours, "TRUNCATE farm")
    reader = crowd.session()
    crowd.waits(reader, "SELECT * FROM farm")
    with looking_at(ours) as radar:
        for _ in range(2):
            seen = radar.look()
            assert (seen.query, seen.wait_event) == ("TRUNCATE farm", "Lock: relation")
            [blocker] = seen.blockers
            assert (blocker.pid, blocker.user, blocker.application) == (holder.pid, holder.url.user, "shop")
            assert (blocker.query, blocker.state, blocker.since, blocker.started) == ("", "", None, None)
            assert blocker.lock is not None
            assert blocker.lock.mode is LockMode.ACCESS_SHARE
            assert places(seen.victims) == [(1, reader.pid)]
            assert seen.longest_wait_seconds > 0
            assert (seen.wal_rate, seen.lag, seen.progress) == (0.0, (), None)


def test_a_number_used_again_is_a_stranger(crowd: Crowd) -> None:
    ours = crowd.session()
    listed = [ours.pid]
    with RadarSession(crowd.url, pids=lambda: listed) as radar:
        # No server gives a number again on demand: as if that session had begun at another time.
        radar._ours[ours.pid] = radar.look().at
        assert radar.look().pid == 0
        listed.clear()
        assert radar.look().pid == 0
        listed.append(ours.pid)
        assert radar.look().pid == ours.pid, "named anew, known anew"


def test_words_from_outside_are_harmless(crowd: Crowd) -> None:
    name = 'a\x1b[31m"b'
    table = f'"{name.replace(chr(34), chr(34) * 2)}"'
    secret = crowd.url.password.reveal()
    sql = f"SELECT /* \x1b]0;boo\x07 {crowd.url.raw.reveal()} {secret} */ 'λ' FROM {table}"
    crowd.admin.script(f"CREATE TABLE {table} ()".encode())
    crowd.session("BEGIN", sql + " -- " + "λέξη " * 100, application="sho\x1b[2Jp\n")
    ours = crowd.session()
    crowd.waits(ours, f"DROP TABLE {table}")
    seen = look_at(ours)
    [blocker] = seen.blockers
    shown = f"{blocker}{seen.query}{seen.waits_for}"
    assert secret not in shown
    assert not [character for character in shown if character < " " or character == "\x7f"]
    assert len(blocker.query) == 200
    assert blocker.query.startswith("SELECT /*")
    assert blocker.query.endswith("…")
    assert seen.waits_for is not None
    assert seen.waits_for.table == 'public.U&"a\\001B[31m""b"'


def test_a_lost_radar_comes_back(crowd: Crowd) -> None:
    ours = crowd.session("BEGIN", "LOCK farm")
    with looking_at(ours) as radar:
        before = radar.look()
        first = radar.pid
        crowd.admin.execute("SELECT pg_terminate_backend(%s)", (first,))
        gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)"
        until(lambda: crowd.admin.value(gone, (first,)), what="the radar's end")
        with pytest.raises(ConnectError):
            radar.look()
        after = radar.look()
        assert radar.pid not in (0, first)
    assert radar.pid == 0
    assert [lock.since for lock in after.holds] == [lock.since for lock in before.holds]


def test_the_radar_is_named_reads_only_and_never_waits_long(crowd: Crowd) -> None:
    with RadarSession(crowd.url) as radar:
        radar.look()
        name = "SELECT application_name FROM pg_stat_activity WHERE pid = %s"
        assert crowd.admin.value(name, (radar.pid,)) == "dixis-tui radar"
        # Locked out of the catalog itself it gives up instead of standing in the queue.
        crowd.session("BEGIN", "LOCK pg_class IN ACCESS EXCLUSIVE MODE")
        before = radar.pid
        with pytest.raises(QueryError, match="lock timeout"):
            radar.look()
        assert radar.pid == before


@both_majors
def test_how_fast_the_log_grows(server: EmbeddedServer, crowd: Crowd) -> None:
    ours = crowd.session()
    with looking_at(ours) as radar:
        assert radar.look().wal_rate == 0.0

        def grows() -> bool:
            ours.script(b"INSERT INTO farm SELECT generate_series(1, 1000)")
            return radar.look().wal_rate > 0

        until(grows, what="the log to grow")
