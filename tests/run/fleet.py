"""Many small databases on one server, a GitHub whose runs really migrate them, and a runner over all of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dixis_tui.fleet import TargetState
from dixis_tui.model import Executor
from dixis_tui.postgres.embedded import EmbeddedServer
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run import commands as cmd
from dixis_tui.run.runs import live
from dixis_tui.run.spawn import Starting, resume, start
from dixis_tui.run.state import RunState
from dixis_tui.settings import (
    GITHUB_TOKEN,
    FleetSettings,
    GithubSettings,
    MigrateSettings,
    Settings,
    TargetSettings,
)
from tests.conftest import fresh_database
from tests.github.fake.repo import Environment, Secret
from tests.github.fake.script import Act, Context, Deed, job, step
from tests.github.fake.server import TOKEN, FakeGithub
from tests.github.fake.shop import CLINIC, DEPLOY, confirmed, deployed, shop
from tests.run.conftest import Hand, write_project

PHRASE, SECRET = "DIXIS-PROD-OK", "DATABASE_URL_PROD"
MIGRATIONS = {
    "20260101000000_farms": 'CREATE TABLE "Farm" (id serial PRIMARY KEY, name text NOT NULL);',
    "20260102000000_region": 'ALTER TABLE "Farm" ADD COLUMN region text;',
}


def steps(deploys: Deed) -> tuple[Act, ...]:
    """A short *Production Migration*."""
    return (job("Migrate"), step("Confirm the phrase", confirmed(PHRASE)), step(DEPLOY, deploys))


@dataclass
class Fleet:
    """What a test has in its hands. `deeds` is what a target's deploy does instead of migrating it."""

    settings: Settings
    github: FakeGithub
    urls: dict[str, DatabaseUrl]
    migrations: Path
    deeds: dict[str, Deed] = field(default_factory=dict)
    hand: Hand = field(init=False)
    begun: int = 0
    most: int = 0
    _now: int = 0

    def secrets(self) -> dict[str, str]:
        """The targets' URLs by their variables, and the token."""
        return {f"URL_{name}": url.raw.reveal() for name, url in self.urls.items()} | {GITHUB_TOKEN: TOKEN}

    def deploy(self, context: Context) -> None:
        """What every run's deploy step does: its target is an input."""
        name = context.inputs["target"]
        with self.github.lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            (self.deeds.get(name) or self.migrated(name))(context)
        finally:
            with self.github.lock:
                self._now -= 1

    def migrated(self, name: str) -> Deed:
        """Really migrates that target's database."""
        return deployed(self.migrations, self.urls[name].raw.reveal())

    def begin(self) -> Hand:
        """A runner, its targets planned and a person's checks answered."""
        return self.up(start(self.settings, self.secrets(), "Ελένη", fleet=True))

    def take_up(self) -> Hand:
        """Another runner for the same run."""
        return self.up(resume(self.hand.folder, self.settings, self.secrets(), "Ελένη", fleet=True), answers=False)

    def up(self, starting: Starting, *, answers: bool = True) -> Hand:
        """The hand of a runner on its way up."""
        self.hand = Hand(starting.wait())
        if answers:
            self.hand.wait(lambda state: state.phase("preflight").attempts and not state.running, "the look")
            asked = [view.code for view in self.hand.state.checks.values() if view.spec.person]
            for code in sorted(asked):
                assert self.hand.send(cmd.Tick(code=code, operator="Ελένη")) == ""
        return self.hand

    def go(self) -> None:
        """Sealed and confirmed."""
        state = self.hand.seal()
        assert state.plan, (state.phase("go").reason, state.checks)
        self.begun = state.phase("migrate").attempts
        assert self.hand.confirm() == ""

    def end(self, seconds: float = 60) -> RunState:
        """The waves that the phrase began are over."""
        self.hand.wait(
            lambda state: state.phase("migrate").attempts > self.begun and not state.running, "the waves' end", seconds
        )
        return self.hand.state

    def states(self) -> dict[str, str]:
        """How each target stands."""
        fleet = self.hand.look().fleet
        return {name: str(view.state) for name, view in fleet.targets.items()} if fleet else {}

    def dispatched(self) -> list[str]:
        """The targets that GitHub took a dispatch for, in order."""
        return [one.inputs["target"] for one in self.github.dispatches]

    def applied(self, name: str) -> int:
        """Rows of that target's history that are finished."""
        with connect(self.urls[name], purpose="test") as session:
            if session.value("SELECT to_regclass('_prisma_migrations')") is None:
                return 0
            return int(session.value("SELECT count(*) FROM _prisma_migrations WHERE finished_at IS NOT NULL"))


Make = Callable[..., Fleet]
DONE, FAILED, UNKNOWN, WAITING = map(
    str, (TargetState.DONE, TargetState.FAILED, TargetState.UNKNOWN, TargetState.WAITING)
)


def _config(settings: Settings) -> str:
    """The same settings as a file of their own."""
    fleet, github = settings.fleet, settings.github
    lines = [
        f'[github]\nrepository = "{github.repository}"\napi_url = "{github.api_url}"\npoll_seconds = 0.05',
        f"[fleet]\nparallel = {fleet.parallel}\nstop_share = {fleet.stop_share}",
    ]
    for one in settings.targets:
        lines.append(
            f'[[targets]]\nname = "{one.name}"\nurl_variable = "{one.url_variable}"\n'
            f'environment = "{one.environment}"\ncanary = {str(one.canary).lower()}'
        )
    return "\n".join(lines) + "\n"


def _commit(project: Path) -> None:
    git = ["git", "-C", str(project), "-c", "user.name=Ελένη", "-c", "user.email=eleni@dixis.example"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "Farms"]):
        subprocess.run([*git, *words], check=True)


@contextmanager
def fleet_of(
    folder: Path,
    server: EmbeddedServer,
    names: Sequence[str],
    *,
    canaries: Sequence[str] = (),
    deeds: Mapping[str, Deed] = {},
    parallel: int = 2,
    stop_share: float = 0.0,
) -> Iterator[Fleet]:
    """A fleet of so many fresh databases."""
    project = write_project(folder / "project", MIGRATIONS)
    with ExitStack() as stack:
        urls = {name: stack.enter_context(fresh_database(server)) for name in names}
        github = stack.enter_context(FakeGithub(shop()))
        github.limit = github.remaining = 100_000_000  # the pause is as short as the settings say
        settings = Settings(
            root=str(project),
            migrate=MigrateSettings(executor=Executor.GITHUB),
            github=GithubSettings(repository="dixis/shop", api_url=github.url, poll_seconds=0.05),
            targets=[
                TargetSettings(name=name, url_variable=f"URL_{name}", environment=name, canary=name in canaries)
                for name in names
            ],
            fleet=FleetSettings(parallel=parallel, stop_share=stop_share),
        )
        (project / "dixis.toml").write_text(_config(settings))
        _commit(project)
        github.repo = shop(project, secrets=[])
        github.repo.environments = [Environment(name, secrets=[Secret(SECRET)]) for name in names]
        github.past(CLINIC, "success")
        fleet = Fleet(settings, github, urls, project / "prisma" / "migrations", dict(deeds))
        github.script = steps(fleet.deploy)
        yield fleet
        hand = getattr(fleet, "hand", None)
        if hand and live(hand.folder) and not hand.look().ended:
            hand.send(cmd.Stop())
            hand.wait(lambda state: not state.running, "the end of what runs")
            hand.send(cmd.End())
