"""The client over time: limits, tries, redirects, kept answers, pages, and answers that no server should give."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from dixis_tui.errors import GithubError, StoppedError, UsageError
from dixis_tui.web.github import exchange
from dixis_tui.web.github.api import Repository
from dixis_tui.web.github.client import Client
from dixis_tui.web.github.line import THREAD
from tests.github.answering import Answering, Asked, Reply, answering, said
from tests.waiting import until

TOKEN = "ghp_correctHorseBatteryStaple0123456789"
USER = said({"login": "maria"})
RUN = {"id": 17, "html_url": "https://github.com/o/r/actions/runs/17", "path": ".github/workflows/m.yml"}
DISPATCHED = said({"workflow_run_id": 17, "run_url": "", "html_url": "https://github.com/o/r/actions/runs/17"})
Make = Callable[..., Repository]


@pytest.fixture(scope="module")
def _server() -> Iterator[Answering]:
    with answering() as server:
        yield server


@pytest.fixture(scope="module")
def _elsewhere() -> Iterator[Answering]:
    with answering() as server:
        yield server


@pytest.fixture
def server(_server: Answering) -> Answering:
    """GitHub."""
    _server.tell(USER)
    return _server


@pytest.fixture
def elsewhere(_elsewhere: Answering) -> Answering:
    """Another host: the same machine, but another port."""
    _elsewhere.tell(said({"login": "mallory"}))
    return _elsewhere


@pytest.fixture
def make(server: Answering) -> Iterator[Make]:
    """Makes a repository on `server` whose client does not wait between tries."""
    clients: list[Client] = []

    def repository(token: str = TOKEN, **options: object) -> Repository:
        clients.append(Client(token, server.url, **({"pause_seconds": 0.0} | options)))  # type: ignore[arg-type]
        return Repository(clients[-1], "o/r")

    yield repository
    for client in clients:
        client.close()


def refused(call: Callable[[], object], kind: str) -> GithubError:
    """The error of a call that is to fail so."""
    with pytest.raises(GithubError) as caught:
        call()
    assert caught.value.kind == kind, caught.value
    assert caught.value.remedy
    return caught.value


def test_a_request_says_who_asks_and_which_version_of_the_api(server: Answering, make: Make) -> None:
    assert make().login() == "maria"
    told = server.asked[0].headers
    assert told["authorization"] == f"Bearer {TOKEN}"
    assert told["x-github-api-version"] == "2022-11-28"
    assert told["accept"] == "application/vnd.github+json, application/json;q=0.9"
    assert told["user-agent"].startswith("dixis-tui/")


# Limits


def test_a_short_limit_is_waited_for_and_told(server: Answering, make: Make) -> None:
    told: list[tuple[str, datetime | None]] = []
    server.tell(said({}, 429, Retry_After="0"), USER)
    assert make(on_wait=lambda *wait: told.append(wait)).login() == "maria"
    ((reason, until),) = told
    assert "pause" in reason
    assert until is not None


def test_the_hours_requests_are_used_up_for_long(server: Answering, make: Make) -> None:
    resets = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=40)
    server.tell(
        said(
            {"message": "API rate limit exceeded"},
            403,
            X_RateLimit_Limit="5000",
            X_RateLimit_Remaining="0",
            X_RateLimit_Reset=str(int(resets.timestamp())),
        )
    )
    repository = make()
    error = refused(repository.login, "rate")
    assert error.until is not None
    assert abs(error.until - resets) < timedelta(seconds=5)
    rate = repository._client.rate
    assert rate is not None
    assert (rate.limit, rate.remaining, rate.resets) == (5000, 0, resets)
    assert len(server.asked) == 1


def test_a_secondary_limit_without_a_time_is_a_minute_and_its_wait_can_be_ended(server: Answering, make: Make) -> None:
    stopping, untils = threading.Event(), []

    def on_wait(_reason: str, until: datetime | None) -> None:
        untils.append(until)
        stopping.set()

    server.tell(said({"message": "You have exceeded a secondary rate limit."}, 403))
    with pytest.raises(StoppedError):
        make(on_wait=on_wait, stopping=stopping).login()
    assert timedelta(seconds=55) < untils[0] - datetime.now(UTC) <= timedelta(seconds=60)


def test_limits_are_not_waited_for_without_end(server: Answering, make: Make) -> None:
    server.tell(said({}, 429, Retry_After="0"))
    refused(make().login, "rate")
    assert len(server.asked) == 4


def test_a_limit_ends_a_change_at_once_and_says_that_nothing_was_done(server: Answering, make: Make) -> None:
    server.tell(said({}, 403, Retry_After="1"))
    error = refused(lambda: make().dispatch("m.yml", "main", {}), "rate")
    assert not error.taken
    assert len(server.asked) == 1


def test_the_clocks_are_compared(server: Answering, make: Make) -> None:
    behind = datetime.now(UTC) - timedelta(minutes=10)
    server.tell(Reply(raw=iter([_whole(USER, Date=format_datetime(behind, usegmt=True))])))
    repository = make()
    repository.login()
    assert 598 < repository._client.skew_seconds < 605


# Tries


def test_a_read_is_tried_again_with_growing_pauses(server: Answering, make: Make) -> None:
    waits: list[str] = []
    server.tell(said({}, 502), Reply(drop=True), said({}, 503), USER)
    assert make(on_wait=lambda reason, _: waits.append(reason)).login() == "maria"
    assert [("502" in wait, "503" in wait) for wait in waits] == [(True, False), (False, False), (False, True)]


def test_a_storm_of_502_ends(server: Answering, make: Make) -> None:
    server.tell(said({"message": "Server Error"}, 502))
    refused(make().login, "server")
    assert len(server.asked) == 4


@pytest.mark.parametrize("answer", [said({}, 502), said({}, 500), Reply(drop=True), said({"workflow_run_id": "x"})])
def test_a_change_is_sent_once_and_may_have_been_done(answer: Reply, server: Answering, make: Make) -> None:
    server.tell(answer, DISPATCHED)
    with pytest.raises(GithubError) as caught:
        make().dispatch("m.yml", "main", {"confirm": "YES"})
    assert caught.value.taken
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [301, 307, 401, 403, 404, 409, 422, 429])
def test_a_change_that_is_refused_was_not_done(status: int, server: Answering, make: Make) -> None:
    server.tell(said({"message": "no"}, status, Location="/user"))
    with pytest.raises(GithubError) as caught:
        make().dispatch("m.yml", "main", {})
    assert not caught.value.taken
    assert len(server.asked) == 1


def test_a_change_that_reached_nobody_was_not_done() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with Client(TOKEN, f"http://127.0.0.1:{nobody.getsockname()[1]}", pause_seconds=0.0) as client:
            error = refused(lambda: Repository(client, "o/r").dispatch("m.yml", "main", {}), "unreachable")
    assert not error.taken


def test_an_older_server_is_asked_without_the_key_that_it_does_not_know(server: Answering, make: Make) -> None:
    server.tell(said({"message": '"return_run_details" is not a permitted key.'}, 422), Reply(status=204))
    assert make().dispatch("m.yml", "main", {"confirm": "YES"}) == (0, "")
    assert [sorted(json.loads(asked.body)) for asked in server.asked] == [
        ["inputs", "ref", "return_run_details"],
        ["inputs", "ref"],
    ]


def test_asked_to_stop_nothing_is_asked(server: Answering, make: Make) -> None:
    stopping = threading.Event()
    stopping.set()
    for call in (make(stopping=stopping).login, lambda: make(stopping=stopping).cancel(17)):
        with pytest.raises(StoppedError):
            call()
    assert not server.asked


def test_asked_to_stop_while_an_answer_is_awaited(server: Answering, make: Make) -> None:
    stopping = threading.Event()

    def silent(_: Asked) -> Reply:
        stopping.set()
        return Reply(raw=server.endless(b""))

    server.tell(silent)
    with pytest.raises(StoppedError):
        make(stopping=stopping).login()


# Redirects


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_followed_on_the_same_host(status: int, server: Answering, make: Make) -> None:
    server.tell(said({}, status, Location="/repositories/1/actions/runs/17"), said(RUN))
    assert make().run(17).id == 17
    assert server.asked[1].path == "/repositories/1/actions/runs/17"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_other_host_is_asked_with_the_token_or_at_all(
    status: int, server: Answering, elsewhere: Answering, make: Make
) -> None:
    server.tell(said({}, status, Location=f"{elsewhere.url}/user"))
    refused(make().login, "refused")
    assert not elsewhere.asked


def test_a_circle_of_redirects_ends(server: Answering, make: Make) -> None:
    server.tell(said({}, 301, Location="/user"))
    refused(make().login, "refused")
    assert len(server.asked) == 4


def test_a_log_is_fetched_from_another_host_without_the_token(
    server: Answering, elsewhere: Answering, make: Make
) -> None:
    server.tell(Reply(status=302, headers={"Location": f"{elsewhere.url}/log?sig=1"}))
    elsewhere.tell(Reply(body="\ufeff2026-11-24T20:00:00Z \x1b[31mΚαλή\x1b[0m\r\nend".encode()))
    assert list(make().job_log(21) or ()) == ["2026-11-24T20:00:00Z Καλή", "end"]
    (asked,) = elsewhere.asked
    assert "authorization" not in asked.headers
    assert TOKEN not in str(asked)


def test_a_log_that_is_not_there_yet_and_one_that_is_gone(server: Answering, elsewhere: Answering, make: Make) -> None:
    server.tell(said({"message": "Not Found"}, 404))
    assert make().job_log(21) is None
    server.tell(said({"message": "Gone"}, 410))
    refused(lambda: make().job_log(21), "missing")
    server.tell(Reply(status=302, headers={"Location": f"{elsewhere.url}/log"}))
    elsewhere.tell(said({}, 404))
    assert TOKEN not in str(refused(lambda: make().job_log(21), "missing"))


def test_a_log_that_breaks_off_is_read_again_from_its_beginning(
    server: Answering, elsewhere: Answering, make: Make
) -> None:
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\none\n"
    server.tell(Reply(status=302, headers={"Location": f"{elsewhere.url}/log"}))
    elsewhere.tell(Reply(raw=iter([half])), Reply(body=b"one\ntwo\n"))
    assert list(make().job_log(21) or ()) == ["one", "two"]


def test_of_a_log_without_end_the_beginning_is_kept(
    server: Answering, elsewhere: Answering, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "FILE_BYTES", 10)
    server.tell(Reply(status=302, headers={"Location": f"{elsewhere.url}/log"}))
    elsewhere.tell(Reply(pieces=elsewhere.endless(b"12345678\n")))
    assert list(make().job_log(21) or ()) == ["12345678", "1", "… the log is longer; the rest is on GitHub"]


# Kept answers and pages


def test_an_answer_that_did_not_change_is_not_sent_again(server: Answering, make: Make) -> None:
    def answer(asked: Asked) -> Reply:
        same = asked.headers.get("if-none-match") == '"1"'
        return Reply(status=304, headers={"ETag": '"1"'}) if same else said(RUN, ETag='"1"')

    server.tell(answer)
    repository = make()
    assert [repository.run(17).id for _ in range(3)] == [17, 17, 17]
    assert [asked.headers.get("if-none-match") for asked in server.asked] == [None, '"1"', '"1"']
    server.tell(said(RUN | {"status": "completed"}, ETag='"2"'))
    assert repository.run(17).over


def test_a_304_that_nobody_asked_for_is_no_answer(server: Answering, make: Make) -> None:
    server.tell(Reply(status=304))
    refused(make().login, "unclear")


def test_pages_are_followed_on_the_same_host_alone(server: Answering, elsewhere: Answering, make: Make) -> None:
    def page(url: str, name: str) -> Reply:
        return said({"jobs": [{"id": 1, "name": name, "status": "queued"}]}, Link=f'<{url}/2>; rel="next"')

    last = said({"jobs": [{"id": 2, "name": "last", "status": "queued"}]}, Link='</1>; rel="first"')
    server.tell(page(server.url, "first"), last)
    assert [job.name for job in make().jobs(17)] == ["first", "last"]
    server.tell(page(elsewhere.url, "first"))
    refused(lambda: make().jobs(17), "unclear")
    assert not elsewhere.asked
    server.tell(page(server.url, "again"))
    assert len(make().jobs(17)) == 10


# Answers that no server should give


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b'{"login": 5}',
        b"[]",
        b'{"login": "\xff"}',
        b'{"login": "\\ud800"}',
        b"null",
        b'{"x":' + b"[" * 200_000,
        b'{"login": "a"' * 3,
    ],
)
def test_what_is_not_as_described_is_unclear(body: bytes, server: Answering, make: Make) -> None:
    server.tell(Reply(body=body))
    refused(make().login, "unclear")


def test_numbers_and_times_beyond_all_bounds_are_unclear(server: Answering, make: Make) -> None:
    for strange in ({"id": 1 << 70}, {"id": -1}, {"run_attempt": 1 << 40}, {"created_at": "yesterday"}):
        server.tell(said(RUN | strange))
        refused(lambda: make().run(17), "unclear")
    server.tell(said(RUN | {"created_at": "0001-01-01T00:00:00+14:00"}))
    assert make().run(17).created is None


def test_texts_are_cleaned_and_addresses_are_addresses(server: Answering, make: Make) -> None:
    server.tell(said(RUN | {"display_title": "\x1b]52;c;x\x07a\u202eb" + "c" * 5000, "html_url": "javascript:1"}))
    run = make().run(17)
    assert run.title.startswith("a\ufffdbc")
    assert len(run.title) == 1000
    assert run.url == ""


def test_a_trickle_is_left(server: Answering, make: Make) -> None:
    before = set(threading.enumerate())
    for reply in (Reply(raw=server.endless(b"H")), Reply(pieces=server.endless(b" "))):
        server.tell(reply, USER)
        assert make(timeout_seconds=0.3).login() == "maria"
    until(lambda: not _asking(before), what="the abandoned threads to end")


def _asking(before: set[threading.Thread]) -> set[threading.Thread]:
    return {thread for thread in set(threading.enumerate()) - before if thread.name == THREAD}


@pytest.mark.parametrize("packed", ["gzip", "deflate"])
def test_an_answer_may_be_packed(packed: str, server: Answering, make: Make) -> None:
    body = gzip.compress(USER.body) if packed == "gzip" else zlib.compress(USER.body)
    server.tell(Reply(headers={"Content-Encoding": packed}, body=body))
    assert make().login() == "maria"


def test_a_body_is_unpacked_in_small_pieces() -> None:
    pieces = list(exchange._unpacker("gzip")(gzip.compress(b" " * (8 << 20))))
    assert sum(map(len, pieces)) == 8 << 20
    assert max(map(len, pieces)) <= 1 << 16


def test_a_bomb_is_left_and_not_asked_for_again(server: Answering, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_BYTES", 1 << 20)
    server.tell(Reply(headers={"Content-Encoding": "gzip"}, body=gzip.compress(b" " * (8 << 20))))
    assert "too long" in str(refused(make().login, "unreachable"))
    server.tell(Reply(headers={"Content-Encoding": "gzip"}, body=b"no gzip at all"))
    assert "packed wrongly" in str(refused(make().login, "unreachable"))
    assert len(server.asked) == 1


# Tokens and rights


@pytest.mark.parametrize("token", ["", "two words", "ghp_\n", "ghp_ä"])
def test_a_token_that_is_none_is_refused_before_anything_is_asked(token: str, server: Answering, make: Make) -> None:
    error = refused(lambda: make(token), "token")
    assert not token or token not in str(error)
    assert not server.asked


def test_an_expired_token(server: Answering, make: Make) -> None:
    server.tell(said({"message": "Bad credentials"}, 401))
    error = refused(make().login, "token")
    assert "Bad credentials" in str(error)
    assert "expired" in error.remedy


def test_the_permission_that_is_missing_is_named(server: Answering, make: Make) -> None:
    no = {"message": "Resource not accessible by personal access token"}
    server.tell(said(no, 403))
    assert refused(make().secrets, "rights").permission == "Secrets: read"
    server.tell(said(no, 403, X_Accepted_GitHub_Permissions="organization_secrets=read,secrets=write; other=read"))
    assert refused(make().secrets, "rights").permission == "Organization secrets: read and Secrets: write"


def test_the_scope_that_a_classic_token_lacks_is_named(server: Answering, make: Make) -> None:
    for status in (403, 404):
        server.tell(said({}, status, X_OAuth_Scopes="gist, workflow", X_Accepted_OAuth_Scopes="admin:org, repo"))
        repository = make()
        error = refused(lambda: repository.run(17), "rights")  # noqa: B023 - called at once
        assert error.permission == "scope repo"
        assert repository._client.scopes == ("gist", "workflow")


def test_what_is_not_found_may_be_not_seen(server: Answering, make: Make) -> None:
    for headers in ({}, {"X_OAuth_Scopes": "repo", "X_Accepted_OAuth_Scopes": "repo"}):
        server.tell(said({"message": "Not Found"}, 404, **headers))
        error = refused(lambda: make().run(17), "missing")
        assert "does not exist, or the token may not see it" in str(error)
        assert error.permission == ""
        assert "Actions: read" in error.remedy


def test_single_sign_on_is_said(server: Answering, make: Make) -> None:
    server.tell(said({}, 403, X_GitHub_SSO="required; url=https://github.com/orgs/o/sso?authorization_request=A"))
    error = refused(make().secrets, "rights")
    assert "single sign-on" in str(error)


@pytest.mark.parametrize(
    "url",
    [
        "http://github.example.com/api/v3",
        "ftp://127.0.0.1",
        "github.example.com",
        "https://",
        "https://me:pass@github.example.com/api/v3",
        "https://github.example.com/api/v3?x=1",
        "https://[::1",
        "https://github.example.com:port",
        "http://127.0.0.1.example.com",
    ],
)
def test_a_token_is_sent_to_no_address_of_another_kind(url: str) -> None:
    with pytest.raises(UsageError):
        Client(TOKEN, url)


def _whole(reply: Reply, **headers: str) -> bytes:
    """The bytes of an answer, where the server itself would add a header."""
    told = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} OK\r\n{told}Content-Length: {len(reply.body)}\r\n\r\n".encode() + reply.body
