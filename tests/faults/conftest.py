"""What the faults strike: a server of each worker's own, a small project, and evenings on databases of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from dixis_tui.postgres.embedded import EmbeddedServer, wheel_bindir
from dixis_tui.settings import Settings
from tests.faults.evening import MIGRATIONS, Evening
from tests.faults.table import Tally
from tests.needs import needs
from tests.run.conftest import settings_for, write_project

_CLI = """#!/bin/sh
# Stands for Prisma's CLI where its words are not what is tested: a Node starts in half a second.
case "$*" in *status*) echo "Database schema is up to date!" ;; *) echo "The schema is valid" ;; esac
"""

Evenings = Callable[..., Evening]


@pytest.fixture(scope="session")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server of this worker's own: it may be restarted under everybody's feet."""
    server = EmbeddedServer(tmp_path_factory.mktemp("faults") / "server", fsync=False)
    server.create()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A project with `MIGRATIONS` and a stand-in for Prisma's CLI."""
    project = write_project(tmp_path / "shop", MIGRATIONS)
    cli = project / "prisma-cli"
    cli.write_text(_CLI)
    cli.chmod(0o755)
    found = settings_for(project)
    # Looked for anew by each of so many runners, the tools would cost more than what they are for.
    tools = replace(found.backup, pg_bindir=str(wheel_bindir()))
    return replace(found, prisma=replace(found.prisma, command=[str(cli)]), backup=tools)


@pytest.fixture
def evening(
    own_server: EmbeddedServer, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Evenings]:
    """Makes evenings; what is left of them is ended afterwards."""
    needs("strace")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made: list[Evening] = []

    def make(*, short: bool = False) -> Evening:
        made.append(Evening(own_server, settings, short=short))
        return made[-1]

    yield make
    for one in made:
        one.end()


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Counts this test's cases for the table."""
    return Tally(request.node)
