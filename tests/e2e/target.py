"""Targets that are not the demo: a project on disk, a database with the sample's first migrations, a command line."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from msgspec import Struct

from dixis_tui.demo.lifecycle import DemoReady
from dixis_tui.demo.project import APPLIED, SAMPLE
from dixis_tui.postgres.as_user import command_as, server_user
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.prisma.direct import apply
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.steps import Applied
from tests.e2e.house import PHRASE
from tests.waiting import until

PEOPLE = ("DX131", "DX132", "DX133", "DX400")
"""Gates that a person answers."""
CONFIG = '[prisma]\ndirectory = "project"\n'


class Site(Struct, frozen=True):
    """A folder with `dixis.toml` and a project, and the URL of a database where its first migrations are applied."""

    folder: Path
    url: str

    @property
    def config(self) -> Path:
        """Its `dixis.toml`."""
        return self.folder / "dixis.toml"

    @property
    def project(self) -> Path:
        """Its Prisma project."""
        return self.folder / "project"


def make_site(folder: Path, url: str) -> Site:
    """The sample's project in a fresh folder."""
    site = Site(folder, url)
    shutil.copytree(SAMPLE, site.project, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    site.config.write_text(CONFIG)
    return site


def apply_first(url: DatabaseUrl) -> None:
    """Bring an empty database to where the sample's pending migrations begin."""
    with connect(url, purpose="a test") as session:
        files = read_migrations(SAMPLE / "prisma" / "migrations")[:APPLIED]
        assert sum(isinstance(step, Applied) for step in apply(session, files)) == APPLIED


def ticks(*codes: str) -> list[str]:
    """`--tick` for each code."""
    return [word for code in codes or PEOPLE for word in ("--tick", code)]


def run_words(ready: DemoReady) -> list[str]:
    """A whole run on the demo's production, every person's gate ticked."""
    return ["--config", str(ready.config), "run", "--confirm", PHRASE, *ticks()]


@contextmanager
def replica(primary: EmbeddedServer, folder: Path) -> Iterator[int]:
    """A streaming replica of `primary`; gives its port."""
    user, data = server_user(), folder / "data"
    folder.mkdir()
    if user is not None:
        os.chown(folder, user.uid, user.gid)
    source = primary.url("postgres")
    words = [str(primary.bindir / "pg_basebackup"), "-R", "-c", "fast", "-D", str(data), "-d", source]
    subprocess.run(command_as(user, words, primary.bindir, folder), cwd="/", check=True, capture_output=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    words = [str(primary.bindir / "postgres"), "-D", str(data), "-p", str(port)]
    command = command_as(user, words, primary.bindir, folder)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd="/", stdout=log, stderr=log)
    try:
        until(lambda: _in_recovery(source.replace(f":{primary.port}/", f":{port}/")), 60, "the replica to come up")
        yield port
    finally:
        server.terminate()
        server.wait(60)


def _in_recovery(url: str) -> bool:
    with suppress(psycopg.OperationalError), psycopg.connect(url) as session:
        return session.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
    return False
