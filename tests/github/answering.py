"""A server of the tests that answers whatever it is told to, also what no server should: for the client's manners."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from msgspec import Struct


class Asked(Struct, frozen=True):
    """A request as it came; the names of `headers` in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class Reply(Struct, frozen=True, kw_only=True):
    """What is answered; `drop`: nothing, the connection is closed. `pieces` come instead of `body`, one by one."""

    status: int = 200
    headers: Mapping[str, str] = {}
    body: bytes = b""
    pieces: Iterator[bytes] | None = None
    raw: Iterator[bytes] | None = None
    drop: bool = False


def said(value: object, status: int = 200, **headers: str) -> Reply:
    """An answer in JSON; underscores in the headers' names stand for dashes."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status=status, headers=named, body=json.dumps(value).encode())


class Answering:
    """One server. `answers` are given in turn, the last one for ever; `asked` is what was asked."""

    def __init__(self, port: int, scheme: str) -> None:
        self.url = f"{scheme}://127.0.0.1:{port}"
        self.answers: list[Reply | Callable[[Asked], Reply]] = []
        self.asked: list[Asked] = []
        self.go_on = threading.Event()
        """Set at the end: an answer that never ends waits for it."""

    def tell(self, *answers: Reply | Callable[[Asked], Reply]) -> None:
        """From now on answer so."""
        self.answers = list(answers)
        self.asked.clear()

    def endless(self, piece: bytes) -> Iterator[bytes]:
        """A trickle: a piece now and then, until the test is over."""
        while not self.go_on.wait(0.01):
            yield piece

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one request and answer."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        told = {name.lower(): value for name, value in handler.headers.items()}
        asked = Asked(handler.command, handler.path, told, body)
        self.asked.append(asked)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        reply = answer(asked) if callable(answer) else answer
        handler.close_connection = True
        if reply.drop:
            return
        for piece in reply.raw or ():
            handler.wfile.write(piece)
        if reply.raw is not None:
            return
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.pieces is None and reply.status not in (204, 304):
            handler.send_header("Content-Length", str(len(reply.body)))
        handler.end_headers()
        for piece in reply.pieces or (reply.body,):
            handler.wfile.write(piece)


@contextmanager
def answering(certificate: Path | None = None) -> Iterator[Answering]:
    """A server on loopback; with TLS where it has a certificate (and its key in the same file)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with suppress(OSError):  # whoever asked may have gone
                server.handle(self)

        do_POST = do_CONNECT = do_GET  # noqa: N815 - the base class's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keeps the test's output clean."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that does not trust our certificate hangs up: nothing to be printed."""

    listening = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
    server = Answering(listening.server_port, "https" if certificate else "http")
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.go_on.set()
        listening.shutdown()
        listening.server_close()
        thread.join()
