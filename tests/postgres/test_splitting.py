"""Applying the pieces of a script one by one is applying the script: shown on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from dixis_tui.errors import QueryError
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.sql.script import parse_script
from tests.conftest import fresh_database
from tests.scripts import PREPARE, Written, failing, scripts, statements

_CATALOG = """
SELECT 'column' AS what, format('%s.%s %s %s', attrelid::regclass, attname, atttypid::regtype, attnum) AS value
FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
UNION ALL SELECT 'comment', obj_description('log'::regclass, 'pg_class')
UNION ALL SELECT 'function', pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'rule', pg_get_ruledef(oid) FROM pg_rewrite WHERE ev_class = 'target'::regclass
UNION ALL SELECT 'row', log::text FROM log
UNION ALL SELECT 'row of target', target::text FROM target
UNION ALL SELECT 'setting', current_setting('lock_timeout')
"""


class _Line(Struct, frozen=True):
    what: str
    value: str | None


@dataclass(frozen=True)
class _After:
    """The database within the transaction that is about to be undone; only the error where there was one."""

    sqlstate: str
    lines: tuple[_Line, ...] = ()


@pytest.fixture(scope="module")
def session(embedded_server: EmbeddedServer) -> Iterator[Session]:
    with fresh_database(embedded_server) as url, connect(url, purpose="split") as opened:
        yield opened


def after(session: Session, pieces: list[bytes]) -> _After:
    session.execute("BEGIN")
    try:
        for piece in [PREPARE, *pieces]:
            session.script(piece)
        return _After("", tuple(sorted(session.query(_CATALOG, row=_Line), key=repr)))
    except QueryError as error:
        return _After(error.sqlstate)
    finally:
        session.rollback()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(scripts(st.one_of(statements, statements, statements, statements, failing)))
def test_the_pieces_are_the_whole(session: Session, written: Written) -> None:
    script = parse_script(written.text.encode())
    assert len(script.statements) == len(written.places)
    whole = after(session, [script.content])
    assert after(session, [script.piece(one) for one in script.statements]) == whole
    # Without the comments and semicolons around it a statement is the same one.
    assert after(session, [one.text.encode() for one in script.statements]) == whole


@settings(max_examples=100, deadline=None)
@given(
    scripts(), st.sampled_from(["SELEC 1;", "SELECT 'α' FROM FROM", "INSERT INTO log VALUES ('abc", "SELECT 1 /* ;"])
)
def test_parser_and_server_see_a_problem_on_the_same_line(session: Session, written: Written, broken: str) -> None:
    content = f"{written.text}\n;{broken}".encode()
    problem = parse_script(content).problem
    assert problem is not None
    with pytest.raises(QueryError) as caught:
        session.script(content)
    assert (caught.value.sqlstate, caught.value.line) == ("42601", problem.line)
