"""Who blocks whom, from rows alone: what no server shows on demand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui.locks import LockMode, Radar
from dixis_tui.postgres.radar_rows import Around, HeldRow, PreparedRow, SessionRow, WaitRow, around_sql, measures_sql
from dixis_tui.postgres.radar_tree import levels, radar_of, without_strangers

AT = datetime(2026, 11, 25, 23, tzinfo=UTC)
OURS = 1


def session(pid: int, **changes: object) -> SessionRow:
    values: dict[str, object] = {
        "pid": pid,
        "leader": pid,
        "user": "shop",
        "application": "web",
        "address": "local",
        "state": "active",
        "query": "SELECT 1",
        "query_since": AT,
        "transaction_since": AT,
        "started": AT,
        "wait_event": "",
        "ours": pid == OURS,
    }
    return SessionRow(**(values | changes))  # type: ignore[arg-type]


def wait(pid: int, *on: int, table: str = "farm", seconds: float | None = 1.0) -> WaitRow:
    since = None if seconds is None else AT - timedelta(seconds=seconds)
    return WaitRow(pid=pid, waits_on=list(on), since=since, mode="AccessShareLock", schema="public", table=table)


def look(
    *waits: WaitRow, sessions: list[SessionRow] | None = None, held: list[HeldRow] | None = None, **more: object
) -> Radar:
    pids = {OURS} | {wait.pid for wait in waits} | {pid for wait in waits for pid in wait.waits_on if pid}
    rows = [session(pid) for pid in sorted(pids)] if sessions is None else sessions
    around = Around(at=AT, sessions=rows, waits=list(waits), held=held or [], **more)  # type: ignore[arg-type]
    return radar_of(around, lambda text: text, lambda *_: AT - timedelta(seconds=7))


def shape(radar: Radar) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    return (
        [(peer.depth, peer.pid) for peer in radar.blockers],
        [(peer.depth, peer.pid) for peer in radar.victims],
    )


def test_each_stands_once_and_as_near_as_it_is() -> None:
    seen = look(wait(OURS, 2, 3), wait(2, 3, 4), wait(10, OURS), wait(11, OURS, 10), wait(12, 10, 11), wait(13, 12))
    assert shape(seen) == ([(1, 2), (1, 3), (2, 4)], [(1, 10), (1, 11), (2, 12), (3, 13)])


def test_a_circle_ends_and_its_members_are_blockers() -> None:
    seen = look(wait(OURS, 2), wait(2, 3), wait(3, OURS), wait(4, 3))
    assert shape(seen) == ([(1, 2), (2, 3)], [(2, 4)])
    assert shape(look(wait(OURS, OURS))) == ([], [])


def test_strangers_are_left_out() -> None:
    assert shape(look(wait(20, 21), wait(21, 22))) == ([], [])
    assert look(sessions=[]) == Radar(at=AT)


def test_whom_we_may_not_see_is_there_all_the_same() -> None:
    hidden = session(2, state="", query="<insufficient privilege>", query_since=None, started=None, address="")
    seen = look(wait(OURS, 2, 3), wait(4, OURS), sessions=[session(OURS), hidden])
    assert [(peer.pid, peer.user, peer.query, peer.started) for peer in seen.blockers] == [
        (2, "shop", "", None),
        (3, "", "", None),
    ]
    assert [(peer.pid, peer.user, peer.waiting_seconds) for peer in seen.victims] == [(4, "", 1.0)]


def test_a_parallel_query_is_one_session() -> None:
    seen = look(wait(10, OURS), wait(10, OURS, 2))
    assert shape(seen) == ([], [(1, 10)])
    assert seen.victims[0].waits_on == (OURS, 2)


def test_waiting_counts_from_where_the_server_says_or_from_when_it_was_seen() -> None:
    seen = look(wait(10, OURS, seconds=3.0), wait(11, OURS, seconds=None), wait(12, OURS, seconds=-0.1))
    assert [(peer.pid, peer.waiting_seconds) for peer in seen.victims] == [(11, 7.0), (10, 3.0), (12, 0.0)]
    assert seen.longest_wait_seconds == 7.0


def test_what_a_blocker_holds_against_us() -> None:
    def held(pid: int, mode: LockMode, table: str = "farm", users: bool = True) -> HeldRow:
        return HeldRow(pid=pid, mode=mode.pg_locks, schema="public", table=table, users=users)

    rows = [
        held(2, LockMode.ACCESS_SHARE),
        held(2, LockMode.ROW_EXCLUSIVE),
        held(2, LockMode.ACCESS_EXCLUSIVE, "other"),
        held(3, LockMode.SHARE, "other"),
        held(3, LockMode.EXCLUSIVE, "pg_class", users=False),
    ]
    seen = look(wait(OURS, 2, 3, 4), wait(4, 2), held=rows)
    assert [(lock.table, lock.mode) for peer in seen.blockers if (lock := peer.lock)] == [
        ("public.farm", LockMode.ROW_EXCLUSIVE),  # the strongest on what we wait for
        ("public.other", LockMode.SHARE),  # none on that, so what else it has of ours
        ("public.farm", LockMode.ACCESS_SHARE),  # it only stands before us in the queue
    ]


def test_prepared_transactions_are_named() -> None:
    rows = [PreparedRow("first", "shop", AT), PreparedRow("second", "admin", AT)]
    [blocker] = look(wait(OURS, 0), prepared=rows).blockers
    assert (blocker.pid, blocker.user, blocker.query) == (0, "shop", "first, second")


@pytest.mark.parametrize(
    ("rows", "main"),
    [
        ([session(1, state="idle", transaction_since=None), session(2, ours=True)], 2),
        ([session(1, state="idle", transaction_since=None), session(2, ours=True, state="idle in transaction")], 2),
        ([session(1), session(2, ours=True, transaction_since=AT - timedelta(seconds=1))], 2),
        ([session(1), session(2, ours=True)], 1),
    ],
)
def test_which_of_several_is_ours(rows: list[SessionRow], main: int) -> None:
    assert look(sessions=rows).pid == main


def test_another_session_of_a_known_number_is_not_ours() -> None:
    later = AT + timedelta(seconds=1)
    around = Around(at=AT, sessions=[session(1), session(2, ours=True), session(3)], waits=[], held=[])
    ours = {row.pid: row.ours for row in without_strangers(around, {1: later, 2: AT, 3: later}).sessions}
    assert ours == {1: False, 2: True, 3: False}
    assert without_strangers(around, {}) == around


def test_the_one_that_others_wait_for_is_ours() -> None:
    rows = [session(1), session(2, ours=True, state="idle in transaction"), session(10)]
    seen = look(wait(10, 2), sessions=rows)
    assert (seen.pid, seen.query, seen.query_since) == (2, "", None)


def test_five_hundred_victims_take_no_time_to_speak_of() -> None:
    rows = [wait(pid, OURS, *range(10, pid)) for pid in range(10, 510)]
    began = process_time()
    seen = look(*rows)
    assert seen.victim_count == 500
    assert process_time() - began < 2


@given(st.dictionaries(st.integers(1, 12), st.lists(st.integers(1, 12), max_size=5)))
def test_levels_are_shortest_ways(edges: dict[int, list[int]]) -> None:
    found = levels([OURS], lambda pid: edges.get(pid, []))
    assert OURS not in found
    reached = {OURS: 0} | {pid: depth for pid, (depth, _) in found.items()}
    for pid, depth in reached.items():
        for other in edges.get(pid, []):
            assert reached[other] <= depth + 1
    for pid, (depth, through) in found.items():
        assert pid in edges[through]
        assert depth == reached[through] + 1
    assert list(found.values()) == sorted(found.values(), key=lambda value: value[0]), "nearest first"


def test_old_servers_are_not_asked_for_what_came_with_14() -> None:
    assert "waitstart" in around_sql(140000)
    assert "waitstart" not in around_sql(130012)
    assert "pg_stat_progress_copy" in measures_sql(140000)
    assert "pg_stat_progress_copy" not in measures_sql(130012)
