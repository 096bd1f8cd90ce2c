"""Who was connected to production: the values that travel from the radar to the security checklist."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class SessionSeen(Struct, frozen=True, kw_only=True):
    """Connections of one user, address and application, as `pg_stat_activity` has them.

    `address` is empty for a local socket. `count` is the most at once; `ours`: this run's own.
    """

    user: str
    address: str
    application: str
    first: datetime
    last: datetime
    count: int = 1
    ours: bool = False
    known: bool = False
    """Whether `[access]` expects it."""
