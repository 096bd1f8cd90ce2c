"""A database's copy: there while it is needed, gone afterwards, and no copy where somebody uses the original."""

from __future__ import annotations

import pytest

from dixis_tui.errors import QueryError
from dixis_tui.postgres.copying import copied
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from tests.majors import both_majors

_COPIES = "SELECT count(*) FROM pg_database WHERE datname LIKE 'dixis\\_measure\\_%%' AND datname = %s"


@both_majors
def test_a_copy_holds_what_the_original_held_and_is_its_own(database: DatabaseUrl) -> None:
    with connect(database, purpose="fill") as session:
        session.script(b"CREATE TABLE a (i int); INSERT INTO a VALUES (1), (2)")
    with copied(database) as copy, connect(copy, purpose="look") as session:
        assert session.value("SELECT count(*) FROM a") == 2
        session.script(b"DROP TABLE a")
    with connect(database, purpose="look") as session:
        assert session.value("SELECT count(*) FROM a") == 2
        assert session.value(_COPIES, (copy.database,)) == 0


def test_no_copy_of_a_database_in_use(database: DatabaseUrl) -> None:
    with connect(database, purpose="use"), pytest.raises(QueryError) as caught, copied(database):
        pass
    assert caught.value.sqlstate == "55006"
