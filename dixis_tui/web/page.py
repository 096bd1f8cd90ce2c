"""What a visitor gets: asked over HTTP as one would, to see whether the maintenance page is really shown."""

from __future__ import annotations

import httpx

from dixis_tui.web import fetch

_AGENT = "Mozilla/5.0 (compatible; maintenance page check)"
"""Unlike our other looks, which web servers may let through: this one is a visitor."""


def look(url: str, seconds: float, visitor: httpx.Client) -> fetch.Answer:
    """One GET that takes no longer than so many seconds. Never raises for what the network does."""
    try:
        request = visitor.build_request("GET", url)
    except (httpx.InvalidURL, ValueError) as error:
        return fetch.not_sent(error)
    return fetch.fetch(visitor, request, seconds)


def visitor() -> httpx.Client:
    """For :func:`look`: wants no answer that somebody kept."""
    headers = {"User-Agent": _AGENT, "Accept-Encoding": "identity", "Accept": "text/html", "Cache-Control": "no-cache"}
    return httpx.Client(headers=headers)
