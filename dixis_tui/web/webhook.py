"""Sends one JSON object to an address. What the other side does is a sentence, never an error."""

from __future__ import annotations

import threading
from functools import partial

import httpx
from msgspec import Struct

from dixis_tui.web.in_time import in_time

SECONDS = 5.0
"""For each try."""
_GRACE_SECONDS = 0.5
_TRIES = 3
_AGAIN = {408, 425, 429, 503}
"""It was not taken, and may be later."""
_ON_THE_WAY = {502, 504}
"""A server in between answers: whether the one behind it took it is not known."""


class Sent(Struct, frozen=True):
    """What came of it. `taken`: None where it may have been; `words`: the answer, or why there is none."""

    taken: bool | None
    words: str
    again: bool = False
    """Whether another try may help."""


def post(url: str, body: bytes, key: str, pause_seconds: float = 1.0) -> str:
    """Send `body`, up to three times where that may help; empty: it was received; else why not."""
    sent = deliver(url, body, key, seconds=SECONDS, pause_seconds=pause_seconds)
    return "" if sent.taken else sent.words


def deliver(
    url: str,
    body: bytes,
    key: str,
    *,
    method: str = "POST",
    token: str = "",
    seconds: float = SECONDS,
    copies: bool = True,
    pause_seconds: float = 1.0,
) -> Sent:
    """Send `body`, up to three times where that may help.

    `copies`: whether the receiver tells a second copy by `key` (the header `Idempotency-Key`); where it does not, what
    may have been taken is not sent again. Redirects are not followed: the address of a webhook is as good as a
    password, and goes to nobody else; so is `token`.
    """
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "dixis-tui"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    sent, perhaps = Sent(False, ""), False
    for attempt in range(_TRIES):
        if attempt:
            threading.Event().wait(pause_seconds * attempt)
        ask = partial(_once, method, url, body, headers, seconds)
        sent = in_time(seconds + _GRACE_SECONDS, ask) or Sent(None, _late(seconds), again=True)
        perhaps = perhaps or sent.taken is None
        if sent.taken or not sent.again or (perhaps and not copies):
            break
    return Sent(None, sent.words) if perhaps and not sent.taken else sent


def _once(method: str, url: str, body: bytes, headers: dict[str, str], seconds: float) -> Sent:
    try:
        with (
            httpx.Client(timeout=seconds, follow_redirects=False, headers=headers) as client,
            # Its body is nothing to us, and may be without end.
            client.stream(method, url, content=body) as answer,
        ):
            status = answer.status_code
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError):
        return Sent(False, "is not an http:// or https:// address")
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        return Sent(False, _sentence(error, seconds), again=True)
    except httpx.HTTPError as error:
        return Sent(None, _sentence(error, seconds), again=True)
    if 200 <= status < 300:
        return Sent(True, f"answered {status}")
    again = status >= 500 or status in _AGAIN
    return Sent(None if status in _ON_THE_WAY else False, f"answered {status}", again=again)


def _late(seconds: float) -> str:
    return f"did not answer in {seconds:.0f} s"


def _sentence(error: httpx.HTTPError, seconds: float) -> str:
    # Without the library's own words: those may name the whole address.
    match error:
        case httpx.TimeoutException():
            return _late(seconds)
        case httpx.ConnectError():
            return "can't be reached"
    return f"broke off ({type(error).__name__})"
