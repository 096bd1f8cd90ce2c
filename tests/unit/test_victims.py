"""The victim rule and what is news of a radar: pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from dixis_tui.locks import Lag, LockMode, Peer, Progress, Radar, TableLock
from dixis_tui.run.picture import same_picture
from dixis_tui.run.victims import Episodes, VictimRule

AT = datetime(2026, 11, 25, 21, tzinfo=UTC)
FARM = TableLock("public.farm", LockMode.ACCESS_SHARE, AT)


def peer(pid: int, seconds: float = 0.0, depth: int = 1) -> Peer:
    return Peer(
        pid=pid,
        depth=depth,
        user="shop",
        application="web",
        address="10.0.0.7",
        state="active",
        query="SELECT 1",
        since=AT,
        started=AT,
        waits_on=(1,),
        waiting_seconds=seconds,
        lock=FARM,
    )


def radar(*seconds: float) -> Radar:
    victims = tuple(peer(number, waited) for number, waited in enumerate(seconds, 10))
    return Radar(
        at=AT, pid=1, query="ALTER", query_since=AT, victims=victims, longest_wait_seconds=max(seconds, default=0.0)
    )


@pytest.mark.parametrize(
    ("rule", "waits", "broken"),
    [
        (VictimRule(), (2.1,) * 6, True),
        (VictimRule(), (2.1,) * 5, False),
        (VictimRule(), (2.0,) * 6, False),
        (VictimRule(), (2.1,) * 5 + (2.0,) * 50, False),
        (VictimRule(), (3600.0,), False),
        (VictimRule(1, 0), (0.001, 0.001), True),
        (VictimRule(1, 0), (0.0, 0.0), False),
        (VictimRule(0, 0), (100.0,) * 100, False),
        (VictimRule(), (), False),
    ],
)
def test_more_than_so_many_for_over_so_long(rule: VictimRule, waits: tuple[float, ...], broken: bool) -> None:
    assert rule.broken(radar(*waits)) is broken


def test_the_defaults_are_those_of_the_settings() -> None:
    from dixis_tui.settings import MigrateSettings

    settings = MigrateSettings()
    assert VictimRule() == VictimRule(settings.victim_sessions, settings.victim_seconds)


def test_an_episode_is_told_once() -> None:
    episodes = Episodes(VictimRule(1, 1))
    crowd, nobody = radar(2.0, 2.0), radar()
    assert episodes.begins(crowd)
    assert episodes.begins(crowd), "nobody was told"
    episodes.told(crowd)
    assert not episodes.begins(radar(3.0, 3.0, 3.0))
    assert not episodes.begins(nobody)
    assert episodes.begins(crowd), "the rule was kept in between"
    episodes.told(crowd)
    assert episodes.begins(replace(crowd, query_since=AT + timedelta(seconds=3))), "another statement"
    assert episodes.begins(replace(crowd, pid=2)), "another backend"


def test_a_listed_radar_counts_whom_it_does_not_name() -> None:
    whole = replace(radar(*range(30)), blockers=tuple(peer(pid) for pid in range(100, 125)), holds=(FARM,) * 22)
    once = whole.listed(20)
    assert (once.victims, once.blockers, once.holds) == (whole.victims[:20], whole.blockers[:20], (FARM,) * 20)
    assert (once.unlisted_victims, once.unlisted_blockers, once.unlisted_holds) == (10, 5, 2)
    twice = once.listed(3)
    assert (twice.victim_count, twice.blocker_count) == (whole.victim_count, whole.blocker_count) == (30, 25)
    assert (len(twice.victims), twice.unlisted_holds) == (3, 19)
    assert whole.listed(30) == whole


BEFORE = replace(
    radar(1.0, 1.5),
    wait_event="IO: DataFileRead",
    wal_rate=5e6,
    holds=(FARM,),
    blockers=(peer(50),),
    progress=Progress("CREATE INDEX", "building index", 1000, 100_000, "blocks"),
    lag=(Lag("near", 0.5, 1000),),
)


@pytest.mark.parametrize(
    "changes",
    [
        {"at": AT + timedelta(seconds=1)},
        {"victims": (peer(11, 1.9), peer(10, 2.0)), "longest_wait_seconds": 2.0},
        {"wait_event": ""},
        {"wait_event": "LWLock: WALWrite"},
        {"wal_rate": 9e6},
        {"wal_rate": 2.6e6},
        {"holds": (replace(FARM, since=AT + timedelta(seconds=9)),)},
        {"progress": Progress("CREATE INDEX", "building index", 1999, 100_000, "blocks")},
        {"lag": (Lag("near", 1.2, 1_000_000),)},
    ],
    ids=str,
)
def test_what_only_wavers_is_no_news(changes: dict[str, object]) -> None:
    assert same_picture(BEFORE, replace(BEFORE, **changes))
    assert same_picture(replace(BEFORE, **changes), BEFORE)


@pytest.mark.parametrize(
    "changes",
    [
        {"pid": 2},
        {"query": "VACUUM"},
        {"query_since": None},
        {"transaction_since": AT},
        {"wait_event": "Lock: relation"},
        {"waits_for": FARM},
        {"holds": ()},
        {"holds": (replace(FARM, mode=LockMode.EXCLUSIVE),)},
        {"victims": (peer(10, 1.0),)},
        {"victims": (peer(10, 1.0), replace(peer(11, 1.5), depth=2))},
        {"victims": (peer(10, 1.0), replace(peer(11, 1.5), started=None))},
        {"unlisted_victims": 1},
        {"longest_wait_seconds": 2.5},
        {"blockers": ()},
        {"blockers": (replace(peer(50), state="idle in transaction"),)},
        {"blockers": (replace(peer(50), lock=None),)},
        {"wal_rate": 11e6},
        {"wal_rate": 0.0},
        {"progress": None},
        {"progress": Progress("CREATE INDEX", "building index", 2000, 100_000, "blocks")},
        {"progress": Progress("CREATE INDEX", "waiting for readers", 1000, 100_000, "blocks")},
        {"lag": ()},
        {"lag": (Lag("near", 1.6, 1000),)},
        {"lag": (Lag("near", 0.5, 40_000_000),)},
    ],
    ids=str,
)
def test_what_is_news(changes: dict[str, object]) -> None:
    assert not same_picture(BEFORE, replace(BEFORE, **changes))
    assert not same_picture(replace(BEFORE, **changes), BEFORE)
