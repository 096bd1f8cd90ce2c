"""Production's name given to another database: both renames or none, whoever is connected."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from psycopg import sql

from dixis_tui.errors import ConnectError, DixisError, ToolError, UnknownOutcomeError
from dixis_tui.postgres import side as side_module
from dixis_tui.postgres import swap as swap_module
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.side import create_side, dress_side, drop_side, no_room, refused
from dixis_tui.postgres.swap import (
    Names,
    Standing,
    clear,
    hold,
    immovable,
    judge,
    maintenance,
    mark,
    names,
    others,
    standing,
    swap,
)
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.secrets import Secret
from tests.majors import both_majors
from tests.waiting import until

MARK = "dixis-tui run 1"


@pytest.fixture
def made(server: EmbeddedServer, database: DatabaseUrl) -> Iterator[Names]:
    """The three names; whatever was made of them is dropped at the end."""
    wanted = names(database.database, "20261124T2200Z", MARK)
    yield wanted
    with maintenance(database) as session:
        for name in (wanted.side, wanted.kept):
            session.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]


@pytest.fixture
def apart(database: DatabaseUrl) -> Iterator[Session]:
    """A session in another database of that server."""
    with maintenance(database) as session:
        yield session


def where(url: DatabaseUrl) -> str:
    """A table's only word, in the database that has production's name now."""
    with connect(url, purpose="test") as session:
        return str(session.value("SELECT word FROM place"))


def put(url: DatabaseUrl, word: str) -> None:
    with connect(url, purpose="test") as session:
        session.execute("CREATE TABLE place AS SELECT %s::text AS word", (word,))


def side_of(url: DatabaseUrl, wanted: Names) -> DatabaseUrl:
    return replace(url, database=wanted.side)


@both_majors
def test_names_are_swapped_while_an_application_hammers(database: DatabaseUrl, made: Names, apart: Session) -> None:
    put(database, "migrated")
    create_side(apart, made)
    put(side_of(database, made), "restored")
    assert standing(apart, made) is Standing.UNFINISHED
    mark(apart, made, compared=True)
    assert standing(apart, made) is Standing.COMPARED
    over, seen = threading.Event(), set[str]()

    def hammer() -> None:
        while not over.is_set():
            try:
                seen.add(where(database))
            except DixisError as error:
                seen.add(type(error).__name__)

    threads = [threading.Thread(target=hammer) for _ in range(2)]
    with connect(database, purpose="idle") as idle:
        idle.execute("BEGIN")
        for thread in threads:
            thread.start()
        try:
            until(lambda: "migrated" in seen, what="the application to be at work")
            done = swap(database, made)
            until(lambda: "restored" in seen, what="the application to have found the restored one")
        finally:
            over.set()
            for thread in threads:
                thread.join()
    assert done.ended >= 1
    assert where(database) == "restored"
    assert standing(apart, made) is Standing.SWAPPED
    assert where(replace(database, database=made.kept)) == "migrated"


def test_the_side_is_made_like_production(database: DatabaseUrl, made: Names, apart: Session) -> None:
    role = f"reader_{uuid.uuid4().hex[:8]}"
    name = database.database
    apart.execute(f"CREATE ROLE {role}")  # type: ignore[arg-type]
    try:
        for text in (
            f"ALTER DATABASE {name} SET search_path = \"Ελιά\", 'a b', public",
            f"ALTER DATABASE {name} SET work_mem = '5MB'",
            f"ALTER ROLE {role} IN DATABASE {name} SET statement_timeout = '7s'",
            f"ALTER DATABASE {name} CONNECTION LIMIT 44",
            f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC",
            f"GRANT CONNECT ON DATABASE {name} TO {role} WITH GRANT OPTION",
        ):
            apart.execute(text)  # type: ignore[arg-type]
        create_side(apart, made)
        dress_side(apart, made)
        assert like(apart, made.side) == like(apart, name)
    finally:
        drop_side(apart, made)
        apart.execute(f"REVOKE ALL ON DATABASE {name} FROM {role}")  # type: ignore[arg-type]
        apart.execute(f"ALTER ROLE {role} IN DATABASE {name} RESET ALL")  # type: ignore[arg-type]
        apart.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]


def like(session: Session, name: str) -> tuple[object, ...]:
    """What a database is made of, its name and oid apart."""
    return (
        session.value(
            "SELECT (to_jsonb(d) - 'oid' - 'datname' - 'datfrozenxid' - 'datminmxid' - 'datacl')::text"
            " FROM pg_database d WHERE datname = %s",
            (name,),
        ),
        session.value(
            "SELECT array_agg(a::text ORDER BY a::text) FROM pg_database d, unnest(d.datacl) a WHERE datname = %s",
            (name,),
        ),
        session.value(
            "SELECT array_agg(row(s.setrole, s.setconfig)::text ORDER BY 1) FROM pg_db_role_setting s"
            " JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = %s",
            (name,),
        ),
    )


def test_a_strangers_database_of_that_name_is_left_alone(database: DatabaseUrl, made: Names, apart: Session) -> None:
    apart.execute(f'CREATE DATABASE "{made.side}"')  # type: ignore[arg-type]
    with pytest.raises(ToolError, match="did not make"):
        create_side(apart, made)
    assert standing(apart, made) is Standing.FOREIGN


def test_politely_first(database: DatabaseUrl, apart: Session) -> None:
    """Idle sessions go at once; one with a transaction open may finish, and is told of where it does not."""
    with connect(database, purpose="idle"), connect(database, purpose="busy") as busy:
        busy.execute("BEGIN")
        left = clear(apart, database.database, 0.0, threading.Event())
        assert [one.application.rsplit(" ", 1)[-1] for one in left] == ["busy"]
        busy.execute("ROLLBACK")
        assert clear(apart, database.database, 5.0, threading.Event()) == []
        until(lambda: not others(apart, database.database), what="both to be gone")


def test_a_role_that_may_not(server: EmbeddedServer, database: DatabaseUrl, apart: Session) -> None:
    role = f"plain_{uuid.uuid4().hex[:8]}"
    apart.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")  # type: ignore[arg-type]
    try:
        plain = replace(database, user=role, password=Secret("x"))
        with maintenance(plain) as session:
            assert "CREATEDB" in refused(session, database.database)
            apart.execute(f"ALTER ROLE {role} CREATEDB")  # type: ignore[arg-type]
            assert "does not own" in refused(session, database.database)
            with connect(database, purpose="superuser"):
                assert "may not end" in immovable(session, database.database)
        assert refused(apart, database.database) == ""
    finally:
        apart.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]


@both_majors
def test_the_owner_with_createdb_is_enough(server: EmbeddedServer, database: DatabaseUrl, apart: Session) -> None:
    """No right on the tablespace is asked for where the database lies in the server's own."""
    role = f"owner_{uuid.uuid4().hex[:8]}"
    owner = sql.SQL("ALTER DATABASE {} OWNER TO {}")
    named = sql.Identifier(database.database)
    apart.execute(f"CREATE ROLE {role} LOGIN CREATEDB PASSWORD 'x'")  # type: ignore[arg-type]
    apart.execute(owner.format(named, sql.Identifier(role)))
    wanted = names(database.database, "20261124T220000Z", MARK)
    try:
        with maintenance(replace(database, user=role, password=Secret("x"))) as session:
            assert refused(session, database.database) == ""
            create_side(session, wanted)
            assert standing(session, wanted) is Standing.UNFINISHED
            drop_side(session, wanted)
    finally:
        apart.execute(owner.format(named, sql.SQL("CURRENT_USER")))
        apart.execute(f"DROP ROLE {role}")  # type: ignore[arg-type]


def test_only_what_was_compared_is_swapped_in(database: DatabaseUrl, made: Names, apart: Session) -> None:
    """So a finished swap proves by itself that the comparison came before it."""
    put(database, "migrated")
    create_side(apart, made)
    put(side_of(database, made), "half restored")
    with pytest.raises(ToolError, match="not been compared"):
        swap(database, made)
    assert where(database) == "migrated"
    assert standing(apart, made) is Standing.UNFINISHED


@pytest.mark.parametrize("committed", [True, False])
def test_a_connection_lost_at_the_commit(
    database: DatabaseUrl, made: Names, apart: Session, monkeypatch: pytest.MonkeyPatch, committed: bool
) -> None:
    """The names say what came of it."""
    put(database, "migrated")
    create_side(apart, made)
    put(side_of(database, made), "restored")
    mark(apart, made, compared=True)
    real = swap_module._rename

    def lost(session: Session, wanted: Names, comment: str) -> None:
        if committed:
            real(session, wanted, comment)
        session.close()
        raise ConnectError("other", "the connection was lost", "")

    monkeypatch.setattr(swap_module, "_rename", lost)
    if committed:
        swap(database, made)
        assert where(database) == "restored"
    else:
        with pytest.raises(ToolError, match="nothing was changed"):
            swap(database, made)
        assert where(database) == "migrated"


def test_a_lost_backend_that_may_commit_yet_is_waited_for(
    database: DatabaseUrl, made: Names, apart: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it lives, the names of this moment prove nothing."""
    monkeypatch.setattr(swap_module, "_LEAVING_SECONDS", 0.2)
    with pytest.raises(UnknownOutcomeError):
        swap_module._look_again(database, made, apart.pid)


def test_the_lock_of_a_long_rollback_is_not_lost_to_idleness(database: DatabaseUrl, apart: Session) -> None:
    apart.execute("SET idle_session_timeout = 1000000")
    hold(apart, database.database)
    assert apart.value("SELECT current_setting('idle_session_timeout')") == "0"


def test_who_holds_it_is_named(database: DatabaseUrl, apart: Session) -> None:
    hold(apart, database.database)
    with maintenance(database) as second, pytest.raises(ToolError, match=f"dixis-tui rollback.*backend {apart.pid}"):
        hold(second, database.database)


def test_what_is_refused_before_anything_is_made(
    database: DatabaseUrl, apart: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler, and a disk that could not hold the database twice."""
    with maintenance(replace(database, prisma={"pgbouncer": "true"})) as session:
        assert "pooler" in refused(session, database.database)
    monkeypatch.setattr(side_module, "free_bytes", lambda _: None)
    assert no_room(apart, database.database) == ""
    monkeypatch.setattr(side_module, "free_bytes", lambda _: 1_000_000)
    assert "1 MB free" in no_room(apart, database.database)


def test_a_member_that_does_not_inherit_may_not_end(database: DatabaseUrl, apart: Session) -> None:
    """As pg_terminate_backend has it: the other role's rights, not membership; a superuser's session never."""
    one, other = (f"{kind}_{uuid.uuid4().hex[:8]}" for kind in ("member", "owner"))
    apart.execute(f"CREATE ROLE {other} LOGIN PASSWORD 'x'")  # type: ignore[arg-type]
    apart.execute(f"CREATE ROLE {one} LOGIN NOINHERIT PASSWORD 'x' IN ROLE {other}, {apart.url.user}")  # type: ignore[arg-type]
    try:
        with (
            maintenance(replace(database, user=one, password=Secret("x"))) as session,
            connect(replace(database, user=other, password=Secret("x")), purpose="app"),
            connect(database, purpose="superuser"),
        ):
            assert {found.user: found.may_end for found in others(session, database.database)} == {
                other: False,
                apart.url.user: False,
            }
    finally:
        until(lambda: not others(apart, database.database), what="both to be gone")
        apart.execute(f"DROP ROLE {one}")  # type: ignore[arg-type]
        apart.execute(f"DROP ROLE {other}")  # type: ignore[arg-type]


def test_names_fit_whatever_the_databases_is() -> None:
    wanted = names("ελιά" * 20, "20261124T2200Z", MARK)
    assert len(wanted.side.encode()) <= 63
    assert len(wanted.kept.encode()) <= 63
    assert wanted.side.endswith("_back_20261124T2200Z")


def test_how_far_it_came() -> None:
    wanted = Names("shop", "shop_back", "shop_failed", MARK)
    assert judge({"shop": ""}, wanted) is Standing.NOTHING
    assert judge({"shop": "", "shop_back": MARK}, wanted) is Standing.UNFINISHED
    assert judge({"shop": "", "shop_back": "other"}, wanted) is Standing.FOREIGN
    assert judge({"shop": "", "shop_back": ""}, wanted) is Standing.FOREIGN
    assert judge({"shop": "", "shop_back": ""}, replace(wanted, resumed=True)) is Standing.UNFINISHED
    assert judge({"shop": "", "shop_back": "other"}, replace(wanted, resumed=True)) is Standing.FOREIGN
    assert judge({"shop": "", "shop_back": f"{MARK} compared"}, wanted) is Standing.COMPARED
    assert judge({"shop": "", "shop_failed": ""}, wanted) is Standing.SWAPPED
    assert judge({"shop_failed": ""}, wanted) is Standing.NOTHING
