"""Other sessions are asked to stop: the right one, by whoever may, and never a later one of the same number."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dixis_tui.errors import QueryError
from dixis_tui.locks import Peer
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.radar import RadarSession
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.signals import cancel, terminate
from dixis_tui.postgres.url import DatabaseUrl
from tests.crowd import Crowd
from tests.majors import both_majors
from tests.waiting import until

ASLEEP = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"
ALTER = 'ALTER TABLE "Order" ADD COLUMN note text'


def blocker_of(session: Session, url: DatabaseUrl | None = None) -> Peer:
    """The one that is next above it, as the radar sees it."""
    with RadarSession(url or session.url, pids=lambda: [session.pid]) as radar:
        return radar.look().blockers[0]


@both_majors
def test_a_blocker_is_cancelled(server: EmbeddedServer, crowd: Crowd) -> None:
    holder, ours = crowd.session(), crowd.session()
    report = crowd.runs(holder, 'SELECT FROM "Order"; SELECT pg_sleep(60)')
    until(lambda: crowd.admin.value(ASLEEP, (holder.pid,)), what="the report")
    alter = crowd.waits(ours, ALTER)
    assert cancel(crowd.admin, blocker_of(ours)) is True
    error = report.result()
    assert isinstance(error, QueryError)
    assert error.sqlstate == "57014"
    assert alter.result() is None


@both_majors
def test_an_idle_blocker_is_terminated(server: EmbeddedServer, crowd: Crowd) -> None:
    holder, ours = crowd.session("BEGIN", 'SELECT FROM "Order"'), crowd.session()
    alter = crowd.waits(ours, ALTER)
    blocker = blocker_of(ours)
    assert cancel(crowd.admin, blocker) is True
    assert not alter.over, "there was nothing to cancel, and its locks stay"
    assert terminate(crowd.admin, blocker) is True
    assert alter.result() is None
    with pytest.raises(QueryError, match=f"Backend {holder.pid} is no longer the session that was seen") as caught:
        terminate(crowd.admin, blocker)
    assert caught.value.remedy


def test_another_session_of_the_same_number_is_left_alone(crowd: Crowd) -> None:
    holder, ours = crowd.session("BEGIN", 'SELECT FROM "Order"'), crowd.session()
    crowd.waits(ours, ALTER)
    blocker = blocker_of(ours)
    assert blocker.started is not None
    for before in (blocker.started - timedelta(microseconds=1), None):
        for signal in (cancel, terminate):
            with pytest.raises(QueryError, match="no longer the session that was seen"):
                signal(crowd.admin, replace(blocker, started=before))
    assert holder.value("SELECT 1") == 1


def test_a_session_that_has_moved_on_is_left_alone_where_that_is_asked(crowd: Crowd) -> None:
    """Seen some time ago: it may have ended its transaction since, and hold nothing any more."""
    holder, ours = crowd.session("BEGIN", 'SELECT FROM "Order"'), crowd.session()
    alter = crowd.waits(ours, ALTER)
    blocker = blocker_of(ours)
    holder.script(b"SELECT 1")
    for signal in (cancel, terminate):
        with pytest.raises(QueryError, match="no longer the session that was seen"):
            signal(crowd.admin, blocker, unmoved=True)
    assert holder.value("SELECT 1") == 1
    assert terminate(crowd.admin, blocker_of(ours), unmoved=True) is True
    assert alter.result() is None


def test_a_statement_that_is_over_and_was_all_of_its_transaction_is_left_alone(crowd: Crowd) -> None:
    holder, ours = crowd.session(), crowd.session()
    crowd.runs(holder, 'SELECT pg_sleep(0.5) FROM "Order"; SELECT pg_sleep(0.5)')
    until(lambda: crowd.admin.value(ASLEEP, (holder.pid,)), what="the report")
    alter = crowd.waits(ours, ALTER)
    blocker = blocker_of(ours)
    assert alter.result() is None
    with pytest.raises(QueryError, match="no longer the session that was seen"):
        terminate(crowd.admin, blocker, unmoved=True)
    assert holder.value("SELECT 1") == 1


def test_sessions_of_this_program_only_where_it_is_meant(crowd: Crowd) -> None:
    holder, ours = crowd.session("BEGIN", 'SELECT FROM "Order"', application="dixis-tui dump"), crowd.session()
    alter = crowd.waits(ours, ALTER)
    blocker = blocker_of(ours)
    for signal in (cancel, terminate):
        with pytest.raises(QueryError, match=f"Backend {holder.pid} is a session of this program"):
            signal(crowd.admin, blocker)
    assert not alter.over
    assert terminate(crowd.admin, blocker, ours=True) is True
    assert alter.result() is None
    began = crowd.admin.value("SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()")
    myself = replace(blocker, pid=crowd.admin.pid, started=began)
    with pytest.raises(QueryError, match="no longer"):
        terminate(crowd.admin, myself, ours=True)


def test_a_prepared_transaction_has_no_session(crowd: Crowd) -> None:
    peer = Peer(pid=0, depth=1, user="shop", application="", address="", state="", query="order 7", since=None)
    with pytest.raises(QueryError, match="prepared") as caught:
        terminate(crowd.admin, peer)
    assert "order 7" in caught.value.remedy


@both_majors
def test_a_role_without_rights_is_told_which_it_needs(
    server: EmbeddedServer, plain_role: DatabaseUrl, other_role: DatabaseUrl, crowd: Crowd
) -> None:
    crowd.admin.script(f"ALTER TABLE farm OWNER TO {plain_role.user}; GRANT SELECT ON farm TO PUBLIC".encode())
    holder = crowd.session("BEGIN", "SELECT FROM farm", url=other_role)
    ours = crowd.session(url=plain_role)
    truncate = crowd.waits(ours, "TRUNCATE farm")
    blocker = blocker_of(ours)
    assert blocker.started is None, "hidden from this role"
    with connect(plain_role, purpose="signal") as session:
        for signal, how in ((cancel, "cancel"), (terminate, "terminate")):
            with pytest.raises(QueryError, match=f"may not {how} backend {holder.pid} of the role") as caught:
                signal(session, blocker)
            assert caught.value.sqlstate == "42501"
            assert f"GRANT pg_signal_backend TO {plain_role.user}" in caught.value.remedy
        crowd.admin.script(f"GRANT pg_signal_backend TO {plain_role.user}".encode())
        with pytest.raises(QueryError, match="no longer"):
            terminate(session, replace(blocker, user="somebody else"))
        assert terminate(session, blocker) is True
    assert truncate.result() is None
