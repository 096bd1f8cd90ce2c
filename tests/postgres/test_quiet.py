"""Who would keep a statement waiting for its tables, also where our role may not see what others do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dixis_tui.locks import LockMode
from dixis_tui.postgres.quiet import in_the_way
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.sql.names import Relation
from tests.majors import both_majors
from tests.waiting import until

ORDER, INDEX = Relation("", "Order"), Relation("public", "Order_pkey")


@pytest.fixture
def holder(database: DatabaseUrl) -> Iterator[Session]:
    """An idle transaction that has read the table, and is old enough to be waited for."""
    with connect(database, purpose="shop") as session:
        session.script(b'CREATE TABLE "Order" (id int PRIMARY KEY); CREATE TABLE "Item" ()')
        session.script(b'BEGIN; SELECT * FROM "Order"')
        until(lambda: session.value("SELECT clock_timestamp() - now() > interval '1.1 s'"), what="an old transaction")
        yield session
        session.rollback()


@both_majors
def test_who_holds_what_conflicts(holder: Session, database: DatabaseUrl) -> None:
    with connect(database, purpose="look") as session:
        [found] = in_the_way(session, {ORDER: LockMode.ACCESS_EXCLUSIVE})
        assert (found.relation, found.mode) == (ORDER, LockMode.ACCESS_SHARE)
        who = f"process {holder.pid} (dixis-tui shop, user postgres, idle in transaction)"
        assert str(found.peer) == f'{who} holds "Order"'
        assert found.peer.query.startswith("SELECT clock_timestamp()")
        assert found.peer.started is not None
        assert [one.peer.pid for one in in_the_way(session, {INDEX: LockMode.ACCESS_EXCLUSIVE})] == [holder.pid]
        assert in_the_way(session, {ORDER: LockMode.SHARE}) == []
        assert in_the_way(session, {Relation("", "Item"): LockMode.ACCESS_EXCLUSIVE}) == []
        assert in_the_way(session, {Relation("", "not there"): LockMode.ACCESS_EXCLUSIVE}) == []
        assert in_the_way(session, {ORDER: LockMode.ACCESS_EXCLUSIVE}, older_seconds=3600) == []
        assert in_the_way(session, {}) == []


@both_majors
def test_a_role_that_may_not_see_what_others_do(holder: Session, plain_role: DatabaseUrl) -> None:
    with connect(plain_role, purpose="look") as session:
        [found] = in_the_way(session, {ORDER: LockMode.ACCESS_EXCLUSIVE})
    assert (found.peer.pid, found.peer.since, found.peer.query) == (holder.pid, None, "")
    assert "hidden from our role" in str(found.peer)
