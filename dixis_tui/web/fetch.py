"""One request to a server that nobody trusts: bounded in time and size, redirects followed as a browser would."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Collection

import httpx
from msgspec import Struct

BODY_LIMIT = 1 << 20
"""Bytes of a body that are looked at."""
_CHUNK = 64 * 1024
_PACKED = ("gzip", "x-gzip", "deflate")
"""What some servers answer though `identity` was asked for; a body packed in another way is taken as it comes."""
_ANY_HEADER = zlib.MAX_WBITS | 32
_REDIRECTS = 20
_GRACE_SECONDS = 0.5
_LATE = "did not answer in time"


class Answer(Struct, frozen=True, kw_only=True):
    """What came of a request. `problem` is empty where an answer came, whatever its status."""

    status: int = 0
    body: str = ""
    html: bool = False
    cut: bool = False
    """Whether the body goes on beyond what was looked at."""
    retry_after: str = ""
    """That header, as it came."""
    milliseconds: float = 0.0
    """Until the body was read."""
    problem: str = ""


def client(purpose: str) -> httpx.Client:
    """A client that keeps cookies. For :func:`fetch`, which follows redirects itself."""
    return httpx.Client(headers={"User-Agent": f"dixis-tui {purpose}", "Accept-Encoding": "identity"})


def fetch(web: httpx.Client, request: httpx.Request, seconds: float, own: Collection[str] = ()) -> Answer:
    """Send `request` and read the answer within `seconds` in all. Never raises for what the network does.

    `own`: names of headers that were meant for this host, and go to no other that it redirects to.
    """
    began = time.perf_counter()
    request.extensions["timeout"] = httpx.Timeout(seconds).as_dict()
    answers: list[Answer] = []
    # httpx's limits are for each read: headers that come a letter at a time meet none of them.
    asking = threading.Thread(target=lambda: answers.append(_ask(web, request, began + seconds, own)), daemon=True)
    asking.start()
    asking.join(seconds + _GRACE_SECONDS)
    answer = answers[0] if answers else Answer(problem=_LATE)
    milliseconds = (time.perf_counter() - began) * 1000
    return Answer(
        status=answer.status,
        body=answer.body,
        html=answer.html,
        cut=answer.cut,
        retry_after=answer.retry_after,
        milliseconds=milliseconds,
        problem=answer.problem,
    )


def not_sent(error: Exception) -> Answer:
    """The answer where a request could not even be made."""
    return Answer(problem=_sentence(error))


def _ask(web: httpx.Client, request: httpx.Request, deadline: float, own: Collection[str]) -> Answer:
    status = 0
    try:
        for _ in range(_REDIRECTS + 1):
            # Not httpx's own following: it reads each redirect's body to the end, which may never come.
            response = web.send(request, stream=True, follow_redirects=False)
            try:
                if response.next_request is None:
                    status = response.status_code
                    return _read(response, deadline)
                request = _following(request, response.next_request, own)
            finally:
                response.close()
            if time.perf_counter() > deadline:
                return Answer(problem=_LATE)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, ValueError, RuntimeError, zlib.error) as error:
        return Answer(status=status, problem=_sentence(error))
    return Answer(problem="redirects without end")


def _following(before: httpx.Request, request: httpx.Request, own: Collection[str]) -> httpx.Request:
    origin = (before.url.scheme, before.url.host, before.url.port)
    if origin != (request.url.scheme, request.url.host, request.url.port):
        for name in own:
            request.headers.pop(name, None)
    return request


def _read(response: httpx.Response, deadline: float) -> Answer:
    taken = bytearray()
    cut = False
    # Not httpx's own unpacking: packed twice, a few kilobytes become gigabytes before anybody can look at them.
    packed = response.headers.get("content-encoding", "").strip().lower()
    unpack = zlib.decompressobj(_ANY_HEADER).decompress if packed in _PACKED else None
    for chunk in response.iter_raw(_CHUNK):
        taken += unpack(chunk, BODY_LIMIT) if unpack else chunk
        if cut := len(taken) >= BODY_LIMIT:
            break
        if time.perf_counter() > deadline:  # httpx's own limit is one for each read: a trickle never meets it
            raise httpx.ReadTimeout("the body came too slowly")
    html = "html" in response.headers.get("content-type", "").lower()
    return Answer(
        status=response.status_code,
        body=_text(bytes(taken), response.encoding),
        html=html,
        cut=cut,
        retry_after=response.headers.get("retry-after", ""),
    )


def _text(body: bytes, encoding: str | None) -> str:
    try:
        return body.decode(encoding or "utf-8", "replace")
    except LookupError:  # the answer names a codec that is not one of text
        return body.decode("utf-8", "replace")


def _sentence(error: Exception) -> str:
    match error:
        case httpx.TimeoutException():
            return _LATE
        case httpx.ConnectError():
            return f"can't be reached: {error}"
        case httpx.UnsupportedProtocol() | httpx.InvalidURL() | UnicodeError():
            return "is not an http:// or https:// address"
        case httpx.LocalProtocolError():
            return "can't be sent as HTTP"  # without its own words, which name the value
    return f"failed: {error or type(error).__name__}"
