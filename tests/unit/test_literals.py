"""Other people's queries are shown without what they hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui.sql.literals import without_literals


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("ALTER ROLE app PASSWORD 'it''s secret'", "ALTER ROLE app PASSWORD '…'"),
        ("SELECT \"it's\" FROM t WHERE mail = 'a@b'", "SELECT \"it's\" FROM t WHERE mail = '…'"),
        ("DO $x$ BEGIN 'secret' $$ END $x$; SELECT 1", "DO '…'; SELECT 1"),
        ("SELECT 'cut off by the serv", "SELECT '…'"),
        ("SELECT $1", "SELECT $1"),
    ],
)
def test_literals_are_masked(query: str, shown: str) -> None:
    assert without_literals(query) == shown


@given(st.text(alphabet="ab'\"$ ", max_size=30))
def test_any_text_comes_to_an_end(query: str) -> None:
    assert "'" not in without_literals(query).replace("'…'", "") or '"' in query
