"""Files of statements that go through, stopped after any of them: no claim of the reconciliation is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dixis_tui.errors import QueryError
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.traces import look_up
from dixis_tui.prisma.reconcile import Executed, judge
from dixis_tui.prisma.simulation import facts_of
from dixis_tui.sql.script import parse_script
from dixis_tui.sql.traces import traces
from dixis_tui.standing import Reconciled
from tests.conftest import fresh_database

_FRESH = b"""
DROP SCHEMA public CASCADE; CREATE SCHEMA public;
CREATE TABLE t0 (c0 int, c1 int NOT NULL DEFAULT 1); CREATE TABLE t1 (c0 int); CREATE INDEX i0 ON t0 (c0);
CREATE TYPE e0 AS ENUM ('v0'); CREATE VIEW w0 AS SELECT 1 AS o;
"""
_PICTURE = """
SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
  SELECT format('%s %s %s %s %s', c.relname, c.relkind, attname, format_type(atttypid, atttypmod), attnotnull) AS line
  FROM pg_class c LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0 AND NOT attisdropped
  WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', adrelid::regclass, pg_get_expr(adbin, adrelid)) FROM pg_attrdef
  UNION ALL SELECT format('%s %s %s', conrelid::regclass, conname, convalidated) FROM pg_constraint
  WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT format('%s %s', typname, enumlabel) FROM pg_enum e JOIN pg_type t ON t.oid = enumtypid) AS lines
"""


class _Example:
    """A file of statements that go through, stopped after `stop` of them; `pictures`: the catalog after each."""

    def __init__(self, session: Session, wanted: list[str]) -> None:
        self.session = session
        session.script(_FRESH)
        self.good: list[str] = []
        self.pictures = [self._picture()]
        for sql in wanted:
            with suppress(QueryError):
                session.script(sql.encode())
                self.good.append(sql)
                self.pictures.append(self._picture())

    def _picture(self) -> str:
        return str(self.session.value(_PICTURE))

    def stop(self, number: int) -> None:
        """The database as it is after the first statements."""
        self.session.script(_FRESH)
        for sql in self.good[:number]:
            self.session.script(sql.encode())

    def same(self, number: int, other: int) -> bool:
        """Whether it makes no difference which of the two it is: the statements between them did nothing at all."""
        low, high = sorted((number, other))
        data = any(sql.startswith("INSERT") for sql in self.good[low:high])
        return self.pictures[low] == self.pictures[high] and not data


TABLES, COLUMNS = st.sampled_from(["t0", "t1", "t2"]), st.sampled_from(["c0", "c1", "c2"])
PLACE = st.tuples(TABLES, COLUMNS)


def _statement() -> st.SearchStrategy[str]:
    def on_column(form: str) -> st.SearchStrategy[str]:
        return PLACE.map(lambda place: form.format(t=place[0], c=place[1]))

    forms = [
        "CREATE TABLE {t} ({c} int)",
        "CREATE TABLE IF NOT EXISTS {t} ({c} int)",
        "DROP TABLE {t}",
        "DROP TABLE IF EXISTS {t} CASCADE",
        "ALTER TABLE {t} RENAME TO t9",
        "ALTER TABLE t9 RENAME TO {t}",
        "ALTER TABLE {t} ADD COLUMN {c} int",
        "ALTER TABLE {t} ADD COLUMN IF NOT EXISTS {c} int NOT NULL DEFAULT 1",
        "ALTER TABLE {t} DROP COLUMN {c}",
        "ALTER TABLE {t} RENAME COLUMN {c} TO c9",
        "ALTER TABLE {t} RENAME COLUMN c9 TO {c}",
        "ALTER TABLE {t} ALTER COLUMN {c} SET NOT NULL",
        "ALTER TABLE {t} ALTER COLUMN {c} DROP NOT NULL",
        "ALTER TABLE {t} ALTER COLUMN {c} SET DEFAULT 5",
        "ALTER TABLE {t} ALTER COLUMN {c} DROP DEFAULT",
        "ALTER TABLE {t} ALTER COLUMN {c} TYPE bigint",
        "ALTER TABLE {t} ADD CONSTRAINT k0 CHECK ({c} > 0) NOT VALID",
        "ALTER TABLE {t} ADD CONSTRAINT k0 UNIQUE ({c})",
        "ALTER TABLE {t} VALIDATE CONSTRAINT k0",
        "ALTER TABLE {t} DROP CONSTRAINT k0",
        "CREATE INDEX i0 ON {t} ({c})",
        "CREATE INDEX i1 ON {t} ({c})",
        "DROP INDEX i0",
        "ALTER INDEX i0 RENAME TO i1",
        "CREATE TYPE e0 AS ENUM ('v0', 'v1')",
        "ALTER TYPE e0 ADD VALUE 'v1'",
        "ALTER TYPE e0 RENAME TO e1",
        "DROP TYPE e1",
        "DROP VIEW w0",
        "CREATE OR REPLACE VIEW w0 AS SELECT 1 AS o",
        "CREATE TABLE k0 ()",
        "INSERT INTO {t} DEFAULT VALUES",
        "DO $$ BEGIN ALTER TABLE {t} DROP COLUMN IF EXISTS {c}; END $$",
        "DO $$ BEGIN EXECUTE 'DROP TABLE IF EXISTS t' || 1; END $$",
        "SET lock_timeout = 1000",
    ]
    return st.one_of([on_column(form) for form in forms])


@pytest.fixture(scope="module")
def for_examples(embedded_server: EmbeddedServer) -> Iterator[Session]:
    with fresh_database(embedded_server) as url, connect(url, purpose="examples") as session:
        yield session


@settings(max_examples=80, deadline=None)
@given(wanted=st.lists(_statement(), min_size=1, max_size=7), data=st.data())
def test_never_claims_what_is_not_so(for_examples: Session, wanted: list[str], data: st.DataObject) -> None:
    """Statements that go through one after another are a file; stopped after any of them, no claim is wrong."""
    example = _Example(for_examples, wanted)
    stop = data.draw(st.integers(0, len(example.good)))
    example.stop(stop)
    script = parse_script(";\n".join(example.good).encode())
    found = traces(script, "public")
    facts, types = facts_of(found)
    said = judge("1_x", script, found, look_up(for_examples, facts, types, "public"), Executed(splits=True))
    least = len(said.there)
    most = max((*said.there, *said.unclear), default=0)
    if said.outcome is Reconciled.CANT_TELL and not (said.there or said.unclear):
        return
    assert least <= stop or example.same(stop, least), said
    assert stop <= most or example.same(stop, most), said
