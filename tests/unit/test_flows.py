"""Flows against a real server on this machine: cookies, forms, JSON, redirects, and whatever a server may do wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from dixis_tui.after import FlowResult
from dixis_tui.cli import main as cli
from dixis_tui.settings_records import FlowSettings
from dixis_tui.web.flows import go_through
from tests.unit.flow_site import PASSWORD, Site, served


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    with served() as site:
        yield site


@pytest.fixture
def site(server: Site) -> Site:
    server.asked.clear()
    return server


def gone(site: Site, *steps: dict[str, Any], seconds: float = 5.0, **variables: str) -> FlowResult:
    flow = {"name": "Flow", "base": site.base, "variables": ["SECRET"], "timeout_seconds": seconds, "steps": steps}
    return go_through(msgspec.convert(flow, FlowSettings), {"SECRET": PASSWORD} | variables)


def test_login_with_token_and_cookie(site: Site) -> None:
    result = gone(
        site,
        {"url": "/login", "extract": {"token": 'name="csrf" value="([^"]+)"'}},
        {
            "url": "/login",
            "method": "POST",
            "form": {"csrf": "{token}", "password": "{SECRET}"},
            "contains": "Γεια σας",
        },
        {"url": "/account"},
    )
    assert result.ok, result.problem
    assert [(method, path) for method, path, _, _ in site.asked] == [
        ("GET", "/login"),
        ("POST", "/login"),
        ("GET", "/account"),
        ("GET", "/account"),
    ]
    assert [step.status for step in result.steps] == [200, 200, 200]
    assert result.milliseconds > 0
    assert "pass" not in msgspec.json.encode(result).decode()


def test_cookies_do_not_go_from_one_flow_to_the_next(site: Site) -> None:
    assert gone(site, {"url": "/login"}).ok
    assert gone(site, {"url": "/account", "status": 401}).ok
    assert "Cookie" not in site.asked[-1][3]


def test_values_are_encoded_where_they_stand(site: Site) -> None:
    result = gone(
        site,
        {
            "url": "/api?q={SECRET}&{{literal}}",
            "method": "PUT",
            "headers": {"X-Key": "k"},
            "json": {"deep": [{"a": "{SECRET}"}], "n": 1, "brace": "{{"},
            "expect": {"/got/deep/0/a": PASSWORD, "/n/0": 1, "/n/1": True, "/n/3": None, "/got/brace": "{"},
        },
    )
    assert result.ok, result.problem
    [(_, path, body, headers)] = site.asked
    assert parse_qs(urlsplit(path).query)["q"] == [PASSWORD]
    assert "literal" in path
    assert json.loads(body)["deep"] == [{"a": PASSWORD}]
    assert headers["X-Key"] == "k"


def test_a_number_is_taken_from_json_into_the_next_url(site: Site) -> None:
    assert gone(site, {"url": "/api", "extract": {"id": "/n/0"}}, {"url": "/api?id={id}"}).ok
    assert site.asked[-1][1] == "/api?id=1"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"url": "/boom"}, "step 1: answered 500, expected 200"),
        ({"url": "/account", "status": 401, "contains": "welcome"}, "its body does not contain 'welcome'"),
        ({"url": "/api", "expect": {"/n/1": 1}}, "its JSON has true at /n/1, expected 1"),
        ({"url": "/api", "expect": {"/n/2": 1}}, "its JSON has '1' at /n/2, expected 1"),
        ({"url": "/api", "expect": {"/n/9/x": 1}}, "its JSON has no /n/9, expected 1 at /n/9/x"),
        ({"url": "/api", "expect": {"/n": 1}}, "its JSON has a list at /n, expected 1"),
        ({"url": "/login", "expect": {"/n": 1}}, "its body is not JSON"),
        ({"url": "/deep", "expect": {"/n": 1}}, "its body is not JSON"),
        ({"url": "/large", "expect": {"/0": 1}}, "too much to be looked at as JSON"),
        ({"url": "/login", "extract": {"t": "token=(.)"}}, "nothing to extract as t: no token=(.) in the answer"),
        ({"url": "/api", "extract": {"t": "/n"}}, "nothing to extract as t"),
        ({"url": "/login", "extract": {"t": "(x)?"}}, "nothing to extract as t"),
        ({"url": "/long", "extract": {"t": 'value="(x+)'}}, "longer than 4096 characters"),
        ({"url": "/round"}, "redirects without end"),
        ({"url": "/account", "headers": {"X": "{SECRET}"}}, "can't be sent: a value in it fits into no header"),
        ({"url": "/login?x=\x00"}, "is not an http:// or https:// address"),
    ],
)
def test_what_is_wrong_is_said(site: Site, step: dict[str, Any], said: str) -> None:
    result = gone(site, step)
    assert said in result.problem
    assert not result.ok
    assert PASSWORD not in result.problem


def test_what_a_server_says_is_cleaned_and_masked(site: Site) -> None:
    problem = gone(site, {"url": "/echo", "expect": {"/you": "me"}}).problem
    assert "\x1b" not in problem
    assert "•••" in problem
    assert "pass word" not in problem


def test_a_value_that_is_no_header_is_not_told(site: Site) -> None:
    result = gone(site, {"url": "/account", "headers": {"X": "{SECRET}"}}, SECRET="hush\nhush")
    assert result.problem == "step 1: can't be sent as HTTP"


def test_it_ends_at_the_first_step_that_is_wrong(site: Site) -> None:
    result = gone(site, {"url": "/boom"}, {"url": "/api"})
    assert (len(result.steps), result.planned, len(site.asked)) == (1, 2, 1)


def test_without_its_variable_nothing_is_asked(site: Site) -> None:
    result = gone(site, {"url": "/api"}, {"url": "/api?x={SECRET}"}, SECRET="")
    assert result.problem == "step 2: SECRET is not set: nothing was asked"
    assert site.asked == []


def test_a_header_goes_to_no_other_host(site: Site) -> None:
    step = {"url": "/away", "method": "POST", "headers": {"X-Key": "key"}, "form": {"a": "b"}}
    assert gone(site, step | {"status": 401}).ok
    first, second = site.asked
    assert first[3]["X-Key"] == "key"
    assert "X-Key" not in second[3]
    assert (second[0], second[2]) == ("POST", "a=b")


@pytest.mark.parametrize("path", ["/headers", "/endless-redirect"])
def test_an_answer_without_end_is_left_in_time(site: Site, path: str) -> None:
    result = gone(site, {"url": path, "status": 401}, seconds=0.3)
    assert result.ok == (path == "/endless-redirect"), "the redirect's own body is nothing to us"
    assert result.ok or "did not answer in time" in result.problem


def test_nobody_there() -> None:
    flow = msgspec.convert({"name": "x", "steps": [{"url": "http://127.0.0.1:9/"}]}, FlowSettings)
    result = go_through(flow, {})
    assert "can't be reached" in result.problem
    assert result.steps[0].status == 0


CONFIG = """
[[flows]]
name = "Login"
base = "{base}"
variables = ["SECRET"]
[[flows.steps]]
url = "/login"
extract = {{ token = 'value="([^"]+)"' }}
[[flows.steps]]
url = "/login"
method = "POST"
form = {{ csrf = "{{token}}", password = "{{SECRET}}" }}
[[flows]]
name = "Prices"
base = "{base}"
[[flows.steps]]
url = "/boom"
[[flows.steps]]
url = "/api"
"""


@pytest.fixture
def config(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = tmp_path / "dixis.toml"
    path.write_text(CONFIG.format(base=site.base))
    monkeypatch.setenv("SECRET", PASSWORD)
    return str(path)


def test_from_the_terminal_step_by_step(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--config", config, "flows", "Login"]) == 0
    first, one, two = capsys.readouterr().out.splitlines()
    assert (first, one.split()[:2], two.split()[:2]) == ("Login", ["✔", "1"], ["✔", "2"])
    assert " ms  POST http://127.0.0.1" in two
    assert cli.run(["--config", config, "flows"]) == 3
    said = capsys.readouterr().out
    assert "✖ 1" in said
    assert "answered 500, expected 200" in said
    assert said.endswith("   1 more step was not gone through\n")


def test_as_json_and_what_is_wrong_usage(
    config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.run(["--config", config, "flows", "--json"]) == 3
    result = json.loads(capsys.readouterr().out)
    assert result["verdict"] == "closed"
    assert [(flow["name"], flow["ok"], len(flow["steps"]), flow["planned"]) for flow in result["flows"]] == [
        ("Login", True, 2, 2),
        ("Prices", False, 1, 2),
    ]
    assert cli.run(["--config", config, "flows", "Nothing"]) == 2
    assert "There are: Login, Prices." in capsys.readouterr().err
    monkeypatch.delenv("SECRET")
    assert cli.run(["--config", config, "flows"]) == 2
    assert "flow 'Login': SECRET is not set" in capsys.readouterr().err
