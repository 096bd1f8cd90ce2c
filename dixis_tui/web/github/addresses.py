"""Addresses: which base may be asked with a token, and which address may be followed with one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urljoin, urlsplit

from dixis_tui.errors import UsageError

_LOOPBACK = "localhost"
_NEXT = re.compile(r'<([^<>]{1,4096})>\s*;[^,<]{0,200}?rel="?next"?')
_PORTS = {"https": 443, "http": 80}


def base(api_url: str) -> str:
    """`api_url` without a slash at its end. Raises UsageError where a token must not be sent there."""
    parts = _split(api_url)
    if parts is None or not parts.hostname or parts.scheme not in _PORTS:
        raise UsageError("github.api_url is no address", "Write it as https://HOST/api/v3.")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UsageError("github.api_url holds more than host and path", "Write it as https://HOST/api/v3.")
    if parts.scheme == "http" and not loopback(parts.hostname):
        raise UsageError(
            "github.api_url is http://, so that everybody on the way could read the token", "Write it with https://."
        )
    return api_url.rstrip("/")


def loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == _LOOPBACK


def origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of `url`; None where it has none."""
    parts = _split(url)
    if parts is None or not parts.hostname or parts.scheme not in _PORTS:
        return None
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def joined(url: str, location: str) -> str:
    """Where `location`, an answer to `url`, points; empty where that is no address."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def next_page(headers: Mapping[str, str]) -> str:
    """The address of the next page by the Link header; empty: this is the last."""
    found = _NEXT.search(headers.get("link", ""))
    return found[1] if found else ""


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
