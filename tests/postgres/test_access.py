"""Who is connected, as a real server tells it."""

from __future__ import annotations

from dixis_tui.access import SessionSeen
from dixis_tui.postgres.access import connected
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from tests.majors import both_majors


def plain(text: str) -> str:
    return text


def by_application(sessions: tuple[SessionSeen, ...]) -> dict[str, SessionSeen]:
    return {one.application: one for one in sessions}


@both_majors
def test_all_who_are_connected_are_told_apart(database: DatabaseUrl, plain_role: DatabaseUrl) -> None:
    with (
        connect(database, purpose="run x") as ours,
        connect(plain_role, purpose="x") as one,
        connect(plain_role, purpose="y") as two,
    ):
        for session in (one, two):
            session.execute("SET application_name = 'psql'")
        found = by_application(connected(ours, database.database, plain))
        assert set(found) == {"dixis-tui run x", "psql"}
        assert found["dixis-tui run x"].ours
        stranger = found["psql"]
        assert (stranger.user, stranger.address, stranger.count) == (plain_role.user, "127.0.0.1", 2)
        assert not stranger.ours
        assert not stranger.hidden

        with connect(database, purpose="demo shop"):
            assert not by_application(connected(ours, database.database, plain))["dixis-tui demo shop"].ours

        two.execute("SET application_name = 'dixis-tui run x'")
        named = [one for one in connected(ours, database.database, plain) if one.user == plain_role.user]
        assert [one.ours for one in named] == [False, False], "a name alone makes nobody ours"


@both_majors
def test_a_role_without_rights_sees_that_it_does_not_see(database: DatabaseUrl, plain_role: DatabaseUrl) -> None:
    with connect(plain_role, purpose="run x") as ours, connect(database, purpose="x") as other:
        other.execute("SET application_name = 'psql'")
        found = by_application(connected(ours, database.database, plain))
        assert (found["psql"].user, found["psql"].address, found["psql"].hidden) == (database.user, "", True)
        assert not found["dixis-tui run x"].hidden


def test_other_databases_of_the_server_are_not_production(database: DatabaseUrl) -> None:
    with connect(database, purpose="x") as ours, connect(database.replace_database("postgres"), purpose="elsewhere"):
        assert set(by_application(connected(ours, database.database, plain))) == {"dixis-tui x"}


def test_what_they_call_themselves_is_cleaned(database: DatabaseUrl) -> None:
    with connect(database, purpose="x") as ours, connect(database, purpose="x") as other:
        other.execute("SET application_name = 'pg_secret'")
        found = connected(ours, database.database, lambda text: text.replace("secret", "•••"))
        assert "pg_•••" in by_application(found)
