"""The readers of the after-watch on real servers: what they see, and what they say where they may not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from psycopg import sql

from dixis_tui.postgres import after_stats
from dixis_tui.postgres.after_stats import AfterReader
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.secrets import Secret
from tests.majors import both_majors
from tests.waiting import until

watched = pytest.mark.parametrize("server", ["watched"], indirect=True)
TABLE = """
CREATE TABLE "Order" (id serial PRIMARY KEY, "customerId" text NOT NULL);
INSERT INTO "Order" ("customerId") SELECT i FROM generate_series(1, 2000) i;
CREATE INDEX "Order_customerId_idx" ON "Order" ("customerId");
ANALYZE "Order";
"""


@pytest.fixture
def shop(database: DatabaseUrl) -> Iterator[Session]:
    """The application's session, with its table made."""
    with connect(database, purpose="shop") as session:
        session.script(TABLE.encode())
        yield session


@contextmanager
def stranger(url: DatabaseUrl) -> Iterator[DatabaseUrl]:
    """A role that may do nothing but log in."""
    name = f"stranger_{url.database[-8:]}"
    with connect(url, purpose="set-up") as session:
        session.script(f"CREATE ROLE {name} LOGIN PASSWORD 'only-a-test' CONNECTION LIMIT 2".encode())
        try:
            yield msgspec.structs.replace(url, user=name, password=Secret("only-a-test"))
        finally:
            session.script(f"DROP ROLE {name}".encode())


@both_majors
def test_without_the_extension_all_else_is_seen(server: EmbeddedServer, shop: Session, database: DatabaseUrl) -> None:
    reader = AfterReader(database, big_table_rows=1000)
    reader.begin()
    assert "CREATE EXTENSION pg_stat_statements" in reader.problem
    assert "logging_collector is off" in reader.log.problem
    look = reader.look()
    assert look.statements == ()
    assert [(one.table, one.rows) for one in look.scans] == [("Order", 2000)]
    assert look.database.commits > 0
    assert look.pool.states == {"idle": 1}
    assert 0 < look.pool.total < look.pool.limit <= 100
    assert {one.index for one in reader.indexes()} == {"Order_pkey", "Order_customerId_idx"}


@watched
def test_statements_are_read_from_another_database(shop: Session, database: DatabaseUrl) -> None:
    """The extension is in `postgres` alone; only this database's statements count."""
    reader = AfterReader(database, big_table_rows=1000)
    reader.begin()
    assert reader.problem == ""
    for number in range(7):
        shop.query('SELECT id FROM "Order" WHERE "customerId" = %s', (str(number),), row=_Id)
    found = {one.query_id: one for one in reader.look().statements}
    texts = reader.texts(list(found))
    (ours,) = [key for key, text in texts.items() if text.startswith('SELECT id FROM "Order"')]
    assert texts[ours] == 'SELECT id FROM "Order" WHERE "customerId" = $1'
    assert found[ours].calls == 7
    assert found[ours].mean > 0
    assert reader.texts(["1"]) == {}


@watched
def test_a_slow_look_is_one_look(shop: Session, database: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    """What gave up by its own timeout is asked again; what may not be read any more is not."""
    reader = AfterReader(database, big_table_rows=1000)
    reader.begin()
    for broken, missed, gone in (("pg_sleep(9)", True, False), ("1 FROM nowhere", False, True)):
        with monkeypatch.context() as slow:
            slow.setattr(after_stats, "_COUNTS", sql.SQL(f"SELECT {broken}"))
            slow.setattr(after_stats, "_STATEMENT_SECONDS", 0.1)
            look = reader.look()
        assert look.statements == ()
        assert look.unread == (reader.missed or reader.problem)
        assert (bool(reader.missed), bool(reader.problem)) == (missed, gone)
        assert [one.table for one in look.scans] == ["Order"], "everything else is seen"
        again = reader.look()
        assert bool(again.unread) is bool(not again.statements) is gone


class _Id(msgspec.Struct, frozen=True):
    id: int


@watched
def test_a_stranger_is_told_what_to_ask_for(shop: Session, database: DatabaseUrl) -> None:
    with stranger(database) as url:
        reader = AfterReader(url, big_table_rows=1000)
        reader.begin()
        assert f"GRANT pg_read_all_stats TO {url.user}" in reader.problem
        assert f"GRANT pg_monitor TO {url.user}" in reader.log.problem
        with connect(url, purpose="shop"):
            look = reader.look()
        assert (look.pool.total, look.pool.limit) == (1, 2)  # the role's own limit is nearer than the server's
        assert "not visible" in look.pool.states


@watched
def test_what_the_planner_knows(shop: Session, database: DatabaseUrl) -> None:
    reader = AfterReader(database, big_table_rows=1000)
    assert reader.facts(["Order"])["Order"].unknown == []
    shop.script(b'ALTER TABLE "Order" ALTER "customerId" TYPE int USING "customerId"::int')
    facts = reader.facts(["Order", "none"])
    assert list(facts) == ["Order"]
    assert facts["Order"].unknown == ["customerId"]
    shop.script(b"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '\"Order_customerId_idx\"'::regclass")
    assert reader.facts(["Order"])["Order"].invalid == ['"Order_customerId_idx"']


@watched
def test_the_server_s_log_through_a_rotation(
    watched_server: EmbeddedServer, shop: Session, database: DatabaseUrl
) -> None:
    reader = AfterReader(database, big_table_rows=1000)
    reader.begin()
    assert reader.log.problem == ""
    seen = bytearray()

    def said(words: bytes) -> bool:
        reader.look()
        seen.extend(reader.log_news.data)
        return words in seen

    shop.script(b"DO $$ BEGIN RAISE LOG 'before \xce\xb1'; END $$")
    until(lambda: said("before α".encode()), 10, "a line before")
    with connect(parse(watched_server.url("postgres"), "DATABASE_URL"), purpose="rotate") as admin:
        assert admin.value("SELECT pg_rotate_logfile()")
    shop.script(b"DO $$ BEGIN RAISE LOG 'afterwards'; END $$")
    until(lambda: said(b"afterwards"), 10, "a line after the rotation")
    assert seen.count(b"before") == 2  # the line's message and its statement: nothing was read twice
