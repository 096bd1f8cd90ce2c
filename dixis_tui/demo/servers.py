"""The demo's two PostgreSQL servers: production with its data, and an empty staging.

Production's data is filled once into a database of its own, closed to everyone; production is a copy of it, and so is
every later production after a reset.
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import LiteralString
from urllib.parse import quote

from dixis_tui.demo import data
from dixis_tui.demo.folder import write_private
from dixis_tui.demo.project import APPLIED, SAMPLE
from dixis_tui.errors import ToolError
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import Session, connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.steps import Failed
from dixis_tui.process import LineSink

ROLE = "dixis_app"
PRODUCTION = "dixis_prod"
STAGING = "dixis_staging"
STATEMENTS = "pg_stat_statements"
"""The extension that counts statements: in the database `postgres`, so that no dump of the shop holds it."""
_FILLED = "dixis_before"
_NEXT = "dixis_next"

_PASSWORD = "SELECT set_config('dixis.password', %s, false)"  # noqa: S105
_CREATE_ROLE = """DO $$ BEGIN
    EXECUTE format('CREATE ROLE dixis_app LOGIN CREATEDB PASSWORD %L', current_setting('dixis.password'));
END $$"""
_CREATE_FILLED = "CREATE DATABASE dixis_before OWNER dixis_app"
_CLOSE_FILLED = "ALTER DATABASE dixis_before ALLOW_CONNECTIONS false"
_DROP_PRODUCTION = "DROP DATABASE IF EXISTS dixis_prod WITH (FORCE)"
_DROP_NEXT = "DROP DATABASE IF EXISTS dixis_next WITH (FORCE)"
_COPY_NEXT = "CREATE DATABASE dixis_next OWNER dixis_app TEMPLATE dixis_before"
_NEXT_IS_PRODUCTION = "ALTER DATABASE dixis_next RENAME TO dixis_prod"
_CREATE_STAGING = "CREATE DATABASE dixis_staging OWNER dixis_app"
_PRELOADED = "SELECT current_setting('shared_preload_libraries')"
_MAY_LOOK = "GRANT pg_monitor TO dixis_app"
_CREATE_STATEMENTS = "CREATE EXTENSION pg_stat_statements"
_EXISTS = "SELECT EXISTS (SELECT FROM pg_database WHERE datname = %s)"


class Servers:
    """Both servers under a demo's folder."""

    def __init__(self, folder: Path, *, fsync: bool = True) -> None:
        self._folders = (folder / "production", folder / "staging")
        self.production = EmbeddedServer(self._folders[0], fsync=fsync, preload=STATEMENTS)
        self.staging = EmbeddedServer(self._folders[1], fsync=fsync)

    @property
    def running(self) -> bool:
        """Whether one of them runs."""
        return self.production.running or self.staging.running

    def create(self, rows: int, on_line: LineSink) -> None:
        """Make both from nothing, side by side, and leave them running.

        Raises:
            ToolError: a server doesn't come up. QueryError: its data were refused.
        """
        self.remove()
        with ThreadPoolExecutor(1) as pool:
            staging = pool.submit(self._create, self.staging, _CREATE_STAGING)
            on_line("Creating the production server and the staging server")
            self._create(self.production, _CREATE_FILLED)
            on_line(f"Applying the first {APPLIED} migrations")
            self._migrate()
            on_line(f"Filling the marketplace: {rows:,} orders")
            data.fill(_superuser(self.production, _FILLED), rows)
            staging.result()
        with _administer(self.production) as session:
            session.execute(_CLOSE_FILLED)
            if STATEMENTS in session.value(_PRELOADED):
                session.execute(_CREATE_STATEMENTS)
            session.execute(_MAY_LOOK)

    def start(self) -> None:
        """Bring up both."""
        self.production.start()
        self.staging.start()

    def have_production(self, *, broken: bool) -> None:
        """Have a production database: where there is none, a copy of the filled one, whole from its first moment."""
        with _administer(self.production) as session:
            if session.value(_EXISTS, (PRODUCTION,)):
                return
            session.execute(_DROP_NEXT)
            session.execute(_COPY_NEXT)
            if broken:
                self._break(_NEXT)
            session.execute(_NEXT_IS_PRODUCTION)

    def drop_production(self) -> None:
        """Throw the production database away, and whoever is connected to it out."""
        with _administer(self.production) as session:
            session.execute(_DROP_PRODUCTION)

    def break_production(self) -> None:
        """Put a row into production that the third pending migration can't live with."""
        self._break(PRODUCTION)

    def stop(self) -> None:
        """End both; their data stay."""
        self.production.stop()
        self.staging.stop()

    def remove(self) -> None:
        """End both and delete their folders."""
        self.production.remove()
        self.staging.remove()

    def application(self, server: EmbeddedServer, database: str) -> DatabaseUrl:
        """The URL that the shop and the operator use: of the role that owns everything, percent-encoded."""
        password = quote((server.folder / "application-password").read_text(), safe="")
        return parse(f"postgresql://{ROLE}:{password}@127.0.0.1:{server.port}/{database}?schema=public", "the demo")

    def _create(self, server: EmbeddedServer, create_database: LiteralString) -> None:
        server.create()
        server.start()
        # Each of these characters has a meaning in a URL; whoever forgets to encode one meets it in the demo.
        password = f"p@ss:w/ord %#{secrets.token_hex(6)}"
        write_private(server.folder / "application-password", password.encode())
        with _administer(server) as session:
            session.value(_PASSWORD, (password,))
            session.execute(_CREATE_ROLE)
            session.execute(create_database)

    def _break(self, database: str) -> None:
        with connect(self.application(self.production, database), purpose="demo") as session:
            session.execute(data.BREAKING)

    def _migrate(self) -> None:
        files = read_migrations(SAMPLE / "prisma" / "migrations")[:APPLIED]
        with connect(self.application(self.production, _FILLED), purpose="demo") as session:
            for step in apply(session, files):
                if isinstance(step, Failed):
                    raise ToolError(f"The sample's migration {step.name} failed: {step.error}", "Report this.")


def _superuser(server: EmbeddedServer, database: str) -> DatabaseUrl:
    return parse(server.url(database), "the demo's server")


def _administer(server: EmbeddedServer) -> Session:
    return connect(_superuser(server, "postgres"), purpose="demo", lock_timeout_seconds=30)
