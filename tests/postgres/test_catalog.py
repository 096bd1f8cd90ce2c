"""What the catalog says of a database that was made to say it."""

from __future__ import annotations

import pytest

from dixis_tui.errors import QueryError
from dixis_tui.postgres import catalog
from dixis_tui.postgres.catalog import InvalidIndex, UnvalidatedConstraint
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from tests.majors import both_majors


@both_majors
def test_identity(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test", read_only=True) as session:
        identity = catalog.identify(session, database)
    assert identity.database == database.database
    assert identity.user == "postgres"
    assert identity.server_version >= 150000
    assert identity.system_identifier.isdigit()
    assert (identity.in_recovery, identity.read_only, identity.tls) == (False, False, "")


def test_a_database_set_read_only_is_seen_from_any_session(database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(f"ALTER DATABASE {database.database} SET default_transaction_read_only = on".encode())
    for read_only in (False, True):
        with connect(database, purpose="test", read_only=read_only) as session:
            assert catalog.identify(session, database).read_only


@both_majors
def test_counts_and_sizes_name_tables_and_partitions(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(
            b"""
            CREATE TABLE "Order" AS SELECT generate_series(1, 1000) AS id;
            CREATE SCHEMA shop; CREATE TABLE shop.empty (id int);
            CREATE TABLE part (id int) PARTITION BY RANGE (id);
            CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (10);
            INSERT INTO part SELECT generate_series(0, 4);
            CREATE VIEW v AS SELECT 1;
            """
        )
        seen: list[tuple[str, int, int]] = []
        counts = catalog.table_counts(session, lambda name, done, total: seen.append((name, done, total)))
        assert counts == {"public.Order": 1000, "public.part_1": 5, "shop.empty": 0}
        assert seen == [("public.Order", 0, 3), ("public.part_1", 1, 3), ("shop.empty", 2, 3)]
        sizes = catalog.table_sizes(session)
        assert sizes.keys() == counts.keys()
        assert sizes["public.Order"] > sizes["shop.empty"]
        assert catalog.database_size(session) > sizes["public.Order"]


@both_majors
def test_extensions(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        assert "plpgsql" in catalog.extensions(session)
        assert "plpgsql" in catalog.available_extensions(session)


@both_majors
def test_what_half_done_migrations_leave_behind(server: EmbeddedServer, database: DatabaseUrl) -> None:
    with connect(database, purpose="test") as session:
        session.script(b"CREATE TABLE a (id int); INSERT INTO a VALUES (1), (1)")
        assert catalog.invalid_indexes(session) == []
        assert catalog.unvalidated_constraints(session) == []
        with pytest.raises(QueryError) as caught:
            session.script(b"CREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id)")
        assert caught.value.sqlstate == "23505"
        session.script(b"ALTER TABLE a ADD CONSTRAINT positive CHECK (id > 1) NOT VALID")
        assert catalog.invalid_indexes(session) == [InvalidIndex("public", "a", "a_id")]
        assert catalog.unvalidated_constraints(session) == [UnvalidatedConstraint("public", "a", "positive")]


@both_majors
def test_rights_of_a_guest_and_of_the_owner(server: EmbeddedServer, database: DatabaseUrl) -> None:
    role = f"guest_{database.database}"
    with connect(database, purpose="test") as session:
        session.script(b"CREATE TABLE a (id int)")
        mine = catalog.rights(session)
        assert all((mine.superuser, mine.create_in_schema, mine.owns_database, mine.schema_exists))
        assert mine.not_owned == []
        session.script(f"CREATE ROLE {role}; SET ROLE {role}".encode())
        guest = catalog.rights(session)
        assert not any((guest.superuser, guest.create_in_schema, guest.owns_database, guest.create_database))
        assert [owned.table for owned in guest.not_owned] == ["a"]
        session.script(f"RESET ROLE; DROP ROLE {role}".encode())


def test_long_transactions_of_others(database: DatabaseUrl) -> None:
    with connect(database, purpose="idler") as idler, connect(database, purpose="test") as session:
        idler.execute("BEGIN")
        idler.execute("SELECT 1")
        assert catalog.long_transactions(session, 3600) == []
        found = catalog.long_transactions(session, 0)
        assert [(one.pid, one.application, one.state) for one in found] == [
            (idler.pid, "dixis-tui idler", "idle in transaction")
        ]
