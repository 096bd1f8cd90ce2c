"""Tables that the scenes play on, and what a session's locks are, as the server says."""

from __future__ import annotations

from msgspec import Struct

from dixis_tui.locks import LockMode, from_pg_locks
from dixis_tui.postgres.session import Session

MADE = b"""
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE "Order" (
    id int PRIMARY KEY, customer_id int, total int, note varchar(10), state text DEFAULT 'new', at timestamp(3)
);
CREATE TABLE other (id int PRIMARY KEY, total int);
CREATE INDEX order_total ON "Order" (total);
CREATE UNIQUE INDEX order_taken ON "Order" (id, total);
ALTER TABLE "Order" ADD CONSTRAINT order_positive CHECK (total >= 0);
ALTER TABLE "Order" ADD CONSTRAINT order_later CHECK (total < 1000000) NOT VALID;
ALTER TABLE "Order" ADD CONSTRAINT order_customer FOREIGN KEY (customer_id) REFERENCES customer (id);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$;
CREATE TRIGGER touched BEFORE UPDATE ON "Order" FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY everybody ON "Order" USING (true);
CREATE VIEW big AS SELECT id, note FROM "Order" WHERE total > 100;
CREATE MATERIALIZED VIEW sums AS SELECT customer_id, sum(total) AS total FROM "Order" GROUP BY 1;
CREATE UNIQUE INDEX sums_customer ON sums (customer_id);
CREATE TABLE event (id int NOT NULL, day int NOT NULL) PARTITION BY LIST (day);
CREATE TABLE event_1 PARTITION OF event FOR VALUES IN (1);
CREATE TABLE event_2 (id int NOT NULL, day int NOT NULL);
CREATE SEQUENCE numbers;
CREATE TYPE mood AS ENUM ('good', 'bad');
INSERT INTO customer SELECT n, 'c' || n FROM generate_series(1, 20) n;
INSERT INTO "Order" SELECT n, 1 + n % 20, n, 'n' || n, 'new', now() FROM generate_series(1, 2000) n;
INSERT INTO other SELECT n, n FROM generate_series(1, 20) n;
"""

_LOCKS = """
SELECT c.relname::text AS name, l.mode, l.granted FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
WHERE l.pid = %s AND l.locktype = 'relation'
  AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'v', 'S') AND c.relname = ANY (%s)
"""
_NAMES = """
SELECT relname::text AS name FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'm', 'v', 'S')
"""


class Name(Struct, frozen=True):
    """A relation that is there."""

    name: str


class Lock(Struct, frozen=True):
    """One row of pg_locks."""

    name: str
    mode: str
    granted: bool


def names(session: Session) -> list[str]:
    """What is there before a scene."""
    return [found.name for found in session.query(_NAMES, row=Name)]


def strongest(watcher: Session, pid: int, among: list[str], *, granted: bool = True) -> dict[str, LockMode]:
    """The strongest lock of a backend on each of these relations (or, not granted, what it waits for)."""
    found: dict[str, LockMode] = {}
    for lock in watcher.query(_LOCKS, (pid, among), row=Lock):
        mode = from_pg_locks(lock.mode)
        if (
            mode
            and lock.granted is granted
            and mode.strength > (found[lock.name].strength if lock.name in found else 0)
        ):
            found[lock.name] = mode
    return found
