"""A database URL, taken apart once: libpq's part, Prisma's part, and what must stay secret.

Prisma and libpq read one URL differently. libpq refuses keys it doesn't know (`schema`, `pgbouncer`, …); Prisma ignores
libpq's. Sources: libpq's chapter "Connection URIs", Prisma's connection URL reference for PostgreSQL.
"""

from __future__ import annotations

import unicodedata
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.errors import UrlError
from dixis_tui.postgres.url_parts import LIBPQ_KEYS, MalformedUrlError, take_apart
from dixis_tui.secrets import MASK, Secret, clean

_TLS_MODES = ("require", "verify-ca", "verify-full")
_POOLER_PORT = 6543


class DatabaseUrl(Struct, frozen=True, kw_only=True):
    """One database, percent-decoded. `libpq` holds the parameters libpq knows, `prisma` all others.

    `host` is a name, an address without brackets, or an absolute socket directory. `raw` is the text as it was given.
    """

    variable: str
    host: str
    port: int = 5432
    user: str
    password: Secret
    database: str
    schema: str = "public"
    libpq: dict[str, str] = {}
    prisma: dict[str, str] = {}
    tls_password: Secret = Secret("")
    """`sslpassword`: opens the client's key."""
    raw: Secret = Secret("")

    @property
    def masked(self) -> str:
        """For people: no password, no parameters."""
        host = f"[{self.host}]" if ":" in self.host or "/" in self.host else self.host
        password = f":{MASK}" if self.password else ""
        return clean(f"postgresql://{quote(self.user)}{password}@{host}:{self.port}/{self.database}")

    @property
    def pooled(self) -> str:
        """Why this looks like a connection pooler rather than the server itself; empty where it doesn't.

        Prisma's advisory lock and `SET` belong to a session; a transaction pooler hands them to strangers.
        """
        if self.prisma.get("pgbouncer", "").lower() == "true":
            return "it says pgbouncer=true"
        if self.port == _POOLER_PORT:
            return f"port {_POOLER_PORT} is a transaction pooler's (Supabase, PgBouncer)"
        if self.host.split(".")[0].endswith("-pooler"):
            return "the host's name ends in -pooler (Neon's PgBouncer)"
        return ""

    @property
    def wants_tls(self) -> bool:
        """Whether a connection without TLS is refused."""
        return self.parameters().get("sslmode") in _TLS_MODES

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every form in which this URL's secrets may turn up, for :class:`dixis_tui.secrets.Redactor`."""
        found: dict[str, None] = {}
        raw, password, tls = self.raw.reveal(), self.password.reveal(), self.tls_password.reveal()
        for secret in (raw, password, _written_password(raw), tls):
            for form in (secret, clean(secret), unicodedata.normalize("NFC", secret)):
                if form:
                    found[form] = None
        return tuple(found)

    def parameters(self) -> dict[str, str]:
        """libpq's parameters without address, user, passwords and database.

        Prisma's `sslaccept=strict` with `sslcert` (there: the authority's certificate) means `verify-full` to libpq.
        """
        found = dict(self.libpq)
        if self.prisma.get("sslaccept") == "strict" and (authority := self.prisma.get("sslcert")):
            found |= {"sslmode": "verify-full", "sslrootcert": authority}
        return found

    def prisma_url(
        self, *, application_name: str, lock_timeout_seconds: float, statement_timeout_seconds: float
    ) -> Secret:
        """The URL for Prisma's CLI: named, bounded, and dropped by the server soon after the client is gone.

        Prisma's native engine takes `sslmode=verify-full` for `prefer`; it is said in Prisma's words here
        (`require` with `sslaccept=strict`), and `verify-ca` as `require`. A `lock_timeout` under 10 s also ends the
        wait for Prisma's advisory lock.
        """
        settings = {
            "lock_timeout": round(lock_timeout_seconds * 1000),
            "statement_timeout": round(statement_timeout_seconds * 1000),
            "client_connection_check_interval": 500,
        }
        options = [self.libpq.get("options", ""), *(f"-c {name}={value}" for name, value in settings.items())]
        query = self.prisma | self.libpq | {"application_name": application_name}
        query |= {"options": " ".join(filter(None, options))}
        query |= _prisma_tls(self)
        if self.tls_password:
            query["sslpassword"] = self.tls_password.reveal()
        host = f"[{self.host}]" if ":" in self.host else quote(self.host, safe="")
        if self.host.startswith("/"):
            host, query["host"] = "localhost", self.host
        password = f":{quote(self.password.reveal(), safe='')}" if self.password else ""
        pairs = "&".join(f"{quote(key, safe='')}={quote(value, safe='')}" for key, value in query.items())
        user, database = quote(self.user, safe=""), quote(self.database, safe="")
        return Secret(f"postgresql://{user}{password}@{host}:{self.port}/{database}?{pairs}")

    def replace_database(self, name: str) -> DatabaseUrl:
        """The same server and user, another database."""
        return replace(self, database=name)


def with_login(url: DatabaseUrl, user: str, password: str) -> DatabaseUrl:
    """The same URL, as it was written, for another user or another password."""
    scheme, _, rest = url.raw.reveal().partition("://")
    before, question, query = rest.partition("?")
    authority, slash, path = before.partition("/")
    address = authority.rpartition("@")[2]
    login = f"{quote(user, safe='')}:{quote(password, safe='')}"
    return parse(f"{scheme}://{login}@{address}{slash}{path}{question}{query}", url.variable)


def parse(text: str | None, variable: str) -> DatabaseUrl:
    """Take a PostgreSQL URL apart. `variable` names where it came from.

    Raises:
        UrlError: it is unset or malformed; the sentence never holds a part of the value.
    """
    try:
        parts = take_apart(text or "")
    except MalformedUrlError as problem:
        raise UrlError(variable, problem.problem, problem.remedy) from None
    query = dict(parts.query)
    libpq = {key: value for key, value in query.items() if key in LIBPQ_KEYS}
    prisma = {key: value for key, value in query.items() if key not in LIBPQ_KEYS}
    if "sslcert" in libpq and "sslkey" not in libpq:
        prisma["sslcert"] = libpq.pop("sslcert")  # without a key it is Prisma's: the authority's certificate
    tls_password = prisma.pop("sslpassword", "")
    return DatabaseUrl(
        variable=variable,
        host=parts.host,
        port=parts.port,
        user=parts.user,
        password=Secret(parts.password),
        database=parts.database,
        schema=prisma.get("schema") or "public",
        libpq=libpq,
        prisma=prisma,
        tls_password=Secret(tls_password),
        raw=Secret(text or ""),
    )


def _prisma_tls(url: DatabaseUrl) -> dict[str, str]:
    mode, authority = url.libpq.get("sslmode"), url.libpq.get("sslrootcert", "")
    if mode == "verify-ca":
        return {"sslmode": "require"}
    if mode != "verify-full":
        return {}
    words = {"sslmode": "require", "sslaccept": "strict"}
    return words | ({"sslcert": authority} if authority.startswith("/") else {})


def _written_password(raw: str) -> str:
    userinfo, at, _ = raw.partition("://")[2].partition("/")[0].rpartition("@")
    return userinfo.partition(":")[2] if at else ""
