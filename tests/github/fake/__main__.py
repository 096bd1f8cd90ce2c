"""A GitHub to try things with: ``python -m tests.github.fake --scene approval --project DIR --database-url …``."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from dixis_tui.prisma.project import discover
from tests.github.fake import scenes
from tests.github.fake.repo import Repo, Token
from tests.github.fake.script import Act
from tests.github.fake.server import FakeGithub
from tests.github.fake.shop import (
    CLINIC,
    CLINIC_TEXT,
    DEPLOY,
    MIGRATE,
    MIGRATE_TEXT,
    changed,
    deployed,
    migration,
    shop,
)

SCENES: dict[str, Callable[[FakeGithub], object]] = {
    "plain": lambda github: None, "approval": scenes.approval, "queued": scenes.queued_for_long,
    "fails": scenes.step_fails,
    "cancelled": scenes.cancelled_by_other, "logs-gone": scenes.logs_gone,
    "expires": lambda github: scenes.token_expires(github, token="demo-token"),
    "storm": lambda github: scenes.storm(github, times=5, skip=20), "skewed": scenes.skewed, "late": scenes.seen_late,
    "lost-before": lambda github: scenes.answer_lost(github, "before"),
    "lost-502": lambda github: scenes.answer_lost(github, "502"),
    "204": lambda github: scenes.answer_lost(github, "204"), "refused": lambda github: scenes.answer_lost(github,
    "refused"),
    "approval-of-others": lambda github: scenes.approval(github, "nikos", "team:dba"),
}  # fmt: skip


@click.command()
@click.option("--port", default=8099, show_default=True, help="0: any.")
@click.option("--scene", "names", multiple=True, type=click.Choice(sorted(SCENES)), help="May be given several times.")
@click.option("--project", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A Prisma project.")
@click.option("--database-url", default="", help="Its migrations are really applied here.")
@click.option("--target", "targets", multiple=True, metavar="NAME=URL", help="The same for a target of that name.")
@click.option("--repository", default="dixis/shop", show_default=True)
@click.option("--pace", default=1.0, show_default=True, help="Seconds of a step.")
@click.option("--clinic", type=click.Choice(["green", "red", "none"]), default="green", show_default=True)
def main(
    *,
    port: int,
    names: tuple[str, ...],
    project: Path | None,
    database_url: str,
    targets: tuple[str, ...],
    repository: str,
    pace: float,
    clinic: str,
) -> None:
    """Serve a GitHub on loopback until interrupted. The token is `demo-token`, its user `maria`."""
    with FakeGithub(_repository(project, repository), port=port, pace=pace) as github:
        github.tokens = {"demo-token": Token(github.user_of("maria"))}
        migrations = discover(project).migrations if project else None
        github.script = migration(migrations if database_url else None, database_url)
        github.scripts[CLINIC] = migration(phrase="")
        for name in names:
            SCENES[name](github)
        if targets:
            _aim(github, dict(target.split("=", 1) for target in targets), migrations)
        if clinic != "none":
            github.past(CLINIC, "success" if clinic == "green" else "failure")
        click.echo(f"{github.url}  repository {repository}  token demo-token  scenes {', '.join(names) or 'none'}")
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        stop.wait()


def _aim(github: FakeGithub, urls: dict[str, str], migrations: Path | None) -> None:
    """What is dispatched for a target is applied to its own database."""
    acts = tuple(github.script)

    def script(inputs: Mapping[str, str]) -> tuple[Act, ...]:
        url = urls.get(inputs.get("target", ""), "")
        return changed(acts, DEPLOY, does=deployed(migrations, url)) if migrations and url else acts

    github.script_for = script


def _repository(project: Path | None, name: str) -> Repo:
    """Of the project's git work tree, where it is one; its own workflow files are kept."""
    if project is None:
        return shop(name=name)
    folders = (project.resolve(), *project.resolve().parents)
    checkout = next((folder for folder in folders if (folder / ".git").exists()), None)
    repo = Repo.of(checkout, name) if checkout else Repo.of_folder(project, name=name)
    repo.environments = shop().environments
    for file, text in ((MIGRATE, MIGRATE_TEXT), (CLINIC, CLINIC_TEXT)):
        if repo.workflow_text(file) is None:
            repo.workflow(file, text)
    return repo


if __name__ == "__main__":
    main()
