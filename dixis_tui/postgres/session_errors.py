"""psycopg's errors as ours: what happened, in one sentence, and what to do. Server text is cleaned and redacted."""

from __future__ import annotations

import re

import psycopg

from dixis_tui.errors import ConnectError, DixisError, QueryError
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.secrets import Redactor

_NETWORK = (
    "Check that the server is running, and that host, port, firewall and VPN let this machine reach it; "
    "a sleeping serverless database may need another try."
)

_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")

_CONNECT: tuple[tuple[tuple[str, ...], str, str, str], ...] = (
    (
        ("failed to resolve host", "could not translate host name"),
        "unreachable",
        "the host's name can't be resolved",
        "Check the host's name in the URL, and this machine's DNS and VPN.",
    ),
    (("connection refused",), "unreachable", "nothing listens there (connection refused)", _NETWORK),
    (("timeout expired", "timed out"), "unreachable", "it did not answer in time", _NETWORK),
    (
        ("too many connections", "too many clients", "remaining connection slots"),
        "other",
        "the server has no free connection",
        "Close idle sessions or raise the limit, then try again.",
    ),
    (
        ("password authentication failed", "no password supplied", "scram", 'role ""', "authentication failed"),
        "authentication",
        "the server refused user and password",
        "Check user and password in the URL; special characters in the password must be percent-encoded.",
    ),
    (
        ("database system is starting up", "not yet accepting connections", "in recovery mode"),
        "starting",
        "the server is starting up",
        "Wait a moment and try again.",
    ),
    (
        ("database system is shutting down",),
        "starting",
        "the server is shutting down",
        "Find out why before anything else.",
    ),
    (
        ("no pg_hba.conf entry", "pg_hba.conf rejects"),
        "authentication",
        "the server's pg_hba.conf does not let this user in from this machine (or not without TLS)",
        "Allow this address, user and database in pg_hba.conf, or set sslmode=require in the URL.",
    ),
    (
        ("ssl", "certificate", "tls", "channel binding"),
        "tls",
        "no TLS connection came about as the URL asks",
        "Check sslmode and sslrootcert in the URL, and whether the server offers TLS.",
    ),
    (
        ("session is not read-write", "server is in hot standby", "read-only"),
        "other",
        "it is not the kind of server that target_session_attrs asks for",
        "Point the URL at the primary.",
    ),
    (
        ("unsupported startup parameter",),
        "other",
        "a connection pooler answers there, not PostgreSQL itself",
        "Use the direct URL of the database.",
    ),
    (
        ("unrecognized configuration parameter", "invalid value for parameter"),
        "other",
        "the server refused a setting in the URL's options",
        "Mend `options` in the URL.",
    ),
    (
        ("permission denied for database",),
        "authentication",
        "the user may not connect to this database",
        "Grant CONNECT on the database to the user.",
    ),
    (
        (
            "no such file or directory",
            "network is unreachable",
            "no route to host",
            "could not connect",
            "reset by peer",
        ),
        "unreachable",
        "it can't be reached",
        _NETWORK,
    ),
)
"""What a message holds (lower case), the kind, the sentence's end, the remedy; the first that fits wins."""

_REMEDIES = {
    "55P03": "Another session holds the lock: look who it is, let it finish or end it, then try again.",
    "57014": "The statement was cancelled or ran into statement_timeout.",
    "42501": "Use a role with the rights, or grant them.",
    "25006": "This session or server is read-only.",
    "53100": "The server's disk is full: make room there.",
    "53200": "The server is out of memory or locks (max_locks_per_transaction).",
}


def connect_error(error: psycopg.Error, url: DatabaseUrl) -> ConnectError:
    """Why no connection came about."""
    text = str(error)
    lowered = _QUOTED.sub('""', text).lower()  # a host or role may be called anything
    where = f"{url.variable} ({url.masked})"
    if 'database "" does not exist' in lowered:
        return ConnectError(
            "missing_database",
            f"{where}: the server has no database of this name",
            "Check the name after the last / in the URL, or create the database.",
        )
    for needles, kind, sentence, remedy in _CONNECT:
        if any(needle in lowered for needle in needles):
            return ConnectError(kind, f"{where}: {sentence}", remedy)
    if error.pgconn is not None and error.pgconn.used_password:  # whatever language the server speaks
        return ConnectError("authentication", f"{where}: {_cleaned(text, url)}", "Check user and password in the URL.")
    return ConnectError("other", f"{where}: {_cleaned(text, url)}", "The server's log says more.")


def statement_error(
    error: psycopg.Error, url: DatabaseUrl, *, purpose: str, lost: bool, sql: str = "", first_line: int = 1
) -> DixisError:
    """Why a statement failed; a :class:`ConnectError` where the connection is gone.

    `sql` is the script as sent, which begins in line `first_line` of its file: the position becomes a line of that.
    """
    diag = error.diag
    message = diag.message_primary or str(error)
    if lost:
        return ConnectError(
            "unreachable",
            f"the connection `{purpose}` to {url.masked} was lost: {_cleaned(message, url)}",
            "Look at the server first; what it had not committed is undone.",
        )
    line = _line_of(diag.statement_position, sql)
    line = line and line + first_line - 1
    told = [message if not line else f"{message} (line {line})"]
    told += [f"Detail: {diag.message_detail}"] if diag.message_detail else []
    told += [f"Hint: {diag.message_hint}"] if diag.message_hint else []
    told += [f"Context: {diag.context}"] if diag.context else []
    sqlstate = error.sqlstate or ""
    return QueryError(
        sqlstate,
        _cleaned(". ".join(told), url),
        _REMEDIES.get(sqlstate, ""),
        line=line,
        error_text=Redactor(url.secrets).block(_server_text(error)),
    )


def _server_text(error: psycopg.Error) -> str:
    """The server's message with its fields a line each, as psql shows it."""
    diag = error.diag
    lines = [f"{diag.severity or 'ERROR'}: {diag.message_primary or error}"]
    for name, value in (
        ("DETAIL", diag.message_detail),
        ("HINT", diag.message_hint),
        ("POSITION", diag.statement_position),
        ("CONTEXT", diag.context),
    ):
        lines += [f"{name}: {value}"] if value else []
    return "\n".join(lines)


def _line_of(position: str | None, sql: str) -> int:
    """PostgreSQL counts characters from 1."""
    if not position or not sql:
        return 0
    return sql.count("\n", 0, int(position) - 1) + 1


def _cleaned(text: str, url: DatabaseUrl) -> str:
    return Redactor(url.secrets).line(" ".join(text.split()))
