"""The grammar of a PostgreSQL URL, and one sentence for each way of getting it wrong."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from msgspec import Struct

LIBPQ_KEYS: dict[str, int] = {
    **dict.fromkeys(("application_name", "channel_binding", "connect_timeout", "fallback_application_name"), 13),
    **dict.fromkeys(("gssencmode", "gsslib", "krbsrvname", "options", "requirepeer", "target_session_attrs"), 13),
    **dict.fromkeys(("keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval"), 13),
    **dict.fromkeys(("ssl_max_protocol_version", "ssl_min_protocol_version", "tcp_user_timeout"), 13),
    **dict.fromkeys(("sslcert", "sslcompression", "sslcrl", "sslkey", "sslmode", "sslrootcert"), 13),
    **dict.fromkeys(("sslcrldir", "sslsni"), 14),
    **dict.fromkeys(("gssdelegation", "load_balance_hosts", "require_auth", "sslcertmode"), 16),
    "sslnegotiation": 17,
    **dict.fromkeys(("max_protocol_version", "min_protocol_version"), 18),
}
"""What libpq takes as a parameter, and since which major (13: that or before).

Without what names the address, the login, or a file of such (below)."""

_MISPLACED = frozenset(
    {"user", "password", "dbname", "port", "hostaddr", "service", "servicefile", "passfile", "replication"}
)
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_PORT = re.compile(r"[0-9]{1,5}")
_HIGHEST_PORT = 65535
_QUOTES = "\"'`"


class MalformedUrlError(Exception):
    """What is wrong with the URL, and what to do; neither holds any of its text."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy


class Parts(Struct, frozen=True, kw_only=True):
    """A URL's parts, percent-decoded."""

    user: str
    password: str
    host: str
    port: int
    database: str
    query: tuple[tuple[str, str], ...]


def take_apart(text: str) -> Parts:
    """Split and decode.

    Raises:
        MalformedUrlError: it isn't a PostgreSQL URL that names user, host and database.
    """
    _check_text(text)
    rest = text.partition("://")[2]
    before, question, query = rest.partition("?")
    authority, _, path = before.partition("/")
    _check_delimiters(authority, path, query if question else "")
    userinfo, _, address = authority.rpartition("@")
    user, _, password = userinfo.partition(":")
    parameters = _query(query)
    host, port = _address(address)
    if socket := dict(parameters).get("host"):
        host = socket
    if not user:
        raise MalformedUrlError("names no user", "Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.")
    if not host:
        raise MalformedUrlError("names no host", "Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.")
    if not path:
        raise MalformedUrlError("names no database", "Add the database's name after the host: …@HOST:5432/DATABASE.")
    return Parts(
        user=_decode(user, "user"),
        password=_decode(password, "password"),
        host=host,
        port=port,
        database=_decode(path, "database's name"),
        query=tuple(pair for pair in parameters if pair[0] != "host"),
    )


def _check_text(text: str) -> None:
    if not text.strip():
        raise MalformedUrlError("is not set", "Export it as postgresql://USER:PASSWORD@HOST:5432/DATABASE.")
    if text != text.strip():
        raise MalformedUrlError("begins or ends with white space", "Remove it; look for a line break in the export.")
    if text[0] in _QUOTES or text[-1] in _QUOTES:
        raise MalformedUrlError("is wrapped in quotation marks", "Remove the quotation marks from the value.")
    if _CONTROLS.search(text) or any(character.isspace() for character in text):
        raise MalformedUrlError("has white space in it", "Percent-encode it: a blank is %20.")
    scheme, separator, _ = text.partition("://")
    if scheme in ("prisma", "prisma+postgres") and separator:
        raise MalformedUrlError(
            "is a Prisma Accelerate URL, not a database's", "Use the direct postgresql:// URL of the database."
        )
    if scheme not in ("postgresql", "postgres") or not separator:
        raise MalformedUrlError(
            "does not begin with postgresql://", "Use a PostgreSQL URL: postgresql://USER:PASSWORD@HOST/DB."
        )
    if "#" in text:
        raise MalformedUrlError("has a # that is not percent-encoded", "Percent-encode it as %23, in the password too.")


def _check_delimiters(authority: str, path: str, query: str) -> None:
    """An `@` behind the first `/` or `?` means that this `/` or `?` stands in the password, unescaped."""
    port = authority.rpartition(":")[2] if ":" in authority else ""
    looks_cut = "@" not in authority and port and not _PORT.fullmatch(port)
    if "@" in path or (looks_cut and "@" in query):
        raise MalformedUrlError(
            "has a / or ? in its password that is not percent-encoded", "Percent-encode it: / is %2F, ? is %3F."
        )
    if "/" in path:
        raise MalformedUrlError("has a second / after the database's name", "Percent-encode it as %2F, or remove it.")
    if "," in authority.rpartition("@")[2]:
        raise MalformedUrlError("names several hosts, which Prisma can't use", "Name the primary alone.")


def _address(address: str) -> tuple[str, int]:
    if address.startswith("["):
        host, bracket, tail = address[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            raise MalformedUrlError("has a broken IPv6 address", "Write it as [::1]:5432.")
        port = tail[1:]
    else:
        host, _, port = address.partition(":")
        if ":" in port:
            raise MalformedUrlError(
                "has a malformed port", "Put an IPv6 address in [brackets]; percent-encode : @ / in the password."
            )
    if not port:
        return _decode(host, "host"), 5432
    if not _PORT.fullmatch(port) or not 0 < int(port) <= _HIGHEST_PORT:
        raise MalformedUrlError("has a port that is not a number from 1 to 65535", "Write it as …@HOST:5432/DATABASE.")
    return _decode(host, "host"), int(port)


def _query(query: str) -> tuple[tuple[str, str], ...]:
    """Parameters in their order; `+` is a blank as in Prisma's reading."""
    pairs: dict[str, str] = {}
    for word in filter(None, query.split("&")):
        key, equals, value = word.partition("=")
        name = _decode(key.replace("+", " "), "parameters")
        if not equals:
            raise MalformedUrlError("has a parameter without a value", "Write parameters as ?name=value&name=value.")
        if name in _MISPLACED:
            raise MalformedUrlError(
                f"has `{name}` among its parameters", "Write it as postgresql://USER:PASSWORD@HOST:5432/DATABASE."
            )
        pairs[name] = _decode(value.replace("+", " "), "parameters")
    return tuple(pairs.items())


def _decode(text: str, where: str) -> str:
    if _BAD_PERCENT.search(text):
        raise MalformedUrlError(
            f"has a % in its {where} that is not percent-encoding", "Percent-encode it: a literal % is %25."
        )
    try:
        plain = unquote_to_bytes(text).decode("utf-8")
    except UnicodeError:
        raise MalformedUrlError(
            f"has percent-encoding in its {where} that is not UTF-8", "Encode it as UTF-8."
        ) from None
    if "\0" in plain:
        raise MalformedUrlError(f"has %00 in its {where}", "PostgreSQL takes no NUL character: remove it.")
    return plain
