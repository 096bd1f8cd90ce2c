"""The line to GitHub: one request, one answer. The only importer of httpx here, and it knows nothing of GitHub's API.

An answer is outside text: it has a limit of bytes (counted after unpacking) and of time (for the whole, not for each
read), and nothing that httpx says in an exception gets into a sentence.
"""

from __future__ import annotations

import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import IO

import httpx
from msgspec import Struct

from dixis_tui.errors import GithubError, StoppedError

_CHUNK = 64 * 1024
_CONNECT_SECONDS = 10.0
_LOOK_SECONDS = 0.1
"""How often a wait for an answer looks whether the operator asked to stop."""
_ANY_HEADER = zlib.MAX_WBITS | 32
_PACKED = ("gzip", "x-gzip", "deflate")
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)
"""After these no byte of the request has reached the server."""
_LASTING = (
    httpx.ProxyError,
    httpx.DecodingError,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
    UnicodeError,
    zlib.error,
)
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, RuntimeError, zlib.error, OSError)
BODY_BYTES = 32 << 20
"""GitHub's own largest answer, the tree of a repository, ends at 7 MB."""


class Answer(Struct, frozen=True, kw_only=True):
    """One answer. The names of `headers` are in lower case; of several with one name they are joined."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


class Question(Struct, frozen=True):
    """One request."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None


class LineError(Exception):
    """No answer: why, in words that hold nothing from outside.

    `sent`: the request may have reached the server. `passing`: another try may do better.
    """

    def __init__(self, problem: str, *, sent: bool, passing: bool = True) -> None:
        super().__init__(problem)
        self.sent = sent
        self.passing = passing


class Line:
    """Connections that take proxies and certificates from the environment; none of them follows a redirect.

    Requests that change something get a connection of their own each: an idle one that the server has just closed
    would leave it open whether the request was taken.
    """

    def __init__(self, *, timeout_seconds: float, stopping: threading.Event) -> None:
        self._timeout = timeout_seconds
        self._stopping = stopping
        self._limits = {
            False: httpx.Limits(max_connections=10, max_keepalive_connections=4),
            True: httpx.Limits(max_connections=10, max_keepalive_connections=0),
        }
        self._context = _certificates()
        self._clients = {fresh: self._open(fresh) for fresh in (False, True)}

    def close(self) -> None:
        """Close every connection."""
        for client in self._clients.values():
            client.close()

    def exchange(self, question: Question, into: IO[bytes] | None = None) -> Answer:
        """One request and its whole answer. The body of a 200 goes to `into` where there is one.

        Raises LineError, and StoppedError where a read is no longer wanted: a change is always waited for.
        """
        fresh = question.method != "GET"
        client = self._clients[fresh]
        result: list[Answer | BaseException] = []

        def ask() -> None:
            try:
                result.append(self._ask(client, question, into))
            except BaseException as error:  # noqa: BLE001 - raised again below, where somebody can hear it
                result.append(error)

        # httpx's limits are for each read: headers that come a letter at a time meet none of them.
        asking = threading.Thread(target=ask, daemon=True)
        asking.start()
        deadline = time.monotonic() + self._timeout
        while asking.is_alive() and time.monotonic() < deadline and (fresh or not self._stopping.is_set()):
            asking.join(_LOOK_SECONDS)
        if not result:
            self._drop(fresh)
            if not fresh and self._stopping.is_set():
                raise StoppedError("asked to stop while GitHub was being asked")
            raise LineError("did not answer in time", sent=True)
        if isinstance(result[0], BaseException):
            raise result[0]
        return result[0]

    def _ask(self, client: httpx.Client, question: Question, into: IO[bytes] | None) -> Answer:
        deadline = time.monotonic() + self._timeout
        try:
            with client.stream(
                question.method, question.url, headers=dict(question.headers), content=question.content
            ) as response:
                told = {name.lower(): value for name, value in response.headers.items()}
                pieces = _unpacked(response, deadline)
                if into is not None and response.status_code == httpx.codes.OK:
                    for piece in pieces:
                        into.write(piece)
                    return Answer(status=response.status_code, headers=told)
                return Answer(status=response.status_code, headers=told, body=b"".join(pieces))
        except _FAILURES as error:
            passing = not isinstance(error, _LASTING) and not isinstance(_cause(error), ssl.SSLError)
            failed = LineError(_problem(error), sent=not isinstance(error, _NOT_SENT), passing=passing)
        raise failed  # out here, so that httpx's own text, which may hold the request's headers, is no part of it

    def _open(self, fresh: bool) -> httpx.Client:
        timeout = httpx.Timeout(self._timeout, connect=min(self._timeout, _CONNECT_SECONDS))
        try:
            return httpx.Client(verify=self._context, timeout=timeout, limits=self._limits[fresh])
        except (ValueError, ImportError, httpx.InvalidURL):
            raise GithubError(
                "unreachable",
                "GitHub can't be asked: the proxy in the environment is none that can be used",
                "Set HTTPS_PROXY to http://HOST:PORT, or NO_PROXY to GitHub's host.",
            ) from None

    def _drop(self, fresh: bool) -> None:
        """Leave the connections of an answer that never ended."""
        left, self._clients[fresh] = self._clients[fresh], self._open(fresh)
        with suppress(*_FAILURES):
            left.close()


def _certificates() -> ssl.SSLContext:
    try:
        return httpx.create_ssl_context()
    except OSError:  # ssl.SSLError is one
        raise GithubError(
            "unreachable",
            "GitHub can't be asked: SSL_CERT_FILE or SSL_CERT_DIR names certificates that can't be read",
            "Let it name a readable file of PEM certificates, or unset it.",
        ) from None


def _unpacked(response: httpx.Response, deadline: float) -> Iterator[bytes]:
    """The body in pieces. Not httpx's own unpacking: a few kilobytes become gigabytes before anybody can look."""
    packed = response.headers.get("content-encoding", "").strip().lower()
    unpack = _unpacker(packed)
    taken = 0
    for chunk in response.iter_raw(_CHUNK):
        for piece in unpack(chunk):
            taken += len(piece)
            if taken > BODY_BYTES:
                raise httpx.DecodingError("too long")
            yield piece
        if time.monotonic() > deadline:
            raise httpx.ReadTimeout("the body came too slowly")


def _unpacker(packed: str) -> Callable[[bytes], Iterator[bytes]]:
    if packed not in _PACKED:
        return lambda chunk: iter((chunk,))
    machine = zlib.decompressobj(_ANY_HEADER)

    def unpack(chunk: bytes) -> Iterator[bytes]:
        while chunk and not machine.eof:
            yield machine.decompress(chunk, _CHUNK)
            chunk = machine.unconsumed_tail

    return unpack


def _problem(error: Exception) -> str:
    """Why there is no answer; nothing of the exception's own text but the certificate's fault, which is ssl's."""
    match error:
        case httpx.ConnectTimeout():
            return "can't be reached: no connection in time"
        case httpx.TimeoutException():
            return "did not answer in time"
        case httpx.ProxyError():
            return "can't be reached: the proxy refuses"
        case httpx.DecodingError() | zlib.error():
            return "sent an answer that is too long or packed wrongly"
        case httpx.ConnectError() if isinstance(_cause(error), ssl.SSLError):
            return "has a certificate that is not trusted here"
        case httpx.ConnectError():
            return "can't be reached"
        case httpx.UnsupportedProtocol() | httpx.InvalidURL() | UnicodeError():
            return "has an address that is none"
    return "broke off in the middle of an answer"


def _cause(error: BaseException) -> BaseException | None:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause
