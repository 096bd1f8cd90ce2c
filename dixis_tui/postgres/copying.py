"""A copy of a whole database beside it on the same server, for as long as it is needed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from psycopg import sql

from dixis_tui.errors import ConnectError, QueryError
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl

_COPY = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
_DROP = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")


@contextmanager
def copied(url: DatabaseUrl, left_behind: Callable[[str], None] = lambda _: None) -> Iterator[DatabaseUrl]:
    """The URL of a copy of `url`'s database, which nobody may use meanwhile; it is dropped at the end.

    `left_behind` gets the copy's name where it could not be dropped.

    Raises:
        QueryError: the role may not create databases (42501), or somebody is connected to the original (55006).
        ConnectError: the server's database `postgres` can't be reached.
    """
    name = f"dixis_measure_{secrets.token_hex(6)}"
    server = url.replace_database("postgres")
    with connect(server, purpose="copy", lock_timeout_seconds=30) as session:
        session.execute(_COPY.format(sql.Identifier(name), sql.Identifier(url.database)))
    try:
        yield url.replace_database(name)
    finally:
        try:
            with connect(server, purpose="copy", lock_timeout_seconds=30) as session:
                session.execute(_DROP.format(sql.Identifier(name)))
        except (QueryError, ConnectError):
            left_behind(name)
