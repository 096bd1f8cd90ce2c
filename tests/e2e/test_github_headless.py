"""`run --executor github` and `recover` as a script calls them: lines, exit codes, and a runner that dies."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen

import pytest

from dixis_tui.model import Verdict
from dixis_tui.postgres.url import DatabaseUrl
from dixis_tui.run.runs import live
from tests.e2e.house import PHRASE, Done, House, ended, state_of
from tests.faults.evening import MIGRATIONS, ask
from tests.github.fake import faults, scenes
from tests.github.fake.answers import bad_gateway
from tests.github.fake.faults import Fault
from tests.github.fake.server import TOKEN, FakeGithub
from tests.github.fake.shop import CLINIC, DEPLOY, changed, migration, shop
from tests.run.test_github_executor import project
from tests.waiting import until

__all__ = ["project"]  # a fixture
CONFIG = """
[prisma]
directory = "{project}"
[window]
timezone = "UTC"
start = {start}
minutes = 600
[github]
repository = "dixis/shop"
api_url = "{url}"
poll_seconds = 0.05
"""
TICKS = ("DX132", "DX133", "DX311", "DX400")
WAIVERS = ("DX113", "DX300", "DX502")
"""There is no CLI here to validate and to rehearse with."""


class Caller:
    """Calls the program for the project, every gate of GitHub's being open."""

    def __init__(self, house: House, project: Path, database: DatabaseUrl, github: FakeGithub) -> None:
        self.house, self.github = house, github
        self.config = house.folder / "dixis.toml"
        self.config.write_text(
            CONFIG.format(project=project, url=github.url, start=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}")
        )
        self.environment = {"DATABASE_URL": database.raw.reveal(), "GITHUB_TOKEN": TOKEN}

    def run(self) -> Popen[str]:
        """The whole runbook, headless."""
        answers = [word for code in TICKS for word in ("--tick", code)]
        answers += [word for code in WAIVERS for word in ("--waive", f"{code}=nothing of this test's")]
        words = ["--config", str(self.config), "--executor", "github", "run", "--confirm", PHRASE, *answers]
        return self.house.start(*words, extra=self.environment)

    def recover(self) -> Done:
        """`recover`."""
        return self.house.call("--config", str(self.config), "recover", extra=self.environment)


@pytest.fixture
def github(project: Path, database: DatabaseUrl) -> Iterator[FakeGithub]:
    """`dixis/shop`, its clinic green, its migration really done."""
    with FakeGithub(shop(project)) as found:
        found.script = migration(project / "prisma" / "migrations", database.raw.reveal())
        found.past(CLINIC)
        yield found
        found.check()


@pytest.fixture
def caller(state_home: House, project: Path, database: DatabaseUrl, github: FakeGithub) -> Caller:
    """The program and its world."""
    return Caller(state_home, project, database, github)


def test_a_runner_dies_and_recover_follows_the_same_run(caller: Caller, database: DatabaseUrl) -> None:
    """It waits for an approval and says whose; killed there, the next runner sees it through."""
    github, before = caller.github, caller.house.runs()
    scenes.approval(github, "nikos", "team:dba")
    hold = threading.Event()
    github.script = changed(github.script, DEPLOY, hold=hold)
    process = caller.run()
    run = caller.house.new_run(before)
    until(lambda: (view := state_of(run).workflow) and view.approvals, 60, "the approval")
    started = state_of(run).run
    assert started is not None
    os.kill(started.pid, signal.SIGKILL)
    until(lambda: not live(run), 10, "the runner to be gone")
    done = ended(process)
    assert "waits for nikos or team dba to approve production: https://github.com/dixis/shop/actions/runs/" in done.out
    with github.lock:
        next(iter(reversed(github.runs.values()))).review("nikos", approve=True, comment="ok")
    hold.set()
    done = caller.recover()
    assert len(github.dispatches) == 1
    assert ask(database.raw.reveal()).ran == dict.fromkeys(MIGRATIONS, 1)
    assert done.code == 0, done.said
    assert "3 of 3 migrations are in, none unfinished" in done.out
    assert done.err == "", "verified and signed off, once"
    assert TOKEN not in done.said


def test_what_may_have_been_taken_is_5_and_stays_open(caller: Caller, database: DatabaseUrl) -> None:
    """Nobody knows whether it was dispatched: the run is left to `recover`, and nothing is sent again."""
    caller.github.faults = [Fault(faults.instead(bad_gateway), faults.dispatches)]
    before = caller.house.runs()
    process = caller.run()
    run = caller.house.new_run(before)
    done = ended(process)
    assert done.code == 5, done.said
    assert "Whether prod-migration.yml was dispatched is not known" in done.out
    assert f"`dixis-tui recover {run.name}` goes on with it" in done.err
    again = caller.run()
    assert ended(again).code == 5, "what may be at work comes first"
    done = caller.recover()
    assert done.code == 5, done.said
    assert "taken for the whole truth" in done.said
    words = ("--config", str(caller.config), "rollback", "--confirm", "DIXIS-ROLLBACK-OK")
    back = caller.house.call(*words, extra=caller.environment)
    assert back.code == 5, back.said
    assert "may be at work on GitHub, and would migrate what is put back" in back.err
    assert not caller.github.dispatches
    assert state_of(run).verdict is Verdict.OPEN
    assert ask(database.raw.reveal()).ran == {}


def test_a_failed_step_is_4(caller: Caller, database: DatabaseUrl) -> None:
    scenes.step_fails(caller.github)
    done = ended(caller.run())
    assert done.code == 4, done.said
    assert "The workflow run ended as failure in job Migrate, step 5 (prisma migrate deploy)" in done.out
    assert ask(database.raw.reveal()).ran == {}
