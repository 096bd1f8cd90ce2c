"""The probe against real sockets on this machine: whatever answers or doesn't, it comes back with a sentence."""

from __future__ import annotations

import gzip
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from dixis_tui.model import HealthResult
from dixis_tui.settings import HealthSettings
from dixis_tui.web.health import client, probe

Answer = Callable[[BaseHTTPRequestHandler], None]


def page(body: bytes = b'{"status":"ok"}', status: int = 200, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass  # the probe has seen enough


def trickle(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    pause = threading.Event()
    try:
        while True:
            handler.wfile.write(b"x")
            pause.wait(0.05)
    except OSError:
        pass  # the probe has gone


def trickling_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    pause = threading.Event()
    try:
        while True:
            handler.wfile.write(b"x")
            pause.wait(0.05)
    except OSError:
        pass  # the probe has gone


PAGES: dict[str, Answer] = {
    "/ok": page(),
    "/created": page(status=201),
    "/error": page(b"boom \x1b[2J", 500),
    "/empty": page(b""),
    "/latin": page("Πελάτες über".encode("iso-8859-7", "replace"), Content_Type="text/html; charset=iso-8859-7"),
    "/latin1": page("über".encode("latin-1"), Content_Type="text/plain; charset=latin-1"),
    "/lies": page(b"\xff\xfeok", Content_Type="text/plain; charset=utf-8"),
    "/codec": page(b"ok", Content_Type="text/plain; charset=hex"),
    "/nonsense": page(b"ok", Content_Type="text/plain; charset=no-such-thing"),
    "/gzip": page(gzip.compress(b"packed ok"), Content_Encoding="gzip"),
    "/broken-gzip": page(b"not packed", Content_Encoding="gzip"),
    "/bomb": page(gzip.compress(b"x" * 60_000_000, 1), Content_Encoding="gzip"),
    "/bombs": page(gzip.compress(gzip.compress(b"x" * 60_000_000, 1)), Content_Encoding="gzip, gzip"),
    "/moved": page(b"", 302, Location="/ok"),
    "/round": page(b"", 302, Location="/round"),
    "/ftp": page(b"", 302, Location="ftp://example/x"),
    "/bad-location": page(b"", 302, Location="http://[::1"),
    "/late": page(b"x" * 2_000_000 + b"needle"),
    "/early": page(b"needle" + b"x" * 2_000_000),
    "/endless": endless,
    "/trickle": trickle,
    "/headers": trickling_headers,
}


class Handler(BaseHTTPRequestHandler):
    """Answers from PAGES."""

    def do_GET(self) -> None:
        with suppress(OSError):  # the probe has seen enough
            PAGES[self.path](self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Keeps the test's output clean."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def web() -> Iterator[httpx.Client]:
    with client() as opened:
        yield opened


@contextmanager
def listening(answer: bytes | None) -> Iterator[str]:
    """A socket that takes one connection, sends `answer` and closes; None: never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        if answer is None:
            yield url
            return

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield url
        thread.join()


def look(web: httpx.Client, url: str, *, timeout: float = 5.0, status: int = 200, contains: str = "") -> HealthResult:
    setting = HealthSettings(name="API", url=url, timeout_seconds=timeout, status=status, contains=contains)
    return probe(setting, web)


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        ("/ok", {}),
        ("/ok", {"contains": '"status":"ok"'}),
        ("/created", {"status": 201}),
        ("/error", {"status": 500, "contains": "boom"}),
        ("/empty", {}),
        ("/latin", {"contains": "Πελάτες"}),
        ("/latin1", {"contains": "über"}),
        ("/lies", {"contains": "ok"}),
        ("/codec", {"contains": "ok"}),
        ("/nonsense", {"contains": "ok"}),
        ("/gzip", {"contains": "packed ok"}),
        ("/moved", {"contains": "ok"}),
        ("/early", {"contains": "needle"}),
        ("/endless", {"contains": "xxx"}),
    ],
)
def test_all_is_well(web: httpx.Client, site: str, path: str, rule: dict[str, object]) -> None:
    result = look(web, site + path, **rule)  # type: ignore[arg-type]
    assert (result.ok, result.problem) == (True, "")
    assert result.status == rule.get("status", 200)
    assert (result.name, result.url) == ("API", site + path)
    assert result.milliseconds > 0


@pytest.mark.parametrize(
    ("path", "rule", "status", "said"),
    [
        ("/ok", {"status": 201}, 200, "answered 200, expected 201"),
        ("/error", {}, 500, "answered 500, expected 200"),
        ("/ok", {"contains": "up"}, 200, "answered 200, but its body does not contain 'up'"),
        ("/empty", {"contains": "ok"}, 200, "does not contain 'ok'"),
        ("/late", {"contains": "needle"}, 200, "does not contain 'needle'"),
        ("/broken-gzip", {}, 200, "failed: "),
        ("/round", {}, 0, "redirects without end"),
        ("/ftp", {}, 0, "is not an http:// or https:// address"),
        ("/bad-location", {}, 0, "failed: "),
    ],
)
def test_what_is_wrong_is_said(
    web: httpx.Client, site: str, *, path: str, rule: dict[str, object], status: int, said: str
) -> None:
    result = look(web, site + path, **rule)  # type: ignore[arg-type]
    assert not result.ok
    assert result.status == status
    assert said in result.problem


def test_a_server_that_never_answers(web: httpx.Client) -> None:
    with listening(None) as url:
        result = look(web, url, timeout=0.1)
    assert (result.status, result.problem) == (0, "did not answer in time")


def test_a_body_that_never_ends_but_trickles(web: httpx.Client, site: str) -> None:
    assert look(web, f"{site}/trickle", timeout=0.3).problem == "did not answer in time"


def test_headers_that_never_end_but_trickle(site: str) -> None:
    """Each letter comes in time for a limit that is one for each read."""
    with client() as own:
        assert look(own, f"{site}/headers", timeout=0.3).problem == "did not answer in time"


@pytest.mark.parametrize("path", ["/bomb", "/bombs"])
def test_a_body_that_unpacks_to_a_fortune_is_not_unpacked(web: httpx.Client, site: str, path: str) -> None:
    tracemalloc.start()
    try:
        look(web, site + path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000


@pytest.mark.parametrize(
    "answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"], ids=range(3)
)
def test_a_server_that_speaks_no_http_or_breaks_off(web: httpx.Client, answer: bytes) -> None:
    with listening(answer) as url:
        result = look(web, url)
    assert result.problem.startswith("failed: ")


def test_nobody_listens(web: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    result = look(web, f"http://127.0.0.1:{port}/")
    assert result.status == 0
    assert result.problem.startswith("can't be reached: ")


def test_https_to_a_server_without_it(web: httpx.Client, site: str) -> None:
    assert look(web, site.replace("http://", "https://")).problem.startswith("can't be reached: ")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dixis.example",
        "/api/health",
        "ftp://dixis.example/",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:port/",
        "http://127.0.0.1:0/",
        "http://\x00/",
        "http://a b/",
        "http://xn--\u2028/",
        "http://" + "a" * 300 + ".invalid/",
        "http://" + "ω" * 80 + "/",
        "javascript:alert(1)",
    ],
)
def test_an_address_that_is_none(web: httpx.Client, url: str) -> None:
    result = look(web, url, timeout=2.0)
    assert result.status == 0
    assert result.problem
    assert "\n" not in result.problem
