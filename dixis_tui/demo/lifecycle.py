"""One demo from its first start to its removal."""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from dixis_tui.demo import folder as folders
from dixis_tui.demo.folder import DemoState, demo_folder, locked
from dixis_tui.demo.project import copy_sample, find_node, fingerprint, have_regression, install_prisma, write_config
from dixis_tui.demo.reader import read_and_wait
from dixis_tui.demo.servers import PRODUCTION, STAGING, Servers
from dixis_tui.demo.shop_process import PAGE, ShopProcess
from dixis_tui.demo.shop_visits import PASSWORD, PASSWORD_VARIABLE
from dixis_tui.errors import ToolError, UsageError
from dixis_tui.process import LineSink
from dixis_tui.settings import DATABASE_URL, STAGING_DATABASE_URL

__all__ = ["Demo", "DemoReady", "demo_folder"]

DEFAULT_ROWS = 500_000
"""Orders: enough for the pending migrations to take seconds."""
LEAST_ROWS = 100


class DemoReady(Struct, frozen=True, kw_only=True):
    """A demo that runs. `environment` holds what the cockpit takes from the environment, secrets among it."""

    folder: Path
    config: Path
    environment: dict[str, str]
    shop: str
    """The shop's address."""

    def __repr__(self) -> str:
        return f"DemoReady({self.folder})"  # never the environment


class Demo:
    """The demo in `folder` (see :func:`demo_folder`). `fsync=False` is for tests.

    Every method may raise ToolError (a program or server fails), UsageError (the folder can't be used), QueryError and
    ConnectError (a server of ours refuses or goes).
    """

    def __init__(self, folder: Path, *, fsync: bool = True) -> None:
        self.folder = folder.absolute()
        self._servers = Servers(self.folder, fsync=fsync)
        self._shop = ShopProcess(self.folder)

    @property
    def prepared(self) -> bool:
        """Whether its data are there, running or not."""
        return folders.read_state(self.folder) is not None

    @property
    def running(self) -> bool:
        """Whether any process of it runs."""
        return self._servers.running or self._shop.running is not None

    def prepare(
        self,
        rows: int | None = None,
        executor: str = "direct",
        on_line: LineSink = lambda _: None,
        *,
        broken: bool | None = None,
        new_window: bool = False,
        slow: bool | None = None,
    ) -> DemoReady:
        """Bring everything up: servers with data, project, `dixis.toml`, shop. What is there already is used again.

        `rows` counts orders; None: what is there, or half a million. The data are made anew only where they differ, or
        where the sample has changed. `broken` has a row in production that the third pending migration fails on (None:
        as it is); where that differs, production goes back to its first state. `new_window` begins a new maintenance
        window though the old one is still open. `slow` has a last migration drop an index that the shop needs (None: as
        it is). `on_line` hears what is being done.
        """
        if rows is not None and rows < LEAST_ROWS:
            raise UsageError(f"{rows} rows are too few for a marketplace", f"Ask for --rows {LEAST_ROWS} or more.")
        environment = find_node() if executor == "prisma" else {}
        with locked(self.folder, on_line):
            self._have_data(rows, on_line)
            self._servers.start()
            self._have_production(broken)
            copy_sample(self.folder / "project")
            if slow is not None:
                have_regression(self.folder / "project", there=slow)
            if executor == "prisma":
                install_prisma(self.folder / "project", self.folder / "npm-cache", on_line)
            on_line("Opening the shop")
            port = self._shop.start(self._servers.application(self._servers.production, PRODUCTION))
            environment |= self._urls() | {PASSWORD_VARIABLE: PASSWORD}
            config = write_config(self.folder, executor=executor, shop_port=port, new_window=new_window)
        return DemoReady(folder=self.folder, config=config, environment=environment, shop=f"http://127.0.0.1:{port}")

    def reset(self) -> None:
        """Production as before any pending migration, in a second or so; sessions on it are ended."""
        self._state()
        with locked(self.folder):
            state = self._state()
            self._servers.start()
            self._servers.drop_production()
            (self.folder / PAGE).unlink(missing_ok=True)  # what it was up for is gone
            self._servers.have_production(broken=state.broken)

    def break_production(self) -> None:
        """Put a row into production that the third pending migration fails on: the data have drifted.

        After the backup, so that the rehearsal passes and production fails.
        """
        self._state()
        with locked(self.folder):
            self._servers.start()
            self._servers.break_production()

    def block_production(self, on_line: LineSink) -> str:
        """Be in the migration's way until somebody ends it: how that went (see :mod:`dixis_tui.demo.reader`).

        The demo has to run already, and nobody is kept from stopping it meanwhile.
        """
        self._state()
        if not self._servers.production.running:
            raise ToolError("The demo does not run", "Start it with `dixis-tui demo`, then block it from here.")
        return read_and_wait(self._servers.application(self._servers.production, PRODUCTION), on_line)

    def stop(self) -> None:
        """End the shop and both servers; the data stay. Does nothing where there is no demo."""
        if not self._exists():
            return
        with locked(self.folder):
            self._shop.stop()
            self._servers.stop()

    def clean(self) -> None:
        """End everything and delete the folder, the demo's runs with it. Does nothing where there is no demo."""
        if not self._exists():
            return
        with locked(self.folder):
            self._shop.stop()
            self._servers.remove()
            folders.remove(self.folder)

    def _exists(self) -> bool:
        return (self.folder / folders.LOCK).exists()

    def _state(self) -> DemoState:
        state = folders.read_state(self.folder)
        if state is None:
            raise ToolError(f"There is no demo in {self.folder}", "Start one with `dixis-tui demo`.")
        return state

    def _have_data(self, rows: int | None, on_line: LineSink) -> None:
        state = folders.read_state(self.folder)
        rows = rows or (state.rows if state else DEFAULT_ROWS)
        sample = fingerprint()
        if state is not None and (state.rows, state.fingerprint) == (rows, sample):
            return
        folders.forget_state(self.folder)
        self._shop.stop()
        self._servers.remove()
        folders.check_space(self.folder, rows)
        if state is None or state.fingerprint != sample:
            shutil.rmtree(self.folder / "project", ignore_errors=True)
        self._servers.create(rows, on_line)
        folders.write_state(self.folder, DemoState(fingerprint=sample, rows=rows))

    def _have_production(self, broken: bool | None) -> None:
        state = self._state()
        if broken is not None and state.broken != broken:
            (self.folder / PAGE).unlink(missing_ok=True)  # what it was up for is gone
            self._servers.drop_production()  # first: a crash from here on finds no production, and makes the right one
            state = replace(state, broken=broken)
            folders.write_state(self.folder, state)
        self._servers.have_production(broken=state.broken)

    def _urls(self) -> dict[str, str]:
        production = self._servers.application(self._servers.production, PRODUCTION)
        staging = self._servers.application(self._servers.staging, STAGING)
        return {DATABASE_URL: production.raw.reveal(), STAGING_DATABASE_URL: staging.raw.reveal()}
