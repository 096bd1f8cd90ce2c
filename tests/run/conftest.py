"""A real runner on a real database: a small Prisma project, and a hand that sends commands and waits for states."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from dixis_tui.model import Phase, PhaseState
from dixis_tui.plan.checks import CATALOGUE
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run import policy
from dixis_tui.run.client import Client
from dixis_tui.run.runs import live
from dixis_tui.run.spawn import start
from dixis_tui.run.state import RunState, fold
from dixis_tui.settings import PrismaSettings, Settings, WindowSettings
from tests.waiting import until

SCHEMA = 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}\n'
MIGRATIONS = {
    "20260101000000_farms": 'CREATE TABLE "Farm" (id serial PRIMARY KEY, name text NOT NULL);'
    "INSERT INTO \"Farm\" (name) SELECT 'Αγρόκτημα ' || i FROM generate_series(1, 100) i;",
    "20260102000000_region": 'ALTER TABLE "Farm" ADD COLUMN region text;',
    "20260103000000_backfill": "UPDATE \"Farm\" SET region = 'Κρήτη';",
    "20260104000000_not_null": 'ALTER TABLE "Farm" ALTER COLUMN region SET NOT NULL;',
}


def write_project(folder: Path, migrations: dict[str, str] = MIGRATIONS) -> Path:
    """A Prisma project with these migrations."""
    (folder / "prisma" / "migrations").mkdir(parents=True)
    (folder / "package.json").write_text('{"devDependencies": {"prisma": "6.19.3"}}')
    (folder / "prisma" / "schema.prisma").write_text(SCHEMA)
    (folder / "prisma" / "migrations" / "migration_lock.toml").write_text('provider = "postgresql"\n')
    for name, sql in migrations.items():
        add_migration(folder, name, sql)
    return folder


def add_migration(project: Path, name: str, sql: str) -> Path:
    """One more migration; returns its file."""
    file = project / "prisma" / "migrations" / name / "migration.sql"
    file.parent.mkdir()
    file.write_text(sql)
    return file


def settings_for(project: Path, *, opens_in: timedelta = timedelta(minutes=-1)) -> Settings:
    """Settings whose window opens at that distance from now and lasts an hour."""
    zone = ZoneInfo("Europe/Athens")
    local = (datetime.now(UTC) + opens_in).astimezone(zone).replace(tzinfo=None)
    return Settings(
        root=str(project), prisma=PrismaSettings(), window=WindowSettings(start=local, minutes=60, timezone=zone.key)
    )


class Hand:
    """Sends commands to one run and waits for its states."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._reader = Client(folder)
        self.state = RunState()

    def look(self) -> RunState:
        """The state as of now."""
        self.state = fold(self._reader.read(), self.state)
        return self.state

    def wait(self, condition: Callable[[RunState], object], what: str, seconds: float = 60) -> RunState:
        """The first state that fulfils the condition."""
        until(lambda: condition(self.look()), seconds, what)
        return self.state

    def send(self, command: cmd.Command) -> str:
        """Send one command; "" or the refusal."""

        async def once() -> str:
            client = Client(self.folder)
            following = asyncio.create_task(client.follow(lambda: None))
            answer = await client.send(command)
            following.cancel()
            return answer

        return asyncio.run(once())

    def do(self, phase: Phase) -> RunState:
        """Start a phase and wait for its end."""
        before = self.look().phase(phase).attempts
        assert self.send(cmd.StartPhase(phase=phase)) == "", policy.closed_gates(self.state)
        return self.ended(phase, before + 1)

    def ended(self, phase: Phase, attempts: int = 1) -> RunState:
        """Wait until a phase's own work is over."""

        def over(state: RunState) -> bool:
            view = state.phase(phase)
            return view.attempts >= attempts and view.state is not PhaseState.RUNNING

        return self.wait(over, f"the end of {phase}")

    def answer_everything(self) -> None:
        """Tick every person's check."""
        for spec in CATALOGUE:
            if spec.person and spec.phase is not Phase.ROLLBACK:
                assert self.send(cmd.Tick(code=spec.code, operator="Ελένη")) == ""

    def to_go(self, *, rehearsed: bool = True) -> RunState:
        """From preflight to a sealed plan; `rehearsed=False` waives the rehearsal, where a test is of what follows."""
        self.ended(Phase.PREFLIGHT)
        self.answer_everything()
        self.do(Phase.BACKUP)
        if rehearsed:
            self.do(Phase.REHEARSAL)
        else:
            assert self.send(cmd.Waive(code="DX300", operator="Ελένη", reason="not what is tested")) == ""
        assert policy.closed_gates(self.look()) == []
        return self.seal()

    def seal(self) -> RunState:
        """Seal the plan anew."""
        before = self.look().phase(Phase.GO).attempts
        assert self.send(cmd.Seal()) == ""
        return self.ended(Phase.GO, before + 1)

    def confirm(self, phrase: str = "DIXIS-PROD-OK") -> str:
        """Type the phrase for the sealed plan."""
        plan = self.look().plan
        return self.send(cmd.Confirm(phrase=phrase, operator="Ελένη", digest=plan.digest if plan else ""))


Begin = Callable[..., Hand]


@pytest.fixture
def begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: EmbeddedServer, database: DatabaseUrl
) -> Iterator[Begin]:
    """Starts a runner on `database` for a project; every run is ended afterwards."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    # The server's own tools at once: Debian's wrappers in /usr/bin take a Perl for each of three, in every phase.
    monkeypatch.setenv("PATH", f"{server.bindir}:{os.environ['PATH']}")
    hands: list[Hand] = []

    def begin_run(settings: Settings, **more: str) -> Hand:
        secrets = {"DATABASE_URL": database.raw.reveal()} | more
        hands.append(Hand(start(settings, secrets, "Ελένη").wait()))
        return hands[-1]

    yield begin_run
    for hand in hands:
        if not hand.look().ended and live(hand.folder):
            hand.send(cmd.Stop())
            hand.wait(lambda state: not state.running, "the end of what runs")
            # Between two phases nothing runs, and the next one begins before the command is there.
            until(lambda hand=hand: not live(hand.folder) or hand.send(cmd.End()) == "", 60, "the end of the run")


def with_executor(settings: Settings, executor: str) -> Settings:
    """The same settings with another executor."""
    return msgspec.structs.replace(settings, migrate=msgspec.structs.replace(settings.migrate, executor=executor))
