"""A file taken apart by PostgreSQL's grammar: no byte that matters is lost or moved."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dixis_tui.hazard import Execution
from dixis_tui.prisma.oracle import forecast
from dixis_tui.sql.script import Script, parse_script
from tests.prisma.corpus import FAILING, SETS, failing, migrations
from tests.scripts import BLANKS, Written, gaps, scripts

BROKEN = {
    "SELEC 1": 0,
    "SELECT 1 FROM FROM": 14,
    "INSERT INTO log VALUES ('α', 'abc": 29,
    "SELECT 1 /* open; /* closed */": 9,
    "DO $δ$ BEGIN; $$": 3,
    'SELECT "open;': 7,
    "\\d": 0,
    "SELECT\u00a01": 0,
}
"""A statement that PostgreSQL's parser refuses, and at which of its characters."""
REFUSED = {"byte_order_mark", "syntax", "unterminated_string"}


def joined(script: Script) -> bytes:
    return b"".join(script.piece(statement) for statement in script.statements)


@settings(deadline=None)
@given(scripts())
def test_pieces_are_the_script(written: Written) -> None:
    content = written.text.encode()
    script = parse_script(content)
    assert script.problem is None
    assert len(script.statements) == len(written.places)
    if written.places:
        assert joined(script) == content
    for number, (statement, (at, text)) in enumerate(zip(script.statements, written.places, strict=True), 1):
        assert statement.number == number
        assert statement.start == len(written.text[:at].encode())
        assert statement.line == written.text.count("\n", 0, at) + 1
        assert statement.text == text.rstrip(BLANKS)
        assert content[statement.start : statement.end].decode() == statement.text
        assert statement.piece_start <= statement.start < statement.end <= statement.piece_end


@settings(deadline=None)
@given(scripts(), st.lists(gaps, max_size=2).map("".join), st.sampled_from(sorted(BROKEN)))
def test_a_problem_is_told_where_it_is(written: Written, gap: str, broken: str) -> None:
    before = f"{written.text}\n;{gap}"
    script = parse_script((before + broken).encode())
    assert script.statements == ()
    assert script.problem is not None
    at = len(before) + BROKEN[broken]
    line_start = before.rfind("\n") + 1
    assert (script.problem.line, script.problem.column) == (before.count("\n") + 1, at - line_start + 1)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@example(b"SELECT '\xff'")
@example(b"SELECT '\0'")
def test_whatever_a_file_holds_there_is_an_answer(content: bytes) -> None:
    script = parse_script(content)
    if script.statements:
        assert joined(script) == content
    elif script.problem:
        assert (script.problem.line > 0) == (script.problem.column > 0)


@pytest.mark.parametrize("name", SETS)
def test_the_corpus_is_split_without_a_loss(name: str) -> None:
    for migration, content in migrations(name).items():
        script = parse_script(content)
        assert script.problem is None, migration
        if script.statements:
            assert joined(script) == content, migration
        else:
            assert b"CREATE" not in content.upper(), migration


@pytest.mark.parametrize("name", FAILING)
def test_only_what_the_parser_refuses_is_a_problem(name: str) -> None:
    script = parse_script(failing(name))
    assert (script.problem is not None) == (name in REFUSED)
    assert bool(script.statements) == (name not in REFUSED)


def test_a_tree_too_deep_goes_without_its_tree_and_keeps_its_place() -> None:
    deep = "SELECT 1" + " + 1" * 2_000
    content = f"-- SELECT 2\r/* {deep}; */ SELECT 2;\n;; -- α\n{deep} -- end\n;SELECT 3".encode()
    script = parse_script(content)
    assert joined(script) == content
    assert [(one.kind, one.tree is None, one.line) for one in script.statements] == [
        ("select_stmt", False, 1),
        ("", True, 3),
        ("select_stmt", False, 4),
    ]
    assert [one.text for one in script.statements] == ["SELECT 2", f"{deep} -- end", "SELECT 3"]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'a' -- it's; one\n -- string; still\r 'b'",
        "SELECT U&'!0061' -- α;\n UESCAPE /* ; */ '!'",
        "SELECT 1 NOT /* α; */ BETWEEN 2 AND 3",
        "SELECT 1 ORDER BY 1 NULLS -- ;\n FIRST",
        "CREATE TABLE a (t timestamp WITH /* ; */ TIME ZONE)",
    ],
)
def test_comments_that_the_parser_alone_stumbles_over(sql: str) -> None:
    content = f"SELECT 'α'; -- β;\n{sql};\nSELECT 2 -- γ;".encode()
    script = parse_script(content)
    assert script.problem is None
    assert joined(script) == content
    assert [one.text for one in script.statements] == ["SELECT 'α'", sql, "SELECT 2 -- γ;"]
    assert script.statements[1].line == 2
    worse = parse_script(f"-- β\n{sql};\n/* γ */ SELEC 2".encode())
    assert worse.problem is not None
    assert (worse.problem.line, worse.problem.column) == (sql.count("\n") + 3, 9)


def test_a_problem_does_not_quote_the_rest_of_the_file() -> None:
    problem = parse_script(b"SELECT 'open\n" + b"x" * 100_000).problem
    assert problem is not None
    assert problem.message.startswith("unterminated quoted string at or near \"'open x")
    assert len(problem.message) == 200


def test_a_space_that_is_none_is_shown_as_it_is() -> None:
    problem = parse_script("SELECT\u00a01".encode()).problem
    assert problem is not None
    assert "SELECT\u00a01" in problem.message


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b";;", b"-- only this", b"/* ; */;", b"--\r"],
)
def test_nothing_to_do(content: bytes) -> None:
    script = parse_script(content)
    assert (script.statements, script.problem) == ((), None)


@pytest.mark.parametrize("name", SETS)
def test_the_oracle_foresees_that_the_corpus_goes_through(name: str) -> None:
    for migration, content in migrations(name).items():
        execution = forecast(migration, parse_script(content), splits=False).execution
        assert execution not in (Execution.FAILS, Execution.UNKNOWN), migration


@pytest.mark.parametrize("name", FAILING)
def test_the_oracle_foresees_what_a_transaction_block_refuses(name: str) -> None:
    execution = forecast(name, parse_script(failing(name)), splits=False).execution
    assert (execution is Execution.FAILS) == (FAILING[name] == "25001")
    assert (execution is Execution.UNKNOWN) == (FAILING[name] == "42601")
