"""The line: HTTP requests to values, and answers to bytes, with the headers that GitHub sends with each."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qsl, urlsplit

from tests.github.fake import routes
from tests.github.fake.answers import Answer, Request


def handler_of(answer: Callable[[Request], Answer], now: Callable[[], datetime]) -> type[BaseHTTPRequestHandler]:
    """What a server calls for each connection; `answer` is asked from many threads."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else a body waits 40 ms for its headers to be acknowledged

        def do_GET(self) -> None:
            with suppress(OSError):  # whoever asked may have gone
                _send(self, answer(_request(self)), now())

        do_POST = do_PUT = do_GET  # noqa: N815 - the base class looks for it by this name

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Keeps the output clean."""

    return Handler


def _request(handler: BaseHTTPRequestHandler) -> Request:
    raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    url = urlsplit(handler.path)
    path = url.path.removeprefix("/api/v3")  # GitHub Enterprise's API lies there
    found = routes.find(handler.command, path)
    return Request(
        method=handler.command,
        path=path,
        query=dict(parse_qsl(url.query, keep_blank_values=True)),
        headers={name.lower(): text for name, text in handler.headers.items()},
        body=json.loads(raw) if raw else None,
        route=found[0] if found else "",
    )


def _send(handler: BaseHTTPRequestHandler, answer: Answer, now: datetime) -> None:
    if answer.broken == "before":
        handler.close_connection = True
        return
    handler.send_response_only(answer.status)
    standard = {"Date": format_datetime(now, usegmt=True), "Server": "github.com", "X-GitHub-Request-Id": _number()}
    for name, text in (standard | answer.headers).items():
        handler.send_header(name, text)
    if answer.status not in {204, 304}:
        handler.send_header("Content-Length", str(len(answer.body)))
    handler.end_headers()
    if answer.broken == "within":
        handler.wfile.write(answer.body[: len(answer.body) // 2])
        handler.close_connection = True
        return
    handler.wfile.write(answer.body)


def _number() -> str:
    return str(uuid.uuid4()).upper()
