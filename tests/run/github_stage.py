"""A run whose phrase was taken, with the executor `github`: a GitHub of our own, a database, and the runner's worker.

The worker is called as the runner calls it; what it is asked meanwhile is asked as the runner does.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path

import msgspec

from dixis_tui import events as ev
from dixis_tui.model import Executor
from dixis_tui.plan.seal import seal
from dixis_tui.postgres.session import connect
from dixis_tui.postgres.url import DatabaseUrl, parse
from dixis_tui.prisma import direct
from dixis_tui.prisma.files import read_migrations
from dixis_tui.prisma.project import discover
from dixis_tui.run import accounts, work
from dixis_tui.run import commands as cmd
from dixis_tui.run.accounts import Account, Asker
from dixis_tui.run.context import Context
from dixis_tui.run.folders import JOURNAL, LOG
from dixis_tui.run.journal import Journal, read
from dixis_tui.run.log import Log
from dixis_tui.run.phases import facts, migrate, recover
from dixis_tui.run.state import RunState, fold
from dixis_tui.secrets import Redactor
from dixis_tui.settings import DATABASE_URL, GITHUB_TOKEN, MigrateSettings, PrismaSettings, Settings
from dixis_tui.settings_github import GithubSettings
from tests.github.fake.repo import Environment, Repo
from tests.github.fake.script import Act, step
from tests.github.fake.script import Context as StepContext
from tests.github.fake.server import TOKEN, FakeGithub
from tests.waiting import until

WORKFLOW = """
name: Production Migration
run-name: "Production Migration · ${{ inputs.plan }} · ${{ inputs.request }}"
on:
  workflow_dispatch:
    inputs:
      confirm: {required: true}
      plan: {}
      request: {}
      commit: {}
      migrations: {}
      target: {}
      environment: {}
jobs: {}
"""
HAND_MADE = (
    "name: Production Migration\non:\n  workflow_dispatch:\n    inputs:\n      confirm: {required: true}\njobs: {}\n"
)
FILE = "prod-migration.yml"
ME = Asker(Account(1000, "eleni"), Account(1000, "eleni"))
OPERATOR = "Ελένη"


def settings_for(project: Path, github: FakeGithub, **changes: object) -> Settings:
    """Settings that ask that GitHub, as fast as it goes."""
    wanted: dict[str, object] = {"repository": github.repo.name, "api_url": github.url, "poll_seconds": 0.05}
    return Settings(
        root=str(project),
        prisma=PrismaSettings(),
        migrate=MigrateSettings(executor=Executor.GITHUB),
        github=msgspec.convert(wanted | changes, GithubSettings),
    )


def github_for(project: Path, workflow: str = WORKFLOW) -> FakeGithub:
    """Its `main` is the project's commit."""
    repo = Repo(heads={"main": discover(project).commit})
    repo.workflow(FILE, workflow)
    repo.environments = [Environment("production")]
    return FakeGithub(repo)


def deploys(url: DatabaseUrl, project: Path, first: int | None = None) -> Callable[[StepContext], None]:
    """A step's deed that applies the migrations (the first so many) as Prisma would."""

    def deploy(context: StepContext) -> None:
        files = read_migrations(project / "prisma" / "migrations")[:first]
        with connect(url, purpose="a job's") as session:
            for one in direct.apply(session, files):
                context.log(f"\x1b[32m{type(one).__name__}\x1b[0m")

    return deploy


def acts(deed: Callable[[StepContext], None] | None, *, before: Iterable[Act] = (), **more: object) -> tuple[Act, ...]:
    """The steps of a migrate job."""
    return (
        *before,
        step("Set up job", lines=("Current runner version: '2.329.0'", "##[group]Runner Image", "##[endgroup]")),
        step("Install dependencies"),
        step("npx prisma migrate deploy", deed, lines=("##[group]Run npx prisma migrate deploy",), **more),  # type: ignore[arg-type]
        step("npx prisma migrate status"),
        step("Complete job", always=True),
    )


def confirmed(folder: Path, settings: Settings, secrets: dict[str, str]) -> Context:
    """A new run that has just taken the phrase."""
    folder.mkdir(parents=True)
    context = _context(folder, settings, secrets, Journal(folder / JOURNAL), RunState())
    url = parse(secrets[DATABASE_URL], DATABASE_URL)
    context.emit(
        ev.RunStarted(
            run=folder.name, version="0", operator=OPERATOR, host="here", pid=1, name="shop", environment="production",
            target=url.masked, executor=Executor.GITHUB, window_opens=None, window_closes=None,
            timezone="Europe/Athens", phrase=settings.confirm.phrase,
            rollback_phrase=settings.confirm.rollback_phrase, github=settings.github.repository,
        )
    )  # fmt: skip
    seen = facts.gather(context)
    context.emit(ev.PendingSeen(applied=len(seen.history.applied), pending=list(seen.history.pending)))
    plan = seal(facts.plan_of(context, seen))
    context.emit(plan, ev.Confirmed(operator=OPERATOR, account="1000 eleni", digest=plan.digest))
    return context


def go(folder: Path, settings: Settings, secrets: dict[str, str]) -> None:
    """The worker of a runner whose run has just taken the phrase."""
    context = confirmed(folder, settings, secrets)
    migrate.run(context, facts.gather(context))


def reopened(folder: Path, settings: Settings, secrets: dict[str, str]) -> Context:
    """The context of another runner that takes the run up."""
    journal, entries, cut = Journal.reopened(folder / JOURNAL)
    context = _context(folder, settings, secrets, journal, fold(entries))
    context.emit(ev.RunnerResumed(operator=OPERATOR, host="here", pid=1, version="0", cut_bytes=cut))
    return context


def _context(folder: Path, settings: Settings, secrets: dict[str, str], journal: Journal, state: RunState) -> Context:
    log = Log(folder / LOG, Redactor([*secrets.values(), *parse(secrets[DATABASE_URL], DATABASE_URL).secrets]))
    return Context(folder, settings, secrets, journal, log, state=state)


class Stage:
    """One run. Everything that it is asked goes through the policy, as in the runner."""

    def __init__(self, folder: Path, project: Path, url: DatabaseUrl, github: FakeGithub, **changes: object) -> None:
        self.folder, self.project, self.url, self.github = folder, project, url, github
        self.settings = settings_for(project, github, **changes)
        self.secrets = {DATABASE_URL: url.raw.reveal(), GITHUB_TOKEN: TOKEN}
        self.context: Context | None = None
        self._worker: threading.Thread | None = None

    def begin(self) -> None:
        """Take the phrase, and let the worker migrate."""
        self.context = context = confirmed(self.folder, self.settings, self.secrets)
        self._start(lambda: migrate.run(context, facts.gather(context)))

    def take_up(self) -> None:
        """Another runner takes it up, and its worker looks."""
        self.context = context = reopened(self.folder, self.settings, self.secrets)
        self._start(lambda: recover.run(context))

    def look_again(self) -> None:
        """`r`."""
        context = self.context
        assert context is not None
        self._start(lambda: recover.run(context))

    def confirm_again(self) -> None:
        """A phrase of its own for the rest."""
        context = self.context
        assert context is not None
        seen = facts.gather(context)
        plan = seal(facts.plan_of(context, seen))
        context.emit(plan, ev.Confirmed(operator=OPERATOR, account="1000 eleni", digest=plan.digest))
        self._start(lambda: migrate.run(context, seen))

    def _start(self, deed: Callable[[], None]) -> None:
        self._worker = threading.Thread(target=deed, daemon=True)
        self._worker.start()

    def over(self, seconds: float = 30) -> RunState:
        """Once the worker has done."""
        assert self._worker is not None
        self._worker.join(seconds)
        assert not self._worker.is_alive(), self.state
        return self.state

    @property
    def state(self) -> RunState:
        """As of now, from the journal itself."""
        return fold(read(self.folder / JOURNAL))

    def wait(self, condition: Callable[[RunState], object], what: str) -> RunState:
        """The first state that fulfils the condition."""
        assert self.context is not None
        context = self.context
        until(lambda: condition(context.settled()), 20, what)
        return context.settled()

    def ask(self, command: cmd.Command) -> str:
        """A command for GitHub; "" or why not."""
        assert self.context is not None
        refused = accounts.refusal_for(self.context.settled(), command, ME, datetime.now(UTC))
        return refused or work.github(self.context, command)

    @property
    def events(self) -> list[ev.Event]:
        """All that was journaled."""
        return [entry.event for entry in read(self.folder / JOURNAL)]

    @property
    def log(self) -> str:
        """The run's log."""
        return (self.folder / LOG).read_text()

    def job_lines(self) -> list[str]:
        """What the log has of GitHub's jobs."""
        return [line.split("\t", 3)[3] for line in self.log.splitlines() if "\tgithub\t" in line]


def processes() -> ForkServerContext:
    """Where workers that will be killed come from: everything is imported once."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["tests.run.github_stage", "dixis_tui.web.github.line"])
    return found
