"""Looks at the application's endpoints: status, latency, and a rule for the body. The only importer of httpx."""

from __future__ import annotations

import time

import httpx

from dixis_tui.model import HealthResult
from dixis_tui.settings import HealthSettings

_BODY_LIMIT = 1 << 20
"""Bytes of a body that are looked at."""


def probe(setting: HealthSettings, client: httpx.Client) -> HealthResult:
    """One GET. Never raises for what the network does: the result says it. Milliseconds until the body was read."""
    began = time.perf_counter()
    status, body, problem = 0, "", ""
    try:
        with client.stream("GET", setting.url, timeout=setting.timeout_seconds) as response:
            status = response.status_code
            body = _head_of(response, began + setting.timeout_seconds)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        problem = _sentence(error)
    milliseconds = (time.perf_counter() - began) * 1000
    if not problem and status != setting.status:
        problem = f"answered {status}, expected {setting.status}"
    if not problem and setting.contains not in body:
        problem = f"answered {status}, but its body does not contain '{setting.contains}'"
    return HealthResult(setting.name, setting.url, status, milliseconds, problem)


def client() -> httpx.Client:
    """A client that follows redirects as a visitor's browser would."""
    return httpx.Client(follow_redirects=True, headers={"User-Agent": "dixis-tui health check"})


def _head_of(response: httpx.Response, deadline: float) -> str:
    taken = bytearray()
    for chunk in response.iter_bytes():
        taken += chunk
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
            return "did not answer in time"
        case httpx.ConnectError():
            return f"can't be reached: {error}"
        case httpx.UnsupportedProtocol() | httpx.InvalidURL() | UnicodeError():
            return "is not an http:// or https:// address"
        case httpx.TooManyRedirects():
            return "redirects without end"
    return f"failed: {error or type(error).__name__}"
