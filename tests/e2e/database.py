"""What is in a database, asked without any of the program's own code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from msgspec import Struct
from psycopg import sql

from dixis_tui.postgres.embedded import EmbeddedServer
from tests.e2e.house import House

PRISMA_LOCK = 72707369
APPLIED_BEFORE = 8
NAMES = (
    "20251027081530_order_status_index",
    "20251103101207_order_shipping_zone",
    "20251110152244_backfill_shipping_zone",
    "20251118093011_order_item_product",
)
_HISTORY = """
SELECT migration_name, finished_at IS NOT NULL, coalesce(logs, ''), applied_steps_count
FROM _prisma_migrations ORDER BY started_at, migration_name
"""
_COLUMNS = """
SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
WHERE table_schema = 'public' ORDER BY 1, 2
"""
_INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2
"""
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_CONTENT = "SELECT count(*), coalesce(sum(hashtextextended(row::text, 0)), 0)::text FROM {} AS row"


class HistoryRow(Struct, frozen=True):
    """One row of `_prisma_migrations`."""

    name: str
    finished: bool
    logs: str
    steps: int


class Picture(Struct, frozen=True):
    """Structure and content of a database; equal pictures are equal databases."""

    columns: list[tuple[str, ...]]
    indexes: list[tuple[str, ...]]
    constraints: list[tuple[str, ...]]
    content: dict[str, tuple[int, str]]


@contextmanager
def production(house: House, database: str = "dixis_prod", server: str = "production") -> Iterator[psycopg.Connection]:
    """A superuser's session on the demo's production (or staging), in autocommit."""
    place: Path = house.demo.folder / server
    with psycopg.connect(EmbeddedServer(place).url(database), autocommit=True, application_name="a test") as session:
        yield session


def history(session: psycopg.Connection) -> list[HistoryRow]:
    """The rows in the order in which they began."""
    return [HistoryRow(*row) for row in session.execute(_HISTORY).fetchall()]


def picture(session: psycopg.Connection) -> Picture:
    """All of it, now."""
    names = [name for (name,) in session.execute(_TABLES).fetchall()]
    content = {}
    for name in names:
        row = session.execute(sql.SQL(_CONTENT).format(sql.Identifier(name))).fetchone()
        assert row is not None
        content[name] = (row[0], row[1])
    return Picture(
        columns=session.execute(_COLUMNS).fetchall(),
        indexes=session.execute(_INDEXES).fetchall(),
        constraints=session.execute(_CONSTRAINTS).fetchall(),
        content=content,
    )


def picture_of(house: House) -> Picture:
    """Of the demo's production."""
    with production(house) as session:
        return picture(session)


def assert_migrated(house: House) -> None:
    """All four are in: history, index, columns, backfill, foreign key."""
    with production(house) as session:
        rows = history(session)
        assert [row.name for row in rows[APPLIED_BEFORE:]] == list(NAMES)
        assert all(row.finished and not row.logs and row.steps == 1 for row in rows)
        seen = picture(session)
        zones = session.execute(
            """SELECT "shippingZone"::text, count(*) FROM "Order" WHERE left("postalCode", 2) BETWEEN '10' AND '19'
            GROUP BY 1"""
        ).fetchall()
    assert [zone for zone, _ in zones] == ["ATTICA"]
    assert any("Order_status_createdAt_idx" in index for (index,) in seen.indexes)
    assert any(name == "OrderItem_productId_fkey" for _, name, _ in seen.constraints)
    assert ("Order", "trackingToken", "uuid", "NO", "gen_random_uuid()") in seen.columns


@contextmanager
def prisma_lock(house: House, database: str = "dixis_prod", server: str = "production") -> Iterator[None]:
    """Hold Prisma's advisory lock: whoever migrates waits, up to ten seconds."""
    with production(house, database, server) as session:
        session.execute("SELECT pg_advisory_lock(%s)", (PRISMA_LOCK,))
        yield


@contextmanager
def orders_locked(house: House) -> Iterator[None]:
    """Hold a writer's lock on the orders: a migration of that table waits, up to its lock_timeout."""
    with production(house) as session:
        session.execute("BEGIN")
        session.execute('LOCK TABLE "Order" IN ROW EXCLUSIVE MODE')
        yield
        with suppress(psycopg.Error):  # the test may have stopped the server
            session.execute("ROLLBACK")


def waits_for_a_lock(house: House) -> bool:
    """Whether a session of ours waits for a lock on production."""
    with production(house) as session:
        rows = session.execute(
            """SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
            WHERE NOT granted AND application_name LIKE 'dixis-tui%'"""
        ).fetchall()
    return bool(rows)
