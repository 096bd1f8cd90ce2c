"""What is worse after a migration, decided from numbers alone."""

from __future__ import annotations

import msgspec
import pytest

from dixis_tui.after import (
    AfterFinding,
    AfterKind,
    Baseline,
    DatabaseStat,
    IndexSeen,
    Latency,
    Pool,
    ScanStat,
    ServerLook,
    StatementStat,
    TableFacts,
)
from dixis_tui.plan.after import Comparison, Standing, pool_findings
from dixis_tui.plan.after_counts import Courses
from dixis_tui.plan.after_latency import Endpoints, Waiting, medians, numbers
from dixis_tui.plan.after_why import drops, gone, of_users, shown, why_slow
from dixis_tui.settings_records import AfterSettings
from dixis_tui.sql.asked import asked, concurrently, index_keys
from dixis_tui.sql.names import Relation

RULES = AfterSettings(big_table_rows=1000)
CALM = DatabaseStat(commits=0, rollbacks=0, conflicts=0, deadlocks=0)
INDEX = IndexSeen(
    table="Order",
    index="Order_customerId_idx",
    definition='CREATE INDEX "Order_customerId_idx" ON public."Order" USING btree ("customerId")',
)


def look(
    calls: int = 0, milliseconds: float = 0.0, *, scans: int = 0, index_scans: int = 0, database: DatabaseStat = CALM
) -> ServerLook:
    statement = StatementStat(query_id="7", query="", calls=calls, milliseconds=milliseconds)
    table = ScanStat(table="Order", scans=scans, rows_read=scans * 5000, index_scans=index_scans, rows=5000)
    return ServerLook(
        statements=(statement,), scans=(table,), database=database, pool=Pool(states={}, total=1, limit=100)
    )


def before(calls: int, milliseconds: float, **more: object) -> Baseline:
    return Baseline(statements=(StatementStat(query_id="7", query="", calls=calls, milliseconds=milliseconds),), **more)


class TestCourses:
    def test_the_first_look_is_where_all_begins(self) -> None:
        courses = Courses(rare=True)
        courses.see({"a": (1000, 50_000.0)}, 0)
        courses.see({"a": (1010, 50_100.0)}, 1)
        assert (courses.since("a").calls, courses.since("a").mean) == (10, 10.0)

    def test_what_turns_up_later_began_at_nothing(self) -> None:
        courses = Courses(rare=True)
        courses.see({}, 0)
        courses.see({"new": (4, 400.0)}, 1)
        assert courses.since("new").mean == 100.0

    def test_but_not_where_there_is_more_than_was_read(self) -> None:
        courses = Courses(rare=True)
        courses.see({}, 0)
        courses.see({"old": (4000, 400_000.0)}, 1, whole=False)
        assert courses.since("old").calls == 0

    def test_a_reset_is_noticed_and_costs_nothing(self) -> None:
        courses = Courses(rare=True)
        courses.see({"a": (1000, 9000.0)}, 0)
        courses.see({"a": (1005, 9050.0)}, 1)
        assert not courses.reset
        courses.see({"a": (3, 30.0)}, 2)
        assert courses.reset
        assert (courses.since("a").calls, courses.since("a").total) == (8, 80.0)

    def test_what_is_mended_is_soon_seen(self) -> None:
        courses = Courses(rare=True)
        calls, total = 0, 0.0
        for second in range(30):
            calls, total = calls + 10, total + 10 * (100 if second < 20 else 1)
            courses.see({"a": (calls, total)}, second)
        assert courses.lately("a").mean == 1.0

    def test_a_rare_statement_keeps_its_calls(self) -> None:
        courses = Courses(rare=True)
        for second in range(60):
            courses.see({"a": (second // 20, second // 20 * 50.0)}, second)
        assert courses.lately("a").calls == 2


class TestStatements:
    def test_slower(self) -> None:
        comparison = Comparison(before(1000, 1000.0), RULES)
        comparison.see(look(1000, 1000.0), 0)
        comparison.see(look(1010, 1200.0), 1)
        (suspect,) = comparison.suspects()
        assert (suspect.before, suspect.now.mean) == (1.0, 20.0)

    @pytest.mark.parametrize(
        ("calls", "each", "why"),
        [(4, 20.0, "too few calls"), (10, 5.5, "slower by less than is worth a word"), (10, 1.9, "not twice as slow")],
    )
    def test_not_worth_a_word(self, calls: int, each: float, why: str) -> None:
        comparison = Comparison(before(1000, 1000.0), RULES)
        comparison.see(look(1000, 1000.0), 0)
        comparison.see(look(1000 + calls, 1000.0 + calls * each), 1)
        assert comparison.suspects() == (), why

    def test_a_new_one_is_slow_from_fifty_milliseconds_on(self) -> None:
        for each, slow in ((49.0, 0), (51.0, 1)):
            comparison = Comparison(Baseline(), RULES)
            comparison.see(look(0, 0.0), 0)
            comparison.see(look(10, 10 * each), 1)
            assert len(comparison.suspects()) == slow

    def test_without_a_baseline_nothing_is_new(self) -> None:
        full = tuple(StatementStat(query_id=str(one), query="", calls=1, milliseconds=1.0) for one in range(100, 110))
        for baseline, known in (
            (Baseline(problem="not readable"), False),
            (Baseline(statements=full), False),
            (Baseline(statements=full[:9], problem="the server's log can't be read"), True),
            (Baseline(), True),
        ):
            assert Comparison(baseline, RULES, limit=10).knows is known

    def test_what_was_not_read_is_no_reset_and_no_beginning(self) -> None:
        comparison = Comparison(before(1000, 1000.0), RULES)
        blind = msgspec.structs.replace(look(), statements=(), unread="a timeout")
        comparison.see(blind, 0)
        comparison.see(look(1000, 90_000.0), 1)
        comparison.see(blind, 2)
        assert comparison.suspects() == ()
        comparison.see(look(1010, 90_200.0), 3)
        assert [one.now.mean for one in comparison.suspects()] == [20.0]


class TestScans:
    def scan(self, baseline: Baseline, *, limit_rows: int = 5000) -> int:
        comparison = Comparison(baseline, RULES)
        comparison.see(look(scans=100, index_scans=900), 0)
        comparison.see(look(scans=110, index_scans=900), 10)
        return len(comparison.scanned())

    def test_without_a_baseline_no_table_is_new(self) -> None:
        assert not self.scan(Baseline(problem="not readable"))
        assert self.scan(Baseline(problem="no server's log", database=CALM))

    def table(self, scans: int, index_scans: int) -> tuple[ScanStat, ...]:
        return (ScanStat(table="Order", scans=scans, rows_read=0, index_scans=index_scans, rows=5000),)

    def test_new(self) -> None:
        assert self.scan(Baseline(scans=self.table(3, 900)))

    def test_a_table_that_always_was_scanned(self) -> None:
        assert not self.scan(Baseline(scans=self.table(400, 900)))

    def test_a_rate_is_better_than_a_past(self) -> None:
        assert self.scan(Baseline(scans=self.table(400, 900), scans_per_minute={"Order": 2.0}))
        assert not self.scan(Baseline(scans=self.table(3, 900), scans_per_minute={"Order": 50.0}))

    def test_a_scan_that_a_limit_ends_is_none(self) -> None:
        comparison = Comparison(Baseline(), AfterSettings(big_table_rows=20_000))
        comparison.see(look(scans=0), 0)
        comparison.see(look(scans=50), 1)
        assert comparison.scanned() == ()


class TestDatabase:
    def found(self, now: DatabaseStat, *, was: DatabaseStat = CALM) -> list[AfterFinding]:
        comparison = Comparison(Baseline(database=was), RULES)
        comparison.see(look(), 0)
        comparison.see(look(database=now), 1)
        return comparison.counted()

    def test_a_deadlock(self) -> None:
        (finding,) = self.found(DatabaseStat(commits=5, rollbacks=1, conflicts=0, deadlocks=1))
        assert "40P01 deadlock_detected" in finding.cause

    def test_rollbacks_out_of_proportion(self) -> None:
        (finding,) = self.found(DatabaseStat(commits=80, rollbacks=20, conflicts=0, deadlocks=0))
        assert finding.evidence == "20% of the last 100 transactions, 0.0% before"
        many_before = DatabaseStat(commits=800, rollbacks=200, conflicts=0, deadlocks=0)
        assert self.found(DatabaseStat(commits=80, rollbacks=20, conflicts=0, deadlocks=0), was=many_before) == []

    @pytest.mark.parametrize(("total", "level"), [(84, ""), (86, "warning"), (97, "error")])
    def test_connections_near_their_limit(self, total: int, level: str) -> None:
        pool = Pool(states={"active": total}, total=total, limit=100)
        found = pool_findings(pool, Pool(states={}, total=20, limit=100))
        assert [finding.level for finding in found] == ([level] if level else [])
        assert pool_findings(pool, pool) == []  # it was so before

    def test_idle_in_transaction(self) -> None:
        pool = Pool(states={"idle in transaction": 2}, total=2, limit=100)
        assert [one.subject for one in pool_findings(pool, None, 61.0)] == ["idle in transaction"]


class TestStanding:
    one = AfterFinding(kind=AfterKind.SCAN, subject="Order", level="warning", evidence="10 times a minute")

    def test_told_once_and_over_once(self) -> None:
        standing = Standing()
        assert standing.news([self.one], [AfterKind.SCAN]) == [self.one]
        assert standing.news([self.one], [AfterKind.SCAN]) == []
        (over,) = standing.news([], [AfterKind.SCAN], {"Order": "2 ms now"})
        assert over.over
        assert over.evidence == "2 ms now; it was: 10 times a minute"
        assert standing.news([], [AfterKind.SCAN]) == []
        assert standing.worse == []
        assert standing.news([self.one], [AfterKind.SCAN]) == [self.one]

    def test_what_was_not_looked_at_is_not_over(self) -> None:
        standing = Standing([self.one])
        assert standing.news([], [AfterKind.HEALTH]) == []
        assert standing.worse == [self.one]

    def test_new_numbers_are_told_now_and_then(self) -> None:
        standing = Standing([self.one])
        told = 0
        for number in range(30):
            other = AfterFinding(kind=AfterKind.SCAN, subject="Order", level="warning", evidence=f"{number} times")
            told += len(standing.news([other], [AfterKind.SCAN]))
        assert told == 2


class TestWhy:
    files = (("20251120_drop", b'ALTER TABLE "Order" ADD x int; DROP INDEX "Order_customerId_idx";'),)

    def why(self, text: str, now: tuple[IndexSeen, ...] = (), **facts: object) -> tuple[str, str]:
        lost = gone((INDEX,), now, drops(self.files))
        known = {
            "Order": TableFacts(
                **{"table": "Order", "rows": 5000, "analyzed": True, "unknown": [], "invalid": []} | facts
            )
        }
        why = why_slow(text, lost, known, now, "public")
        return why.cause, why.remedy

    @pytest.mark.parametrize(
        "text",
        [
            'SELECT * FROM "Order" WHERE "customerId" = $1',
            'SELECT "public"."Order"."id" FROM "public"."Order" WHERE ("public"."Order"."customerId" = $1)',
            'SELECT c.id FROM "Customer" c JOIN "Order" o ON o."customerId" = c.id WHERE c.mail = $1',
            'UPDATE "Order" SET total = $1 WHERE "customerId" = $2',
            'DELETE FROM "Order" WHERE "customerId" = $1',
            'WITH o AS (SELECT * FROM "Order" WHERE "customerId" = $1) SELECT count(*) FROM o',
            'SELECT * FROM "Order" ORDER BY "customerId" LIMIT $1',
        ],
    )
    def test_an_index_that_is_gone(self, text: str) -> None:
        cause, remedy = self.why(text)
        assert cause == "Order_customerId_idx on Order (customerId) is gone since 20251120_drop"
        assert remedy == (
            'CREATE INDEX CONCURRENTLY "Order_customerId_idx" ON public."Order" USING btree ("customerId");'
        )

    def test_another_index_is_no_cause(self) -> None:
        cause, remedy = self.why('SELECT * FROM "Order" WHERE status = $1')
        assert cause == "no index of Order begins with status, and none that did is gone"
        assert "CREATE INDEX CONCURRENTLY ON" in remedy

    def test_nothing_can_be_told(self) -> None:
        status = IndexSeen(table="Order", index="s", definition='CREATE INDEX s ON public."Order" USING btree (status)')
        cause, _ = self.why('SELECT * FROM "Order" WHERE status = $1', (status,))
        assert "can't be told" in cause

    def test_statistics_that_are_missing(self) -> None:
        cause, remedy = self.why('SELECT * FROM "Order" WHERE status = $1', unknown=["status"])
        assert "no statistics of Order (status)" in cause
        assert remedy == 'ANALYZE "Order";'

    def test_an_invalid_index(self) -> None:
        _, remedy = self.why('SELECT * FROM "Order" WHERE status = $1', invalid=["order_status"])
        assert remedy == "REINDEX INDEX CONCURRENTLY order_status;"

    def test_renamed_or_served_by_another_is_not_gone(self) -> None:
        renamed = IndexSeen(
            table="Order", index="new", definition=INDEX.definition.replace("Order_customerId_idx", "new")
        )
        wider = IndexSeen(
            table="Order", index="w", definition='CREATE INDEX w ON public."Order" USING btree ("customerId", at)'
        )
        assert gone((INDEX,), (renamed,), {}) == gone((INDEX,), (wider,), {}) == ()

    def test_a_column_that_is_dropped_takes_its_index(self) -> None:
        named = drops([("20251121_column", b'ALTER TABLE "Order" DROP COLUMN "customerId";')])
        (lost,) = gone((INDEX,), (), named)
        assert lost.since == "20251121_column"

    def test_unique_and_partitioned(self) -> None:
        assert concurrently("CREATE UNIQUE INDEX a ON b USING btree (c)").startswith(
            "CREATE UNIQUE INDEX CONCURRENTLY a"
        )
        assert concurrently("CREATE INDEX a ON ONLY b USING btree (c)") == "CREATE INDEX a ON b USING btree (c);"

    def test_an_expression(self) -> None:
        keys = index_keys("CREATE INDEX m ON c USING btree (lower(mail), id) WHERE mail IS NOT NULL")
        assert keys is not None
        assert keys.leading == ("mail",)

    @pytest.mark.parametrize(
        ("text", "users"),
        [
            ('SELECT 1 FROM "Order"', True),
            ("SELECT pg_catalog.version()", False),
            ("SELECT * FROM pg_stat_activity", False),
            ("CREATE INDEX x ON y (z)", False),
            ("BEGIN", False),
            ("SELECT 1 FROM _prisma_migrations", False),
        ],
    )
    def test_the_application_s_own(self, text: str, users: bool) -> None:
        assert of_users(text) is users

    def test_a_name_without_its_table(self) -> None:
        assert asked("SELECT a FROM t, u WHERE b = $1").columns == {
            Relation("", "t"): ("b",),
            Relation("", "u"): ("b",),
        }

    def test_how_it_is_shown(self) -> None:
        columns = ", ".join(f'"public"."Order"."column{number}"' for number in range(20))
        text = f'SELECT {columns} FROM "public"."Order" WHERE "public"."Order"."customerId" = $1'
        assert shown(text, "12345") == 'SELECT … FROM "Order" WHERE "Order"."customerId" = $1'
        nested = 'SELECT (SELECT count(*) FROM "Producer" WHERE active) AS a, b FROM "Product"'
        assert shown(nested, "12345") == nested


class TestEndpoints:
    rules = AfterSettings(slower_milliseconds=20.0)

    def test_a_median_is_the_baseline(self) -> None:
        looks = [Latency(name="API", milliseconds=each) for each in (10.0, 500.0, 12.0)]
        assert medians(looks)[0].milliseconds == 12.0

    def test_slower_only_when_it_lasts(self) -> None:
        endpoints = Endpoints([Latency(name="API", milliseconds=10.0)], self.rules)
        found = [endpoints.see([Latency(name="API", milliseconds=each)]) for each in (9, 200, 11, 10, 9)]
        assert not any(found)
        found = [endpoints.see([Latency(name="API", milliseconds=200.0)]) for _ in range(3)]
        assert found[-1][0].evidence == "10 ms before, 200 ms now (median of 5)"

    def test_it_fails(self) -> None:
        endpoints = Endpoints([Latency(name="API", milliseconds=10.0)], self.rules)
        (finding,) = endpoints.see([Latency(name="API", milliseconds=3.0, problem="answered 500")])
        assert finding.level == "error"

    def test_it_failed_before(self) -> None:
        endpoints = Endpoints([Latency(name="API", milliseconds=10.0, problem="answered 500")], self.rules)
        (finding,) = endpoints.see([Latency(name="API", milliseconds=3.0, problem="answered 500")])
        assert finding.level == "warning"


class TestMetrics:
    def test_prometheus_as_prisma_writes_it(self) -> None:
        page = (
            "# HELP prisma_pool_connections_busy Number of currently busy Pool Connections\n"
            "# TYPE prisma_pool_connections_busy gauge\nprisma_pool_connections_busy 7\n"
            'prisma_client_queries_wait{app="shop"} 2\n'
            'prisma_client_queries_wait_histogram_ms_bucket{le="0"} 0\nnonsense line\n'
        )
        assert numbers(page) == {"prisma_pool_connections_busy": 7.0, "prisma_client_queries_wait": 2.0}

    def test_json(self) -> None:
        page = '{"pool": {"total": 10, "waitingCount": 3, "ok": true}, "g": [{"key": "busy", "value": 4}]}'
        assert numbers(page) == {"pool.total": 10.0, "pool.waitingCount": 3.0, "busy": 4.0}

    @pytest.mark.parametrize("page", ["", "<html>no</html>", "{broken", "[" * 100_000])
    def test_neither(self, page: str) -> None:
        with pytest.raises(ValueError, match="neither"):
            numbers(page)

    def test_waiting_for_some_looks(self) -> None:
        waiting = Waiting({"prisma_client_queries_wait": 0.0})
        found = [
            waiting.see({"prisma_client_queries_wait": each, "prisma_client_queries_total": 90.0})
            for each in (4, 0, 3, 3, 3)
        ]
        assert [len(one) for one in found] == [0, 0, 0, 0, 1]
