"""What an after-watch says of a server that tells not everything, at some looks or at all of them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from dixis_tui.after import AfterFinding, AfterKind, Baseline, DatabaseStat, Pool, ServerLook, StatementStat
from dixis_tui.errors import QueryError
from dixis_tui.plan.after import Standing
from dixis_tui.postgres.after_stats import AfterReader
from dixis_tui.postgres.server_log import LogNews
from dixis_tui.run.after_logs import Logs
from dixis_tui.run.after_server import ServerWatch
from dixis_tui.run.log import Log
from dixis_tui.secrets import Redactor
from dixis_tui.settings import Settings
from dixis_tui.settings_records import AfterSettings

CALM = DatabaseStat(commits=0, rollbacks=0, conflicts=0, deadlocks=0)
TEXT = 'SELECT * FROM "Order" WHERE "customerId" = $1'
BEFORE = Baseline(statements=(StatementStat(query_id="7", query="", calls=1000, milliseconds=1000.0),))


class Reader:
    """An AfterReader of one statement that takes 90 ms a call. `unread`: why it can't be read now."""

    def __init__(self) -> None:
        self.begin = self.indexes = tuple
        self.log, self.log_missed, self.log_news = SimpleNamespace(problem=""), "", LogNews(b"")
        self.problem = self.missed = self.unread = ""
        self.hides, self.slow_texts, self._looks = False, False, 0

    def look(self) -> ServerLook:
        self._looks += 1
        calls = 1000 + 10 * self._looks
        statement = StatementStat(query_id="7", query="", calls=calls, milliseconds=calls * 90.0)
        return ServerLook(
            statements=() if self.unread else (statement,),
            scans=(),
            database=CALM,
            pool=Pool(states={}, total=1, limit=9),
            unread=self.unread,
        )

    def texts(self, ids: list[str]) -> dict[str, str]:
        if self.slow_texts:
            raise QueryError("57014", "canceling statement due to statement timeout")
        return dict.fromkeys(ids, TEXT)

    def facts(self, tables: list[str]) -> dict[str, Any]:
        return {}


class Watched:
    """A watch, and what stands after each look."""

    def __init__(self, baseline: Baseline = BEFORE) -> None:
        self.reader, self.standing, self.looks = Reader(), Standing(), 0
        self.watch = ServerWatch(
            cast(AfterReader, self.reader), baseline, AfterSettings(), schema="public", drops={}, words=str
        )

    def look(self) -> list[AfterFinding]:
        self.looks += 1
        found = self.watch.look(self.looks)
        self.standing.news(found, self.watch.kinds)
        return self.standing.worse


def kinds(found: list[AfterFinding]) -> list[AfterKind]:
    return sorted(one.kind for one in found)


def test_a_look_without_statements_is_said_and_nothing_is_over_by_it() -> None:
    watched = Watched()
    watched.look()
    assert kinds(watched.look()) == [AfterKind.STATEMENT]
    watched.reader.unread = watched.reader.missed = "pg_stat_statements could not be read: a timeout"
    found = watched.look()
    assert kinds(found) == [AfterKind.DATABASE, AfterKind.STATEMENT]
    assert found[-1].evidence == watched.reader.missed
    watched.reader.unread = watched.reader.missed = ""
    assert kinds(watched.look()) == [AfterKind.STATEMENT]
    assert watched.watch.unwatched == ("statements in 1 of 4 looks",)


def test_texts_that_take_too_long_cost_no_look() -> None:
    watched = Watched()
    watched.reader.slow_texts = True
    watched.look()
    assert "texts could not be read" in watched.look()[0].evidence
    watched.reader.slow_texts = False
    assert kinds(watched.look()) == [AfterKind.STATEMENT]


def test_what_was_never_there_is_no_finding_but_is_named() -> None:
    watched = Watched()
    watched.reader.unread = watched.reader.problem = "pg_stat_statements is not there"
    watched.reader.log.problem = "logging_collector is off"
    for _ in range(3):
        assert watched.look() == []
    assert watched.watch.unwatched == ("statements", "the server's log")


def test_what_nobody_knew_before_is_not_called_new() -> None:
    other = (StatementStat(query_id="8", query="", calls=1, milliseconds=1.0),)
    for baseline, told in ((Baseline(statements=other), True), (Baseline(problem="it could not be read"), False)):
        watched = Watched(baseline)
        watched.look()
        assert bool(watched.look()) is told


def test_a_server_s_log_that_is_lost_is_no_longer_named_as_read(tmp_path: Path) -> None:
    logs = Logs(Settings(), "shop", Log(tmp_path / "run.log", Redactor([])))
    assert logs.look(None, "logging_collector is off") == []
    logs.look(LogNews(b"LOG:  all is well\n"))
    assert logs.names == ["server"]
    (found,) = logs.look(None, "the server's log can't be read any more")
    assert (found.subject, found.evidence) == ("server", "it is not read: the server's log can't be read any more")
    assert logs.names == []
