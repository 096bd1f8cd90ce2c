"""The locks that `sql.claims` reads from a syntax tree are those that real servers take."""

from __future__ import annotations

import threading

from dixis_tui.errors import QueryError
from dixis_tui.locks import LockMode
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.sql.claims import Transaction, claims, transaction
from dixis_tui.sql.script import parse_script
from tests.hazards.tables import MADE, names, strongest
from tests.majors import both_majors
from tests.waiting import until

STATEMENTS = """
ALTER TABLE "Order" ADD COLUMN zone text
ALTER TABLE "Order" ADD COLUMN zone serial
ALTER TABLE "Order" ADD COLUMN zone int REFERENCES customer (id)
ALTER TABLE "Order" ADD COLUMN zone int UNIQUE
ALTER TABLE "Order" DROP COLUMN at
ALTER TABLE "Order" ALTER COLUMN total SET NOT NULL
ALTER TABLE "Order" ALTER COLUMN total DROP NOT NULL
ALTER TABLE "Order" ALTER COLUMN total SET DEFAULT 1
ALTER TABLE "Order" ALTER COLUMN total SET STATISTICS 100
ALTER TABLE "Order" ALTER COLUMN note SET STORAGE external
ALTER TABLE "Order" SET (fillfactor = 80)
ALTER TABLE "Order" SET (autovacuum_enabled = off)
ALTER TABLE "Order" RESET (fillfactor)
ALTER TABLE "Order" SET (user_catalog_table = true)
ALTER TABLE "Order" ADD CONSTRAINT x CHECK (total > -1)
ALTER TABLE "Order" ADD CONSTRAINT x CHECK (total > -1) NOT VALID
ALTER TABLE "Order" ADD CONSTRAINT x UNIQUE (total)
ALTER TABLE "Order" ADD CONSTRAINT x UNIQUE USING INDEX order_taken
ALTER TABLE other ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES customer (id)
ALTER TABLE "Order" ADD CONSTRAINT x FOREIGN KEY (customer_id) REFERENCES customer (id)
ALTER TABLE "Order" ADD CONSTRAINT x FOREIGN KEY (customer_id) REFERENCES customer (id) NOT VALID
ALTER TABLE "Order" VALIDATE CONSTRAINT order_later
ALTER TABLE "Order" DROP CONSTRAINT order_positive
ALTER TABLE "Order" DISABLE TRIGGER touched
ALTER TABLE "Order" DISABLE TRIGGER ALL
ALTER TABLE "Order" ENABLE ROW LEVEL SECURITY
ALTER TABLE "Order" REPLICA IDENTITY FULL
ALTER TABLE "Order" CLUSTER ON order_total
ALTER TABLE other SET UNLOGGED
ALTER TABLE "Order" OWNER TO CURRENT_USER
ALTER TABLE "Order" RENAME COLUMN total TO sum
ALTER TABLE "Order" RENAME TO orders
ALTER INDEX order_total RENAME TO order_sum
ALTER VIEW big RENAME TO large
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES IN (2)
ALTER TABLE event DETACH PARTITION event_1
CREATE TABLE event_3 PARTITION OF event FOR VALUES IN (3)
CREATE TABLE child () INHERITS (customer)
CREATE TABLE line (id int, o int REFERENCES "Order" (id))
CREATE TABLE copy (LIKE "Order" INCLUDING ALL)
CREATE TABLE copy AS SELECT * FROM "Order"
CREATE INDEX i ON "Order" (note)
DROP INDEX order_total
DROP TABLE other
DROP VIEW big
DROP MATERIALIZED VIEW sums
DROP TRIGGER touched ON "Order"
DROP POLICY everybody ON "Order"
DROP SEQUENCE numbers
CREATE TRIGGER t BEFORE INSERT ON "Order" FOR EACH ROW EXECUTE FUNCTION touch()
CREATE RULE r AS ON DELETE TO "Order" DO INSTEAD NOTHING
CREATE POLICY p ON "Order" USING (true)
ALTER POLICY everybody ON "Order" USING (false)
CREATE OR REPLACE VIEW big AS SELECT id, note FROM "Order" WHERE total > 1
CREATE VIEW v AS SELECT * FROM "Order"
CREATE STATISTICS s ON total, customer_id FROM "Order"
INSERT INTO other VALUES (5000, 1)
INSERT INTO other SELECT id + 10000, total FROM "Order"
UPDATE other SET total = 2
UPDATE other SET total = o.total FROM "Order" o WHERE o.id = other.id
DELETE FROM other
DELETE FROM other USING "Order" o WHERE o.id = other.id
MERGE INTO other USING "Order" o ON o.id = other.id WHEN MATCHED THEN UPDATE SET total = 1
SELECT * FROM "Order"
SELECT * FROM "Order" FOR UPDATE
SELECT * FROM other JOIN customer USING (id)
WITH x AS (DELETE FROM other RETURNING *) INSERT INTO customer SELECT id + 1000, 'x' FROM x
TRUNCATE other
CLUSTER "Order" USING order_total
REINDEX TABLE "Order"
REINDEX INDEX order_total
REFRESH MATERIALIZED VIEW sums
REFRESH MATERIALIZED VIEW CONCURRENTLY sums
LOCK TABLE other IN SHARE MODE
LOCK TABLE other
COMMENT ON TABLE "Order" IS 'x'
COMMENT ON COLUMN "Order".total IS 'x'
ALTER SEQUENCE numbers RESTART 5
ALTER SEQUENCE numbers OWNED BY "Order".total
ANALYZE "Order"
GRANT SELECT ON "Order" TO CURRENT_USER
ALTER TYPE mood ADD VALUE 'x'
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT count(*)::int FROM "Order"'
ALTER TABLE other ALTER COLUMN total TYPE bigint
ALTER TABLE "Order" RENAME CONSTRAINT order_positive TO positive
ALTER TABLE "Order" SET SCHEMA elsewhere
SELECT * FROM other WHERE id IN (SELECT id FROM customer)
COPY other TO '/dev/null'
COPY other FROM '/dev/null'
""".strip().splitlines()
OUTSIDE = """
CREATE INDEX CONCURRENTLY i ON "Order" (note)
DROP INDEX CONCURRENTLY order_total
REINDEX TABLE CONCURRENTLY "Order"
REINDEX INDEX CONCURRENTLY order_total
VACUUM "Order"
VACUUM FULL "Order"
ALTER TABLE event DETACH PARTITION event_1 CONCURRENTLY
""".strip().splitlines()
INDEXES = {"order_total": "Order"}
WEAK = LockMode.ACCESS_SHARE
"""What a view or table is made from is locked so, and it keeps nobody out: not claimed."""


def claimed(text: str) -> dict[str, LockMode]:
    """The strongest lock claimed on each relation; an index's is its table's."""
    found: dict[str, LockMode] = {}
    for claim in claims(parse_script(text.encode()).statements[0]):
        name = INDEXES[claim.relation.name] if claim.index else claim.relation.name
        if name not in found or claim.mode.strength > found[name].strength:
            found[name] = claim.mode
    return found


@both_majors
def test_what_is_claimed_is_what_is_taken(server: EmbeddedServer, database: DatabaseUrl) -> None:
    wrong = {}
    with connect(database, purpose="scene") as session, connect(database, purpose="watcher") as watcher:
        session.script(MADE + b"CREATE SCHEMA elsewhere;")
        there = names(session)
        for text in STATEMENTS:
            session.execute("BEGIN")
            session.script(text.encode())
            taken = strongest(watcher, session.pid, there)
            session.rollback()
            said = claimed(text)
            taken = {name: mode for name, mode in taken.items() if name in said or mode is not WEAK}
            if taken != said:
                wrong[text] = f"taken {taken}, claimed {said}"
    assert not wrong
    assert len(STATEMENTS) > 60


@both_majors
def test_what_runs_outside_a_transaction_waits_for_the_lock_that_is_claimed(
    server: EmbeddedServer, database: DatabaseUrl
) -> None:
    """Nobody can look into a transaction that ends at once; but what it asks for first can be seen while it waits."""
    with connect(database, purpose="scene", lock_timeout_seconds=20) as session:
        session.script(MADE)
        there = names(session)
        for text in OUTSIDE:
            assert transaction(parse_script(text.encode()).statements[0]) is Transaction.OUTSIDE
            assert asked(session, database, text, there) == claimed_first(text), text


def claimed_first(text: str) -> dict[str, LockMode]:
    name, mode = next(iter(claimed(text).items()))
    return {name: mode}


def asked(session: Session, url: DatabaseUrl, text: str, there: list[str]) -> dict[str, LockMode]:
    """What the statement waits for while somebody holds EXCLUSIVE on the tables; it is cancelled then."""
    with connect(url, purpose="blocker") as blocker, connect(url, purpose="watcher") as watcher:
        blocker.execute("BEGIN")
        blocker.script(b'LOCK TABLE "Order", event IN EXCLUSIVE MODE')

        def run() -> None:
            try:
                session.script(text.encode())
            except QueryError as error:
                assert error.sqlstate == "57014"  # noqa: PT017  the thread's own end: it was cancelled

        runner = threading.Thread(target=run)
        runner.start()
        try:
            return until(lambda: strongest(watcher, session.pid, there, granted=False), what=text)
        finally:
            session.cancel()
            runner.join()
            blocker.rollback()
