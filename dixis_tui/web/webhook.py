"""Posts one JSON object to a webhook. What the other side does is a sentence, never an error."""

from __future__ import annotations

import threading

import httpx

SECONDS = 5.0
"""For each try: connecting, sending, and the first bytes of the answer."""
_TRIES = 3
_AGAIN = {408, 425, 429}


def post(url: str, body: bytes, key: str, pause_seconds: float = 1.0) -> str:
    """Send `body`, up to three times where that may help; empty: it was received; else why not.

    A receiver tells a second copy by `key` (the header `Idempotency-Key`). Redirects are not followed: the address of
    a webhook is as good as a password, and goes to nobody else.
    """
    problem = ""
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "User-Agent": "dixis-tui"}
    with httpx.Client(timeout=SECONDS, follow_redirects=False, headers=headers) as client:
        for attempt in range(_TRIES):
            if attempt:
                threading.Event().wait(pause_seconds * attempt)
            try:
                # Its body is nothing to us, and may be without end.
                with client.stream("POST", url, content=body) as answer:
                    status = answer.status_code
            except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
                return "is not an http:// or https:// address"
            except httpx.HTTPError as error:
                problem = _sentence(error)
                continue
            if 200 <= status < 300:
                return ""
            problem = f"answered {status}"
            if status < 500 and status not in _AGAIN:
                return problem
    return problem


def _sentence(error: httpx.HTTPError) -> str:
    # Without the library's own words: those may name the whole address.
    match error:
        case httpx.TimeoutException():
            return f"did not answer in {SECONDS:.0f} s"
        case httpx.ConnectError():
            return "can't be reached"
    return f"broke off ({type(error).__name__})"
