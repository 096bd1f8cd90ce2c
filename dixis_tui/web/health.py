"""Looks at the application's endpoints: status, latency, and a rule for the body. The only importer of httpx."""

from __future__ import annotations

import threading
import time
import zlib

import httpx
from msgspec import Struct

from dixis_tui.model import HealthResult
from dixis_tui.settings import HealthSettings

_BODY_LIMIT = 1 << 20
"""Bytes of a body that are looked at."""
_CHUNK = 64 * 1024
_PACKED = ("gzip", "x-gzip", "deflate")
"""What some servers answer though `identity` was asked for; a body packed in another way is taken as it comes."""
_ANY_HEADER = zlib.MAX_WBITS | 32
_GRACE_SECONDS = 0.5
_LATE = "did not answer in time"


class _Answer(Struct, frozen=True):
    status: int = 0
    body: str = ""
    problem: str = ""


def probe(setting: HealthSettings, client: httpx.Client) -> HealthResult:
    """One GET. Never raises for what the network does: the result says it. Milliseconds until the body was read."""
    began = time.perf_counter()
    answers: list[_Answer] = []
    # httpx's limits are for each read: headers that come a letter at a time meet none of them.
    asking = threading.Thread(target=lambda: answers.append(_ask(setting, client)), daemon=True)
    asking.start()
    asking.join(setting.timeout_seconds + _GRACE_SECONDS)
    answer = answers[0] if answers else _Answer(problem=_LATE)
    milliseconds = (time.perf_counter() - began) * 1000
    problem = answer.problem
    if not problem and answer.status != setting.status:
        problem = f"answered {answer.status}, expected {setting.status}"
    if not problem and setting.contains not in answer.body:
        problem = f"answered {answer.status}, but its body does not contain '{setting.contains}'"
    return HealthResult(setting.name, setting.url, answer.status, milliseconds, problem)


def _ask(setting: HealthSettings, client: httpx.Client) -> _Answer:
    deadline = time.perf_counter() + setting.timeout_seconds
    status = 0
    try:
        with client.stream("GET", setting.url, timeout=setting.timeout_seconds) as response:
            status = response.status_code
            return _Answer(status, _head_of(response, deadline))
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, RuntimeError, zlib.error) as error:
        return _Answer(status, problem=_sentence(error))


def client() -> httpx.Client:
    """A client that follows redirects as a visitor's browser would."""
    headers = {"User-Agent": "dixis-tui health check", "Accept-Encoding": "identity"}
    return httpx.Client(follow_redirects=True, headers=headers)


def _head_of(response: httpx.Response, deadline: float) -> str:
    taken = bytearray()
    # Not httpx's own unpacking: packed twice, a few kilobytes become gigabytes before anybody can look at them.
    packed = response.headers.get("content-encoding", "").strip().lower()
    unpack = zlib.decompressobj(_ANY_HEADER).decompress if packed in _PACKED else None
    for chunk in response.iter_raw(_CHUNK):
        taken += unpack(chunk, _BODY_LIMIT) if unpack else chunk
        if len(taken) >= _BODY_LIMIT:
            break
        if time.perf_counter() > deadline:  # httpx's own limit is one for each read: a trickle never meets it
            raise httpx.ReadTimeout("the body came too slowly")
    try:
        return taken.decode(response.encoding or "utf-8", "replace")
    except LookupError:  # the answer names a codec that is not one of text
        return taken.decode("utf-8", "replace")


def _sentence(error: Exception) -> str:
    match error:
        case httpx.ConnectTimeout() | httpx.ReadTimeout() | httpx.PoolTimeout() | httpx.WriteTimeout():
            return _LATE
        case httpx.ConnectError():
            return f"can't be reached: {error}"
        case httpx.UnsupportedProtocol() | httpx.InvalidURL() | UnicodeError():
            return "is not an http:// or https:// address"
        case httpx.TooManyRedirects():
            return "redirects without end"
    return f"failed: {error or type(error).__name__}"
