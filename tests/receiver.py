"""A webhook of the tests: a real HTTP server on this machine that answers as it is told, or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

SECRET = "T0000/B0000/very-secret-path"


class Receiver:
    """A webhook: what it got, and what it answers, in turn; the last answer stays."""

    def __init__(self) -> None:
        self.url = ""
        self.answers = [200]
        self.got: list[tuple[str, dict[str, str], dict[str, object]]] = []
        self.methods: list[str] = []
        self.go_on = threading.Event()
        self.go_on.set()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Take one, and answer once it may go on."""
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        self.methods.append(handler.command)
        self.got.append((handler.path, dict(handler.headers), json.loads(body)))
        self.go_on.wait(30)
        status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        handler.send_response(status)
        if status == 302:
            handler.send_header("Location", "/elsewhere")
        handler.end_headers()


@contextmanager
def served(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[int]:
    """A server whose POSTs get `answer`; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            with suppress(OSError):  # whoever asked may have gone
                answer(self)

        do_PUT = do_POST  # noqa: N815 - the base class's name for it

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keeps the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One that receives; whoever still waits for its answer gets one in the end."""
    made = Receiver()
    with served(made.answer) as port:
        made.url = f"http://127.0.0.1:{port}/{SECRET}"
        yield made
        made.go_on.set()
