"""One exchange over HTTP: a question, its whole answer. All that is hostile in an answer is met here.

An answer has a limit of bytes, counted after unpacking; nothing that httpx says in an exception gets into a sentence.
How long the whole may take is for :mod:`dixis_tui.web.github.line` to say: httpx's own limits are for each read.
"""

from __future__ import annotations

import ssl
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO

import httpx
from msgspec import Struct

_CHUNK = 64 * 1024
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
FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, RuntimeError, zlib.error, OSError)
BODY_BYTES = 32 << 20
"""GitHub's own largest answer, the tree of a repository, ends at 7 MB."""
FILE_BYTES = 64 << 20
"""Of a longer one the beginning is kept."""
_MEMORY_BYTES = 4 << 20


class Answer(Struct, frozen=True, kw_only=True):
    """One answer. The names of `headers` are in lower case; of several with one name they are joined.

    `file` has the body instead of `body` where it was asked for so; `cut`: it was longer than `FILE_BYTES`.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    file: IO[bytes] | None = None
    cut: bool = False


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


def ask(client: httpx.Client, question: Question, *, spool: bool) -> Answer:
    """Ask, for as long as bytes come. `spool`: the body of a 200 goes to a file. Raises LineError."""
    try:
        with client.stream(
            question.method, question.url, headers=dict(question.headers), content=question.content
        ) as response:
            told = {name.lower(): value for name, value in response.headers.items()}
            if spool and response.status_code == httpx.codes.OK:
                file, cut = _spooled(response)
                return Answer(status=response.status_code, headers=told, file=file, cut=cut)
            body = bytearray()
            for piece in _unpacked(response):
                body += piece
                if len(body) > BODY_BYTES:
                    raise httpx.DecodingError("too long")
            return Answer(status=response.status_code, headers=told, body=bytes(body))
    except FAILURES as error:
        passing = not isinstance(error, _LASTING) and not isinstance(_cause(error), ssl.SSLError)
        failed = LineError(_problem(error), sent=not isinstance(error, _NOT_SENT), passing=passing)
    raise failed  # out here, so that httpx's own text, which may hold the request's headers, is no part of it


def _spooled(response: httpx.Response) -> tuple[IO[bytes], bool]:
    """The body in a file without a name; closed with its last reader."""
    file = tempfile.SpooledTemporaryFile(_MEMORY_BYTES)  # noqa: SIM115 - the caller's
    taken = 0
    for piece in _unpacked(response):
        file.write(piece[: FILE_BYTES - taken])
        taken += len(piece)
        if taken > FILE_BYTES:
            break
    file.seek(0)
    return file, taken > FILE_BYTES


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    """The body in pieces. Not httpx's own unpacking: a few kilobytes become gigabytes before anybody can look."""
    packed = response.headers.get("content-encoding", "").strip().lower()
    unpack = _unpacker(packed)
    for chunk in response.iter_raw():  # as they come: with a size it waits until a chunk is full
        yield from unpack(chunk)


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
