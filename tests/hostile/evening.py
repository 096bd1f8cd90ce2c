"""A whole run in which everything that speaks is hostile, and a cockpit that is attached to it from its beginning."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from dixis_tui.model import Executor
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run.runs import live
from dixis_tui.run.spawn import start
from dixis_tui.settings import HealthSettings, PrismaSettings, Settings
from tests.hostile.line import Line
from tests.hostile.pages import PLACES
from tests.hostile.streams import STREAMS
from tests.hostile.talking_prisma import Said
from tests.run.conftest import Hand, settings_for, write_project

PROGRAM = (sys.executable, "-m", "dixis_tui")
_TALKING = Path(__file__).with_name("talking_prisma.py")


class Evening:
    """One run in `folder`, whose Prisma says what it is told to; `hand` sends commands to it."""

    def __init__(self, folder: Path, database: DatabaseUrl, settings: Settings) -> None:
        self.folder = folder
        self.said = folder / "said"
        self.said.mkdir()
        self.state = folder / "state" / "dixis-tui"
        self.state.mkdir(parents=True, mode=0o700)
        self._settings = settings
        self.secrets = {"DATABASE_URL": database.raw.reveal()}
        self.project = folder / "shop"
        self.hand: Hand

    def tell(self, word: str, said: Said) -> None:
        """What Prisma says at its next `validate`, `status` or `deploy`."""
        (self.said / f"{word}.json").write_bytes(msgspec.json.encode(said))

    def begin(self) -> Hand:
        """Start the runner."""
        self.hand = Hand(start(self._settings, self.secrets, "Ελένη", self.state / "runs").wait())
        return self.hand

    def cockpit(self) -> Line:
        """A cockpit on the run, in a terminal of its own."""
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "XDG_STATE_HOME": str(self.folder / "state"),
        }
        return Line([*PROGRAM, "attach", self.hand.folder.name], environment, self.folder)

    def end(self) -> None:
        """End the run where it lives."""
        if not self.hand.look().ended and live(self.hand.folder):
            (self.said / "until").unlink(missing_ok=True)
            self.hand.send(cmd.Stop())
            self.hand.wait(lambda state: not state.running, "the end of what runs")
            self.hand.send(cmd.End())


@contextmanager
def evening(
    folder: Path, database: DatabaseUrl, migrations: dict[str, str], executor: Executor, site: str = ""
) -> Iterator[Evening]:
    """An evening on `database`, not begun; ended in the end."""
    project = write_project(folder / "shop", migrations)
    command = [sys.executable, str(_TALKING), str(folder / "said")]
    settings = settings_for(project)
    health = [
        HealthSettings(name=f"http {place} {name}", url=f"{site}/{place}/{name}", contains="never there")
        for name in STREAMS
        for place in PLACES
        if site
    ]
    settings = msgspec.structs.replace(
        settings,
        prisma=PrismaSettings(command=command),
        migrate=msgspec.structs.replace(settings.migrate, executor=executor),
        health=health,
    )
    made = Evening(folder, database, settings)
    try:
        yield made
    finally:
        made.end()


def raising(name: str, level: str = "NOTICE") -> str:
    """SQL that makes the server say a stream, as far as PostgreSQL can hold it."""
    stream = STREAMS[name]
    text = f"{_sql(stream.head)} || repeat({_sql(stream.unit)}, {stream.times}) || {_sql(stream.tail)}"
    mark = f"{name} {level.lower()}"
    return (
        f"DO $hostile$ BEGIN RAISE NOTICE 'BEGIN server {mark}'; RAISE {level} USING MESSAGE = {text}; "
        f"RAISE NOTICE 'END server {mark}'; END $hostile$;\n"
    )


def _sql(data: bytes) -> str:
    """A literal of what of it is text and no NUL."""
    text = data.decode("utf-8", "replace").replace("\0", "0")
    return "E'" + "".join(f"\\{letter}" if letter in "\\'" else letter for letter in text) + "'"


def peak_megabytes(pid: int) -> float:
    """The most memory that a process has held."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
