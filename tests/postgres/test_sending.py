"""Files sent whole, as Prisma sends them, against their pieces between BEGIN and COMMIT."""

from __future__ import annotations

import pytest

from dixis_tui.errors import QueryError
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.sql.script import parse_script
from dixis_tui.sql.sending import only_whole
from tests.conftest import fresh_database
from tests.majors import both_majors
from tests.prisma.corpus import BEFORE, FAILING, SETS, failing, migrations
from tests.prisma.sameness import content_of, schema_of

HISTORY = b"CREATE TABLE _prisma_migrations ()"
"""A file of the corpus speaks of it."""

WHOLE = {
    "alone in a transaction": b"LOCK TABLE t IN SHARE MODE;",
    "commits inside": b"DO $$ BEGIN INSERT INTO t VALUES (1); COMMIT; INSERT INTO t VALUES (2); END $$;",
    "outside": b"VACUUM t;",
    "discard": b"DISCARD ALL;",
    "own block": b"INSERT INTO t VALUES (1);\nCOMMIT;\nINSERT INTO t VALUES (2);\nSELECT 1 / 0;",
    "savepoint": b"INSERT INTO t VALUES (1);\nSAVEPOINT a;",
    "strings": b"SET standard_conforming_strings = off;\nINSERT INTO s VALUES ('a\\\\b');",
    "strings by function": b"SELECT set_config('Standard_conforming_strings', 'off', true);"
    b"INSERT INTO s VALUES ('\\\\');",
    "quotes": b"SET LOCAL backslash_quote = off;\nINSERT INTO s VALUES (E'\\'');",
    "encoding": b"SET LOCAL client_encoding = 'LATIN1';\nINSERT INTO s VALUES ('\xc3\xa9');",
    "names": b"SET NAMES 'LATIN1';\nINSERT INTO s VALUES ('\xc3\xa9');\nSET NAMES 'UTF8';",
    "text": b"SELECT 1;\nINSERT INTO s VALUES (current_query());",
    "moment": b"SELECT pg_sleep(0.002);\nINSERT INTO t SELECT 1 WHERE STATEMENT_TIMESTAMP() = now();",
}
"""Each leaves something else, or fails otherwise, when it is taken apart."""


def send(session: Session, content: bytes, *, pieces: bool) -> str:
    """The SQLSTATE; empty where it was applied."""
    script = parse_script(content)
    try:
        if not pieces:
            session.script(content)
            return ""
        session.execute("BEGIN")
        for statement in script.statements:
            session.script(script.piece(statement))
        session.execute("COMMIT")
    except QueryError as error:
        return error.sqlstate
    finally:
        session.rollback()
    return ""


def state(url: DatabaseUrl) -> tuple[list[str], str]:
    return content_of(url), schema_of(url)


@both_majors
@pytest.mark.parametrize("name", SETS)
def test_the_corpus_in_pieces(name: str, server: EmbeddedServer) -> None:
    with fresh_database(server) as one, fresh_database(server) as other:
        with connect(one, purpose="whole") as whole, connect(other, purpose="pieces") as taken:
            whole.script(HISTORY)
            taken.script(HISTORY)
            pieces = 0
            for migration, content in migrations(name).items():
                apart = not only_whole(parse_script(content))
                pieces += apart
                assert send(whole, content, pieces=False) == "", migration
                assert send(taken, content, pieces=apart) == "", migration
        assert pieces > len(migrations(name)) / 3
        assert state(one) == state(other)


@pytest.mark.parametrize("name", [name for name in FAILING if not only_whole(parse_script(failing(name)))])
def test_what_fails_fails_alike_in_pieces(name: str, server: EmbeddedServer) -> None:
    with fresh_database(server) as one, fresh_database(server) as other:
        with connect(one, purpose="whole") as whole, connect(other, purpose="pieces") as taken:
            whole.script(BEFORE)
            taken.script(BEFORE)
            assert send(whole, failing(name), pieces=False) == send(taken, failing(name), pieces=True) == FAILING[name]
        assert content_of(one) == content_of(other)


@pytest.mark.parametrize("content", WHOLE.values(), ids=WHOLE)
def test_what_has_to_be_sent_whole_would_be_another_in_pieces(content: bytes, server: EmbeddedServer) -> None:
    assert only_whole(parse_script(content))
    ends = []
    for pieces in (False, True):
        with fresh_database(server) as url:
            with connect(url, purpose="send") as session:
                session.script(b"CREATE TABLE t (i INTEGER); CREATE TABLE s (w TEXT)")
                end = send(session, content, pieces=pieces)
            ends.append((end, content_of(url)))
    assert ends[0] != ends[1]


def test_what_can_not_be_understood_is_sent_whole() -> None:
    deep = b"SELECT 1; SELECT 1" + b" + 1" * 2_000
    assert only_whole(parse_script(deep)) == "its statement 2 is too deep to be understood"
    assert only_whole(parse_script(b"SELEC 1")).startswith("it can't be parsed: ")
    assert only_whole(parse_script(b"")) == "there is nothing to take apart"
    assert only_whole(parse_script(b"SELECT 1; SELECT 2")) == ""
