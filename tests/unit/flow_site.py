"""A shop's worth of pages on this machine, well-behaved and hostile ones, for flows to go through."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PASSWORD = "pass word&{x}=é"
DEEP = "[" * 100_000


class Site(ThreadingHTTPServer):
    """Remembers what it was asked; `other` is a second address of it, another origin."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[tuple[str, str, str, dict[str, str]]] = []
        self.broken = False
        """Whether its shop sells nothing."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def other(self) -> str:
        return f"http://localhost:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.server.asked.append((self.command, self.path, body, dict(self.headers)))
        getattr(self, "at_" + urlsplit(self.path).path.strip("/").replace("-", "_"))(body)

    do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server looks for

    def _send(self, body: str, status: int = 200, kind: str = "text/html; charset=utf-8", **headers: str) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(data)

    def at_login(self, body: str) -> None:
        if self.command == "GET":
            self._send('<input name="csrf" value="a&amp;b/c">', Set_Cookie="visit=1; HttpOnly")
            return
        form = parse_qs(body)
        sound = form == {"csrf": ["a&b/c"], "password": [PASSWORD]} and self.headers.get("Cookie") == "visit=1"
        if sound:
            self._send("", 303, Location="/account", Set_Cookie="session=s3; HttpOnly")
        else:
            self._send("no", 403)

    def at_account(self, _: str) -> None:
        known = "session=s3" in self.headers.get("Cookie", "")
        self._send("Γεια σας" if known else "who?", 200 if known else 401)

    def at_api(self, body: str) -> None:
        self._send(json.dumps({"got": json.loads(body or "null"), "n": [1, True, "1", None]}), kind="application/json")

    def at_shop(self, _: str) -> None:
        self._send("closed" if self.server.broken else "open", 500 if self.server.broken else 200)

    def at_away(self, _: str) -> None:
        self._send("", 307, Location=self.server.other + "/account")

    def at_round(self, _: str) -> None:
        self._send("", 302, Location="/round")

    def at_endless_redirect(self, _: str) -> None:
        self._forever(302, Location="/account")

    def at_deep(self, _: str) -> None:
        self._send(DEEP)

    def at_large(self, _: str) -> None:
        self._send(json.dumps(["x" * 1_100_000]))

    def at_long(self, _: str) -> None:
        self._send(f'value="{"x" * 5000}"')

    def at_boom(self, _: str) -> None:
        self._send(f"\x1b[2Jboom {PASSWORD}", 500)

    def at_echo(self, _: str) -> None:
        self._send(json.dumps({"you": f"\x1b]0;x\x07 {PASSWORD}"}))

    def at_headers(self, _: str) -> None:
        self._forever(200, pause=0.02, letter=b"x")

    def _forever(self, status: int, pause: float = 0.0, letter: bytes = b"x" * 4096, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        wait = threading.Event()
        try:
            while not (pause and wait.wait(pause)):
                self.wfile.write(letter)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def served() -> Iterator[Site]:
    """A site that answers while the block runs."""
    with Site() as site:
        threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield site
        site.shutdown()
