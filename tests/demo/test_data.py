"""The marketplace's data: sound, Greek, the same every time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from msgspec import Struct

from dixis_tui.demo import data
from dixis_tui.demo.project import APPLIED, SAMPLE
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.steps import Applied, Failed, Outcome
from tests.conftest import fresh_database

ROWS = 2_000
FILES = read_migrations(SAMPLE / "prisma" / "migrations")

FOREIGN_KEYS = """
SELECT conname AS name, conrelid::regclass::text AS child, confrelid::regclass::text AS parent,
    (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) AS "column"
FROM pg_constraint WHERE contype = 'f' ORDER BY 1
"""
WRONG_TOTALS = """
SELECT count(*) FROM "Order" AS o
WHERE "totalCents" <> 390 + (SELECT sum("quantity" * "unitCents") FROM "OrderItem" WHERE "orderId" = o."id")
"""
DIGEST = """
SELECT md5(string_agg(t::text, '' ORDER BY t."id")) FROM (SELECT * FROM "Order" JOIN (
    SELECT "orderId", string_agg(i::text, '' ORDER BY i."id", i."quantity") FROM (
        SELECT "orderId", "productId" AS id, "quantity" FROM "OrderItem") AS i GROUP BY 1) AS lines
    ON lines."orderId" = "Order"."id") AS t
"""
COUNTS = """
SELECT (SELECT count(*) FROM "Producer") AS producers, (SELECT count(*) FROM "Product") AS products,
    (SELECT count(*) FROM "Order") AS orders, (SELECT count(*) FROM "OrderItem") AS items
"""
NOT_GREEK = """
SELECT count(*) FROM (SELECT "name" FROM "Producer" UNION ALL SELECT "town" FROM "Producer"
    UNION ALL SELECT "name" FROM "Product" UNION ALL SELECT "name" FROM "Customer" UNION ALL SELECT "city" FROM "Order")
    AS texts WHERE "name" !~ '[Α-Ωα-ωάέήίόύώ]{3}'
"""


class ForeignKey(Struct, frozen=True):
    name: str
    child: str
    parent: str
    column: str


class Counts(Struct, frozen=True):
    producers: int
    products: int
    orders: int
    items: int


@contextmanager
def filled(url: DatabaseUrl) -> Iterator[Session]:
    with connect(url, purpose="test") as session:
        assert all(not isinstance(step, Failed) for step in apply(session, FILES[:APPLIED]))
        data.fill(url, ROWS)
        yield session


def test_data_fit_together(database: DatabaseUrl) -> None:
    with filled(database) as session:
        [counts] = session.query(COUNTS, row=Counts)
        assert (counts.producers, counts.products, counts.orders) == (300, 4_000, ROWS)
        assert 1.8 * ROWS < counts.items < 2.2 * ROWS
        keys = session.query(FOREIGN_KEYS, row=ForeignKey)
        assert len(keys) == 6
        for key in keys:
            orphans = f"""SELECT count(*) FROM {key.child} AS c LEFT JOIN {key.parent} AS p ON p."id" = c."{key.column}"
                WHERE p."id" IS NULL AND c."{key.column}" IS NOT NULL"""
            assert session.value(orphans) == 0, key.name
        assert session.value(WRONG_TOTALS) == 0
        assert session.value(NOT_GREEK) == 0


def test_new_rows_get_new_numbers(database: DatabaseUrl) -> None:
    with filled(database) as session:
        session.execute(data.BREAKING)
        assert session.value('SELECT max("id") FROM "Order"') == ROWS + 1
        session.execute('INSERT INTO "OrderItem" ("orderId", "productId", "unitCents") VALUES (1, 1, 100)')


@pytest.mark.parametrize("server", ["embedded", "system"], indirect=True)
def test_data_are_the_same_every_time_and_everywhere(server: EmbeddedServer) -> None:
    with fresh_database(server) as url, filled(url) as session:
        assert session.value(DIGEST) == "3956226bacff89427c9ba4c4e1833eb0"


@pytest.mark.parametrize("server", ["embedded", "system"], indirect=True)
def test_all_pending_migrations_apply(server: EmbeddedServer) -> None:
    with fresh_database(server) as url, filled(url) as session:
        steps = list(apply(session, FILES[APPLIED:]))
        assert [step.name for step in steps if isinstance(step, Applied)] == [file.name for file in FILES[APPLIED:]]
        zones = session.value('SELECT count(DISTINCT "shippingZone") FROM "Order"')
        assert zones == 4


def test_breaking_row_fails_the_third_pending_migration(database: DatabaseUrl) -> None:
    with filled(database) as session:
        session.execute(data.BREAKING)
        *before, last = apply(session, FILES[APPLIED:])
        assert isinstance(last, Failed)
        assert (last.name, last.sqlstate, last.outcome) == (FILES[APPLIED + 2].name, "23514", Outcome.UNDONE)
        assert [step.name for step in before if isinstance(step, Applied)] == [file.name for file in FILES[APPLIED:-2]]
        assert session.value('SELECT count(*) FROM "Order" WHERE "shippingZone" <> \'MAINLAND\'') == 0
