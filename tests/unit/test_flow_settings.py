"""`[[flows]]` as it is read: what could never work is refused at start, with flow, step and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dixis_tui import flow_text
from dixis_tui.errors import UsageError
from dixis_tui.settings import load
from dixis_tui.settings_flows import ordinary

HEAD = '[[flows]]\nname = "Login"\nbase = "https://shop"\nvariables = ["SHOP_PASSWORD"]\n'
STEP = '[[flows.steps]]\nurl = "/login"\n'


def read(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dixis.toml"
    path.write_text(text)
    load(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "steps = []\n", "flow 'Login': it has no steps"),
        (HEAD + STEP + HEAD + STEP, "two flows are called 'Login'"),
        (HEAD.replace("https://shop", "") + STEP, "step 1: url is not an http"),
        (HEAD + '[[flows.steps]]\nurl = "/a?x={token}"\n', "step 1: url asks for {token}, which nothing gives"),
        (
            HEAD + STEP + 'extract = { token = "/t" }\nheaders = { X = "{token}" }\n',
            "step 1: headers.X asks for {token}",
        ),
        (HEAD + STEP + 'method = "POST"\njson = { a = { b = ["{x}"] } }\n', "step 1: json.a asks for {x}"),
        (HEAD + STEP + 'method = "POST"\nform = { a = "{" }\n', "step 1: form.a has a lone '{'"),
        (HEAD + STEP + 'method = "POST"\nform = { a = "b}" }\n', "step 1: form.a has a lone '}'"),
        (HEAD + STEP + 'form = { a = "b" }\n', "step 1: a GET has no body"),
        (HEAD + STEP + 'method = "POST"\nform = { a = "b" }\njson = { a = 1 }\n', "step 1: it has both form and json"),
        (HEAD + STEP + 'method = "POST"\njson = { at = 2026-11-24 }\n', "step 1: json has a date"),
        (HEAD + STEP + 'expect = { "total" = 1 }\n', "step 1: expect 'total' does not begin with /"),
        (HEAD + STEP + 'expect = { "/a~2" = 1 }\n', "step 1: expect '/a~2' has a ~ that is neither"),
        (HEAD + STEP + 'extract = { t = "/a~" }\n', "step 1: extract.t '/a~' has a ~"),
        (HEAD + STEP + 'extract = { t = "x(" }\n', "step 1: extract.t is not a regular expression"),
        (HEAD + STEP + 'extract = { t = "abc" }\n', "step 1: extract.t has 0 groups"),
        (HEAD + STEP + 'extract = { t = "(a)(b)" }\n', "step 1: extract.t has 2 groups"),
        (HEAD + STEP + "extract = { 'a-b' = '/a' }\n", "step 1: extract.a-b can't be named"),
    ],
)
def test_refused_at_start(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, text)
    assert said in str(error.value)
    assert str(tmp_path / "dixis.toml") in str(error.value)
    assert error.value.remedy


def test_a_name_may_come_from_a_step_before_or_from_the_environment(tmp_path: Path) -> None:
    second = '[[flows.steps]]\nurl = "/x?{{a}}={token}"\nheaders = { A = "{SHOP_PASSWORD}" }\n'
    read(tmp_path, HEAD + STEP + 'extract = { token = \'value="([^"]*)"\' }\n' + second)


@given(st.text(), st.text())
def test_what_a_value_holds_is_never_looked_into(before: str, value: str) -> None:
    literal = before.replace("{", "{{").replace("}", "}}")
    assert flow_text.names(literal) == ()
    assert flow_text.filled(f"{literal}{{x}}", {"x": value}) == before + value


DOCUMENT = {"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, 'k"l': 6, " ": 7, "m~n": 8}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_pointers_as_rfc_6901_has_them(pointer: str, value: object) -> None:
    assert flow_text.pointer_problem(pointer) == ""
    assert flow_text.at(pointer, DOCUMENT) == value


@pytest.mark.parametrize("pointer", ["/foo/2", "/foo/-", "/foo/01", "/foo/-1", "/foo/0/x", "/none", "/foo/²"])
def test_what_is_not_there(pointer: str) -> None:
    with pytest.raises(flow_text.Missing):
        flow_text.at(pointer, DOCUMENT)


@pytest.mark.parametrize(
    ("value", "plain"),
    [("demo", True), ("12345", True), ("customer", True), ("Tr0ub4dor&3", False), ("eleni@shop.gr", False)],
)
def test_which_values_are_ordinary_words(value: str, *, plain: bool) -> None:
    assert ordinary(value) is plain
    assert not ordinary("correcthorsebattery")
