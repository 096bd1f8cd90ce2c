"""The thread that looks at the radar: it tells what changed, helps victims once, and survives the loss of its line."""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from dixis_tui.errors import QueryError
from dixis_tui.locks import Radar
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.radar import RadarSession
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.picture import same_picture
from dixis_tui.run.radar_watch import LISTED, RadarWatch
from dixis_tui.run.victims import VictimRule
from tests.crowd import Crowd
from tests.majors import both_majors
from tests.waiting import until

AT_ONCE = VictimRule(sessions=1, seconds=0.2)
SLOW = "LOCK farm; SELECT pg_sleep(60)"


class Watched:
    """A watch with everything that it has told."""

    def __init__(self, ours: Session, rule: VictimRule | None = None, *, helps: bool = True) -> None:
        self.ours = ours
        self.radars: list[Radar] = []
        self.victims: list[Radar] = []
        self.cancelled: list[bool] = []
        self.problems: list[str] = []
        self.refuse = False
        self.full = False
        self.helps = helps
        self.looks: list[float] = []
        self.radar = RadarSession(ours.url, pids=lambda: [ours.pid])
        self.radar.look = self.look  # type: ignore[method-assign]
        self.watch = RadarWatch(
            self.radar,
            on_radar=self.tell,
            on_problem=self.problems.append,
            on_victims=self.help,
            rule=rule,
        )

    def look(self) -> Radar:
        """As it would, and noted when."""
        self.looks.append(time.monotonic())
        return RadarSession.look(self.radar)

    def tell(self, radar: Radar) -> None:
        if self.full:
            raise OSError(errno.ENOSPC, "disk full")
        self.radars.append(radar)

    def help(self, radar: Radar) -> None:
        self.victims.append(radar)
        if self.refuse:
            self.refuse = False
            raise QueryError("57P05", "not now", "Later.")
        if self.helps:
            self.cancelled.append(self.radar.cancel_statement(radar))

    def until_seen(self, *pids: int) -> Radar:
        """The first told picture whose victims are these."""
        wanted = sorted(pids)

        def seen() -> bool:
            return bool(self.radars) and sorted(peer.pid for peer in self.radars[-1].victims) == wanted

        until(seen, what=f"the victims {wanted}")
        return self.radars[-1]


@pytest.fixture
def crowd(database: DatabaseUrl) -> Iterator[Crowd]:
    """A crowd on a database that has a table."""
    with Crowd(database) as crowd:
        crowd.admin.script(b"CREATE TABLE farm (id int)")
        yield crowd


def readers(crowd: Crowd, count: int) -> list[Session]:
    """So many that wait for `farm`."""
    found = [crowd.session() for _ in range(count)]
    for reader in found:
        crowd.runs(reader, "SELECT * FROM farm")
    crowd.waiting(found)
    return found


def test_only_what_changed_is_told(crowd: Crowd) -> None:
    watched = Watched(crowd.session("BEGIN", "LOCK farm"), VictimRule(0))
    with watched.watch:
        until(lambda: len(watched.looks) > 2, what="three looks")
        [reader] = readers(crowd, 1)
        seen = watched.until_seen(reader.pid)
        assert seen.longest_wait_seconds > 0
        watched.ours.script(b"COMMIT")
        assert watched.until_seen().transaction_since is None
    assert not [1 for before, after in pairwise(watched.radars) if same_picture(before, after)], "told twice"
    # The last look comes with the stop.
    assert min(after - before for before, after in pairwise(watched.looks[:-1])) > 0.4
    assert watched.problems == []
    assert watched.victims == []


@both_majors
def test_our_own_statement_gives_way_once(server: EmbeddedServer, crowd: Crowd) -> None:
    watched = Watched(crowd.session("SET application_name = 'ours'"), AT_ONCE)
    with watched.watch:
        deed = crowd.runs(watched.ours, SLOW)
        locked = "SELECT 1 FROM pg_locks WHERE pid = %s AND mode = 'AccessExclusiveLock' AND granted"
        until(lambda: crowd.admin.value(locked, (watched.ours.pid,)), what="our lock")
        first = readers(crowd, 2)
        error = deed.result()
        assert isinstance(error, QueryError)
        assert error.sqlstate == "57014"
        assert watched.until_seen().blockers == ()
        assert {peer.pid for peer in watched.victims[0].victims} == {reader.pid for reader in first}
        assert (len(watched.victims), watched.cancelled) == (1, [True])
        # The same again is another episode.
        deed = crowd.runs(watched.ours, SLOW)
        until(lambda: crowd.admin.value(locked, (watched.ours.pid,)), what="our lock")
        readers(crowd, 2)
        assert deed.result() is not None
    assert watched.cancelled == [True, True]


def test_victims_are_told_once_an_episode_and_again_where_nobody_could_act(crowd: Crowd) -> None:
    watched = Watched(crowd.session("BEGIN", "LOCK farm"), AT_ONCE, helps=False)
    watched.refuse = True
    with watched.watch:
        waiting = readers(crowd, 2)
        until(lambda: len(watched.victims) == 2, what="the second try")
        assert watched.problems == ["What the lock radar sees could not be acted on: not now. Later."]
        looked = watched.radars[-1].longest_wait_seconds
        until(lambda: watched.radars[-1].longest_wait_seconds > looked + 1, what="more looks")
        assert len(watched.victims) == 2
        crowd.admin.execute("SELECT pg_terminate_backend(%s)", (waiting[0].pid,))
        watched.until_seen(waiting[1].pid)
        readers(crowd, 1)
        until(lambda: len(watched.victims) == 3, what="the next episode")


def test_victims_are_helped_though_nobody_can_be_told(crowd: Crowd) -> None:
    watched = Watched(crowd.session("BEGIN", "LOCK farm"), AT_ONCE, helps=False)
    watched.full = True
    with watched.watch:
        waiting = readers(crowd, 2)
        until(lambda: watched.victims, what="help")
        assert len(watched.problems) == 1
        assert "disk full" in watched.problems[0]
        assert watched.radars == []
        watched.full = False
        watched.until_seen(*(reader.pid for reader in waiting))


def test_the_last_look_is_too_late_to_judge(crowd: Crowd) -> None:
    watched = Watched(crowd.session("BEGIN", "LOCK farm"), VictimRule(1, 0.0))
    waiting = readers(crowd, 2)
    watched.watch._stop.set()
    with watched.watch:
        watched.until_seen(*(reader.pid for reader in waiting))
    assert (len(watched.looks), watched.victims) == (1, [])


def test_one_victim_too_few_is_left_waiting(crowd: Crowd) -> None:
    watched = Watched(crowd.session("BEGIN", "LOCK farm"), VictimRule(2, 0.0))
    with watched.watch:
        waiting = readers(crowd, 2)
        seen = watched.until_seen(*(reader.pid for reader in waiting))
        until(lambda: watched.radars[-1].longest_wait_seconds > seen.longest_wait_seconds + 1, what="more looks")
        assert watched.victims == []


def test_a_statement_that_is_over_is_not_cancelled(crowd: Crowd) -> None:
    ours = crowd.session()
    with RadarSession(crowd.url, pids=lambda: [ours.pid]) as radar:
        first = crowd.runs(ours, "SELECT pg_sleep(60)")
        before = until(lambda: seen if (seen := radar.look()).query else None, what="the first statement")
        ours.cancel()
        first.result()
        assert radar.cancel_statement(before) is False
        second = crowd.runs(ours, "SELECT pg_sleep(61)")
        after = until(lambda: seen if (seen := radar.look()).query else None, what="the second statement")
        assert radar.cancel_statement(before) is False
        assert not second.over
        assert radar.cancel_statement(after) is True
        assert second.result() is not None


def test_a_lost_line_is_told_once_and_taken_up_again(crowd: Crowd) -> None:
    watched = Watched(crowd.session("BEGIN", "LOCK farm"), VictimRule(0))
    allow = f"ALTER DATABASE {crowd.url.database} ALLOW_CONNECTIONS"
    with watched.watch, connect(crowd.url.replace_database("postgres"), purpose="test") as admin:
        until(lambda: watched.radars, what="a picture")
        admin.script(f"{allow} false".encode())
        admin.execute("SELECT pg_terminate_backend(%s)", (watched.radar.pid,))
        until(lambda: watched.problems, what="the problem")
        tried = len(watched.looks)
        until(lambda: len(watched.looks) > tried + 1, what="more looks in vain")
        admin.script(f"{allow} true".encode())
        assert len(watched.problems) == 1
        assert watched.problems[0].startswith("The lock radar sees nothing: ")
        [reader] = readers(crowd, 1)
        watched.until_seen(reader.pid)
        crowd.admin.execute("SELECT pg_terminate_backend(%s)", (watched.radar.pid,))
        until(lambda: len(watched.problems) == 2, what="the second loss")


def test_stopping_takes_a_last_look_and_names_no_more_than_it_should(crowd: Crowd) -> None:
    watched = Watched(crowd.session("BEGIN", "LOCK farm"), VictimRule(0))
    watched.watch.start()
    until(lambda: watched.radars, what="a picture")
    count = LISTED + 3
    readers(crowd, count)
    began = time.monotonic()
    watched.watch.stop()
    assert time.monotonic() - began < 4
    last = watched.radars[-1]
    assert (len(last.victims), last.victim_count) == (LISTED, count)
    assert watched.radar.pid == 0, "its connection is closed"
    assert "lock radar" not in {thread.name for thread in threading.enumerate()}
