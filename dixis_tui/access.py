"""Who was connected to production: the values that travel from `pg_stat_activity` to the security checklist. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace

MOST = 300
"""So many kinds of connection are listed; the others are counted."""
NAMED = 3
"""In a sentence."""


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
    hidden: bool = False
    """Whether our role may not see its address: it is no member of pg_monitor."""

    @property
    def key(self) -> tuple[str, str, str, bool]:
        """What makes it one row."""
        return self.user, self.address, self.application, self.ours

    @property
    def unknown(self) -> bool:
        """Whether somebody should ask who that was."""
        return not self.ours and not self.known

    @property
    def place(self) -> str:
        """Its address in words."""
        return self.address or ("address hidden" if self.hidden else "local")

    def __str__(self) -> str:
        application = f"/{self.application}" if self.application else ""
        times = f"{self.first:%H:%M}" if self.first == self.last else f"{self.first:%H:%M}–{self.last:%H:%M}"
        many = f", {self.count} at once" if self.count > 1 else ""
        return f"{self.user or 'nobody'}@{self.place}{application} {times} UTC{many}"


class Seen(Struct, frozen=True):
    """All that were seen, in the order of their first look; `more` is how often others were seen, look by
    look: how many kinds they are nobody knows."""

    sessions: tuple[SessionSeen, ...] = ()
    more: int = 0


def merged(before: Seen, now: Sequence[SessionSeen]) -> Seen:
    """The same with one more look: new kinds are added, while there is room, and times and numbers follow."""
    found = {one.key: one for one in before.sessions}
    more = before.more
    for one in now:
        known = found.get(one.key)
        if known:
            found[one.key] = replace(one, first=known.first, count=max(known.count, one.count))
        elif len(found) < MOST:
            found[one.key] = one
        else:
            more += 1
    return Seen(tuple(found.values()), more)


def told_alike(one: Seen, other: Seen) -> bool:
    """Whether nothing but times differs: nobody new, and never more of them at once."""

    def picture(seen: Seen) -> object:
        return [(session.key, session.count, session.known) for session in seen.sessions], seen.more.bit_length()

    return picture(one) == picture(other)


def expected(session: SessionSeen, patterns: Iterable[str]) -> bool:
    """Whether one of the patterns of `access.known` is this session's."""
    return any(_fits(session, pattern) for pattern in patterns)


def _fits(session: SessionSeen, pattern: str) -> bool:
    user, at, rest = pattern.partition("@")
    address, network, application = _parts(rest)
    if not fnmatchcase(session.user, user):
        return False
    if not at:
        return True
    where = _in_network(session.address, network) if network else fnmatchcase(_address(session), address)
    return where and (not application or fnmatchcase(session.application, application))


def _address(session: SessionSeen) -> str:
    """`local` stands for a socket; what is hidden fits `*` alone."""
    return session.address or ("" if session.hidden else "local")


def _parts(rest: str) -> tuple[str, str, str]:
    """Address, network and application of what follows the `@`: in `10.0.0.0/8/psql` the first slash is a network's."""
    address, slash, application = rest.partition("/")
    if not slash:
        return address, "", ""
    bits, second, after = application.partition("/")
    if bits.isdecimal() and _network(f"{address}/{bits}"):
        return "", f"{address}/{bits}", after if second else ""
    return address, "", application


def _network(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _in_network(address: str, network: str) -> bool:
    import ipaddress

    try:
        return ipaddress.ip_address(address.partition("%")[0]) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
